"""metric/NAME/rows and metric/NAME/restart: the gauge equals the rows in the database, also after a restart."""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Rows
from promproof.verdict import Verdict


def judge_rest(claim: Claim, evidence: Evidence) -> Verdict:
    """The gauge at rest against the database, asked at rest."""
    return _judge(claim, evidence, "rest")


def judge_restart(claim: Claim, evidence: Evidence) -> Verdict:
    """The gauge of the restarted target against the database."""
    if not evidence.run.managed:
        return not_verified(claim, "the run did not start the target, so it does not restart it")
    return _judge(claim, evidence, "restart")


def _judge(claim: Claim, evidence: Evidence, label: str) -> Verdict:
    metric = evidence.contract.metric(claim.subject)
    if not evidence.run.database:
        return not_verified(claim, "no database is named in the contract for this target")
    rows = evidence.need(Rows, what=metric.name, label=label)
    shot = evidence.shot(label)
    value = shot.exposition.series(metric.name).get(())
    count = float(rows.data.values[0])
    found = [] if value == count else [f"{metric.name} is {value}, the database has {count:g}"]
    if not found and count == 0:
        found = ["the database has no rows: nothing was shown"]
    return findings(
        claim,
        found,
        good=f"{count:g}, as in the database",
        expected=f"{count:g} (rows in the database)",
        observed=str(value),
        evidence=[shot.record, rows.number],
    )


def _wanted(metric: Metric) -> bool:
    return metric.truth.kind == "rows"


REST = register(Check("rows", for_metrics("rows", _wanted), judge_rest, order=510, scope="each"))
RESTART = register(Check("restart", for_metrics("restart", _wanted), judge_restart, order=510, scope="first"))
