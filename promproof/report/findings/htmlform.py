"""Findings as one page for people who did not run the check: no network, filtered as the page of a run is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Severity
from promproof.report.findings import wording
from promproof.report.page.document import asset, environment, filled, printable

STYLES = {Severity.ERROR: "fail", Severity.WARNING: "unknown", Severity.INFO: "open", Severity.HINT: "open"}
PROOFS = "<!-- proofs -->"
"""Where it says how many alerts are proven."""


@dataclass(frozen=True)
class Row:
    """A finding as the page has it; id: what a link to it ends in."""

    id: str
    family: str
    style: str
    finding: Finding


def text(checked: Checked, width: int | None) -> str:
    """The page."""
    outcome = "fail" if checked.findings else "unknown" if checked.crashes else "pass"
    counts = [
        (str(severity), STYLES[severity], sum(finding.severity is severity for finding in checked.findings))
        for severity in Severity
        if severity.rank <= checked.least.rank
    ]
    about = {
        "outcome": outcome,
        "counts": counts,
        "read": wording.read(checked),
        "summary": wording.summary(checked),
        "rows": Markup("").join(Markup(_rendered(row)) for row in rows(checked.findings)),
        "families": sorted({row.family for row in rows(checked.findings)}),
        "unverified": list(wording.unverified(checked)),
        "proofs": Markup(PROOFS),
        "style": Markup(asset("page.css")),
        "script": Markup(asset("page.js")),
    }
    return filled("check.html.j2", about) + "\n"


def rows(findings: Sequence[Finding]) -> list[Row]:
    """Findings as the page has them, the worst first; those of a severity by file and line."""
    found: list[Row] = []
    taken: dict[str, int] = {}
    for finding in sorted(findings, key=lambda finding: finding.severity.rank):
        name = f"{finding.rule}@{finding.place}"
        taken[name] = taken.get(name, 0) + 1
        name += f"-{taken[name]}" if taken[name] > 1 else ""
        found.append(Row(name, finding.rule.partition("/")[0], STYLES[finding.severity], finding))
    return found


def with_proofs(rendered: str, said: str) -> str:
    """A page and what is said of proofs: how many alerts are proven."""
    return rendered.replace(PROOFS, Markup('<p class="note">{}</p>').format(said), 1)


def _rendered(row: Row) -> str:
    return printable(environment().get_template("finding.html.j2").render({"row": row}))
