"""What the buckets of a histogram say of its sum, and whether anything says that a sum is in seconds at all.

Each observation lies between two edges, so a sum lies between what its observations are at least and at most: no clock
of anybody else is needed for that. The lower side is what tells seconds from a thousandth of them, which a client,
who waits longer than any handler takes, does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from promproof.exposition import Labels
from promproof.truth.metrics import Interval

THOUSAND = 1000.0
QUICKEST = 5e-8
"""Seconds: nothing that is timed takes less, since the clock is read twice."""
ROUNDING = 1e-6
"""Sums of many floating-point numbers differ from one another by less, as a share."""
UNBOUNDED = Interval(0.0, float("inf"))


def sums_of(
    edges: Mapping[float, Mapping[Labels, float]], summed: Iterable[Labels], unit: float
) -> dict[Labels, Interval]:
    """By label set without `le` what the sum must lie between, in seconds. edges: cumulative buckets by edge.

    summed: the label sets that have a sum; one without all of its buckets may have any. unit: seconds in one of the
    metric's.
    """
    found = dict.fromkeys(summed, UNBOUNDED)
    for labels in found:
        counts = [(edge, series[labels]) for edge, series in sorted(edges.items()) if labels in series]
        if not counts or counts[-1][0] != float("inf") or counts[0][0] < 0:
            continue
        steps = [(0.0, 0.0), *counts]
        low = high = 0.0
        for (below, before), (edge, upto) in pairwise(steps):
            if upto > before:
                low += (upto - before) * below * unit
                high += (upto - before) * edge * unit
        found[labels] = Interval(low * (1 - ROUNDING), high * (1 + ROUNDING))
    return found


@dataclass
class Unit:
    """Whether some sum shows that it is in seconds: a thousandth of it would be too little. is_any: one is above 0."""

    is_told: bool = False
    is_any: bool = False

    def see(self, value: float, count: float, least: float) -> None:
        """Look at a sum (s) of so many observations, which are at least so much (s) together."""
        if value <= 0:
            return
        self.is_any = True
        self.is_told = self.is_told or value / THOUSAND < max(least, QUICKEST * count)

    @property
    def is_open(self) -> bool:
        """Whether all of them would be right as thousandths, too."""
        return self.is_any and not self.is_told
