"""panel/DASHBOARD/PANEL/legend: one name per series, no two alike, no part of a name empty."""

from __future__ import annotations

from promproof.checks import lacking_labels
from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.panel_findings import beyond, names_of, nothing_seen
from promproof.checks.panel_form import asking as panels
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.truth.views import views
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for each documented panel."""
    return [Claim(claim.id.removesuffix("form") + "legend", claim.subject) for claim in panels(contract)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Render the legend of every series that came back."""
    seen = views(evidence)
    _, promise, dashboard, panel = seen.claimed(claim.subject)
    if reason := beyond(panel):
        return not_verified(claim, reason)
    found, count = names_of(seen, dashboard, panel)
    records = [record.number for record in seen.records(dashboard, panel)]
    if not found and not count and (why := nothing_seen(seen, promise)):
        return not_verified(claim, why)
    texts = [record.data.expanded for record in seen.records(dashboard, panel)]
    if not found and not count and (why := lacking_labels.of_any(texts, evidence)):
        return not_verified(claim, why)
    if not found and not count:
        return unknown(claim, "no series came back, so there is nothing to name", records)
    return findings(
        claim,
        found,
        good=f"{count} series, each with a name of its own",
        expected="a name per series",
        evidence=records,
    )


CHECK = register(Check("panel-legend", claims, judge, order=760))
