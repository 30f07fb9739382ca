"""panel/DASHBOARD/PANEL/agreement: a panel that shows an alert's quantity asks what the alert asks, with its line.

Both expressions in normal form, variables at All; the line of the threshold stands at the alert's threshold.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.panel_findings import beyond, disagreement
from promproof.config.promql import TooLarge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import Dashboards, RuleFiles
from promproof.grafana.queries import quantity
from promproof.truth.views import views
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for each panel that names an alert."""
    return [
        Claim(f"panel/{dashboard.uid}/{panel.slug}/agreement", f"{dashboard.uid}/{panel.slug}")
        for dashboard in contract.dashboards
        for panel in dashboard.panels
        if panel.alert is not None
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare with the deployed rule, unscaled."""
    seen = views(evidence)
    _, wanted, dashboard, panel = seen.claimed(claim.subject)
    if reason := beyond(panel):
        return not_verified(claim, reason)
    record = evidence.need(RuleFiles)
    rules = [rule for rule in record.data.rules if rule.name == wanted.alert]
    if len(rules) != 1:
        raise Gap(f"{len(rules)} rules are called {wanted.alert}")
    alert = evidence.contract.alert(wanted.alert or "")
    try:
        quantity(rules[0].expression)
    except TooLarge:
        pass  # a gap, below
    except ValueError as error:
        return not_verified(claim, f"what {alert.name} compares with its threshold cannot be told: {error}")
    found = disagreement(
        seen, dashboard, panel, rules[0].expression, alert.threshold, complement=wanted.complement
    )
    limit = "" if alert.threshold is None else f", threshold {alert.threshold:g}"
    kind = "one minus the expression" if wanted.complement else "the expression"
    return findings(
        claim,
        found,
        good=f"{kind} of {alert.name}, with a line at its threshold",
        expected=f"{kind} of {alert.name} ({rules[0].where}){limit}",
        evidence=[record.number, evidence.need(Dashboards).number],
    )


CHECK = register(Check("panel-agreement", claims, judge, order=770))
