"""metric/NAME/exact: at rest the metric equals the truth, for every label set, exactly.

Raw values minus their baseline, never `increase()`, which extrapolates.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, compare, findings, for_metrics, register
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Rows
from promproof.evidence.senders import ledger_of
from promproof.exposition import Labels
from promproof.truth.metrics import Expected, at_rest, between, sample_name
from promproof.truth.requests import told
from promproof.verdict import Verdict

KINDS = ("requests", "durations", "tally", "open_requests")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare each label set of the exposition at rest with the ledgers."""
    metric = evidence.contract.metric(claim.subject)
    observed, expected = told_at_rest(metric, evidence)
    total = f"{sum(interval.low for interval in expected.values()):g}"
    return findings(
        claim,
        compare(sample_name(metric), observed, expected),
        good=f"{len(expected)} label sets with traffic, {total} in all, equal",
        expected="the ledgers' counts, label set by label set",
        evidence=[evidence.rest.record, *evidence.ledger_records],
    )


def told_at_rest(metric: Metric, evidence: Evidence) -> tuple[dict[Labels, float], Expected]:
    """What a metric exposes at rest, less its baseline, and what the ledgers say, by label set."""
    if metric.truth.kind == "tally":
        evidence.need_all_ended()
    name = sample_name(metric)
    baseline = evidence.baseline
    gauge = metric.truth.kind == "open_requests"
    observed = told(
        metric,
        {
            labels: value - (0.0 if gauge else baseline.get((name, labels), 0.0))
            for labels, value in evidence.rest.exposition.series(name).items()
        },
    )
    shot = evidence.rest
    ledger = ledger_of(evidence, metric, shot)
    if gauge and ledger is not evidence.ledger:  # the reading itself is open while it is answered
        offset = evidence.history.monotonic
        begin, end = shot.begin + offset, shot.end + offset
        expected = between(metric, ledger, begin, end, evidence.longest_handler, observed)
    else:
        expected = at_rest(metric, ledger, observed)
    if metric.truth.kind == "tally":
        expected = _alive(metric.truth.subject, expected, evidence)
    return observed, expected


def _alive(subject: str, expected: Expected, evidence: Evidence) -> Expected:
    """Without the ids that the database no longer has: their series died with them."""
    ids = set(evidence.need(Rows, what=f"ids of {subject}", label="rest").data.values)
    return {
        labels: interval
        for labels, interval in expected.items()
        if dict(labels).get(subject) in {*ids, "other"}
    }


CHECK = register(
    Check(
        "exact",
        for_metrics("exact", lambda metric: metric.truth.kind in KINDS),
        judge,
        order=420,
        scope="counted",
    )
)
