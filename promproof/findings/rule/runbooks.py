"""Links to runbooks that lead nowhere, as far as the pages are files of the same repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.setup import Rule, Setup
from promproof.promql.templates import plain

_PAGE = "# runbooks.md\n# API down\n"
_RULE = "- alert: Down\n    expr: up == 0\n    annotations: {runbook_url: 'runbooks.md"
LOST = register(
    Kind(
        id="rule/runbook-lost",
        severity=Severity.WARNING,
        title="a link to a runbook that leads nowhere",
        why="Who is woken by the alert follows the link, and finds no page, or the top of a long one.",
        example=f"# rules.yml\ngroups:\n- name: api\n  rules:\n  {_RULE}#api-is-down'}}\n{_PAGE}",
        instead=f"# rules.yml\ngroups:\n- name: api\n  rules:\n  {_RULE}#api-down'}}\n{_PAGE}",
    )
)
_LINK = re.compile(r"[^\s<>()\[\]\"'`]+\.md(?:#[^\s<>()\[\]\"'`,;]*)?")
_NAMED = re.compile("runbook|playbook|documentation|docs?_|link|url", re.IGNORECASE)


@each_alert(LOST)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Follow each link to a Markdown file of an annotation that is named for links."""
    for name, text in rule.annotations.items():
        for link in dict.fromkeys(_LINK.findall(plain(text))) if _NAMED.search(name) else ():
            page = setup.page_of(link, rule.part.document.folder)
            anchor = link.partition("#")[2].lower()
            if page is None or (page.is_there and (not anchor or page.has(anchor))):
                continue
            near = get_close_matches(anchor, page.anchors, n=1)
            what = (
                f"no heading of {page.name} has the anchor #{anchor}"
                if page.is_there
                else f"there is no {page.name}"
            )
            yield LOST.at(
                rule.at("annotations", name),
                f"{name}: {what}",
                effect="the reader of the alert finds no help",
                todo=f"write #{near[0]}" if near else "correct the link, or write the page",
                see=f"open {link}",
            )
