"""How much later a dose is counted because a drill beside it holds some of the same requests back.

A request is counted when it ends. Both faults choose by error diffusion, at their own shares, from the same requests:
with equal shares they choose the same ones, or never do. Between two that one fault chooses, the accumulator of the
other moves by a fixed part of its round, so how many of so many in a row it can choose as well is a matter of counting.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable

from promproof.contract.model import seconds
from promproof.drills.drill import Drill
from promproof.faults.dosed import Dosed

RESOLUTION = 1_000_000_000
"""A share is held in billionths."""
ROW = 20
"""Requests in a row that are looked at."""


def held_up(drill: Drill, beside: Iterable[Drill]) -> float:
    """Seconds by which the drill's dose above may show up late; 0 where nobody holds its requests back.

    So long its events take to make up for those that are held back at once. Faults whose routes are not the same choose
    from other requests, and follow no common rhythm.
    """
    return max((_by(drill, other) for other in beside), default=0.0)


def go_together(drill: Drill, other: Drill) -> bool:
    """Whether more than half of what one drill's dose above hits may be hit by the other's dose as well.

    Then the one is not what it says where an alert counts good requests alone: a share of slow ones that all fail.
    """
    if not _on_the_same(drill, other):
        return False
    pairs = [(drill.above, share) for share in _shares(other)] + [
        (other.above, share) for share in _shares(drill)
    ]
    return any(mine is not None and coincident(mine, share, ROW) > ROW / 2 for mine, share in pairs)


def _by(drill: Drill, other: Drill) -> float:
    mine, theirs = drill.fault.hold_back, other.fault.hold_back
    if mine is not None or theirs is None or not _on_the_same(drill, other) or drill.above is None:
        return 0.0
    delay, events = seconds(theirs), drill.above * (drill.decided or 0.0)
    if not events:
        return 0.0
    number = math.floor(delay * events) + 1
    most = max((coincident(drill.above, share, number) for share in _shares(other)), default=0)
    return min(delay, most / events)


def _on_the_same(drill: Drill, other: Drill) -> bool:
    """Whether both faults choose from the same requests."""
    mine, theirs = drill.fault, other.fault
    return isinstance(mine, Dosed) and isinstance(theirs, Dosed) and set(mine.routes) == set(theirs.routes)


def _shares(drill: Drill) -> list[float]:
    return [share for share in (drill.below, drill.above) if isinstance(share, float)]


def coincident(share: float, other: float, number: int) -> int:
    """How many of so many requests in a row that a share chooses another share may choose as well, at most."""
    mine, theirs = round(share * RESOLUTION), round(other * RESOLUTION)
    if not mine or not theirs:
        return 0
    # parts of a round, in whole numbers: of 1 / (mine * RESOLUTION)
    places = sorted(theirs * count % mine * RESOLUTION for count in range(number))
    # requests are whole: between two that a share of 3 in 100 chooses lie 33 or 34
    width = theirs * mine * (2 if RESOLUTION % mine else 1)
    round_about = [*places, *(place + mine * RESOLUTION for place in places)]
    most = max(bisect_right(round_about, place + width) - at for at, place in enumerate(places))
    return min(most, number)
