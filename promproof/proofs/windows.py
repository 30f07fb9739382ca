"""The functions over ranges, groups and buckets: pure arithmetic on samples."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean, pstdev

from promproof.config.re2 import whole
from promproof.exposition import Labels
from promproof.proofs.tree import Call, NotCovered, Text

Samples = Sequence[tuple[float, float]]
Vector = dict[Labels, tuple[float, float]]
COUNTED = ("rate", "increase", "irate")
"""The functions of counters: what falls has begun anew."""
_RATES = ("rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear")


def factor(name: str, seconds: float, every: float) -> float | None:
    """What a function makes of a line, as a multiple of its slope; None when it makes something else."""
    if name in ("rate", "irate", "deriv"):
        return 1.0
    if name in ("increase", "delta"):
        return seconds
    return every if name == "idelta" else None


def over(
    name: str, samples: Samples, seconds: float, every: float, numbers: Sequence[float], t: float
) -> float | None:
    """What a function says about the samples of one series; None when it says nothing.

    every: the seconds between the real samples, of which these may be a choice.
    """
    if len(samples) < (2 if name in _RATES else 1):
        return None
    values = [value for _, value in samples]
    span = samples[-1][0] - samples[0][0]
    if name in COUNTED:
        grown = sum(b - a if b >= a else b for a, b in pairwise(values))
        return grown / span * (seconds if name == "increase" else 1.0)
    if name in ("delta", "idelta"):
        change = values[-1] - values[0]
        return change / span * (seconds if name == "delta" else every)
    if name in ("deriv", "predict_linear"):
        middle, mean = fmean(moment for moment, _ in samples), fmean(values)
        square = sum((moment - middle) ** 2 for moment, _ in samples)
        slope = sum((moment - middle) * (value - mean) for moment, value in samples) / square
        return slope if name == "deriv" else mean + slope * (t + numbers[0] - middle)
    return _over_time(name, values, int(span / every + 1e-9) + 1, numbers)


def _over_time(name: str, values: list[float], real: int, numbers: Sequence[float]) -> float:
    pairs = list(pairwise(values))
    made: Callable[[], float] | None = {
        "avg_over_time": lambda: fmean(values),
        "min_over_time": lambda: min(values),
        "max_over_time": lambda: max(values),
        "sum_over_time": lambda: fmean(values) * real,
        "count_over_time": lambda: float(real),
        "last_over_time": lambda: values[-1],
        "present_over_time": lambda: 1.0,
        "stddev_over_time": lambda: pstdev(values),
        "stdvar_over_time": lambda: pstdev(values) ** 2,
        "quantile_over_time": lambda: quantile(numbers[0], values),
        "changes": lambda: float(sum(a != b for a, b in pairs)),
        "resets": lambda: float(sum(b < a for a, b in pairs)),
    }.get(name)
    if made is None:
        raise NotCovered(f"the function {name} is not known here")
    return made()


def quantile(q: float, values: Sequence[float]) -> float:
    ordered = sorted(values)
    if not 0 <= q <= 1 or not ordered:
        return math.inf if q > 1 else -math.inf
    rank = q * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def folded(op: str, values: Sequence[float], param: float | str) -> float:
    """The value of a group."""
    made: Callable[[], float] | None = {
        "sum": lambda: math.fsum(values) if all(map(math.isfinite, values)) else sum(values),
        "avg": lambda: sum(values) / len(values),
        "min": lambda: min(values),
        "max": lambda: max(values),
        "count": lambda: float(len(values)),
        "group": lambda: 1.0,
        "stddev": lambda: pstdev(values),
        "stdvar": lambda: pstdev(values) ** 2,
        "quantile": lambda: quantile(float(param), values),
    }.get(op)
    if made is None:
        raise NotCovered(f"the aggregation {op} is not known here")
    return made()


def printed(value: float) -> str:
    """A value as `count_values` writes it: no two values are written alike."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def quantiles(q: float, vector: Vector) -> Vector:
    """`histogram_quantile` of classic buckets."""
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for labels, (value, _) in vector.items():
        held = dict(labels)
        try:
            edge = float(held.get("le", ""))
        except ValueError:
            continue
        key = tuple(pair for pair in labels if pair[0] not in ("le", "__name__"))
        groups.setdefault(key, []).append((edge, value))
    gap = min((gap for _, gap in vector.values()), default=0.0)
    return {labels: (_bucket_quantile(q, sorted(buckets)), gap) for labels, buckets in groups.items()}


def _bucket_quantile(q: float, buckets: list[tuple[float, float]]) -> float:
    if len(buckets) < 2 or not math.isinf(buckets[-1][0]) or not buckets[-1][1] > 0:
        return math.nan
    if not 0 <= q <= 1:
        return math.inf if q > 1 else -math.inf
    rank = q * buckets[-1][1]
    place = next((i for i, (_, count) in enumerate(buckets[:-1]) if count >= rank), len(buckets) - 1)
    if place == len(buckets) - 1:
        return buckets[-2][0]
    low, before = (buckets[place - 1][0], buckets[place - 1][1]) if place else (0.0, 0.0)
    edge, count = buckets[place]
    if place == 0 and edge <= 0:
        return edge
    return low + (edge - low) * ((rank - before) / (count - before)) if count > before else edge


def relabelled(node: Call, vector: Vector) -> Vector:
    """`label_replace` and `label_join`."""
    texts = [arg.value for arg in node.args[1:] if isinstance(arg, Text)]
    made: Vector = {}
    for labels, element in vector.items():
        held = dict(labels)
        if node.name == "label_join":
            held[texts[0]] = texts[1].join(held.get(name, "") for name in texts[2:])
        else:
            target, replacement, source, pattern = texts
            match = whole(pattern).fullmatch(held.get(source, ""))
            if match is not None:
                held[target] = _expanded(replacement, match)
        made[tuple(sorted((name, value) for name, value in held.items() if value))] = element
    return made


def _expanded(replacement: str, match: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except (IndexError, re.error):
            return ""

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", group, replacement)
