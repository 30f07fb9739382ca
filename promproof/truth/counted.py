"""Truths that the ledger counts: rates, increases and ratios of a documented metric, as bounds at each point.

The window is the panel's own. What happened between its first and its last scrape comes from the ledger, and what
the function makes of it depends on the scrape phase alone (`phase`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from promproof.config.promql_durations import windows
from promproof.contract.panels import Counted, IncreaseTruth, RateTruth, RatioTruth
from promproof.evidence.evidence import Gap
from promproof.exposition import Labels
from promproof.truth.metrics import ZERO, Interval, at_rest, sample_name
from promproof.truth.phase import extrapolated, phase, share
from promproof.truth.views import Answered, Views

Bounds = dict[Labels, Interval | None]
"""Expected values by group; None where the truth leaves it open. A group that is not there must be absent or 0."""
AtPoint = Callable[[float], Bounds]


def window_of(answer: Answered) -> float:
    """The shortest window of an expanded query in seconds.

    Raises:
        Gap: it has none, or does not parse.
    """
    try:
        found = windows(answer.expanded)
    except ValueError as error:
        raise Gap(f"{answer.target.path}: cannot be parsed: {error}") from error
    if not found:
        raise Gap(f"{answer.target.path}: the query has no window")
    return min(found) / 1000


def rates(views: Views, truth: RateTruth | IncreaseTruth, answer: Answered) -> AtPoint:
    """Events per second, or in the window, by group."""
    length = window_of(answer)
    divisor = length if isinstance(truth, RateTruth) else 1.0
    counted = _counted(views, truth)

    def at(t: float) -> Bounds:
        result: Bounds = {}
        for one, bounds in _moved(views, truth.metric, counted, t, length):
            scaled = Interval(bounds.low / divisor, bounds.high / divisor)
            before = result.get(one.group)
            result[one.group] = scaled if before is None else before + scaled
        return result

    return at


def ratios(views: Views, truth: RatioTruth, answer: Answered) -> AtPoint:
    """The share of events whose labels match `part`, by group; open where there may be no event at all."""
    length = window_of(answer)
    counted = _counted(views, truth)
    inside = {one.labels for one in counted if matches(dict(one.labels), truth.part)}

    def at(t: float) -> Bounds:
        parts: dict[Labels, tuple[Interval, Interval]] = {}
        for one, bounds in _moved(views, truth.metric, counted, t, length):
            part, rest = parts.get(one.group, (ZERO, ZERO))
            is_part = one.labels in inside
            parts[one.group] = (part + bounds, rest) if is_part else (part, rest + bounds)
        result: Bounds = {}
        for key, (part, rest) in parts.items():
            bounds_or_none = share(part, rest)
            if bounds_or_none is not None and truth.complement:
                bounds_or_none = Interval(1 - bounds_or_none.high, 1 - bounds_or_none.low)
            result[key] = bounds_or_none
        return result

    return at


@dataclass(frozen=True)
class _Series:
    """A label set that somebody sent events of, its group, and when it was sampled."""

    labels: Labels
    group: Labels
    stamps: Sequence[float]


def _counted(views: Views, truth: Counted) -> list[_Series]:
    """The label sets that the truth selects; those that nobody ever sent events of stand at 0 and are left out."""
    metric = views.evidence.contract.metric(truth.metric)
    sampled = views.stamps(sample_name(metric))
    sent = at_rest(metric, views.evidence.ledger, sampled)
    return [
        _Series(labels, group(views, labels, truth.by), stamps)
        for labels, stamps in sampled.items()
        if labels in sent and matches(dict(labels), truth.where)
    ]


def _moved(
    views: Views, metric: str, counted: Sequence[_Series], t: float, length: float
) -> Iterator[tuple[_Series, Interval]]:
    """What increase() can give for each of them."""
    for one in counted:
        seen = phase(one.stamps, t, length, left_open=views.left_open)
        if seen is not None:
            first = views.counts(metric, seen.first).get(one.labels, ZERO)
            last = views.counts(metric, seen.last).get(one.labels, ZERO)
            yield one, extrapolated(seen, first, last)


def group(views: Views, labels: Labels, by: tuple[str, ...]) -> Labels:
    """The group of a label set; job and instance are those of the target."""
    given = {
        **dict(labels),
        "job": views.evidence.contract.target.job,
        "instance": views.evidence.run["instance"],
    }
    return tuple(sorted((name, given.get(name, "")) for name in by))


def matches(labels: Mapping[str, str], patterns: Mapping[str, str]) -> bool:
    """Whether every label matches its pattern in full; an absent label is empty."""
    return all(re.fullmatch(pattern, labels.get(name, "")) is not None for name, pattern in patterns.items())
