"""dashboards/…: what is there and what is documented are the same, every file can be read, and nothing is hidden.

Panels that no contract knows are checked as well, for everything but their values.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Collection

from promproof.checks.base import Check, Claim, findings, register
from promproof.checks.panel_findings import (
    beyond,
    carries,
    emptiness,
    form,
    metrics_of,
    names_of,
    plain,
    zooms,
)
from promproof.checks.panel_quiet import elsewhere
from promproof.checks.target_metrics import is_known, sampled, strange
from promproof.contract.model import Contract
from promproof.contract.panels import DashboardClaim
from promproof.evidence.evidence import Evidence, Gap, NotShown
from promproof.evidence.records import Dashboards, Metadata, RuleFiles
from promproof.grafana.dashboard import Dashboard, Panel
from promproof.truth.views import Views, views
from promproof.verdict import Verdict


def one_claim(claim_id: str) -> Callable[[Contract], list[Claim]]:
    """A claim that every contract makes."""
    return lambda contract: [Claim(claim_id)]


def nothing_promised(claim: Claim, seen: Views) -> Verdict | None:
    """A pass for a folder without dashboards, when the contract promises none either."""
    if not seen.folder.dashboards and not seen.folder.problems and not seen.evidence.contract.dashboards:
        record = seen.evidence.need(Dashboards).number
        return findings(
            claim, [], good="none promised, none there", expected="no dashboards", evidence=[record]
        )
    return None


def judge_readable(claim: Claim, evidence: Evidence) -> Verdict:
    """Every file is a dashboard that provisioning takes; uids are there once (Grafana makes ids of panels unique)."""
    seen = views(evidence)
    if (nothing := nothing_promised(claim, seen)) is not None:
        return nothing
    folder = seen.folder
    found = [str(problem) for problem in folder.problems]
    found += [str(problem) for dashboard in folder.dashboards for problem in dashboard.problems]
    found += _twice(
        "uid", [(dashboard.uid, dashboard.file) for dashboard in folder.dashboards if dashboard.uid]
    )
    # A title is there once in a folder of Grafana's, and files of two folders may go to two of them.
    titles = [(dashboard.title, dashboard.file) for dashboard in folder.dashboards if dashboard.title]
    for place in dict.fromkeys(posixpath.dirname(file) for _, file in titles):
        found += _twice("title", [named for named in titles if posixpath.dirname(named[1]) == place])
    found += _twice(
        "data source uid", [(source.uid, source.where) for source in folder.sources if source.uid]
    )
    found += _twice("provider", [(provider.name, provider.where) for provider in folder.providers])
    if sum(source.is_default for source in folder.sources) > 1:
        found.append("more than one data source is the default")
    panels = sum(len(dashboard.panels) for dashboard in folder.dashboards)
    return findings(
        claim,
        list(dict.fromkeys(found)),
        good=f"{len(folder.dashboards)} dashboards, {panels} panels",
        expected="files that Grafana loads as they are, each uid once",
        evidence=[evidence.need(Dashboards).number],
    )


def judge_inventory(claim: Claim, evidence: Evidence) -> Verdict:
    """Documented dashboards and panels are there once and shown; others are findings. A new title alone is a note."""
    seen = views(evidence)
    if (nothing := nothing_promised(claim, seen)) is not None:
        return nothing
    documented = {dashboard.uid: dashboard for dashboard in evidence.contract.dashboards}
    found: list[str] = []
    renamed: list[str] = []
    for wanted in evidence.contract.dashboards:
        dashboard = seen.dashboard(wanted)
        if dashboard is None:
            found.append(
                f"{wanted.title or 'a dashboard'} is documented, and no file has the uid {wanted.uid!r}"
            )
            continue
        if wanted.title not in ("", dashboard.title):
            said = f"{dashboard.file}: $.title: is {dashboard.title!r}, documented {wanted.title!r}"
            (found if _is_known_by_title(evidence.contract, wanted, dashboard.title) else renamed).append(
                said
            )
        found += _panels(dashboard, wanted)
    found += [
        f"{dashboard.file}: {dashboard.title or 'without a title'} ({dashboard.uid or 'no uid'}) is not documented"
        for dashboard in seen.folder.dashboards
        if documented
        and dashboard.uid not in documented
        # one without a uid can't be named in a contract: what Grafana gives it is another one in each of its databases
        and (dashboard.uid or evidence.contract.documentation is not None)
    ]
    return findings(
        claim,
        found,
        good=f"{len(documented)} dashboards as documented"
        + (
            f"; another title alone is no fault, its uid is the same: {'; '.join(renamed)}" if renamed else ""
        ),
        expected="the documented dashboards with the documented panels",
        evidence=[evidence.need(Dashboards).number],
    )


def _is_known_by_title(contract: Contract, claim: DashboardClaim, title: str) -> bool:
    """Whether another title misleads: a page names the dashboard by the old one, the new one is another's, or none."""
    others = {other.title for other in contract.dashboards if other.uid != claim.uid}
    return contract.documentation is not None or not title or title in others


def _panels(dashboard: Dashboard, claim: DashboardClaim) -> list[str]:
    wanted = {panel.slug: panel.title for panel in claim.panels}
    shown = Counter(panel.slug for panel in dashboard.panels if panel.type != "text")
    found = [
        f"{dashboard.file}: panel {title!r} is documented and missing"
        for slug, title in wanted.items()
        if not shown[slug]
    ]
    # Two rows may each have their "Requests"; the same queries under the same title are a copy.
    copies = Counter(
        (panel.slug, *(target.expression for target in panel.targets))
        for panel in dashboard.panels
        if panel.slug in wanted and panel.type != "text"
    )
    found += [
        f"{dashboard.file}: {times} panels are called {slug!r} and ask the same"
        for (slug, *_), times in copies.items()
        if times > 1
    ]
    for panel in dashboard.panels:
        if panel.type == "text":
            continue
        if wanted and panel.slug not in wanted:
            found.append(f"{dashboard.file}: {panel.path}: panel {panel.title!r} is not documented")
        elif panel.row and claim.unfolded:
            found.append(
                f"{dashboard.file}: {panel.path}: {panel.title!r} is folded away in the row {panel.row!r}"
            )
        found += [f"{dashboard.file}: {target.path}: a hidden query" for target in panel.unseen]
    return found


def judge_metrics(claim: Claim, evidence: Evidence) -> Verdict:
    """Queries ask for documented metrics of the target; other jobs' metrics must be known to the server."""
    seen = views(evidence)
    if (nothing := nothing_promised(claim, seen)) is not None:
        return nothing
    rules = evidence.history.last(RuleFiles)
    recorded = rules.data.recorded if rules is not None else ()
    if evidence.history.last(Metadata) is None and (never := _never_there(seen, recorded)):
        return findings(
            claim, never, good="", expected="documented metrics", evidence=[evidence.need(Dashboards).number]
        )
    served = {*sampled(evidence.need(Metadata).data.types), *recorded}
    found, names, doubt = [], set(), ""
    others: set[str] = set()
    for dashboard, panel in _all(seen):
        for target, name in metrics_of(seen, dashboard, panel):
            names.add(name)
            if is_known(evidence.contract, name, served):
                continue
            if elsewhere(name, seen.known, seen.absent_jobs):
                others.add(name)
                continue
            text = (
                f"{dashboard.file}: panel {panel.title!r}, {target.path}: asks for {name}, "
                "which is not documented and no target exposes"
            )
            if why := seen.cut_off(target.expression):
                doubt = f"{text}: {why}"
            else:
                found.append(text)
    if doubt and not found:
        raise Gap(doubt)
    return findings(
        claim,
        found,
        good=f"{len(names) - len(others)} metrics, all known"
        + (
            f"; {len(others)} may be those of {', '.join(seen.absent_jobs)}, not in this run"
            if others
            else ""
        ),
        expected="documented metrics, or metrics of other jobs that are scraped",
        evidence=[evidence.need(Dashboards).number],
    )


def _never_there(seen: Views, recorded: Collection[str]) -> list[str]:
    """The metrics that panels ask the target for and that the contract does not know; no server is asked."""
    found = []
    for dashboard, panel in _all(seen):
        for target in panel.sent:
            try:
                names = list(strange(plain(seen, dashboard, panel, target), seen.evidence.contract, recorded))
            except ValueError:
                continue
            found += [
                f"{dashboard.file}: panel {panel.title!r}, {target.path}: asks for {name}, which is not documented"
                for name in names
            ]
    return found


def judge_others(claim: Claim, evidence: Evidence) -> Verdict:
    """Panels that the contract does not know: form, zoom, legend and data, as for the documented ones.

    Of several panels with a documented title the first is the documented one.
    """
    seen = views(evidence)
    if (nothing := nothing_promised(claim, seen)) is not None:
        return nothing
    known = {
        (dashboard.uid, panel.slug)
        for dashboard in evidence.contract.dashboards
        for panel in dashboard.panels
    }
    found, count, others, doubt = [], 0, 0, ""
    for dashboard, panel in _all(seen):
        if (dashboard.uid, panel.slug) in known:
            known.remove((dashboard.uid, panel.slug))
            continue
        if beyond(panel):
            others += 1
            continue
        count += 1
        mine = form(seen, dashboard, panel)
        mine += zooms(seen, dashboard, panel, alert=_is_an_alerts(seen, dashboard, panel))[0]
        try:
            mine += names_of(seen, dashboard, panel)[0]
            mine += emptiness(seen, dashboard, panel, promised=False)[0]
        except NotShown:  # nobody promised that a run has what it asks for
            others += 1
        except Gap as gap:  # the other panels are judged
            doubt = f"{dashboard.file}: panel {panel.title!r}, {gap}"
        found += [f"{dashboard.file}: panel {panel.title!r}, {text}" for text in dict.fromkeys(mine)]
    if doubt and not found:
        raise Gap(doubt)
    return findings(
        claim,
        found,
        good=(f"{count} panels without a promise, all sound" if count else "every panel is documented")
        + (f"; {others} of other data sources or from the library are not judged" if others else ""),
        expected="queries that are accepted, named, never empty, honest at every zoom",
        evidence=[evidence.need(Dashboards).number],
    )


def _is_an_alerts(seen: Views, dashboard: Dashboard, panel: Panel) -> bool:
    """Whether it shows the quantity of some rule, and so keeps that rule's window on purpose."""
    recorded = seen.evidence.history.last(RuleFiles)
    expressions = [rule.expression for rule in recorded.data.rules] if recorded is not None else []
    try:
        return carries(seen, dashboard, panel, expressions)
    except Gap:  # an expression that is too large to be taken apart
        return False


def _all(seen: Views) -> list[tuple[Dashboard, Panel]]:
    return [(dashboard, panel) for dashboard in seen.folder.dashboards for panel in dashboard.panels]


def _twice(what: str, named: list[tuple[str, str]]) -> list[str]:
    places: dict[str, list[str]] = {}
    for name, where in named:
        places.setdefault(name, []).append(where)
    return [
        f"{what} {name!r} is there {len(found)} times: {', '.join(found)}"
        for name, found in places.items()
        if len(found) > 1
    ]


CHECKS = (
    register(Check("dashboards-readable", one_claim("dashboards/readable"), judge_readable, order=710)),
    register(Check("dashboards-inventory", one_claim("dashboards/inventory"), judge_inventory, order=710)),
    register(Check("dashboards-metrics", one_claim("dashboards/metrics"), judge_metrics, order=710)),
    register(Check("dashboards-others", one_claim("dashboards/others"), judge_others, order=710)),
)
