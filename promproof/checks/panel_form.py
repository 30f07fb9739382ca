"""panel/DASHBOARD/PANEL/form: the panel as written: unit, description, data source, queries that mean what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.files import held
from promproof.checks.panel_colours import turned_colours
from promproof.checks.panel_described import misdescribed
from promproof.checks.panel_findings import beyond, form
from promproof.checks.panel_plain import panel_departures
from promproof.checks.panel_queries import query_departures
from promproof.checks.panel_raw import at, file_of
from promproof.checks.panel_readings import list_departures, reading_departures
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Dashboards, FilesJudged
from promproof.grafana.dashboard import Panel
from promproof.truth.views import Views, views
from promproof.verdict import Verdict

_FIRST = {"oldest": 4, "newest": 5}
"""Grafana's numbers of an order by time."""
GRAFANA = ("grafana", "-- Grafana --")
"""What a list of alerts calls Grafana's own rules."""


def claims(contract: Contract) -> list[Claim]:
    """One claim for each documented panel."""
    return [
        Claim(f"panel/{dashboard.uid}/{panel.slug}/form", f"{dashboard.uid}/{panel.slug}")
        for dashboard in contract.dashboards
        for panel in dashboard.panels
    ]


def asking(contract: Contract) -> list[Claim]:
    """Those of panels that ask queries, and so have data, a legend and windows."""
    silent = {
        f"{dashboard.uid}/{panel.slug}"
        for dashboard in contract.dashboards
        for panel in dashboard.panels
        if panel.shows != "queries"
    }
    return [claim for claim in claims(contract) if claim.subject not in silent]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Unit as documented, a description where the contract wants one, and nothing that is held against its queries."""
    seen = views(evidence)
    whole, wanted, dashboard, panel = seen.claimed(claim.subject)
    if wanted.shows == "alerts":
        found = [*_alert_list(seen, panel), *held(claim.id, evidence)]
        if whole.plain:
            found += list_departures(seen, dashboard, panel, evidence.contract)
        if whole.described and not panel.description:
            found.append(f"{panel.path}.description: missing")
        return findings(
            claim,
            found,
            good=f"a list of alerts in {dashboard.file}, {panel.path}",
            expected="a list of alerts that shows what fires",
            evidence=[evidence.need(Dashboards).number],
        )
    if reason := beyond(panel):
        return not_verified(claim, reason)
    found = form(seen, dashboard, panel, promised=True)
    if wanted.unit not in (None, panel.unit):
        found.append(f"{panel.path}.fieldConfig.defaults.unit: is {panel.unit!r}, documented {wanted.unit!r}")
    found += _misnamed(panel, wanted.legends)
    found += misdescribed(panel, wanted, evidence.contract)
    found += turned_colours(panel, at(file_of(seen, dashboard), panel.path), wanted, evidence.contract)
    if whole.described and not panel.description:
        found.append(f"{panel.path}.description: missing")
    if not panel.sent:
        found.append(f"{panel.path}.targets: no query is sent")
    if whole.plain:
        found += panel_departures(seen, dashboard, panel, wanted.departs)
        found += query_departures(seen, dashboard, panel, wanted)
        found += reading_departures(seen, dashboard, panel, wanted)
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


def _alert_list(seen: Views, panel: Panel) -> Iterator[str]:
    """Why what fires would not be in it."""
    if panel.alerts is None:
        yield f"{panel.path}.type: is {panel.type}, documented is a list of alerts"
        return
    shown = panel.alerts
    if "firing" not in shown.states:
        yield f"{panel.path}.options.stateFilter.firing: is off: what fires is not in it"
    for word, order in _FIRST.items():
        if f"{word} first" in panel.description.lower() and shown.order not in (None, order):
            yield f"{panel.path}.options.sortOrder: is {shown.order}, and the description says the {word} first"
    names = {source.name for source in seen.folder.sources}
    if names and shown.source not in ("", *GRAFANA, *names):
        yield f"{panel.path}.options.datasource: {shown.source!r} is not provisioned, so it is empty for ever"


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
