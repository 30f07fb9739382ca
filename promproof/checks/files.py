"""check/… and alert/NAME/findings: what `promproof check` finds in the files.

A finding is red once: with the alert, receiver, job, service, panel or dashboard that it stands in where the contract
promises that, else with its family. Claims exist where the contract has `accepted`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from promproof.checks.base import Check, Claim, findings, register, unknown
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.history import Record
from promproof.evidence.records import FilesJudged, Found
from promproof.verdict import Verdict

FAMILIES = {
    "rule": "rules",
    "prometheus": "Prometheus' configuration",
    "alertmanager": "Alertmanager's configuration",
    "grafana": "dashboards and provisioning",
    "compose": "compose files",
    "file": "files that can be read",
}
TEXTS = frozenset(
    f"rule/{name}"
    for name in (
        "cut-by-comment",
        "label-lost",
        "link-parameter",
        "number-in-text",
        "printed-unit",
        "printf-verb",
        "runbook-lost",
        "template-arguments",
        "template-error",
        "template-field",
        "template-query",
    )
)
"""Kinds about what the reader of a notification sees."""
EXPECTED = "no finding of `promproof check` that the contract does not accept"


def judged(evidence: Evidence) -> Record[FilesJudged]:
    """What was read of the files.

    Raises:
        Gap: they could not be read.
    """
    record = evidence.need(FilesJudged)
    if record.data.error is not None:
        raise Gap(f"the files could not be judged: {record.data.error}")
    return record


def owner(contract: Contract, found: Found) -> str:
    """The claim that a finding turns red: of what it stands in, else of its family."""
    name = found.name
    deployment = contract.deployment
    if found.about == "alert" and name in {alert.name for alert in contract.alerts}:
        return f"alert/{name}/{'text' if found.id in TEXTS else 'findings'}"
    if found.about == "receiver" and name in promised_receivers(contract):
        return f"address/receiver/{name}"
    if deployment is not None and found.about == "job" and name in promised_jobs(contract):
        return f"address/job/{name}"
    if deployment is not None and found.about == "service" and name in promised_services(contract):
        return f"deployment/written/{name}"
    uid = name.partition("/")[0]
    dashboard = next((wanted for wanted in contract.dashboards if wanted.uid == uid), None)
    panels = {f"{uid}/{panel.slug}" for panel in dashboard.panels} if dashboard is not None else ()
    if found.about == "panel" and name in panels:
        return f"panel/{name}/form"
    if found.about in ("panel", "dashboard") and dashboard is not None:
        return f"dashboards/findings/{uid}"
    return f"check/{found.id.partition('/')[0]}"


def promised_receivers(contract: Contract) -> list[str]:
    """The receivers that the contract's alerts name."""
    return list(dict.fromkeys(name for alert in contract.alerts for name in alert.receivers))


def promised_jobs(contract: Contract) -> list[str]:
    """The scrape jobs that the contract names: the target's, and those of the services."""
    services = contract.deployment.services.values() if contract.deployment is not None else ()
    named = [contract.target.job, *(service.job for service in services)]
    return list(dict.fromkeys(name for name in named if name))


def promised_services(contract: Contract) -> list[str]:
    """The services of the compose file that the contract names."""
    wanted = contract.deployment
    return [] if wanted is None else list(dict.fromkeys([*wanted.services, wanted.target.service]))


def held(claim: str, evidence: Evidence) -> list[str]:
    """The findings that turn a claim red, each with its place; none where nobody asked for findings, or has looked."""
    record = next(evidence.history.of(FilesJudged), None)
    if evidence.contract.accepted is None or record is None:
        return []
    return [
        f"{found.place}: {found.message} ({found.id}){f'; {found.todo}' if found.todo else ''}"
        for found in record.data.findings
        if owner(evidence.contract, found) == claim
    ]


def when_asked(claims: Callable[[Contract], Iterable[Claim]]) -> Callable[[Contract], list[Claim]]:
    """Claims of contracts that say which findings they accept."""
    return lambda contract: [] if contract.accepted is None else list(claims(contract))


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Red with the findings of its subject."""
    record = judged(evidence)
    found = held(claim.id, evidence)
    if record.data.crashed and not found:
        return unknown(claim, f"a check broke: {'; '.join(record.data.crashed)}", [record.number])
    accepted = f", {record.data.accepted} accepted in all" if record.data.accepted else ""
    return findings(
        claim, found, good=f"nothing found{accepted}", expected=EXPECTED, evidence=[record.number]
    )


REST = register(
    Check(
        "files-rest",
        when_asked(lambda contract: (Claim(f"check/{family}", family) for family in FAMILIES)),
        judge,
        order=130,
    )
)
ALERTS = register(
    Check(
        "files-alerts",
        when_asked(
            lambda contract: (Claim(f"alert/{alert.name}/findings", alert.name) for alert in contract.alerts)
        ),
        judge,
        order=612,
    )
)
