"""metric/NAME/lifecycle: series are born at 0 with their subject and die with it.

A counter that is born with its first event loses it: `rate()` and `increase()` see no rise. So each subject (a prompt,
a pipeline) has all its documented label values from the start, the ones that never happened included.
"""

from __future__ import annotations

from itertools import product

from promproof.checks.base import Check, Claim, findings, for_metrics, register, unknown
from promproof.contract.truths import TallyTruth
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Rows
from promproof.exposition import label_set, series_text
from promproof.verdict import Verdict


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Every subject of the database has its series, no deleted one has; all were first stored at 0."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, TallyTruth)
    rows = evidence.need(Rows, what=f"ids of {truth.subject}", label="rest")
    alive = set(rows.data.values)
    used = {
        dict(labels).get(truth.subject, "") for name, labels in evidence.ledger.tallies if name == truth.tally
    }
    died = used - alive - {"other"}
    exposed = evidence.rest.exposition.series(metric.name)
    names = list(truth.born_at_zero)
    found = []
    for subject, values in product(sorted(alive), product(*truth.born_at_zero.values())):
        labels = label_set({truth.subject: subject, **dict(zip(names, values, strict=True))})
        if labels not in exposed:
            found.append(f"{series_text(metric.name, labels)} does not exist before its first event")
    found += [
        f"{series_text(metric.name, labels)} outlived its {truth.subject}"
        for labels in exposed
        if dict(labels).get(truth.subject) in died
    ]
    records = [evidence.rest.record, rows.number, *evidence.ledger_records]
    if not found and not died:
        return unknown(claim, "no subject was executed and deleted in this run", records)
    return findings(
        claim,
        found,
        good=f"{len(alive)} subjects complete from birth, {len(died)} deleted ones gone",
        expected=f"each {truth.subject} with {dict(truth.born_at_zero)} from birth to deletion",
        evidence=records,
    )


CHECK = register(
    Check(
        "lifecycle",
        for_metrics("lifecycle", lambda metric: metric.truth.kind == "tally"),
        judge,
        order=490,
        scope="alone",
    )
)
