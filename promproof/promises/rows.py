"""Rows of the tables of metrics, alerts, panels and ports: each belongs to the claim `docs/…` that judges it."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.contract.documentation import Row
from promproof.promises.known import Known
from promproof.promises.promise import Promise
from promproof.promises.sheet import Sheet

ELSEWHERE = "judged as a row"
METRICS, ALERTS, PANELS = (
    {"metric", "type", "meaning"},
    {"alert", "threshold", "for"},
    {"dashboard", "panel", "unit"},
)
DEPLOYMENT = ({"component", "port"}, {"resource", "from", "to"})


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each row, judged elsewhere."""
    boards = {board.title: board.uid for board in known.contract.dashboards}
    for table in sheet.page.tables:
        columns = set(table.columns)
        for row in table.rows:
            if columns >= METRICS:
                yield _row(row, f"docs/metric/{row.cells['metric']}")
            elif columns >= ALERTS:
                yield _row(row, f"docs/alert/{row.cells['alert']}")
            elif columns >= PANELS:
                board = row.cells["dashboard"]
                yield _row(row, f"docs/dashboard/{boards[board]}" if board in boards else "docs/complete")
            elif any(wanted <= columns for wanted in DEPLOYMENT) and known.contract.deployment is not None:
                yield _row(row, "docs/deployment")


def _row(row: Row, claim: str) -> Promise:
    text = " | ".join(row.cells.values())
    return Promise(row.line, "row", text, claim, reason=ELSEWHERE)
