"""metric/NAME/buckets and metric/NAME/sum: durations lie between what was injected and what the client saw.

The target's duration of a request is at most the client's latency (its clock starts later and stops before the last
byte leaves) and at least the time the request was made to wait. So, for each edge: the target's bucket holds at least
as many requests as the client saw at or below the edge, and at most as many as were not made to wait longer.
Requests whose client left, or lost the answer, have no latency; they may be in any bucket.
"""

from __future__ import annotations

from collections import Counter

from promproof.checks.base import Check, Claim, findings, for_metrics, register
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.view import LedgerView
from promproof.exposition import Labels, series_text
from promproof.truth.metrics import ZERO, Interval, labels_of
from promproof.verdict import Verdict

Endpoint = tuple[str, str]


def judge_buckets(claim: Claim, evidence: Evidence) -> Verdict:
    """Each cumulative bucket of each label set against its interval."""
    metric = evidence.contract.metric(claim.subject)
    shot, ledger = evidence.rest, evidence.ledger
    base = evidence.baseline
    name = f"{metric.name}_bucket"
    observed = shot.exposition.series(name)
    found, judged = [], 0
    for plain, endpoints in _by_labels(metric, ledger).items():
        buckets = {
            float(dict(labels)["le"]): value - base.get((name, labels), 0.0)
            for labels, value in observed.items()
            if tuple(pair for pair in labels if pair[0] != "le") == plain
        }
        for edge in (*(metric.buckets or ()), float("inf")):
            parts = [bucket_interval(ledger, endpoint, edge) for endpoint in endpoints]
            interval = sum(parts, ZERO)
            judged += 1
            # what nobody has certainly sent need not have a series
            if buckets.get(edge, 0.0 if interval.low == 0 and not buckets else float("nan")) not in interval:
                shown = series_text(name, (*plain, ("le", f"{edge:g}")))
                found.append(f"{shown} is {buckets.get(edge, 'missing')}, truth {interval}")
    found += _missing_edges(evidence, metric)
    return findings(
        claim,
        found,
        good=f"{judged} buckets, each between client latency and injected delay; an edge at each alert's threshold",
        expected="client latency at or below the edge <= bucket <= not delayed beyond the edge",
        tolerance="strict; the client's histogram rounds away from the edge (3 digits)",
        evidence=[shot.record, *evidence.ledger_records],
    )


def judge_sum(claim: Claim, evidence: Evidence) -> Verdict:
    """`_sum` of each label set between the sum of the injected delays and the sum of the client's latencies."""
    metric = evidence.contract.metric(claim.subject)
    shot, ledger = evidence.rest, evidence.ledger
    name = f"{metric.name}_sum"
    observed = shot.exposition.series(name)
    longest = evidence.longest_handler
    found = []
    groups = _by_labels(metric, ledger)
    total, unanswered = _total(ledger), _without_latency(ledger)
    for labels, endpoints in groups.items():
        floor = sum(_floor(ledger, endpoint) for endpoint in endpoints)
        ceiling = sum(ledger.latency_sum(endpoint) + longest * unanswered[endpoint] for endpoint in endpoints)
        certain = any(total[endpoint].low > 0 for endpoint in endpoints)
        value = observed.get(labels, float("nan") if certain else 0.0)
        value -= evidence.baseline.get((name, labels), 0.0)
        if not floor <= value <= ceiling:
            found.append(
                f"{series_text(name, labels)} is {value:.6g} s, truth {floor:.6g} to {ceiling:.6g} s"
            )
    return findings(
        claim,
        found,
        good=f"{len(groups)} sums, each between the injected delays and the clients' latencies",
        expected="sum of injected delays <= sum <= sum of client latencies",
        tolerance="strict; the longest handler time for each client that left or lost the answer",
        evidence=[shot.record, *evidence.ledger_records],
    )


def bucket_interval(ledger: LedgerView, endpoint: Endpoint, edge: float) -> Interval:
    """How many requests the cumulative bucket up to `edge` (seconds) may hold."""
    total = _total(ledger)[endpoint]
    if edge == float("inf"):
        return Interval(total.low, total.high)
    delayed = sum(count for seconds, count in ledger.floors.get(endpoint, {}).items() if seconds > edge)
    return Interval(ledger.at_or_below(endpoint, edge), total.high - delayed)


def _missing_edges(evidence: Evidence, metric: Metric) -> list[str]:
    """An alert on this histogram needs an edge at its threshold and one above it, or its quantile is pinned."""
    edges = metric.buckets or ()
    found = []
    for alert in evidence.contract.alerts:
        if metric.name in alert.metrics and alert.unit == "seconds":
            limit = alert.threshold
            if limit is None:
                continue
            if limit not in edges:
                found.append(f"no bucket edge at {limit:g} s, the threshold of {alert.name}")
            if not any(edge > limit for edge in edges):
                found.append(f"no bucket edge above {limit:g} s: {alert.name} could never fire")
    return found


def _by_labels(metric: Metric, ledger: LedgerView) -> dict[Labels, list[Endpoint]]:
    """The endpoints that each label set counts: one, unless the metric lacks the labels that tell them apart."""
    found: dict[Labels, list[Endpoint]] = {}
    for method, endpoint in sorted(ledger.endpoints()):
        found.setdefault(labels_of(metric, method=method, endpoint=endpoint), []).append((method, endpoint))
    return found


def _floor(ledger: LedgerView, endpoint: Endpoint) -> float:
    return sum(seconds * count for seconds, count in ledger.floors.get(endpoint, {}).items())


def _total(ledger: LedgerView) -> dict[Endpoint, Interval]:
    far = float("inf")
    total: dict[Endpoint, Interval] = {}
    for key in ledger.counts:
        interval = Interval(ledger.completed_before(key, far), ledger.started_before(key, far))
        total[key[:2]] = total.get(key[:2], Interval(0, 0)) + interval
    for endpoint in ledger.endpoints():  # of some all answers were lost
        total.setdefault(endpoint, Interval(0, ledger.started_before(endpoint, far)))
    return total


def _without_latency(ledger: LedgerView) -> Counter[Endpoint]:
    left: Counter[Endpoint] = Counter(ledger.uncertain)
    for (method, endpoint, _), count in ledger.abandoned.items():
        left[(method, endpoint)] += count
    return left


def _wanted(metric: Metric) -> bool:
    return metric.truth.kind == "durations"


BUCKETS = register(Check("buckets", for_metrics("buckets", _wanted), judge_buckets, order=460))
SUM = register(Check("sum", for_metrics("sum", _wanted), judge_sum, order=460))
