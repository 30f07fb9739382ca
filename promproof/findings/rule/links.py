"""Links in texts of alerts that open something else: a misspelt parameter, an anchor that is a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.setup import Rule, Setup
from promproof.promql.templates import plain

_RULE = "- alert: Down\n  expr: up == 0\n  annotations:\n    "
_BOARD = _RULE + "dashboard_url: http://grafana:3000/d/api?"
PARAMETER = register(
    Kind(
        id="rule/link-parameter",
        severity=Severity.WARNING,
        title="a link to a dashboard with a parameter that is misspelt",
        why="Grafana ignores a parameter that it does not know: the link opens the whole dashboard, or another time, "
        "and whoever is woken looks for the panel.",
        example=_BOARD + "viewpanel=2",
        instead=_BOARD + "viewPanel=2",
    )
)
COMMENT = register(
    Kind(
        id="rule/cut-by-comment",
        severity=Severity.WARNING,
        title="an anchor that YAML takes for a comment",
        why="A # behind a space begins a comment: the link ends before it, and leads to the top of the page.",
        example=_RULE + "runbook_url: https://wiki/runbooks #api-down",
        instead=_RULE + "runbook_url: https://wiki/runbooks#api-down",
    )
)
_KNOWN = {
    re.sub(r"[_-]", "", name).lower(): name
    for name in (
        *("viewPanel", "editPanel", "orgId", "from", "to", "refresh", "kiosk", "timezone", "theme"),
        *("panelId", "fullscreen", "inspect", "inspectTab", "editview", "autofitpanels", "tab"),
    )
}
"""Parameters of Grafana's dashboards, by their letters."""
_DASHBOARD = re.compile(r"https?://[^\s\"'<>]+/d/[^\s\"'<>]+")
_LINK = re.compile(r"(?:https?://[^\s#]+|[\w./-]+\.(?:md|html?))")


@each_alert(PARAMETER)
def judge_parameters(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Parameters that differ from one of Grafana's in upper and lower case, or by a dash."""
    for name, text in rule.annotations.items():
        for link in dict.fromkeys(_DASHBOARD.findall(plain(text))):
            query = urlsplit(link).query.removesuffix(".").removesuffix(")")
            for parameter in [part.partition("=")[0] for part in query.split("&")]:
                meant = _KNOWN.get(re.sub(r"[_-]", "", parameter).lower(), parameter)
                if meant != parameter:
                    yield PARAMETER.at(
                        rule.at("annotations", name),
                        f"{name}: {parameter} is no parameter of a dashboard, {meant} is",
                        effect="Grafana ignores it, and opens something else",
                        todo=f"write {meant}",
                        see=f"open {link}",
                    )


@each_alert(COMMENT)
def judge_comments(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Links without quotes whose section stands behind a space, and so in a comment."""
    lines = rule.part.document.text.splitlines()
    for name, text in rule.annotations.items():
        place = rule.at("annotations", name)
        if "#" in text or place.line is None or not _LINK.fullmatch(text) or place.line > len(lines):
            continue
        cut = re.fullmatch(
            rf"\s*{re.escape(name)}:\s+{re.escape(text)}\s+(?P<section>#[\w-]+)\s*", lines[place.line - 1]
        )
        if cut is not None:
            yield COMMENT.at(
                place,
                f"{name}: {cut['section']} is a comment, the link ends before it",
                effect="it leads to the top of the page",
                todo="remove the space",
                see=f"a promtool test with exp_annotations prints the texts of {rule.name}",
            )
