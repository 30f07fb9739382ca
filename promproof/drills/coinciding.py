"""How much later a dose is counted because a drill beside it holds some of the same requests back.

A request is counted when it ends. Both faults choose by error diffusion, at their own shares, from the same requests:
with equal shares they choose the same ones, or never do. Between two that one fault chooses, the accumulator of the
other moves by a fixed part of its round, so how many of so many in a row it can choose as well is a matter of counting.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from fractions import Fraction

from promproof.contract.model import seconds
from promproof.drills.drill import Drill
from promproof.faults.dosed import Dosed

RESOLUTION = 1_000_000_000
"""A share is held in billionths."""


def held_up(drill: Drill, beside: Iterable[Drill]) -> float:
    """Seconds by which the drill's dose above may show up late; 0 where nobody holds its requests back.

    So long its events take to make up for those that are held back at once. Faults whose routes are not the same choose
    from other requests, and follow no common rhythm.
    """
    return max((_by(drill, other) for other in beside), default=0.0)


def _by(drill: Drill, other: Drill) -> float:
    mine, theirs = drill.fault, other.fault
    if not isinstance(mine, Dosed) or not isinstance(theirs, Dosed) or mine.hold_back is not None:
        return 0.0
    if theirs.hold_back is None or set(mine.routes) != set(theirs.routes) or drill.above is None:
        return 0.0
    delay, events = seconds(theirs.hold_back), drill.above * (drill.decided or 0.0)
    shares = [share for share in (other.below, other.above) if isinstance(share, float)]
    if not events:
        return 0.0
    number = math.floor(delay * events) + 1
    most = max((coincident(drill.above, share, number) for share in shares), default=0)
    return min(delay, most / events)


def coincident(share: float, other: float, number: int) -> int:
    """How many of so many requests in a row that a share chooses another share may choose as well, at most."""
    mine, theirs = round(share * RESOLUTION), round(other * RESOLUTION)
    if not mine or not theirs:
        return 0
    turn = Fraction(theirs, mine) % 1
    # requests are whole: between two that a share of 3 in 100 chooses lie 33 or 34
    width = Fraction(theirs, RESOLUTION) * (2 if RESOLUTION % mine else 1)
    places = sorted(turn * count % 1 for count in range(number))
    round_about = [*places, *(place + 1 for place in places)]
    most = max(bisect_right(round_about, place + width) - at for at, place in enumerate(places))
    return min(most, number)
