"""One metric counted three times: by the client, by the API, by Prometheus; and the difference, label set by label set.

Raw counters minus what they read before the session, never increase(). While requests run, the client's count is an
interval (what was completed before the reading began, and what was started before it ended); at rest it is a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from promproof.contract.model import Contract, Metric
from promproof.contract.truths import TallyTruth
from promproof.evidence.view import LedgerView
from promproof.exposition import Exposition, Labels, series_text
from promproof.truth.metrics import ZERO, Expected, Interval, sample_name
from promproof.truth.requests import label_from, may_count, told

Values = Mapping[Labels, float]
COUNTED = ("requests", "durations", "tally")
"""Truths that only grow, and whose total the ledger knows."""


@dataclass(frozen=True)
class Reading:
    """Values of all series of one side at one moment: a reading of the API, or Prometheus' last scrape.

    begin, end: when it was taken (CLOCK_MONOTONIC seconds). hidden: series as the target exposes them that this side
    can't have, since what reads the target leaves them out or adds several up.
    """

    values: Mapping[tuple[str, Labels], float]
    begin: float
    end: float
    hidden: frozenset[tuple[str, Labels]] = frozenset()

    def of(self, metric: Metric) -> dict[Labels, float]:
        name = sample_name(metric)
        return {labels: value for (sample, labels), value in self.values.items() if sample == name}

    def lacks(self, metric: Metric) -> frozenset[Labels]:
        """The label sets of a metric that this side can't have, as far as its truth tells them."""
        name = sample_name(metric)
        return frozenset(told(metric, {labels: 0.0 for sample, labels in self.hidden if sample == name}))


@dataclass(frozen=True)
class Row:
    """One label set of one metric; a side that was not asked or did not answer is None.

    client: what the ledger says at the API's reading; client_then: at Prometheus' last scrape.
    """

    metric: str
    labels: Labels
    client: Interval
    client_then: Interval
    api: float | None
    prometheus: float | None

    @property
    def api_differs(self) -> float:
        """How far the API is from the client's count; 0 when they agree, negative when it counted too little."""
        return _distance(self.client, self.api)

    @property
    def prometheus_differs(self) -> float:
        """The same for Prometheus, at the time of its scrape."""
        return _distance(self.client_then, self.prometheus)

    @property
    def differs(self) -> float:
        """How far the sides are from the client's count, at most; 0 when they agree."""
        return max(abs(self.api_differs), abs(self.prometheus_differs))

    @property
    def series(self) -> str:
        return series_text(self.metric, self.labels)


def rows(
    metric: Metric,
    base: Reading,
    client: Expected,
    api: Reading | None,
    client_then: Expected,
    prometheus: Reading | None,
) -> list[Row]:
    """All label sets that somebody has counted since `base`, sorted."""
    before = base.of(metric)
    seen_by_api = None if api is None else told(metric, _moved(api.of(metric), before))
    stored = None if prometheus is None else told(metric, _moved(prometheus.of(metric), before))
    lacks = frozenset() if prometheus is None else prometheus.lacks(metric)
    labels = {*client, *client_then, *(seen_by_api or {}), *(stored or {})}
    return [
        Row(
            metric.name,
            label,
            client.get(label, ZERO),
            client_then.get(label, ZERO),
            None if seen_by_api is None else seen_by_api.get(label, 0.0),
            None if stored is None or label in lacks else stored.get(label, 0.0),
        )
        for label in sorted(labels)
    ]


def set_aside(
    found: Iterable[Row], metric: Metric, contract: Contract, view: LedgerView
) -> tuple[list[Row], list[Row]]:
    """Rows to compare, and those that cannot be.

    Aside: requests of Alertmanager's notifications to the target, scrapes that it counts, and series that went with
    their subject, which the ledger knows from a tally of deletions (`prompts_deleted` with the subject's label).
    """
    compared: list[Row] = []
    aside: list[Row] = []
    for row in found:
        labels = dict(row.labels)
        route = labels.get(label_from(metric, "route"), "")
        notified = contract.target.webhook is not None and route == contract.target.webhook
        gone = isinstance(metric.truth, TallyTruth) and _deleted(view, metric.truth.subject, labels)
        scraped = may_count(metric, labels, contract.target.metrics_path)
        (aside if gone or scraped or (notified and row.client == ZERO) else compared).append(row)
    return compared, aside


def _deleted(view: LedgerView, subject: str, labels: Mapping[str, str]) -> bool:
    wanted = (subject, labels.get(subject, ""))
    return any(name.endswith("_deleted") and wanted in known for name, known in view.tallies)


def counted(contract: Contract) -> list[Metric]:
    """Metrics whose total the ledger knows."""
    return [metric for metric in contract.metrics if metric.truth.kind in COUNTED]


def reading(exposition: Exposition, begin: float, end: float) -> Reading:
    """A reading of the API itself."""
    return Reading(exposition.values, begin, end)


def total(found: Iterable[Row]) -> Row | None:
    """All label sets of one metric together; None of nothing."""
    parts = list(found)
    if not parts:
        return None
    client, client_then = ZERO, ZERO
    for row in parts:
        client, client_then = client + row.client, client_then + row.client_then
    api = [row.api for row in parts if row.api is not None]
    stored = [row.prometheus for row in parts if row.prometheus is not None]
    return Row(
        parts[0].metric, (), client, client_then, sum(api) if api else None, sum(stored) if stored else None
    )


def _moved(values: Values, before: Values) -> dict[Labels, float]:
    changes = {labels: value - before.get(labels, 0.0) for labels, value in values.items()}
    return {labels: change for labels, change in changes.items() if change}


def _distance(expected: Interval, value: float | None) -> float:
    if value is None or value in expected:
        return 0.0
    return value - (expected.low if value < expected.low else expected.high)
