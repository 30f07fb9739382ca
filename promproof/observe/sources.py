"""What the truths of panels are made of, written into the history: latencies, rows, scrapes, the machine's figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from promproof.contract.model import Contract
from promproof.contract.panels import RowsSumTruth
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.bins import flat
from promproof.evidence.history import Recorder
from promproof.evidence.ledgerfile import LedgerTail
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.observe import database
from promproof.observe.prometheus import Prometheus
from promproof.observe.recording import in_run_time
from promproof.truth.rows import RowsPanelTruth

Rows = tuple[tuple[float, tuple[tuple[str, str, tuple[int, ...], dict[str, int]], ...]], ...]


def scrapes(history: Recorder, prometheus: Prometheus, seconds: float) -> None:
    """When every target was scraped and for how long: the phase of all rates."""
    for name in ("up", "scrape_duration_seconds"):
        try:
            series = prometheus.samples(name, seconds)
        except EvidenceError as error:
            history.add(records.ObservationFailed(name, str(error)))
            continue
        history.add(records.AllScrapes(name, tuple(in_run_time(history, item) for item in series)))


def latencies(history: Recorder, source: str, path: Path, instances: Mapping[str, str] | None = None) -> None:
    """Client latencies over time, from a ledger's file: each row holds what ended since the row before (run time).

    instances: the labels of several instances by their URL, each of which gets a record of its own as well.
    """
    tail = _Increments(path)
    try:
        tail.poll()
    except InputError as error:
        history.add(records.ObservationFailed(f"latencies of {source}", str(error)))
        return
    history.add(records.Latencies(source, _rows(history, tail.found)))
    for url, instance in (instances or {}).items():
        mine = _rows(history, tail.of.get(url, []))
        history.add(records.OfInstance.of(instance, records.Latencies(source, mine)))


def _rows(history: Recorder, found: Iterable[tuple[float, LedgerView]]) -> Rows:
    return tuple(
        (
            round(history.from_monotonic(t), 6),
            tuple(
                (
                    method,
                    endpoint,
                    tuple(flat(seen.latency)),
                    {f"{floor:g}": n for floor, n in seen.floors.items()},
                )
                for (method, endpoint), seen in view.endpoints_seen.items()
                if seen.latency
            ),
        )
        for t, view in found
    )


Table = tuple[tuple[int | float | str | None, ...], ...]


class _Increments(LedgerTail):
    """A tail that keeps each increment with its time (CLOCK_MONOTONIC seconds)."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.found: list[tuple[float, LedgerView]] = []
        self.of: dict[str, list[tuple[float, LedgerView]]] = {}

    def _take(self, row: dict[str, Any]) -> None:
        super()._take(row)
        if "add" not in row:
            return
        t, view = float(row["t"]), LedgerView.from_json(row["add"])
        if "instance" in row:
            self.of.setdefault(row["instance"], []).append((t, view))
        if self.found and self.found[-1][0] == t:  # of two instances at one time: it is one row of all
            view = merge([self.found.pop()[1], view])
        self.found.append((t, view))


def machine(history: Recorder, readings: list[records.MachineReading], started: float | None) -> None:
    """The machine's readings, and when the target's process started (epoch seconds, from the kernel)."""
    history.add(records.Machine(tuple(readings), started))


def rows(history: Recorder, contract: Contract, url: str) -> None:
    """The rows of the target's database behind panels."""
    queries = {
        f"{dashboard.uid}/{panel.slug}": panel.truth.query
        for dashboard in contract.dashboards
        for panel in dashboard.panels
        if isinstance(panel.truth, RowsPanelTruth)
    }
    _asked(history, url, "panel_rows", queries, records.PanelRows)


def sums(history: Recorder, contract: Contract, url: str, label: str) -> None:
    """The sums of the target's database behind counters, under a label such as `rest`."""
    queries = {
        metric.name: metric.truth.query
        for metric in contract.metrics
        if isinstance(metric.truth, RowsSumTruth)
    }
    _asked(history, url, "sums", queries, lambda what, rows: records.Sums(what, label, rows))


def _asked(
    history: Recorder,
    url: str,
    name: str,
    queries: dict[str, str],
    record: Callable[[str, Table], records.PanelRows | records.Sums],
) -> None:
    try:
        for what, rows in database.answers(url, queries):
            history.add(record(what, tuple(tuple(_plain(cell) for cell in row) for row in rows)))
    except EvidenceError as error:
        history.add(records.ObservationFailed(f"{name} of the database", error.state))


def _plain(cell: Any) -> int | float | str | None:
    return cell if isinstance(cell, int | float | str) or cell is None else str(cell)
