"""Readings of the operating system around each scrape: what the truths of machine and process have in common.

A counter read by a scrape lies between the last reading before it and the first one after it, give or take a tick of
the kernel; a gauge lies between the readings around it, give or take the largest change between two readings nearby.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from promproof.evidence.evidence import Scrape
from promproof.truth.metrics import Interval
from promproof.truth.phase import EDGE_SECONDS

NEAR = 0.5
"""How far (s) from a scrape the readings still tell how fast a gauge moves there."""
Figure = Callable[[Any], float]


@dataclass(frozen=True)
class Column:
    """One figure of all readings."""

    values: tuple[float, ...]

    @cached_property
    def steps(self) -> tuple[float, ...]:
        """How far each reading is from the one before it."""
        return tuple(abs(later - earlier) for earlier, later in pairwise(self.values))

    @cached_property
    def _largest(self) -> float:
        return max(self.steps, default=0.0)

    @cached_property
    def fleeting(self) -> float:
        """The two largest changes that came and went, at the same time; each is two steps, up and down."""
        return max(self._largest, sum(sorted(self.steps)[-4:]) / 2)

    def largest(self, first: int, last: int) -> float:
        """The largest of the steps from index `first` to before `last`; 0 of none."""
        if first <= 0 and last >= len(self.steps):
            return self._largest
        return max(self.steps[first : max(last, 0)], default=0.0)


@dataclass(frozen=True)
class Readings:
    """Readings in order: run times before and after each, and what was read."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    rows: tuple[Any, ...]
    _columns: dict[Figure, Column] = field(default_factory=dict, compare=False, repr=False)

    def around(self, scrape: Scrape) -> tuple[int, int] | None:
        """Indices of the last reading that ended before a scrape and the first that began after it."""
        low = bisect_right(self.after, scrape.begin) - 1
        high = bisect_left(self.before, scrape.end)
        return (low, high) if low >= 0 and high < len(self.rows) else None

    def counter(self, scrape: Scrape, figure: Figure, slip: float = 0.0) -> Interval | None:
        """Bounds of a figure that only grows."""
        found = self.around(scrape)
        if found is None:
            return None
        return Interval(figure(self.rows[found[0]]) - slip, figure(self.rows[found[1]]) + slip)

    def gauge(
        self, scrape: Scrape, figure: Figure, near: float = NEAR, *, together: bool = False
    ) -> Interval | None:
        """Bounds of a figure that goes both ways. together: what comes and goes there may do so at the same time.

        Between two readings it may have been anywhere; how far is bounded by the largest step between neighbouring
        readings, of those at most `near` seconds away.
        """
        found = self.around(scrape)
        if found is None:
            return None
        low, high = found
        column = self._column(figure)
        values = column.values[low : high + 1]
        first = bisect_left(self.before, self.before[low] - near)
        last = bisect_right(self.after, self.after[high] + near)
        slip = column.fleeting if together else column.largest(first, last - 1)
        return Interval(min(values) - slip, max(values) + slip)

    def _column(self, figure: Figure) -> Column:
        if figure not in self._columns:
            self._columns[figure] = Column(tuple(map(figure, self.rows)))
        return self._columns[figure]


def latest(
    stamps: Sequence[float], scrapes: dict[float, Scrape], failed: Sequence[float], t: float
) -> Scrape | None:
    """The scrape whose values are shown at `t`; None before the first one, and after one that failed."""
    index = bisect_right(stamps, t + EDGE_SECONDS) - 1
    if index < 0 or bisect_right(failed, t + EDGE_SECONDS) > bisect_right(failed, stamps[index]):
        return None
    return scrapes[stamps[index]]
