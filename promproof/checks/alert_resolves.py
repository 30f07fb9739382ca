"""alert/NAME/resolves: when the cause is gone the alert is over, after its window and what it may go on firing at most.

Judged in virtual time on what promtool counted for the deployed rule files, beside the boundary.
"""

from __future__ import annotations

from promproof.checks.alert_boundary import refusals
from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.boundary_worlds import AFTER, FIRING, worlds
from promproof.contract.model import Alert, Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Boundary
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for each alert of which the contract says how long it goes on firing, and names the series."""
    return [
        Claim(f"alert/{alert.name}/resolves", alert.name)
        for alert in contract.alerts
        if alert.keep_firing_for is not None and _courses(alert)
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Nothing of it may be left after the deadline of each course."""
    alert = evidence.contract.alert(claim.subject)
    record = evidence.need(Boundary)
    if record.data.error:
        return unknown(claim, record.data.error, [record.number])
    rows = {row.world: row for row in record.data.worlds_of(alert.name)}
    asked = [rows[name] for name in _courses(alert) if name in rows]
    if not asked:
        return not_verified(claim, "this run did not ask for it")
    said = refusals(alert, record.data)
    if said:
        return unknown(claim, said[0], [record.number])
    found = []
    for row in asked:
        _, healed, *moments = row.moments
        if row.counts[AFTER]:
            found.append(f"{row.world}: still active {moments[AFTER] - healed:g} s after the cause is gone")
    if not found and not any(row.counts[FIRING] for row in asked):
        return unknown(claim, "it did not fire, so it could not resolve", [record.number])
    return findings(
        claim,
        found,
        good="over after each cause",
        expected=f"over after {alert.window or 'its windows'} and keep_firing_for of {alert.keep_firing_for}",
        tolerance="an evaluation and a scrape",
        evidence=[record.number],
    )


def _courses(alert: Alert) -> list[str]:
    return [world.name for world in worlds(alert) if world.is_course]


CHECK = register(Check("resolves", claims, judge, order=621))
