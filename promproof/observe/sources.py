"""What the truths of panels are made of, written into the history: latencies, rows, scrapes, the machine's figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promproof.contract.model import Contract
from promproof.contract.panels import RowsSumTruth
from promproof.errors import EvidenceError, InputError
from promproof.evidence.bins import flat
from promproof.evidence.history import Recorder
from promproof.evidence.ledgerfile import LedgerTail
from promproof.evidence.view import LedgerView
from promproof.observe import database
from promproof.observe.prometheus import Prometheus
from promproof.truth.rows import RowsPanelTruth


def scrapes(history: Recorder, prometheus: Prometheus, seconds: float) -> None:
    """When every target was scraped and for how long: the phase of all rates."""
    for name in ("up", "scrape_duration_seconds"):
        try:
            series = prometheus.samples(name, seconds)
        except EvidenceError as error:
            history.add("observation_failed", {"what": name, "error": str(error)})
            continue
        rows = [
            {
                "labels": dict(one.labels),
                "samples": [[round(history.from_epoch(t), 6), value] for t, value in one.samples],
            }
            for one in series
        ]
        history.add("all_scrapes", {"name": name, "series": rows})


def latencies(history: Recorder, source: str, path: Path) -> None:
    """Client latencies over time, from a ledger's file: each row holds what ended since the row before (run time)."""
    tail = _Increments(path)
    try:
        tail.poll()
    except InputError as error:
        history.add("observation_failed", {"what": f"latencies of {source}", "error": str(error)})
        return
    rows = [
        [
            round(history.from_monotonic(t), 6),
            [
                [method, endpoint, flat(one.latency), {f"{floor:g}": n for floor, n in one.floors.items()}]
                for (method, endpoint), one in view.endpoints_seen.items()
                if one.latency
            ],
        ]
        for t, view in tail.found
    ]
    history.add("latencies", {"source": source, "rows": rows})


class _Increments(LedgerTail):
    """A tail that keeps each increment with its time (CLOCK_MONOTONIC seconds)."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.found: list[tuple[float, LedgerView]] = []

    def _take(self, row: dict[str, Any]) -> None:
        super()._take(row)
        if "add" in row:
            self.found.append((float(row["t"]), LedgerView.from_json(row["add"])))


def machine(history: Recorder, readings: list[dict[str, Any]], started: float | None) -> None:
    """The machine's readings, and when the target's process started (epoch seconds, from the kernel)."""
    history.add("machine", {"readings": readings, "process_started": started})


def rows(history: Recorder, contract: Contract, url: str) -> None:
    """The rows of the target's database behind panels."""
    queries = {
        f"{dashboard.uid}/{panel.slug}": panel.truth.query
        for dashboard in contract.dashboards
        for panel in dashboard.panels
        if isinstance(panel.truth, RowsPanelTruth)
    }
    _asked(history, url, "panel_rows", queries, {})


def sums(history: Recorder, contract: Contract, url: str, label: str) -> None:
    """The sums of the target's database behind counters, under a label such as `rest`."""
    queries = {
        metric.name: metric.truth.query
        for metric in contract.metrics
        if isinstance(metric.truth, RowsSumTruth)
    }
    _asked(history, url, "sums", queries, {"label": label})


def _asked(history: Recorder, url: str, kind: str, queries: dict[str, str], about: dict[str, str]) -> None:
    try:
        for what, rows in database.answers(url, queries):
            history.add(
                kind, {"what": what, **about, "rows": [[_plain(cell) for cell in row] for row in rows]}
            )
    except EvidenceError as error:
        history.add("observation_failed", {"what": f"{kind} of the database", "error": error.state})


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, int | float | str) or cell is None else str(cell)
