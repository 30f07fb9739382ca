"""How long the sides of a drill last, from how many events its windows need to hold.

Windows are filled whole before anything is judged, as they may hold something from before the drill. Where nothing was
sent before (`fresh`), a window that reaches back to the begin of the traffic is a shorter window: a share over it is a
share. Then as many events do as tell the dose from the threshold, and a window of days costs a minute.
"""

from __future__ import annotations

from promproof.drills.drill import Drill
from promproof.evidence.records import Timing

SILENT_EVALUATIONS = 20
"""A condition that holds is pending at each evaluation, however long `for` is: so many of them show that it doesn't."""
CUTS = 4
"""Events by which a window may hold more or less than its share: its two ends, and a new dose at each side of it."""
SPARE = 1.2
"""by which the harmless side may last longer than planned, because it waits for others"""


def silence(timing: Timing) -> float:
    """For how long (s) silence is watched once windows are filled: `for`, or as long as shows that nothing pends."""
    return min(timing.hold, SILENT_EVALUATIONS * timing.evaluation)


def filled(drill: Drill, timing: Timing) -> float:
    """After how long (s) at the dose below the windows certainly show its side of the threshold."""
    events = drill.decided
    if not timing.fresh or events is None or not isinstance(drill.below, float):
        return timing.window
    distance = abs(timing.threshold - drill.below)
    return min(timing.window, _uncertain(drill) / (events * distance) + 2 * timing.scrape)


def crossing(drill: Drill, timing: Timing) -> float:
    """How long (s) after the dose above is in effect at most its windows are certainly beyond the threshold."""
    events = drill.decided
    if not timing.fresh or events is None or not isinstance(drill.below, float) or drill.above is None:
        return timing.window
    before = SPARE * (filled(drill, timing) + silence(timing)) * abs(timing.threshold - drill.below)
    return min(timing.window, (before + _uncertain(drill) / events) / abs(drill.above - timing.threshold))


def settled(drill: Drill, timing: Timing) -> float:
    """For how long (s) after its end an alert over such windows may still come again, by the events that they hold."""
    events, sight = drill.decided, timing.short_window or timing.window
    if not timing.fresh or events is None or not timing.threshold:
        return sight
    return min(sight, _uncertain(drill) / (events * abs(timing.threshold)))


def _uncertain(drill: Drill) -> float:
    return drill.fault.accumulators + CUTS
