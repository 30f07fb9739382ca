"""Counts by time bin and by latency bucket, as sparse dicts of integers.

Integers only, so that sums are exact and do not depend on the order in which parts are added. The latency
buckets are those of HdrHistogram with 3 significant digits and a unit of 1 us; `HdrHistogram.record_value`
costs 1.5 us where the same index computed inline costs 0.2 us, hence the own arithmetic and the library only
for what leaves the process.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from itertools import accumulate
from math import floor

from hdrh.histogram import HdrHistogram

SIGNIFICANT_DIGITS = 3
RANKS = 1000
"""Percentiles are told apart to a thousandth of a percent."""
MAGNITUDE = 10
"""log2 of half the linear range: values below 2 ** (MAGNITUDE + 1) us have a bucket each."""

Bins = Mapping[int, int]
"""bin or bucket index -> count; never holds a zero"""


MANY = 64
"""Bins from which on a dict takes more memory than two arrays."""


class Packed(Mapping[int, int]):
    """Bins that do not change any more, in order, in less than half of a dict's memory: an hour has a million."""

    __slots__ = ("counts", "indices")

    def __init__(self, bins: Bins) -> None:
        """Raises OverflowError when a number, or the sum of the counts, does not fit into 64 bits."""
        self.indices = compact(sorted(bins))
        self.counts = compact([bins[index] for index in self.indices])
        compact([sum(self.counts)])

    def __getitem__(self, index: int) -> int:
        place = bisect_left(self.indices, index)
        if place == len(self.indices) or self.indices[place] != index:
            raise KeyError(index)
        return self.counts[place]

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)

    def items(self) -> ItemsView[int, int]:
        return _Items(self)

    def values(self) -> ValuesView[int]:
        return _Values(self)


class _Items(ItemsView[int, int]):
    _mapping: Packed

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._mapping.indices, self._mapping.counts, strict=True)


class _Values(ValuesView[int]):
    _mapping: Packed

    def __iter__(self) -> Iterator[int]:
        return iter(self._mapping.counts)


def packed(bins: Bins) -> Bins:
    """The same bins, which nobody changes any more, in little memory."""
    if len(bins) < MANY or isinstance(bins, Packed):
        return bins
    try:
        return Packed(bins)
    except OverflowError:
        return bins


def bin_of(t: float, bin_seconds: float) -> int:
    """Index of the bin that holds time t. Monotone in t, so that comparing indices never reverses an order of
    times.
    """
    return floor(t / bin_seconds)


def up_to(bins: Bins, last: float) -> int:
    """Sum of the bins with an index of at most `last`, which may be infinite."""
    return sum(n for index, n in bins.items() if index <= last)


def before(bins: Bins, end: float) -> int:
    """Sum of the bins with an index below `end`, which may be infinite."""
    return sum(n for index, n in bins.items() if index < end)


class Totals:
    """Running totals of bins that do not change any more, for many questions about them."""

    def __init__(self, bins: Bins) -> None:
        settled = packed(bins)
        if isinstance(settled, Packed):
            self._indices: Sequence[int] = settled.indices
            self._sums: Sequence[int] = compact(list(accumulate(settled.counts, initial=0)))
        else:
            self._indices = sorted(bins)
            self._sums = [0, *accumulate(bins[index] for index in self._indices)]

    def up_to(self, last: float) -> int:
        """As the function."""
        return self._sums[bisect_right(self._indices, last)]

    def before(self, end: float) -> int:
        """As the function."""
        return self._sums[bisect_left(self._indices, end)]


def compact(numbers: Sequence[int]) -> array[int]:
    """Integers in four bytes each, or in eight where one needs them.

    Raises:
        OverflowError: one needs more.
    """
    try:
        return array("i", numbers)
    except OverflowError:
        return array("q", numbers)


def add_into(total: dict[int, int], part: Bins) -> None:
    """Add one sparse count to another in place; entries that come to zero disappear."""
    for index, n in part.items():
        new = total.get(index, 0) + n
        if new:
            total[index] = new
        else:
            del total[index]


def bucket_of(microseconds: int) -> int:
    """Index of the HDR bucket of a whole number of microseconds (the formula of HdrHistogram's
    countsIndexFor).
    """
    shift = microseconds.bit_length() - MAGNITUDE - 1
    return microseconds if shift <= 0 else (shift << MAGNITUDE) + (microseconds >> shift)


def bucket_top(index: int) -> int:
    """Highest number of microseconds that falls into the bucket."""
    if index < 2 << MAGNITUDE:
        return index
    shift = (index >> MAGNITUDE) - 1
    return ((index - (shift << MAGNITUDE) + 1) << shift) - 1


def edge_of(seconds: float) -> int:
    """The whole microseconds that are certainly at most so many seconds."""
    return floor(seconds * 1e6)


def count_at_or_below(buckets: Bins, seconds: float) -> int:
    """How many recorded durations are certainly at most `seconds`.

    A bucket that reaches beyond the edge is left out whole: the result is a lower bound, short by the content
    of one bucket, which is at most 0.1 % of the edge wide.
    """
    edge = edge_of(seconds)
    return sum(n for index, n in buckets.items() if bucket_top(index) <= edge)


def percentile(buckets: Bins, p: float) -> float | None:
    """The p-th percentile (0 to 100) in seconds, the top of its bucket; None of nothing.

    The nearest rank: the least duration that at least p percent do not exceed. That of several parts together lies
    between those of each, which a rank that is rounded to the nearest integer (HdrHistogram's) does not warrant.
    """
    total = sum(buckets.values())
    if not total:
        return None
    # in thousandths of a percent: 99.9 * 1000 / 100 is a little over 999 in binary
    wanted = max(-(-round(min(p, 100.0) * RANKS) * total // (100 * RANKS)), 1)
    seen = 0
    for index in sorted(buckets):
        seen += buckets[index]
        if seen >= wanted:
            break
    return bucket_top(index) / 1e6


def histogram(parts: Iterable[Bins]) -> HdrHistogram:
    """The sum of the parts as an HdrHistogram in microseconds, to encode or to compare with other tools."""
    total = merged(parts)
    hdr = HdrHistogram(1, max([bucket_top(index) for index in total], default=1) + 2048, SIGNIFICANT_DIGITS)
    for index, n in total.items():
        hdr.record_value(bucket_top(index), n)
    return hdr


def merged(parts: Iterable[Bins]) -> dict[int, int]:
    """The sum of the parts."""
    total: dict[int, int] = {}
    for part in parts:
        add_into(total, part)
    return total


def flat(bins: Bins) -> list[int]:
    """Index, count, index, count ...: half the size of a JSON object with quoted keys."""
    return [value for pair in bins.items() for value in pair]


def from_flat(values: Iterable[int]) -> dict[int, int]:
    """Inverse of flat. Raises ValueError for an odd number of values, or for one that is no integer."""
    numbers = list(values)
    if len(numbers) % 2 or not all(type(number) is int for number in numbers):
        raise ValueError(f"not a list of indices and counts: {numbers!r:.60}")
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def settled(values: Iterable[int]) -> Bins:
    """As from_flat, of bins that nobody changes any more."""
    return packed(from_flat(values))
