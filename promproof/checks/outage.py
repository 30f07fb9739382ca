"""target/outage and metric/NAME/outage: while the database is out the target says so, and its metrics don't go stale.

Gauges of rows are absent, and come back; all other metrics go on.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register, unknown
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Record
from promproof.evidence.records import ExpositionRead, StimulusOutage
from promproof.exposition import series_text
from promproof.verdict import Verdict

GOOD = 200


def claims(contract: Contract) -> list[Claim]:
    """One for the target, of a contract that says how its database is taken away."""
    return [Claim("target/outage")] if contract.target.outage is not None else []


def metric_claims(contract: Contract) -> list[Claim]:
    """One for each metric that is asked of the database."""
    wanted = for_metrics("outage", lambda metric: metric.truth.kind == "rows")
    return wanted(contract) if contract.target.outage is not None else []


def judge_target(claim: Claim, evidence: Evidence) -> Verdict:
    """What the health path said, and whether the metrics that need no database went on."""
    given = evidence.need(StimulusOutage)
    if given.data.unavailable:
        return not_verified(claim, given.data.unavailable)
    outage = evidence.contract.target.outage
    assert outage is not None
    health = evidence.contract.target.health
    said = (
        ("while its database was out", given.data.health_during, outage.health),
        ("afterwards", given.data.health_after, GOOD),
    )
    if health is not None and any(status is None for _, status, _ in said):
        return unknown(claim, f"{health} gave no answer", [given.number])
    found = [
        f"{health} answered {status} {when}, documented {wanted}"
        for when, status, wanted in said
        if health is not None and status != wanted
    ]
    found += _stopped(evidence)
    if given.data.surprises and not found:  # they are counted all the same; but the case was not made
        return unknown(claim, "; ".join(given.data.surprises), [given.number])
    return findings(
        claim,
        found,
        good=f"{health or 'the target'} said so, and the metrics went on"
        if health
        else "the metrics went on",
        expected=f"{health}: {outage.health}, then {GOOD}; all metrics but those of rows" if health else "",
        evidence=[given.number, *(record.number for record in _reads(evidence))],
    )


def _reads(evidence: Evidence) -> list[Record[ExpositionRead]]:
    labels = ("outage", "recovered")
    return [record for record in evidence.history.of(ExpositionRead) if record.data.label in labels]


def _stopped(evidence: Evidence) -> list[str]:
    """Metrics that were not there meanwhile, and counters that lost something by it."""
    read = evidence.need(ExpositionRead, label="outage").data
    if read.status is not None and read.status != GOOD:
        return [f"{evidence.contract.target.metrics_path} answered {read.status} while the database was out"]
    during, after = evidence.shot("outage").exposition, evidence.shot("recovered").exposition
    found = []
    for metric in evidence.contract.metrics:
        if metric.truth.kind == "rows":
            continue
        then, now = during.series(metric.sample), after.series(metric.sample)
        # a sum of the database's may be asked of it, and what was not there before may have been born meanwhile
        if now and not then and metric.truth.kind != "rows_sum" and _was_there(evidence, metric.sample):
            found.append(f"{metric.name} was not there while the database was out")
        if metric.type in ("counter", "histogram", "summary"):
            found += [
                f"{series_text(metric.sample, labels)} fell from {value:g} to {now[labels]:g}"
                for labels, value in then.items()
                if labels in now and now[labels] < value
            ]
    return found


def _was_there(evidence: Evidence, name: str) -> bool:
    """Whether Prometheus had a sample of it before the outage."""
    begin = evidence.need(StimulusOutage).data.begin
    return any(t < begin for samples in evidence.stored(name).values() for t, _ in samples)


def judge_metric(claim: Claim, evidence: Evidence) -> Verdict:
    """Absent while the database is out, as it is read and as Prometheus stored it; back afterwards."""
    given = evidence.need(StimulusOutage)
    if given.data.unavailable:
        return not_verified(claim, given.data.unavailable)
    metric = evidence.contract.metric(claim.subject)
    during = evidence.shot("outage").exposition.series(metric.sample)
    after = evidence.shot("recovered")
    found = [
        f"{series_text(metric.sample, labels)} is {value:g} without a database"
        for labels, value in during.items()
    ]
    for samples in evidence.stored(metric.sample).values():
        for t, value in samples:
            scrape = evidence.scrape_at(t)
            if scrape is not None and given.data.begin <= scrape.begin and scrape.end <= given.data.end:
                found.append(f"at {t:.2f} s {metric.name} was stored as {value:g} without a database")
    inside = sum(
        given.data.begin <= scrape.begin and scrape.end <= given.data.end for scrape in evidence.scrapes
    )
    if not after.exposition.series(metric.sample):
        found.append(f"{metric.name} did not come back with the database")
    return findings(
        claim,
        found,
        good=f"absent for {given.data.amount:.1f} s in {inside} scrapes, and back",
        expected="no sample while the database is out, one afterwards",
        evidence=[given.number, after.record, *evidence.stored_records],
    )


TARGET = register(Check("target-outage", claims, judge_target, order=330, scope="first"))
METRIC = register(Check("metric-outage", metric_claims, judge_metric, order=515, scope="first"))
