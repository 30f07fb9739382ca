"""Native histograms in the search: one series in several parts, each a plain number over time.

The parts of a histogram are its count, its sum and each of its buckets. They differ in a label that no series can have,
so that rates and sums, which are linear, need not know of histograms. Buckets are exponential (schema 3: each 9 % wider
than the one before), and so is what Prometheus interpolates in them since version 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from promproof.exposition import Labels
from promproof.proofs.tree import COMPARISONS, SETS

if TYPE_CHECKING:
    Vector = dict[Labels, tuple[float, float]]
    Range = tuple[Labels, list[tuple[float, float]], float]

PART = "\0"
"""The label that tells the parts of a histogram apart; it is the first of all labels."""
COUNT, SUM, ZERO = "count", "sum", "zero"
"""Parts; each other one is the index of a bucket. `zero`: how many observations were 0."""
SCHEMA = 3
PER_OCTAVE = 2**SCHEMA
ROUNDING = 1e-12
"""A smaller share of all observations is none."""
SMALLEST = 1e-9
"""A smaller observation is 0."""
FUNCTIONS = tuple(f"histogram_{name}" for name in ("avg", "count", "fraction", "stddev", "stdvar", "sum"))
"""The functions of native histograms only."""
SUMMED = ("sum", "avg")
SERIES = ("count", "group", "topk", "bottomk")
"""Aggregations that take a histogram for a series, whatever it holds."""
LINEAR = ("rate", "increase", "irate", "delta", "idelta", "sum_over_time", "avg_over_time", "last_over_time")
COUNTED = ("count_over_time", "present_over_time", "absent_over_time", "changes", "resets")


def upper(index: int) -> float:
    """The upper end of a bucket; that of the bucket before is its lower end."""
    return float(2.0 ** (index / PER_OCTAVE))


def shares(q: float, quantile: float) -> dict[str, float]:
    """The parts of a histogram of one observation, so that its q-quantile is this and its mean as well."""
    if quantile < SMALLEST:
        return {COUNT: 1.0, SUM: 0.0, ZERO: 1.0}
    q = min(max(q, 0.0), 1.0)
    index = math.floor(math.log2(quantile) * PER_OCTAVE) + 1
    place = math.log2(quantile / upper(index - 1)) * PER_OCTAVE
    place = min(1.0, max(0.0, place))
    low = max(0.0, (q - place) / (1 - place)) if place < q else 0.0
    high = 1.0 if place < q else q / place if place else 1.0
    found = {str(index - 1): low, str(index): high - low, str(index + 1): 1.0 - high}
    return {COUNT: 1.0, SUM: quantile, **{part: share for part, share in found.items() if share > ROUNDING}}


def part_of(labels: Labels) -> str:
    """The part of a histogram that a series is; empty of a plain one."""
    return labels[0][1] if labels and labels[0][0] == PART else ""


def bare(labels: Labels) -> Labels:
    """The labels of the histogram that a series is a part of; of a plain one, its own."""
    return labels[1:] if part_of(labels) else labels


def floats(vector: Vector) -> Vector:
    """Without histograms: what most functions pass over."""
    return {labels: element for labels, element in vector.items() if not part_of(labels)}


def counts(vector: Vector) -> Vector:
    """One element for each series, where it does not matter what a histogram holds."""
    return {bare(labels): element for labels, element in vector.items() if part_of(labels) in ("", COUNT)}


def folded(op: str, vector: Vector) -> Vector:
    """What an aggregation sees."""
    if op in SUMMED:
        return vector
    return counts(vector) if op in SERIES else floats(vector)


def ranged(name: str, ranges: Sequence[Range]) -> list[Range]:
    """What a function over a window sees."""
    if name in LINEAR:
        return list(ranges)
    wanted = ("", COUNT) if name in COUNTED else ("",)
    return [(bare(labels), samples, gap) for labels, samples, gap in ranges if part_of(labels) in wanted]


def operands(op: str, left: Vector | float, right: Vector | float) -> tuple[Vector | float, Vector | float]:
    """What an operator sees: histograms are scaled, divided by a number, added to each other, and not compared."""
    if op in SETS:
        return left, right
    is_scaled = op == "*" or (
        op in ("+", "-") and not isinstance(left, float) and not isinstance(right, float)
    )
    takes_left = is_scaled or op == "/"
    is_dropped = op in COMPARISONS
    return (
        left if isinstance(left, float) or (takes_left and not is_dropped) else floats(left),
        right if isinstance(right, float) or is_scaled else floats(right),
    )


def read(name: str, numbers: Sequence[float], vector: Vector) -> Vector:
    """What a function of histograms says of each of a vector."""
    held: dict[Labels, dict[str, float]] = {}
    gaps: dict[Labels, float] = {}
    for labels, (value, gap) in vector.items():
        part = part_of(labels)
        if part:
            key = tuple(pair for pair in labels[1:] if pair[0] != "__name__")
            held.setdefault(key, {})[part] = value
            gaps[key] = min(gap, gaps.get(key, gap))
    return {key: (value_of(name, numbers, parts), gaps[key]) for key, parts in held.items()}


def value_of(name: str, numbers: Sequence[float], parts: Mapping[str, float]) -> float:
    """What a function says of one histogram."""
    count, total = parts.get(COUNT, 0.0), parts.get(SUM, 0.0)
    made: dict[str, Callable[[], float]] = {
        "histogram_count": lambda: count,
        "histogram_sum": lambda: total,
        "histogram_avg": lambda: total / count if count else math.nan,
        "histogram_quantile": lambda: _quantile(numbers[0], count, parts),
        "histogram_fraction": lambda: _fraction(numbers[0], numbers[1], count, parts),
        "histogram_stdvar": lambda: _variance(count, total, parts),
        "histogram_stddev": lambda: math.sqrt(_variance(count, total, parts)),
    }
    return made[name]()


def _buckets(parts: Mapping[str, float]) -> Iterator[tuple[float, float, float]]:
    """Lower end, upper end and observations of each bucket, the lowest first."""
    if parts.get(ZERO):
        yield 0.0, 0.0, parts[ZERO]
    for index in sorted(int(part) for part in parts if part not in (COUNT, SUM, ZERO)):
        if parts[str(index)]:
            yield upper(index - 1), upper(index), parts[str(index)]


def _quantile(q: float, count: float, parts: Mapping[str, float]) -> float:
    """As Prometheus interpolates it: promql/quantile.go, histogramQuantile."""
    if not count > 0:
        return math.nan
    if not 0 <= q <= 1:
        return math.inf if q > 1 else -math.inf
    rank, passed, low, high = q * count, 0.0, 0.0, 0.0
    for low, high, held in _buckets(parts):
        if passed + held >= rank:
            share = (rank - passed) / held
            return low * (high / low) ** share if low else 0.0
        passed += held
    return high


def _fraction(least: float, most: float, count: float, parts: Mapping[str, float]) -> float:
    """The share of observations between two numbers: promql/quantile.go, histogramFraction."""
    if not count > 0 or math.isnan(least) or math.isnan(most):
        return math.nan
    return 0.0 if least >= most else (_below(most, parts) - _below(least, parts)) / count


def _below(edge: float, parts: Mapping[str, float]) -> float:
    total = 0.0
    for low, high, held in _buckets(parts):
        if high <= edge:
            total += held if high or edge > 0 else 0.0
        elif low < edge:
            total += held * math.log2(edge / low) * PER_OCTAVE
    return total


def _variance(count: float, total: float, parts: Mapping[str, float]) -> float:
    """Each observation is taken for the geometric mean of its bucket (promql/functions.go)."""
    if not count > 0:
        return math.nan
    mean = total / count
    return sum(held * (math.sqrt(low * high) - mean) ** 2 for low, high, held in _buckets(parts)) / count
