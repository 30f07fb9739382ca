"""panel/DASHBOARD/PANEL/form: the panel as written: unit, description, data source, queries that mean what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.files import held
from promproof.checks.panel_described import misdescribed
from promproof.checks.panel_findings import beyond, form
from promproof.checks.panel_plain import panel_departures
from promproof.checks.panel_queries import query_departures
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Dashboards, FilesJudged
from promproof.grafana.dashboard import Panel
from promproof.truth.views import views
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One claim for each documented panel."""
    return [
        Claim(f"panel/{dashboard.uid}/{panel.slug}/form", f"{dashboard.uid}/{panel.slug}")
        for dashboard in contract.dashboards
        for panel in dashboard.panels
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Unit as documented, a description where the contract wants one, and nothing that is held against its queries."""
    seen = views(evidence)
    whole, wanted, dashboard, panel = seen.claimed(claim.subject)
    if reason := beyond(panel):
        return not_verified(claim, reason)
    found = form(seen, dashboard, panel, promised=True)
    if wanted.unit not in (None, panel.unit):
        found.append(f"{panel.path}.fieldConfig.defaults.unit: is {panel.unit!r}, documented {wanted.unit!r}")
    found += _misnamed(panel, wanted.legends)
    found += misdescribed(panel, wanted, evidence.contract)
    if whole.described and not panel.description:
        found.append(f"{panel.path}.description: missing")
    if not panel.sent:
        found.append(f"{panel.path}.targets: no query is sent")
    if whole.plain:
        found += panel_departures(seen, dashboard, panel, wanted.departs)
        found += query_departures(seen, dashboard, panel, wanted)
    found += held(claim.id, evidence)
    files = evidence.history.last(FilesJudged)
    found += files.data.panels.get(claim.subject, ()) if files is not None else ()
    return findings(
        claim,
        found,
        good=f"{len(panel.sent)} queries in {dashboard.file}, {panel.path}",
        expected=("" if wanted.unit is None else f"unit {wanted.unit}, ")
        + "queries that are accepted and fit their metrics",
        evidence=[
            evidence.need(Dashboards).number,
            *(record.number for record in seen.records(dashboard, panel)),
        ],
    )


def _misnamed(panel: Panel, words: Sequence[str]) -> Iterator[str]:
    """Queries whose legend has not the word that is documented for them, or has that of another one as well."""
    if words and len(panel.sent) != len(words):
        yield f"{panel.path}.targets: sends {len(panel.sent)} queries, documented are {', '.join(words)}"
        return
    for target, word in zip(panel.sent, words, strict=False):
        said = {text.lower() for text in re.findall(r"\w+", re.sub(r"\{\{.*?\}\}", " ", target.legend))}
        if word.lower() not in said or said & {other.lower() for other in words if other != word}:
            yield f"{target.path}.legendFormat: is {target.legend!r}, documented is one that says {word}"


CHECK = register(Check("panel-form", claims, judge, order=730))
