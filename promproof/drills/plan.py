"""A drill's course as pure data: steps with their lengths, and the power gate.

The power gate: error diffusion holds n x dose events +-1 per accumulator in any n consecutive ones, and a window cuts
one more event at each end. Below and above can be told apart when that uncertainty is smaller than the distance to
the threshold: events per window >= (accumulators + 2) / |dose - threshold|. A window of W seconds holds the events
between its first and its last scrape, which are W less one scrape interval apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from promproof.config.timescale import TimeScale
from promproof.contract.model import Alert, seconds
from promproof.drills import filling
from promproof.drills.doses import Change
from promproof.drills.drill import Drill, Loaded, NearMiss
from promproof.drills.states import Pace, Quantity, Rule
from promproof.errors import InputError
from promproof.evidence.records import Timing
from promproof.faults.monitoring_state import RESEND_SECONDS
from promproof.faults.occurring import Occurring
from promproof.faults.site import DISCOVERY_SECONDS

# Longer than any window by this much, so that what comes late is seen as late and not as missing.
LATE_SECONDS = 3.0


Do = Literal["watch", "dose", "break", "slow_scrapes", "fail_scrapes", "heal", "disturb"]
Until = Literal["time", "pending", "firing", "resolved"]


@dataclass(frozen=True)
class Step:
    """One step: what is done at its begin, and how long it lasts.

    until: it ends as soon as this was seen (pending) or delivered (firing, resolved), at the latest after `seconds`.
    value: the dose, the seconds of a slow scrape, or the number of scrapes that fail. since_healing: it lasts until so
    many seconds have passed since the fault was taken back, where that is longer.
    """

    turn: str
    do: Do
    value: float = 0.0
    seconds: float = 0.0
    until: Until = "time"
    since_healing: float = 0.0


def steps(drill: Drill, timing: Timing, slack: float, ages: float = 0.0) -> tuple[Step, ...]:
    """The whole course of a drill: below, raised, healed, quiet.

    ages: for how long (s) windows still hold traffic from before the drill; nothing is judged meanwhile.
    """
    if drill.dead_man:
        long = 2 * (timing.beat + timing.evaluation + slack)
        course = (Step("below", "watch", 0.0, long), Step("raised", "break", 1.0, long))
        healed = Step("healed", "heal", 0.0, returns(timing, slack) + LATE_SECONDS)
        return (*course, healed, *_after(drill, timing, slack)[1:])
    return (*_below(drill, timing, slack, ages), *_above(drill, timing, slack), *_after(drill, timing, slack))


def _below(drill: Drill, timing: Timing, slack: float, ages: float) -> list[Step]:
    # a whole window at this dose, and then as long as a pending alert would need to fire, or to be seen for certain
    filled = max(filling.filled(drill, timing), ages)
    length = (
        filled + filling.silence(timing) + timing.scrape + 2 * timing.evaluation + lag(drill, timing) + slack
    )
    if isinstance(drill.below, NearMiss) and drill.below.lasts is not None:
        short = seconds(drill.below.lasts) / timing.scale
        return [Step("below", "break", 1.0, short), Step("mended", "heal", 0.0, length)]
    if isinstance(drill.below, NearMiss):
        found = []
        if drill.below.slow_scrapes is not None:
            value = drill.below.slow_scrapes * timing.scrape_timeout
            found.append(Step("below", "slow_scrapes", value, length))
        if drill.below.failed_scrapes:
            turn = "failing" if found else "below"
            found.append(Step(turn, "fail_scrapes", drill.below.failed_scrapes, length))
        return [*found, Step("clean", "heal", 0.0, timing.scrape + timing.evaluation)]
    if drill.below is None:
        return [Step("below", "watch", 0.0, length)]
    found = [Step("below", "dose", drill.below, length)]
    if drill.disturb is not None and drill.disturb.when == "below":
        found.append(Step("disturbed", "disturb", drill.disturb.times, length))
    return found


def _above(drill: Drill, timing: Timing, slack: float) -> list[Step]:
    raised: Do = "break" if drill.above is None else "dose"
    dose = 1.0 if drill.above is None else drill.above
    if drill.pulses is not None:
        assert isinstance(drill.below, float)
        return [
            step
            for number in range(drill.pulses.times)
            for step in (
                Step(
                    "raised" if number == 0 else f"raised again ({number})",
                    raised,
                    dose,
                    pulse(drill, timing, "above"),
                ),
                Step(f"lowered ({number + 1})", "dose", drill.below, pulse(drill, timing, "below")),
            )
        ]
    limit = detection(drill, timing) + 4 * slack + LATE_SECONDS
    if drill.disturb is None or drill.disturb.when == "below":
        return [Step("raised", raised, dose, limit, "firing")]
    disturbed = limit + recovery(drill, timing)
    if drill.disturb.when == "pending":
        return [
            Step("raised", raised, dose, limit, "pending"),
            Step("disturbed", "disturb", drill.disturb.times, disturbed, "firing"),
        ]
    return [
        Step("raised", raised, dose, limit, "firing"),
        # Alertmanager writes down what it has told after the receiver's answer
        Step("told", "watch", 0.0, timing.group_interval),
        Step("disturbed", "disturb", drill.disturb.times, recovery(drill, timing)),
    ]


def sight(timing: Timing) -> float:
    """How long (s) the alert sees what is over: of two windows that must both be beyond it the short one decides."""
    return timing.short_window or timing.window


def _after(drill: Drill, timing: Timing, slack: float) -> list[Step]:
    clean = (
        lag(drill, timing)
        + drill.fault.told_late(timing)
        + sight(timing)
        + timing.scrape
        + timing.evaluation
        + timing.group_interval
    )
    limit = clean + 4 * slack + LATE_SECONDS + (RETRY_SECONDS if drill.page_routing else 0.0)
    # the fault is seen until it has left the window; a word that is said again comes with the next group interval
    late = timing.evaluation + 2 * slack
    until: Until = "time" if drill.pulses is not None else "resolved"
    again = filling.settled(drill, timing) if timing.fresh else 0.0
    since = 0.0 if timing.fresh else clean + late
    quiet = Step("quiet", "watch", 0.0, again + timing.group_interval + late, since_healing=since)
    return [Step("healed", "heal", 0.0, limit, until), quiet]


RETRY_SECONDS = 10.0
"""Alertmanager goes on trying for at least so long (`notify.MinTimeout`), with a back-off that no scale shortens."""


def pulse(drill: Drill, timing: Timing, side: Literal["above", "below"]) -> float:
    """Length of one side of a pulse, in seconds, scaled."""
    assert drill.pulses is not None
    length = seconds(drill.pulses.above_for if side == "above" else drill.pulses.below_for)
    return length / timing.scale


def returns(timing: Timing, slack: float) -> float:
    """Within which (s) an alert that always fires is told again, once Alertmanager is up."""
    return RESEND_SECONDS / timing.scale + timing.evaluation + timing.group_wait + timing.beat + slack


def recovery(drill: Drill, timing: Timing) -> float:
    """How long the path may need to be as before after its disturbance, in seconds."""
    assert drill.disturb is not None
    what = drill.disturb.what
    if what == "webhook_fails":
        return RETRY_SECONDS
    if what == "scrapes_fail":
        return (drill.disturb.times + 2) * timing.scrape + timing.hold
    if what == "alertmanager_restarts":
        # Prometheus tells of a firing alert again after its resend delay, a minute as deployed
        return RESEND_SECONDS / timing.scale + timing.group_wait + 2 * timing.group_interval
    return DISCOVERY_SECONDS + timing.window + 2 * timing.scrape + timing.hold + 2 * timing.evaluation


def detection(drill: Drill, timing: Timing) -> float:
    """The longest admissible time from a fault to its notification, without the machine's own lateness."""
    crossed = lag(drill, timing) + filling.crossing(drill, timing) + timing.scrape + timing.evaluation
    events = occurring(drill, timing)
    if events is not None and events.first < timing.window * MOST_WINDOWS:
        crossed += events.first
    crossed += drill.fault.told_late(timing)
    return crossed + timing.hold + timing.evaluation + timing.group_wait


def shortest(drill: Drill, timing: Timing) -> float:
    """The theoretical minimum of the same: the window fills in proportion, and every interval is met at once."""
    filling = 0.0
    if timing.window and isinstance(drill.below, float) and drill.above is not None:
        filling = (timing.threshold - drill.below) / (drill.above - drill.below) * timing.window
    delay = drill.fault.hold_back
    return filling + timing.hold + timing.group_wait + (seconds(delay) if delay else 0.0)


def granularity(drill: Drill, timing: Timing) -> float:
    """How much later (seconds) a window may cross the threshold than in proportion, because events are whole.

    A window of n events holds the dose to (accumulators + 2) / n; at the slope (above - below) / window that takes
    so long to make up for. Exact values have none.
    """
    if (
        not timing.window
        or drill.decided is None
        or not isinstance(drill.below, float)
        or drill.above is None
    ):
        return 0.0
    blur = (drill.fault.accumulators + 2) / (drill.decided * (timing.window - timing.scrape))
    return blur / abs(drill.above - drill.below) * timing.window


def lag(drill: Drill, timing: Timing) -> float:
    """How much later than decided an event may show up, in seconds."""
    return drill.fault.lag(timing.scrape, timing.scrape_timeout) + timing.late


def quantity(
    drill: Drill,
    timing: Timing,
    changes: Sequence[Change],
    since: float,
    *,
    blind: Sequence[tuple[float, float]] = (),
    down: Sequence[tuple[float, float]] = (),
    silent: Sequence[tuple[float, float]] = (),
    gaps: Sequence[tuple[float, float]] = (),
    lost: float = 0.0,
) -> Quantity:
    """What the alert's rule compares, as this drill has moved it."""
    stated = drill.above is None
    return Quantity(
        threshold=0.5 if stated else timing.threshold,
        changes=tuple(changes),
        start=rest(drill, timing.fires_above),
        window=timing.window,
        events=drill.decided,
        accumulators=drill.fault.accumulators,
        lag=lag(drill, timing),
        since=since,
        blind=tuple(blind),
        down=tuple(down),
        silent=tuple(silent),
        gaps=tuple(gaps),
        fires_above=stated or timing.fires_above,
        short_window=timing.short_window,
        born=since if timing.fresh else -math.inf,
        lost=lost,
        is_state=stated,
        occurring=occurring(drill, timing),
    )


MOST_WINDOWS = 100.0
"""Windows; a first event that may come later is not waited for."""


def occurring(drill: Drill, timing: Timing) -> Occurring | None:
    """When a fault without a share makes the events that its alert counts; None where it compares otherwise."""
    if drill.above is not None or not timing.window or timing.threshold != 0 or not timing.fires_above:
        return None
    return drill.fault.occurring(timing) or Occurring(math.inf, math.inf)


def rest(drill: Drill, fires_above: bool = True) -> float:
    """The quantity while no fault is active."""
    if drill.fault.at_rest is not None:
        return drill.fault.at_rest
    return 0.0 if drill.above is None or fires_above else 1.0


def rule(timing: Timing) -> Rule:
    """The durations that the states follow."""
    return Rule(timing.hold, timing.group_wait, timing.group_interval, timing.repeat_interval)


def pace(timing: Timing, slack: float) -> Pace:
    """How often the server looks."""
    return Pace(timing.scrape, timing.evaluation, slack)


def power_gate(drill: Loaded, alert: Alert, timing: Timing, scale: TimeScale, edges: Sequence[float]) -> None:
    """Refuse a drill whose two sides cannot be told apart.

    edges: bucket edges of the alert's histogram, none for another kind of metric.

    Raises:
        InputError: names the smallest rate, the edge or the side that would do.
    """
    plan = drill.plan
    if isinstance(plan.below, NearMiss):
        _refuse_long_failure(drill, plan.below, timing)
    if plan.pulses is not None and pulse(plan, timing, "above") >= timing.hold:
        raise InputError(
            what=f"a pulse of {plan.pulses.above_for} is not shorter than for: {alert.hold}",
            where=drill.where("pulses"),
            expected=f"above_for less than {alert.hold}",
            todo="shorten it",
        )
    if not isinstance(plan.below, float) or plan.above is None:
        return
    threshold, low, high = timing.threshold, plan.below, plan.above
    if not timing.fires_above:
        threshold, low, high = -threshold, -low, -high
    if not low < threshold < high:
        raise InputError(
            what=f"doses {plan.below:g} and {plan.above:g} do not enclose the threshold {timing.threshold:g} "
            f"of {alert.name}",
            where=drill.where("below"),
            expected=f"below < {timing.threshold:g} < above",
            todo="correct below or above",
        )
    if plan.fault.hold_back is not None:
        _refuse_delay(drill, plan.fault.hold_back, alert, scale, edges)
    if plan.decided is not None and timing.window:
        _refuse_few(drill, plan.decided, min(threshold - low, high - threshold), timing)


def _refuse_few(drill: Loaded, events: float, distance: float, timing: Timing) -> None:
    needed = math.ceil(
        round((drill.plan.fault.accumulators + 2) / distance, 6)
    )  # 0.055 - 0.05 is a little under 0.005
    shortest = timing.short_window or timing.window
    held = shortest - timing.scrape
    if held > 0 and events * held >= needed:
        return
    least = f"{math.ceil(needed / held)} or more" if held > 0 else "no rate will do"
    key = "events" if drill.plan.events is not None else "rate"
    raise InputError(
        what=f"{events:g} events/s cannot tell {drill.plan.below:.1%} from {drill.plan.above:.1%} "
        f"in {shortest:g} s: "
        f"{max(held, 0) * events:.0f} events between the first and the last scrape of a window, {needed} are needed",
        where=drill.where(key),
        expected=f"{key}: {least}",
        todo="raise the rate, widen the doses, or use a smaller time scale",
    )


def _refuse_delay(drill: Loaded, delay: str, alert: Alert, scale: TimeScale, edges: Sequence[float]) -> None:
    if alert.window is not None:
        scale.refuse_long_delay(seconds(delay), alert.window, drill.where("fault"))
    above = [edge for edge in edges if edge > alert.limit and not math.isinf(edge)]
    if alert.limit not in edges or not above:
        raise InputError(
            what=f"no bucket of the histogram tells {alert.limit:g} s from {delay}",
            where=drill.where("fault"),
            expected=f"edges at {alert.limit:g} and above it; there are {', '.join(f'{edge:g}' for edge in edges)}",
            todo="give the histogram these edges",
        )
    if not alert.limit < seconds(delay) <= above[0]:
        raise InputError(
            what=f"a delay of {delay} does not fall into the bucket above {alert.limit:g} s",
            where=drill.where("fault"),
            expected=f"a delay from {alert.limit:g} to {above[0]:g} s",
            todo="correct delay",
        )


def emptied(windows: Iterable[float], scrape: float, evaluation: float) -> float:
    """How long (s) after the last event of some traffic no rule sees it: a window, its last scrape, an evaluation."""
    return max(windows, default=0.0) + 2 * scrape + evaluation


def _refuse_long_failure(drill: Loaded, below: NearMiss, timing: Timing) -> None:
    if below.lasts is not None:
        _refuse_long_fault(drill, below.lasts, timing)
    lasts = (below.failed_scrapes + 1) * timing.scrape + timing.scrape_timeout
    if below.failed_scrapes and lasts >= timing.hold:
        most = int((timing.hold - timing.scrape_timeout) / timing.scrape) - 1
        raise InputError(
            what=f"{below.failed_scrapes} failed scrapes may look like {lasts:.3g} s, and `for` is {timing.hold:g} s",
            where=drill.where("below"),
            expected=f"failed_scrapes: {max(most, 0)} or fewer",
            todo="lower it",
        )


def _refuse_long_fault(drill: Loaded, lasts: str, timing: Timing) -> None:
    """A fault that is as long as `for`, with what is seen of it afterwards, may fire."""
    beyond = timing.window + 2 * timing.scrape + 2 * timing.evaluation + lag(drill.plan, timing)
    if seconds(lasts) / timing.scale + beyond < timing.hold:
        return
    most = (timing.hold - beyond) * timing.scale
    raise InputError(
        what=f"a fault that lasts {lasts} may be seen for {seconds(lasts) + beyond * timing.scale:.3g} s, "
        f"and `for` is {timing.hold * timing.scale:g} s",
        where=drill.where("below"),
        expected=f"lasts: less than {most:.0f}s" if most > 0 else "a drill without `lasts`",
        todo="shorten it, or leave it out: then nothing is done on the harmless side",
    )
