"""dashboards/findings/UID: what is found in a documented dashboard beside its documented panels.

Findings of `promproof check`, where the contract has `accepted`; and how a `plain` dashboard opens with other times or
series than all of the newest.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, register
from promproof.checks.files import held
from promproof.checks.panel_plain import dashboard_departures
from promproof.checks.panel_readings import opening_departures
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import Dashboards
from promproof.truth.views import views
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One for each dashboard that is plain, or of a contract that says which findings it accepts."""
    return [
        Claim(f"dashboards/findings/{dashboard.uid}", dashboard.uid)
        for dashboard in contract.dashboards
        if dashboard.plain or contract.accepted is not None
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """The findings that stand in it, and what is not plain."""
    seen = views(evidence)
    wanted = next(dashboard for dashboard in evidence.contract.dashboards if dashboard.uid == claim.subject)
    dashboard = seen.dashboard(wanted)
    if dashboard is None:
        raise Gap(f"no dashboard file has the uid {wanted.uid!r}")
    found = held(claim.id, evidence)
    if wanted.plain:
        texts = [
            *dashboard_departures(seen, dashboard, evidence.contract),
            *opening_departures(seen, dashboard),
        ]
        found += [f"{dashboard.file}: {text}" for text in texts]
    return findings(
        claim,
        found,
        good="nothing found",
        expected="no finding" + (", all of the newest is shown" if wanted.plain else ""),
        evidence=[evidence.need(Dashboards).number],
    )


CHECK = register(Check("dashboards-findings", claims, judge, order=725))
