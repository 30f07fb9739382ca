"""Under which label set a metric counts which requests of the ledger, as its contract says.

A label that holds anything is not told by a truth: series that differ in it alone are added up, and then compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from promproof.contract.labels import Label, RequestTruth, Source
from promproof.contract.model import Metric
from promproof.evidence.view import CountKey, EndpointKey, LedgerView
from promproof.exposition import Labels, label_set, matcher
from promproof.truth.kept import Kept

Key = EndpointKey | CountKey
STATUSES = range(100, 600)
FIRST_ERROR = 500
NO_STATUS = -1
"""A status that no answer has: of such a key the ledger counts the requests alone whose status is not known."""


class Counting:
    """How one metric counts requests. by_status: whether the status decides where, or whether, a request is counted."""

    def __init__(self, metric: Metric, truth: RequestTruth, *, by_status: bool = True) -> None:
        self._truth = truth
        self._labels: dict[str, tuple[Source, Label]] = {
            name: (truth.source(name, label), label) for name, label in metric.labels.items()
        }
        told = {source for source, _ in self._labels.values()}
        self.by_status = by_status and (truth.asks_status or bool(told & {"status", "status_class"}))
        self._free = frozenset(name for name, (source, _) in self._labels.items() if source == "anything")

    def labels(self, method: str, route: str, status: str = "") -> Labels | None:
        """The label set of such a request; None for one that is not counted."""
        if not self._truth.counts(method, route, status):
            return None
        said = {"method": method, "route": route, "status": status, "status_class": f"{status[:1]}xx"}
        values = {
            name: (label.values or ("",))[0] if source == "constant" else label.spelt(said[source])
            for name, (source, label) in self._labels.items()
            if source != "anything"
        }
        return label_set({name: value for name, value in values.items() if value})

    def told(self, labels: Labels) -> Labels:
        """The part of a label set that the truth tells."""
        return tuple(pair for pair in labels if pair[1] and pair[0] not in self._free)

    def shown(self, ledger: LedgerView, seen: Iterable[Labels]) -> frozenset[Labels]:
        """The told parts of the label sets that are there, where it matters which: answers were lost."""
        return frozenset(map(self.told, seen)) if self.by_status and ledger.unresolved else frozenset()

    def groups(
        self, ledger: LedgerView, seen: Iterable[Labels] = ()
    ) -> dict[Labels, dict[EndpointKey, list[Key]]]:
        """The keys of the ledger that each label set counts, by endpoint.

        seen: label sets that are there. Answers that were lost may be in those of any status, and only in those.
        """
        found: dict[Labels, dict[EndpointKey, list[Key]]] = {}
        for labels, key in self._pairs(ledger, frozenset(seen)):
            found.setdefault(labels, {}).setdefault(key[:2], []).append(key)
        return found

    def _possible(self, seen: frozenset[Labels]) -> Iterable[int]:
        """The statuses that the label sets can stand for."""
        plain = [
            name
            for name, (source, label) in self._labels.items()
            if source == "status" and not label.spelling
        ]
        if not plain:
            return STATUSES
        given = {dict(labels).get(plain[0], "") for labels in seen}
        return {int(text) for text in given if text.isdecimal()}

    def _pairs(self, ledger: LedgerView, seen: frozenset[Labels]) -> Iterator[tuple[Labels, Key]]:
        for method, route in ledger.endpoints():
            if not self.by_status:
                labels = self.labels(method, route)
                if labels is not None:
                    yield labels, (method, route)
                continue
            known = ledger.endpoints_seen[method, route].outcomes
            lost = (method, route) in ledger.unresolved
            for status in {*known, *(self._possible(seen) if lost else ())}:
                labels = self.labels(method, route, str(status))
                if labels is not None and (status in known or labels in seen):
                    yield labels, (method, route, status)


_COUNTINGS = Kept()


def counting(metric: Metric, *, by_status: bool = True) -> Counting:
    """How this metric, whose truth is one of requests, counts them."""
    assert isinstance(metric.truth, RequestTruth)
    known: dict[bool, Counting] = _COUNTINGS.of(metric)
    if by_status not in known:
        known[by_status] = Counting(metric, metric.truth, by_status=by_status)
    return known[by_status]


def label_from(metric: Metric, *sources: Source) -> str:
    """The metric's label that holds one of these, such as the route; the first of several, empty when none does."""
    return next(iter(labels_from(metric, *sources)), "")


def labels_from(metric: Metric, *sources: Source) -> tuple[str, ...]:
    """The metric's labels that hold one of these: a service may write the route as a handler and as a path."""
    truth = metric.truth
    if not isinstance(truth, RequestTruth):
        return ()
    return tuple(name for name, label in metric.labels.items() if truth.source(name, label) in sources)


def counts_all(metric: Metric) -> bool:
    """Whether a metric of requests counts every one of them."""
    truth = metric.truth
    return isinstance(truth, RequestTruth) and not (truth.where or truth.but_not)


def errors_of(metric: Metric) -> str | None:
    """A matcher for the series of a metric that count the answers of 5xx; empty for all of them.

    None where none does, or where they can't be told from others: no label has the status, or it says the same of
    another class.
    """
    truth = metric.truth
    if not isinstance(truth, RequestTruth):
        return None
    counted = {status for status in STATUSES if truth.counts("", "", str(status))}
    failed = {status for status in counted if status >= FIRST_ERROR}
    if not failed or failed != set(range(FIRST_ERROR, STATUSES.stop)):
        return None
    if failed == counted:
        return ""
    name = label_from(metric, "status", "status_class")
    if not name:
        return None
    label = metric.labels[name]
    is_class = truth.source(name, label) == "status_class"

    def said(statuses: Iterable[int]) -> set[str]:
        return {label.spelt(f"{status // 100}xx" if is_class else str(status)) for status in statuses}

    values = said(failed)
    if values & said(counted - failed):
        return None
    plain = {value for value in values if value.isdecimal()}
    odd = sorted(re.escape(value) for value in values - plain)
    return matcher(name, "|".join([*odd, *(["5.."] if plain else [])]), "=~")


def may_count(metric: Metric, labels: Mapping[str, str], path: str) -> bool:
    """Whether a series may count the requests for the metrics themselves, whose route is `path`."""
    if not isinstance(metric.truth, RequestTruth) or not metric.truth.scrapes:
        return False
    label = label_from(metric, "route")
    return not label or labels.get(label, "") == metric.labels[label].spelt(path)


def told(metric: Metric, values: Mapping[Labels, float]) -> dict[Labels, float]:
    """Values by the part of their label sets that the metric's truth tells, added up."""
    if not isinstance(metric.truth, RequestTruth):
        return dict(values)
    count = counting(metric)
    total: dict[Labels, float] = {}
    for labels, value in values.items():
        part = count.told(labels)
        total[part] = total.get(part, 0.0) + value
    return total
