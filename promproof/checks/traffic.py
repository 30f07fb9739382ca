"""traffic/complete: the ledgers are whole, the generator kept its promise, and all requests came to an end.

A ledger whose writer died, a generator that could not send what it planned, a run that was ended while it sent, or an
answer that the scenario does not expect proves nothing about the monitoring.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, register, unknown
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import DrillDriven
from promproof.evidence.records.traffic import UNFILLED
from promproof.faults.kind import FAULTS
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for the run."""
    return [Claim("traffic/complete")]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Completeness is a condition of all exact claims: what is missing here is unknown, never pass."""
    evidence.phase("traffic")  # of a run that broke off while it sent nobody knows what was still to be sent
    records = evidence.ledger_records
    troubles = []
    for record in evidence.ledgers:
        source = record.data.source
        if not record.data.complete:
            troubles.append(f"the ledger of {source} has no end: its writer died")
        generator = record.data.generator
        if generator and generator["missed"]:
            troubles.append(
                f"{source}: {generator['missed']} of {generator['planned']} arrivals were not sent"
            )
        troubles += [
            f"{source}: {problem}" for problem in record.data.problems if problem.startswith(UNFILLED)
        ]
        # 1 says that there were surprising answers, which are judged below
        if record.data.status not in (None, 0, 1):
            why = "; ".join(record.data.problems) or f"see locust-{source}.log in the run's folder"
            troubles.append(f"{source} ended with status {record.data.status}: {why}")
    if evidence.ledger.open:
        troubles.append(f"{sum(evidence.ledger.open.values())} requests were still open at the end")
    if troubles:
        return unknown(claim, "; ".join(troubles), records)
    faults = [drill.data.plan["fault"] for drill in evidence.history.of(DrillDriven)]
    # A fault that takes the whole target makes every answer of its drill's traffic a planned one.
    planned = any(FAULTS.get(fault["kind"]).alone for fault in faults)
    wanted = tuple(f"answered {fault.get('status')}," for fault in faults)
    surprises = [
        f"{surprise.count} x {surprise.method} {surprise.endpoint}: {surprise.what}"
        for record in evidence.ledgers
        for surprise in record.data.surprises
        if not (record.data.source == "drill" and (planned or surprise.what.startswith(wanted)))
    ]
    if surprises:  # they are counted all the same; but the case that the scenario was to make was not made
        return unknown(claim, "; ".join(surprises), records)
    return findings(
        claim,
        [],
        good=f"{evidence.ledger.requests} requests of {len(records)} senders, all ended as the scenario expects",
        expected="every planned request sent and answered with an expected status",
        evidence=records,
    )


CHECK = register(Check("traffic-complete", claims, judge, order=320))
