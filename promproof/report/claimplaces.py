"""Where each claim stands, for reports that point into files: a rule, a row of the page, a dashboard, the contract.

A metric has no file of its own under the monitoring folder: it stands in the row of the page that promises it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Documentation, Inputs, RuleFiles
from promproof.report.causes.rule import PLACE
from promproof.truth.views import views
from promproof.verdict import Verdict


@dataclass(frozen=True)
class Place:
    """A file, and a line of it; 0 for the file as a whole."""

    file: str
    line: int = 0

    def below(self, base: str) -> Place:
        """The same place with its path relative to a folder."""
        return Place(self.file.removeprefix(f"{base}/") if base else self.file, self.line)


@dataclass(frozen=True)
class Places:
    """What is known of places: by alert, by `kind/name` of the page, by `dashboard/panel`, and the contract's file.

    document: the page's file, which verdicts call by its name alone.
    """

    alerts: Mapping[str, Place]
    page: Mapping[str, Place]
    panels: Mapping[str, Place]
    contract: Place | None = None
    document: str = ""

    def of(self, verdict: Verdict) -> Place | None:
        """Where to look for a claim: the place that its verdict names, else that of its subject."""
        named = PLACE.search(f"{verdict.reason} ")
        if named is not None:
            file = named["file"]
            is_page = bool(self.document) and file == posixpath.basename(self.document)
            return Place(self.document if is_page else file, int(named["line"]))
        kind, _, rest = verdict.claim.partition("/")
        found = {
            "alert": self.alerts.get(rest.partition("/")[0]),
            "docs": self.page.get(rest),
            "metric": self.page.get(f"metric/{rest.partition('/')[0]}"),
            "panel": self.panels.get(rest.rpartition("/")[0]),
        }.get(kind)
        return found or self.contract


def places_of(evidence: Evidence | None) -> Places:
    """What a run tells of places; whatever it does not hold is missing."""
    if evidence is None:
        return Places({}, {}, {})
    history = evidence.history
    rules, page, inputs = history.last(RuleFiles), history.last(Documentation), history.last(Inputs)
    contract = inputs.data.options.get("contract") if inputs is not None else None
    document = _document(evidence, page.data if page is not None else None, str(contract or ""))
    return Places(
        {rule.name: _place(rule.where) for rule in rules.data.rules} if rules is not None else {},
        dict(_rows(page.data, document)) if page is not None else {},
        _panels(evidence, inputs.data if inputs is not None else None),
        Place(str(contract)) if contract else None,
        document,
    )


def _document(evidence: Evidence, page: Documentation | None, contract: str) -> str:
    """The page's file, from where the contract that names it lies; its name alone where that is not known."""
    name = (page.path if page is not None else None) or ""
    written = evidence.contract.documentation or ""
    if not contract or posixpath.basename(written) != name:
        return name
    return posixpath.normpath(posixpath.join(posixpath.dirname(contract), written))


def _place(where: str) -> Place:
    file, _, line = where.rpartition(":")
    return Place(file, int(line)) if line.isdigit() else Place(where)


def _rows(page: Documentation, path: str) -> list[tuple[str, Place]]:
    tables = (("metric", page.metrics), ("alert", page.alerts))
    return [
        (f"{kind}/{row.cells[kind]}", Place(path, row.line))
        for kind, rows in tables
        for row in rows
        if kind in row.cells and path
    ]


def _panels(evidence: Evidence, inputs: Inputs | None) -> dict[str, Place]:
    folder = (inputs.options.get("monitoring") if inputs is not None else None) or ""
    try:
        dashboards = views(evidence).folder.dashboards
    except Exception:  # what can't be read is a verdict's business
        return {}
    return {
        f"{dashboard.uid}/{panel.slug}": Place(f"{folder}/{dashboard.file}" if folder else dashboard.file)
        for dashboard in dashboards
        for panel in dashboard.panels
    }
