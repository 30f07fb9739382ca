"""panel/DASHBOARD/PANEL/data: every query gives numbers; when one does not, the verdict says why.

The cause was found while the server was there, by relaxing the query step by step.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.panel_findings import beyond, emptiness, nothing_seen
from promproof.checks.panel_form import asking as panels
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.truth.views import views
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for each documented panel."""
    return [Claim(claim.id.removesuffix("form") + "data", claim.subject) for claim in panels(contract)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Points of every query over all zooms."""
    seen = views(evidence)
    _, promise, dashboard, panel = seen.claimed(claim.subject)
    if reason := beyond(panel):
        return not_verified(claim, reason)
    found, points = emptiness(seen, dashboard, panel, promised=not promise.quiet)
    if not found and not points and (why := nothing_seen(seen, promise)):
        return not_verified(claim, why)
    return findings(
        claim,
        found,
        good=f"{points} points from {len(panel.sent)} queries",
        expected="numbers from every query",
        evidence=[record.number for record in seen.records(dashboard, panel)],
    )


CHECK = register(Check("panel-data", claims, judge, order=750))
