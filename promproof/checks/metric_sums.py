"""metric/NAME/sums: at rest a counter that adds up a figure of rows equals the sum that the database gives.

The database also tells which ids there are: those without rows must stand at 0, and those that are gone have no series.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register
from promproof.checks.metric_durations import UNITS, sum_interval
from promproof.contract.model import Metric
from promproof.contract.panels import RowsSumTruth
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Record
from promproof.evidence.records import Sums, number
from promproof.exposition import Labels, label_set, series_text
from promproof.truth.metrics import ZERO
from promproof.verdict import Verdict

# Floats are added in another order there; each of n additions may lose half of the last digit.
RELATIVE = 1e-9


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Each id that the database has against its series; ids without rows must stand at 0."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, RowsSumTruth)
    if not evidence.run.database:
        return not_verified(claim, "no database is named in the contract for this target")
    rows = evidence.need(Sums, what=metric.name, label="rest")
    before = {} if evidence.run.managed else _sums(evidence.need(Sums, what=metric.name, label="baseline"))
    sums = {label: total - before.get(label, 0.0) for label, total in _sums(rows).items()}
    shot = evidence.rest
    found = []
    values = shot.exposition.series(metric.name)
    for label, total in sums.items():
        labels = label_set({truth.subject: label})
        value = values.get(labels, math.nan) - evidence.baseline.get((metric.name, labels), 0.0)
        if not math.isclose(value, total, rel_tol=RELATIVE, abs_tol=RELATIVE):
            found.append(f"{series_text(metric.name, labels)} is {value:g}, the database has {total:g}")
    for labels, value in values.items():
        moved = value != evidence.baseline.get((metric.name, labels), 0.0)
        if moved and dict(labels).get(truth.subject) not in {*sums, "other"}:
            found.append(f"{series_text(metric.name, labels)} is {value:g}, the database has no rows")
    found += _beside_requests(metric, truth, evidence, values)
    if not found and not any(sums.values()):
        found.append("the database has no rows: nothing was shown")
    return findings(
        claim,
        found,
        good=f"{len(sums)} ids, {sum(sums.values()):g} {metric.unit} in all, as in the database",
        expected="the database's sums, id by id",
        tolerance="a part in 10^9: floats added in another order",
        evidence=[shot.record, rows.number],
    )


def _beside_requests(
    metric: Metric, truth: RowsSumTruth, evidence: Evidence, values: Mapping[Labels, float]
) -> list[str]:
    """A time that is longer than all requests that it was spent in, or shorter than they were certainly held."""
    if not truth.within:
        return []
    ledger, unit = evidence.ledger, UNITS.get(metric.unit, 1.0)
    total = sum(value - evidence.baseline.get((metric.name, labels), 0.0) for labels, value in values.items())
    endpoints = [tuple(text.split(" ", 1)) for text in truth.within]
    parts = [
        sum_interval(ledger, [(method, path)], evidence.longest_handler)
        for method, path in endpoints
        if (method, path) in ledger.endpoints_seen
    ]
    interval, seconds = sum(parts, ZERO), total * unit
    if seconds in interval or any(ledger.open.values()):
        return []
    return [
        f"{metric.name} is {seconds:.6g} s in all, its requests took {interval.low:.6g} to {interval.high:.6g} s"
    ]


def _sums(record: Record[Sums]) -> dict[str, float]:
    return {str(label): number(total) for label, total in record.data.rows}


CHECK = register(
    Check(
        "sums",
        for_metrics("sums", lambda metric: metric.truth.kind == "rows_sum"),
        judge,
        order=520,
        scope="together",
    )
)
