"""What rate() and increase() can give for a known number of events: the scrape phase decides, and it is known.

Between the first and the last sample of a window lie so many events; the function then extrapolates to the window's
edges. The formula is `extrapolatedRate` of Prometheus (`promql/functions.go`), and it depends on the samples' times
alone but for the cut at zero: a counter is not extrapolated to before it would have been 0.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from promproof.truth.metrics import ZERO, Interval

EDGE_SECONDS = 0.0005
"""Stamps are whole milliseconds; closer than half of one is the same instant."""
EXTRAPOLATED = 1.1
"""A gap to the edge of up to so many average intervals is taken for covered."""


@dataclass(frozen=True)
class Phase:
    """The samples of one series in one window: first and last stamp, how many, and the gaps to both edges (s)."""

    first: float
    last: float
    count: int
    before: float
    after: float

    @cached_property
    def sampled(self) -> float:
        """Seconds between first and last sample."""
        return self.last - self.first

    @cached_property
    def covered(self) -> bool:
        """Whether the samples reach near enough to the window's begin to be extended up to it."""
        return self.before < EXTRAPOLATED * self.average

    @cached_property
    def average(self) -> float:
        """Seconds between two samples."""
        return self.sampled / (self.count - 1)

    @cached_property
    def end(self) -> float:
        """By how many seconds the samples are extended to the window's end."""
        return self.after if self.after < EXTRAPOLATED * self.average else self.average / 2

    def extended(self, events: float, first: float) -> float:
        """What increase() gives for so many events after a first value, in a window that is covered."""
        return events * (1 + self.end / self.sampled) + min(events * self.before / self.sampled, first)

    def factors(self, first: Interval, increase: Interval) -> Interval:
        """By how much the increase is multiplied; `first` bounds the counter's value at the first sample."""
        zero = Interval(
            self.sampled * first.low / increase.high if increase.high > 0 else inf,
            self.sampled * first.high / increase.low if increase.low > 0 else inf,
        )
        start = self._start(zero)
        fixed = self.sampled + self.end
        return Interval((fixed + start.low) / self.sampled, (fixed + start.high) / self.sampled)

    def _start(self, zero: Interval) -> Interval:
        """By how much a window is extended to its begin; at `zero` before its first sample the counter would be 0.

        Where the gap is not covered, half an average interval is, and the cut comes after that. Before Prometheus 3 it
        came first, so that a cut of up to 1.1 intervals stood for itself.
        """
        if self.covered:
            return Interval(min(self.before, zero.low), min(self.before, zero.high))
        covered, half = EXTRAPOLATED * self.average, self.average / 2
        if zero.low >= covered:
            return Interval(half, half)
        return Interval(min(half, zero.low), max(min(half, zero.high), min(covered, zero.high)))


def phase(stamps: Sequence[float], t: float, window: float, *, left_open: bool) -> Phase | None:
    """The samples in the window of `window` seconds that ends at `t`; None for fewer than two.

    `stamps` ascend. `left_open`: the window leaves its left edge out (Prometheus 3).
    """
    begin = t - window
    low = (
        bisect_right(stamps, begin + EDGE_SECONDS) if left_open else bisect_left(stamps, begin - EDGE_SECONDS)
    )
    high = bisect_right(stamps, t + EDGE_SECONDS)
    if high - low < 2:
        return None
    first, last = stamps[low], stamps[high - 1]
    return Phase(first, last, high - low, max(first - begin, 0.0), max(t - last, 0.0))


def increase(first: Interval, last: Interval) -> Interval:
    """The events between two samples of a counter whose values are known within bounds."""
    return Interval(max(0.0, last.low - first.high), max(0.0, last.high - first.low))


def extrapolated(phase: Phase, first: Interval, last: Interval) -> Interval:
    """What increase() can give."""
    events = increase(first, last)
    if events.high == 0:
        return ZERO
    factor = phase.factors(first, events)
    return Interval(events.low * factor.low, events.high * factor.high)


def share(part: Interval, rest: Interval) -> Interval | None:
    """part / (part + rest); None when there may be nothing to divide by."""
    if part.low + rest.low <= 0:
        return None
    low = part.low / (part.low + rest.high) if part.low + rest.high > 0 else 0.0
    high = part.high / (part.high + rest.low) if part.high + rest.low > 0 else 1.0
    return Interval(low, high)
