"""Truths that the ledger counts: rates, increases and ratios of a documented metric, as bounds at each point.

The window is the panel's own. What happened between its first and its last scrape comes from the ledger, and what
the function makes of it depends on the scrape phase alone (`phase`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf

from verification.contract_panels import Counted, IncreaseTruth, RateTruth, RatioTruth
from verification.dashboards.phase import Phase, extrapolated, phase, share
from verification.dashboards.views import Answered, Views
from verification.evidence import Gap
from verification.observe.exposition import Labels
from verification.promql_durations import windows
from verification.truth import ZERO, Interval, sample_name

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

    def at(t: float) -> Bounds:
        result: Bounds = {}
        for labels, bounds in _moved(views, truth, t, length).items():
            key = group(views, labels, truth.by)
            if key is not None:
                scaled = Interval(bounds.low / divisor, bounds.high / divisor)
                before = result.get(key)
                result[key] = scaled if before is None else before + scaled
        return result

    return at


def ratios(views: Views, truth: RatioTruth, answer: Answered) -> AtPoint:
    """The share of events whose labels match `part`, by group; open where there may be no event at all."""
    length = window_of(answer)

    def at(t: float) -> Bounds:
        parts: dict[Labels, tuple[Interval, Interval]] = {}
        for labels, bounds in _moved(views, truth, t, length).items():
            key = group(views, labels, truth.by)
            if key is None:
                continue
            part, rest = parts.get(key, (ZERO, ZERO))
            inside = matches(dict(labels), truth.part)
            parts[key] = (part + bounds, rest) if inside else (part, rest + bounds)
        result: Bounds = {}
        for key, (part, rest) in parts.items():
            bounds_or_none = share(part, rest)
            if bounds_or_none is not None and truth.complement:
                bounds_or_none = Interval(1 - bounds_or_none.high, 1 - bounds_or_none.low)
            result[key] = bounds_or_none
        return result

    return at


def _moved(views: Views, truth: Counted, t: float, length: float) -> dict[Labels, Interval]:
    """What increase() can give for each label set that the truth selects."""
    metric = views.evidence.contract.metric(truth.metric)
    result = {}
    for labels, stamps in views.stamps(sample_name(metric)).items():
        if not matches(dict(labels), truth.where):
            continue
        seen = phase(stamps, t, length, left_open=views.left_open)
        if seen is not None:
            first = views.counts(truth.metric, seen.first).get(labels, ZERO)
            last = views.counts(truth.metric, seen.last).get(labels, ZERO)
            result[labels] = extrapolated(seen, first, last)
    return result


def group(views: Views, labels: Labels, by: tuple[str, ...]) -> Labels | None:
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


def everything(seen: Phase) -> Interval:
    """Factors when nothing is known of the counter."""
    return seen.factors(Interval(0, inf), Interval(0, inf))
