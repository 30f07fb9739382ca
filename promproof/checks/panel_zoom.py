"""panel/DASHBOARD/PANEL/zoom: no zoom shows empty or single-sample windows, or leaves time out that it seems to show.

By arithmetic at scale 1, for ranges from 5 minutes to 7 days and widths from 300 to 2,000 pixels. A panel that carries
an alert's quantity keeps the alert's window: where a step exceeds it, it is `sampled`, as documented. So is one whose
contract says that its window is fixed.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.panel_findings import beyond, zooms
from promproof.checks.panel_form import asking as panels
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Dashboards
from promproof.truth.views import views
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for each documented panel."""
    return [Claim(claim.id.removesuffix("form") + "zoom", claim.subject) for claim in panels(contract)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Every combination of range and width for every query of the panel."""
    seen = views(evidence)
    _, wanted, dashboard, panel = seen.claimed(claim.subject)
    if reason := beyond(panel):
        return not_verified(claim, reason)
    is_fixed = wanted.alert is not None or wanted.fixed_window
    wrong, sampled, count = zooms(seen, dashboard, panel, alert=is_fixed)
    if not wrong and not count:
        return not_verified(
            claim, f"{panel.path}: it asks nothing, or readers choose its windows by a variable"
        )
    good = f"{count} combinations, none empty"
    if sampled:
        good += f"; sampled at {len(sampled)} of them, the worst {max(sampled, key=_unseen)}"
    return findings(
        claim,
        wrong,
        good=good,
        expected="at least two samples in every window, and no time between windows",
        tolerance="none: arithmetic; with an alert's window a longer step is sampled",
        evidence=[evidence.need(Dashboards).number],
    )


def _unseen(text: str) -> int:
    return int(text.rpartition(": ")[2].partition("%")[0])


CHECK = register(Check("panel-zoom", claims, judge, order=780))
