"""Links of an alert's texts: to a dashboard and a panel that are there and are the alert's, and to one runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from promproof.contract.model import Alert, Contract
from promproof.grafana.dashboard import Dashboard

_DASHBOARD = re.compile(r"https?://[^\s\"'<>]+/d/[^\s\"'<>]+")
_PATH = re.compile(r"/d/(?P<uid>[\w-]+)")
_PANEL = re.compile(r"(?:^|&)viewPanel=(?:panel-)?(?P<id>\d+)(?:&|$)")
_SERVED = re.compile(r"\{\{-?\s*(?:\$externalURL|\.ExternalURL)\s*-?\}\}/(?P<page>[\w.-]+)")
_OWN_FILE = re.compile(
    r"\{\{-?\s*(?:\$externalURL|\.ExternalURL)\s*-?\}\}/user/(?P<file>[\w-]+\.\w+)#(?P<anchor>[\w-]+)"
)
"""A file that Prometheus serves, and a section of it."""
_SECTION = re.compile(r"([\w-]+\.\w+)#([\w-]+)")
PROMETHEUS_PAGES = frozenset(
    [
        "alerts",
        "api",
        "classic",
        "config",
        "consoles",
        "federate",
        "flags",
        "graph",
        "metrics",
        "query",
        "rules",
        "service-discovery",
        "status",
        "targets",
        "tsdb-status",
        "user",
    ]
)
"""The first word of the paths that Prometheus serves, 2 and 3."""
_LOCAL = ("localhost", "127.0.0.1")


def wrong_links(
    alert: Alert, text: str, contract: Contract, dashboards: Sequence[Dashboard]
) -> Iterator[str]:
    """What is wrong with the links of one text; the dashboards are those of the files."""
    for link in _DASHBOARD.findall(text):
        parts = urlsplit(link.rstrip(".,)"))
        named = _PATH.search(parts.path)
        if named is None or not dashboards:
            continue
        yield from _of_port(parts.netloc, contract)
        there = next((dashboard for dashboard in dashboards if dashboard.uid == named["uid"]), None)
        if there is None:
            yield f"leads to the dashboard {named['uid']}, which is none of the files"
        elif (panel := _PANEL.search(parts.query)) is not None:
            yield from _of_panel(alert, int(panel["id"]), there, contract)


def wrong_runbooks(said: Mapping[str, str]) -> Iterator[str]:
    """Links to runbooks of one alert that lead to different sections of one file, or to no page of Prometheus."""
    sections: dict[str, dict[str, str]] = {}
    written = {
        anchor.lower(): file
        for name, template in said.items()
        if "runbook" in name.lower() and not _SERVED.search(template)
        for file, anchor in _SECTION.findall(template)
    }
    for name, template in said.items():
        served = _OWN_FILE.search(template)
        file = written.get(served["anchor"].lower()) if served is not None else None
        if served is not None and file not in (None, served["file"]):
            yield f"{name}: leads to {served['file']}, the same section of the runbook is in {file}"
        for page in _SERVED.findall(template):
            if page not in PROMETHEUS_PAGES:
                yield f"{name}: leads to /{page}, and Prometheus has no such page; its own files are below /user/"
        for file, anchor in _SECTION.findall(template) if "runbook" in name.lower() else ():
            sections.setdefault(file, {}).setdefault(anchor.lower(), name)
    for file, anchors in sections.items():
        if len(anchors) > 1:
            led = " and ".join(f"{name} to #{anchor}" for anchor, name in anchors.items())
            yield f"leads to different sections of {file}: {led}"


def _of_panel(alert: Alert, number: int, dashboard: Dashboard, contract: Contract) -> Iterator[str]:
    title = next((panel.title for panel in dashboard.panels if panel.id == number), None)
    if title is None:
        yield f"leads to panel {number} of {dashboard.title}, which it has not"
        return
    claimed = [wanted for wanted in contract.dashboards if wanted.uid == dashboard.uid]
    own = [panel.title for wanted in claimed for panel in wanted.panels if panel.alert == alert.name]
    if own and title not in own:
        yield f"leads to {title} of {dashboard.title}; the panel of {alert.name} is {', '.join(own)}"
        return
    shown = next(panel for panel in dashboard.panels if panel.id == number)
    other = next((panel.alert for wanted in claimed for panel in wanted.panels if panel.title == title), None)
    asked = " ".join(target.expression for target in shown.sent)
    if other not in (None, alert.name) and alert.metrics and not any(name in asked for name in alert.metrics):
        yield f"leads to {title} of {dashboard.title}, the panel of {other}, which shows no metric of {alert.name}"
        return
    named = [
        f"{panel.title} of {wanted.title}"
        for wanted in contract.dashboards
        for panel in wanted.panels
        if panel.alert == alert.name
    ]
    if named and not own and _is_of_others(alert, asked, contract):
        yield (
            f"leads to {title} of {dashboard.title}, which shows no metric of {alert.name}; its panel is {named[0]}"
        )


def _is_of_others(alert: Alert, asked: str, contract: Contract) -> bool:
    """Whether queries show documented metrics, and none of the alert's; what a record is of is not read."""
    shown = {metric.name for metric in contract.metrics if re.search(rf"\b{metric.name}(?:_|\b)", asked)}
    return bool(alert.metrics and shown and ":" not in asked) and not any(
        re.search(rf"\b{name}(?:_|\b)", asked) for name in alert.metrics
    )


def _of_port(address: str, contract: Contract) -> Iterator[str]:
    deployment = contract.deployment
    service = deployment.service("grafana") if deployment is not None else None
    host, _, port = address.rpartition(":")
    if deployment is None or service is None or host not in _LOCAL:
        return
    documented = deployment.services[service].port
    if port != str(documented):
        yield f"leads to Grafana at {address}, documented is port {documented}"
