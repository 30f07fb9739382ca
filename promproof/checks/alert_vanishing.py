"""alert/NAME/vanishing: when the series that an alert reads vanish, an alert that the contract names says so.

Judged on what promtool answered for the deployed rules, with all series there, and with those of one metric gone.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Boundary
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One for each alert of which the contract says who notices."""
    return [
        Claim(f"alert/{alert.name}/vanishing", alert.name) for alert in contract.alerts if alert.vanishing
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Ask for each metric of the alert whether one of the named alerts fires when it is gone."""
    wanted = evidence.contract.alert(claim.subject).vanishing
    record = evidence.need(Boundary)
    if record.data.error:
        return unknown(claim, record.data.error, [record.number])
    noticed = record.data.vanishing.get(claim.subject)
    if noticed is None:
        return not_verified(claim, "its rule isn't there, or reads what can't be made without the service")
    found = [
        f"when {metric} vanishes, {_names(fires) or 'no alert'} fires"
        for metric, fires in noticed.items()
        if not set(wanted).intersection(fires)
    ]
    return findings(
        claim,
        found,
        good=f"{_names(wanted)} fires when {_names(noticed)} vanishes",
        expected=f"{_names(wanted)} fires when a metric that it reads vanishes",
        evidence=[record.number],
    )


def _names(names: object) -> str:
    assert isinstance(names, tuple | dict)
    return ", ".join(names)


CHECK = register(Check("vanishing", claims, judge, order=625))
