"""Truths that the ledger counts: what rates, increases and ratios of a documented metric have in common.

The window is the panel's own. What happened between its first and its last scrape comes from the ledger, and what
the function makes of it depends on the scrape phase alone (`phase`).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from pydantic import Field

from promproof.contract.labels import RequestTruth
from promproof.contract.model import COUNTED, Contract, Metric
from promproof.contract.texts import Pattern
from promproof.contract.truths import TallyTruth
from promproof.evidence.evidence import NotShown
from promproof.evidence.instances import nobody_knows, of_each
from promproof.exposition import Labels
from promproof.truth.metrics import ZERO, Interval, at_rest, sample_name
from promproof.truth.panel import AtPoint, Bounds, Names, Truth, window_of
from promproof.truth.phase import Phase, extrapolated, phase
from promproof.truth.requests import counting
from promproof.truth.siblings import read_alike
from promproof.truth.views import Answered, Views
from promproof.truth.views import views as views_of


class Counted(Truth):
    """Events of a documented counter or histogram, selected by label patterns and grouped by labels."""

    metric: str
    by: Names = ()
    where: dict[str, Pattern] = Field(default_factory=dict)
    """Label name to a regular expression that its value matches in full."""
    over: Literal["sum", "avg", "max", "min"] = "sum"
    """How the figures of several instances are put together; each instance's own is a sum."""
    of_instances = True

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """Of the instances that the query reads, in one sum or each by itself and then put together."""
        read = parts(views, answer)
        if self.over == "sum" or len(read) == 1:
            return self._once(read, answer, ordinal)
        return put_together(self.over, [self._once((part,), answer, ordinal) for part in read])

    def _once(self, read: Sequence[Views], answer: Answered, ordinal: int) -> AtPoint:
        """What `joint` gives, worked out once for each point by panels that ask the same of the same window."""
        at = self.joint(read, answer, ordinal)
        instances = tuple(views.evidence.run.instance for views in read)
        key = ("bounds", self.model_dump_json(), instances, ordinal, window_of(answer))
        known: dict[float, Bounds] = read[0].memo.setdefault(key, {})

        def kept(t: float) -> Bounds:
            if t not in known:
                known[t] = at(t)
            return known[t]

        return kept

    @abstractmethod
    def joint(self, read: Sequence[Views], answer: Answered, ordinal: int) -> AtPoint:
        """The bounds of the sum over these instances; of a target of one there is one.

        Raises:
            Gap: evidence of the truth is missing.
        """

    def by_instance(self) -> Self:
        """Each instance is a group of its own, and nothing is put together."""
        if "instance" in self.by:
            return self
        return self.model_copy(update={"by": (*self.by, "instance"), "over": "sum"})

    @property
    def named(self) -> set[str]:
        """The labels that are named."""
        return {*self.by, *self.where}

    def misfit(self, contract: Contract) -> str:
        """The ledger must count the metric. What a query groups by may be the target's identity as well."""
        lacking = contract.lacks(self.metric, self.named - {"job", "instance"})
        if lacking:
            return lacking
        kind = contract.metric(self.metric).truth.kind
        return "" if kind in COUNTED else f"the ledger does not count {self.metric}, whose truth is {kind!r}"

    def key(self, labels: Labels) -> Labels:
        """The labels that it is grouped by."""
        given = dict(labels)
        return tuple(sorted((name, given.get(name, "")) for name in self.by))

    @property
    def about(self) -> str:
        """The metric and its groups."""
        over = "" if self.over == "sum" else f", the {self.over} of the instances"
        return f"{self.metric} by {', '.join(self.by) or 'nothing'} in the ledger{over}"


def parts(views: Views, answer: Answered) -> tuple[Views, ...]:
    """The instances that a query reads, each as if it were the target alone; a target of one as it is.

    Raises:
        NotShown: parts of the query read different instances, or nobody knows which of them answered.
    """
    each = of_each(views.evidence)
    if not each:
        return (views,)
    if views.evidence.run.balanced:
        raise NotShown(nobody_knows(len(each)))
    read = read_alike(answer.expanded, views.evidence.contract.target.job, tuple(each))
    if read is None:
        raise NotShown(f"{answer.target.path}: its parts read different instances of {len(each)}")
    return tuple(views_of(each[instance]) for instance in read)


def put_together(over: str, each: Sequence[AtPoint]) -> AtPoint:
    """The average, the largest or the smallest of several bounds by group.

    Open where an instance does not have a group: whether it has a series that stands still nobody knows.
    """

    def at(t: float) -> Bounds:
        found = [bounds(t) for bounds in each]
        groups = dict.fromkeys(group for bounds in found for group in bounds)
        return {group: _of(over, [bounds.get(group) for bounds in found]) for group in groups}

    return at


def _of(over: str, given: Sequence[Interval | None]) -> Interval | None:
    known = [interval for interval in given if interval is not None]
    if len(known) < len(given):
        return None
    lows, highs = [interval.low for interval in known], [interval.high for interval in known]
    if over == "avg":
        return Interval(sum(lows) / len(lows), sum(highs) / len(highs))
    choose = max if over == "max" else min
    return Interval(choose(lows), choose(highs))


def sums(read: Sequence[Views], truth: Counted, length: float, divisor: float) -> AtPoint:
    """Events in the window by group, divided."""
    counted = [(views, selected(views, truth)) for views in read]

    def at(t: float) -> Bounds:
        result: Bounds = {}
        for views, series_of in counted:
            for series, bounds in moved(views, truth.metric, series_of, t, length):
                scaled = Interval(bounds.low / divisor, bounds.high / divisor)
                before = result.get(series.group)
                result[series.group] = scaled if before is None else before + scaled
        return result

    return at


@dataclass(frozen=True)
class Series:
    """A label set that somebody sent events of, its group, and when it was sampled.

    labels: those that the metric's truth tells.
    """

    labels: Labels
    group: Labels
    stamps: Sequence[float]


def selected(views: Views, truth: Counted) -> list[Series]:
    """The label sets that the truth selects; those that nobody ever sent events of stand at 0 and are left out.

    Raises:
        Gap: what some requests have caused is not known.
        NotShown: series differ in a label alone that holds anything, so that nobody knows what each of them counts.
    """
    metric = views.evidence.contract.metric(truth.metric)
    if isinstance(metric.truth, TallyTruth):
        views.evidence.need_all_ended()
    key = ("selected", truth.metric, truth.by, tuple(sorted(truth.where.items())))
    if key not in views.memo:
        sampled = views.stamps(sample_name(metric))
        sent = at_rest(metric, views.ledger_for(metric), sampled)
        parts = told_by(metric, sampled)
        views.memo[key] = [
            Series(parts[labels], group(views, labels, truth.by), stamps)
            for labels, stamps in sampled.items()
            if parts[labels] in sent and matches(dict(labels), truth.where)
        ]
    found: list[Series] = views.memo[key]
    return found


def told_by(metric: Metric, sampled: Iterable[Labels]) -> dict[Labels, Labels]:
    """The part of each label set that the metric's truth tells.

    Raises:
        NotShown: several label sets have the same.
    """
    if not isinstance(metric.truth, RequestTruth):
        return {labels: labels for labels in sampled}
    count = counting(metric)
    parts = {labels: count.told(labels) for labels in sampled}
    if len(set(parts.values())) < len(parts):
        raise NotShown(f"series of {metric.name} differ in labels alone of which the contract says nothing")
    return parts


def moved(
    views: Views, metric: str, counted: Sequence[Series], t: float, length: float
) -> Iterator[tuple[Series, Interval]]:
    """What increase() can give for each of them.

    It hangs on the samples and the ledger alone, not on the panel, so every panel and every zoom shares it.
    """
    windows: dict[int, _Window | None] = views.memo.setdefault(("windows", metric, t, length), {})
    for series in counted:
        stamps = id(series.stamps)  # of the same samples, the same window; the views keep them
        if stamps not in windows:
            windows[stamps] = _window(views, metric, series.stamps, t, length)
        window = windows[stamps]
        if window is not None:
            yield series, window.of(series.labels)


@dataclass(frozen=True)
class _Window:
    """The samples of a window, and what was counted by the first and by the last of them."""

    seen: Phase
    first: Mapping[Labels, Interval]
    last: Mapping[Labels, Interval]
    known: dict[Labels, Interval] = field(default_factory=dict)

    def of(self, labels: Labels) -> Interval:
        """What increase() can give for a label set, worked out once."""
        if labels not in self.known:
            first, last = self.first.get(labels, ZERO), self.last.get(labels, ZERO)
            self.known[labels] = ZERO if last.high <= first.low else extrapolated(self.seen, first, last)
        return self.known[labels]


def _window(views: Views, metric: str, stamps: Sequence[float], t: float, length: float) -> _Window | None:
    seen = phase(stamps, t, length, left_open=views.left_open)
    if seen is None:
        return None
    return _Window(seen, views.counts(metric, seen.first), views.counts(metric, seen.last))


def group(views: Views, labels: Labels, by: tuple[str, ...]) -> Labels:
    """The group of a label set; job and instance are those of the target."""
    given = {
        **dict(labels),
        "job": views.evidence.contract.target.job,
        "instance": views.evidence.run.instance,
    }
    return tuple(sorted((name, given.get(name, "")) for name in by))


def matches(labels: Mapping[str, str], patterns: Mapping[str, str]) -> bool:
    """Whether every label matches its pattern in full; an absent label is empty."""
    return all(re.fullmatch(pattern, labels.get(name, "")) is not None for name, pattern in patterns.items())
