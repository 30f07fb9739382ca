"""metric/NAME/buckets and metric/NAME/sum: durations lie between what was injected and what the client saw.

The target's duration of a request is at most the client's latency (its clock starts later and stops before the last
byte leaves) and at least the time the request was made to wait. So, for each edge: the target's bucket holds at least
as many requests as the client saw at or below the edge, and at most as many as were not made to wait longer.
Requests whose client left, or lost the answer, have no latency; they may be in any bucket.

A middleware that stops its clock after the answer may stand still in between, where nobody sees it. What only such a
standstill explains is unknown: one, as long as the run shows that something waited for the target.

The ledger has latencies and delays by endpoint, not by status. Where a label holds the status, each status is judged by
what the others of its endpoint can't explain, and all of them together as above.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from promproof.checks.base import Check, Claim, findings, for_metrics, register, unknown
from promproof.checks.metric_during import lateness
from promproof.contract.labels import Label, RequestTruth
from promproof.contract.model import Metric
from promproof.evidence.bins import add_into, bucket_top, percentile
from promproof.evidence.endpointview import EndpointView
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.senders import late, ledger_of
from promproof.evidence.view import LedgerView
from promproof.exposition import Labels, series_text
from promproof.truth.bucketsums import UNBOUNDED, Unit, sums_of
from promproof.truth.metrics import ZERO, Interval
from promproof.truth.requests import NO_STATUS, Key, counting, told
from promproof.verdict import Verdict

INF = float("inf")
NO_UNIT = (
    "; what they are at least nobody knows (no request was made to wait, none is beyond the first bucket), so that "
    "milliseconds of a quicker handler would pass as well: a slower route would tell"
)
UNITS = {"milliseconds": 1e-3, "ms": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9}
"""Seconds in one of a metric's unit; of every other unit one."""


def judge_buckets(claim: Claim, evidence: Evidence) -> Verdict:
    """Each cumulative bucket of each label set against its interval."""
    metric = evidence.contract.metric(claim.subject)
    shot = evidence.rest
    ledger = ledger_of(evidence, metric, shot)
    name, unit, after = f"{metric.name}_bucket", UNITS.get(metric.unit, 1.0), late(evidence, metric)
    edges = _by_edge(evidence, name)
    documented = set(edges) if metric.buckets is None else {*metric.buckets, INF}
    found: list[str] = []
    doubtful: list[str] = []
    judged = 0
    still = Standstill.of(evidence, ledger, after)
    for counted in _both(metric):
        groups = counting(counted).groups(ledger, told(counted, edges.get(INF, {})))
        values = {edge: told(counted, series) for edge, series in edges.items()}
        for labels, endpoints in groups.items():
            there = any(labels in series for series in values.values())
            for edge in sorted(documented):
                interval = sum(
                    (bucket_interval(ledger, keys, edge * unit, after) for keys in endpoints.values()), ZERO
                )
                judged += 1
                # what nobody has certainly sent need not have a series
                absent = 0.0 if interval.low == 0 and not there else float("nan")
                value = values.get(edge, {}).get(labels, absent)
                if value not in interval:
                    shown = series_text(name, (*labels, ("le", f"{edge:g}")))
                    text = f"{shown} is {'missing' if value != value else f'{value:g}'}, truth {interval}"
                    least = still.least(interval.low, ledger, endpoints.values(), edge * unit)
                    (doubtful if least <= value < interval.low else found).append(text)
    found += _missing_edges(evidence, metric, unit)
    if doubtful and not found:
        return unknown(claim, f"{doubtful[0]}; {still}", evidence.ledger_records)
    return findings(
        claim,
        found,
        good=f"{judged} buckets, each between client latency and injected delay; an edge at each alert's threshold",
        expected="client latency at or below the edge <= bucket <= not delayed beyond the edge",
        tolerance=f"strict; the client's histogram rounds away from the edge (3 digits){lateness(after)}",
        evidence=[shot.record, *evidence.ledger_records],
    )


def judge_sum(claim: Claim, evidence: Evidence) -> Verdict:
    """`_sum` of each label set between the sum of the injected delays and the sum of the client's latencies."""
    metric = evidence.contract.metric(claim.subject)
    shot = evidence.rest
    ledger = ledger_of(evidence, metric, shot)
    name, unit, after = f"{metric.name}_sum", UNITS.get(metric.unit, 1.0), late(evidence, metric)
    observed = {
        labels: (value - evidence.baseline.get((name, labels), 0.0)) * unit
        for labels, value in shot.exposition.series(name).items()
    }
    found: list[str] = []
    doubtful: list[str] = []
    judged, is_open, shown = 0, False, Unit()
    own = sums_of(_by_edge(evidence, f"{metric.name}_bucket"), observed, unit)
    still = Standstill.of(evidence, ledger, after)
    for counted in _both(metric):
        values = told(counted, observed)
        inside = _added_up(counted, own)
        for labels, endpoints in counting(counted).groups(ledger, values).items():
            parts = [
                sum_interval(ledger, keys, evidence.longest_handler, after) for keys in endpoints.values()
            ]
            interval = sum(parts, ZERO)
            certain = any(_number(ledger, keys).low > 0 for keys in endpoints.values())
            judged += 1
            value = values.get(labels, float("nan") if certain else 0.0)
            if value > interval.high and any(ledger.open.get(endpoint) for endpoint in endpoints):
                is_open = True  # one that was still open took longer than the longest handler
            elif value in interval:
                mine = inside.get(labels, UNBOUNDED)
                number = sum(_number(ledger, keys).high for keys in endpoints.values())
                shown.see(value, number, max(interval.low, mine.low))
                if value not in mine:
                    buckets = f"{mine.low:.6g} to {mine.high:.6g} s by its own buckets"
                    found.append(f"{series_text(name, labels)} is {value:.6g} s, {buckets}")
            else:
                truth = f"{interval.low:.6g} to {interval.high:.6g} s"
                text = f"{series_text(name, labels)} is {value:.6g} s, truth {truth}"
                most = still.most(interval.high, ledger, endpoints)
                (doubtful if interval.high < value <= most else found).append(text)
    if is_open and not found:
        evidence.need_all_ended()
    if doubtful and not found:
        return unknown(claim, f"{doubtful[0]}; {still}", evidence.ledger_records)
    return findings(
        claim,
        found,
        good=f"{judged} sums, each between the injected delays and the clients' latencies"
        + (NO_UNIT if shown.is_open else ""),
        expected="sum of injected delays <= sum <= sum of client latencies",
        tolerance=f"strict; the longest handler time for each client that left or lost the answer{lateness(after)}",
        evidence=[shot.record, *evidence.ledger_records],
    )


def _added_up(counted: Metric, own: Mapping[Labels, Interval]) -> dict[Labels, Interval]:
    """What the buckets say of the sums of the label sets that a truth tells."""
    low = told(counted, {labels: each.low for labels, each in own.items()})
    high = told(counted, {labels: each.high for labels, each in own.items()})
    return {labels: Interval(low[labels], high[labels]) for labels in low}


@dataclass(frozen=True)
class Standstill:
    """One standstill of a target, of so many seconds; 0 where its clock stops before the answer: that hides none.

    late: what each request is allowed without any. The durations of the requests that were under way may be longer by
    the standstill than their clients waited, and those of no others.
    """

    seconds: float
    late: float

    @staticmethod
    def of(evidence: Evidence, ledger: LedgerView, late: float) -> Standstill:
        """As long as a scrape took, or a request longer than half of those of its endpoint: the longest of all."""
        if not late:
            return Standstill(0.0, late)
        views = [view.latency for view in ledger.endpoints_seen.values() if view.latency]
        longer = (bucket_top(max(view)) / 1e6 - (percentile(view, 50) or 0.0) for view in views)
        scrapes: list[float] = []
        with suppress(Gap):  # nothing was scraped
            scrapes = [scrape.seconds for scrape in evidence.scrapes if scrape.up]
        return Standstill(max([0.0, *longer, *scrapes]), late)

    def most(self, high: float, ledger: LedgerView, endpoints: Iterable[Key]) -> float:
        """A sum of at most `high` seconds, with it."""
        return high + self.seconds * sum(at_once(ledger.endpoint(endpoint)) for endpoint in endpoints)

    def least(self, low: float, ledger: LedgerView, groups: Collection[list[Key]], edge: float) -> float:
        """A bucket of at least `low` requests up to an edge (s), with it."""
        if not self.seconds:
            return low
        held = sum(at_once(ledger.endpoint(keys[0][:2])) for keys in groups)
        intervals = (bucket_interval(ledger, keys, edge, self.late + self.seconds) for keys in groups)
        return max(low - held, sum(intervals, ZERO).low)

    def __str__(self) -> str:
        return (
            "the target's clock stops after the answer, and it may have stood still before that: something waited "
            f"{self.seconds:.3g} s for it"
        )


def at_once(view: EndpointView) -> int:
    """How many requests of an endpoint were under way at once, at most; whole time bins are compared."""
    changes: dict[int, int] = dict(view.started)
    add_into(changes, {index: -count for index, count in view.dropped.items()})
    for course in view.outcomes.values():
        for ended in (course.ends, course.left):
            # whoever ends in a bin was under way in it
            add_into(changes, {index + 1: -count for index, count in ended.items()})
    most = now = 0
    for index in sorted(changes):
        now += changes[index]
        most = max(most, now)
    return most


def bucket_interval(ledger: LedgerView, keys: list[Key], edge: float, late: float = 0.0) -> Interval:
    """How many requests of these keys of one endpoint the cumulative bucket up to `edge` (seconds) may hold.

    late: how much longer (s) than its client waited the target may say that a request took.
    """
    endpoint = keys[0][:2]
    mine, others = _number(ledger, keys), _others(ledger, keys)
    if edge == INF:
        return mine
    delayed = sum(count for seconds, count in ledger.floors.get(endpoint, {}).items() if seconds > edge)
    fast = ledger.at_or_below(endpoint, edge - late) if edge > late else 0
    return Interval(min(mine.low, max(0, fast - others)), mine.high - max(0, delayed - others))


def sum_interval(ledger: LedgerView, keys: list[Key], longest: float, late: float = 0.0) -> Interval:
    """What their durations can add up to, in seconds; a request without a latency takes `longest` at most.

    late: as in `bucket_interval`.
    """
    endpoint = keys[0][:2]
    floor = sum(seconds * count for seconds, count in ledger.floors.get(endpoint, {}).items())
    without = ledger.uncertain.get(endpoint, 0) + sum(
        sum(course.left.values()) for course in ledger.endpoint(endpoint).outcomes.values()
    )
    ceiling = ledger.latency_sum(endpoint) + longest * without + late * _number(ledger, [endpoint]).high
    return Interval(0.0 if _others(ledger, keys) else floor, ceiling)


def _number(ledger: LedgerView, keys: list[Key]) -> Interval:
    """How many requests these keys of one endpoint are, once nothing is open any more."""
    unresolved = ledger.started_before((*keys[0][:2], NO_STATUS), INF)
    high = sum(ledger.started_before(key, INF) for key in keys) - (len(keys) - 1) * unresolved
    return Interval(sum(ledger.completed_before(key, INF) for key in keys), high)


def _others(ledger: LedgerView, keys: list[Key]) -> int:
    """How many requests of the same endpoint have a status that is in none of the keys."""
    endpoint = keys[0][:2]
    if len(keys[0]) == len(endpoint):
        return 0
    return sum(
        course.count
        for status, course in ledger.endpoint(endpoint).outcomes.items()
        if (*endpoint, status) not in keys
    )


def _both(metric: Metric) -> list[Metric]:
    """The metric, and if a label holds the status, the metric with all statuses together."""
    truth = metric.truth
    assert isinstance(truth, RequestTruth)
    any_status = Label.model_validate({"from": "anything"})
    labels = {
        name: any_status if truth.source(name, label) in ("status", "status_class") else label
        for name, label in metric.labels.items()
    }
    return [metric] if labels == metric.labels else [metric, metric.model_copy(update={"labels": labels})]


def _by_edge(evidence: Evidence, name: str) -> dict[float, dict[Labels, float]]:
    """Values of the buckets at rest without their baseline, by edge and the other labels."""
    found: dict[float, dict[Labels, float]] = {}
    for labels, value in evidence.rest.exposition.series(name).items():
        plain = tuple(pair for pair in labels if pair[0] != "le")
        edge = float(dict(labels).get("le", "nan"))
        found.setdefault(edge, {})[plain] = value - evidence.baseline.get((name, labels), 0.0)
    return found


def _missing_edges(evidence: Evidence, metric: Metric, unit: float) -> list[str]:
    """An alert on this histogram needs an edge at its threshold and one above it, or its quantile is pinned."""
    if metric.buckets is None:
        return []
    edges = [edge * unit for edge in metric.buckets]
    found = []
    for alert in evidence.contract.alerts:
        if metric.name in alert.metrics and alert.unit == "seconds":
            limit = alert.threshold
            if limit is None:
                continue
            if not any(abs(edge - limit) <= 1e-9 * limit for edge in edges):
                found.append(f"no bucket edge at {limit:g} s, the threshold of {alert.name}")
            if not any(edge > limit for edge in edges):
                found.append(f"no bucket edge above {limit:g} s: {alert.name} could never fire")
    return found


BUCKETS = register(
    Check(
        "buckets",
        for_metrics(
            "buckets", lambda metric: metric.truth.kind == "durations" and metric.type == "histogram"
        ),
        judge_buckets,
        order=460,
        scope="counted",
    )
)
SUM = register(
    Check(
        "sum",
        for_metrics("sum", lambda metric: metric.truth.kind == "durations"),
        judge_sum,
        order=460,
        scope="counted",
    )
)
