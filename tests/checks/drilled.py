"""A small history of a drill, written by hand: what a good one leaves, and what is judged of a changed one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from promproof.contract import model as contracts
from promproof.drills.drill import Loaded, as_json, load_folder
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import Timing
from promproof.places import DEFAULT_CONTRACT, DRILLS
from promproof.run.drills import judge_all
from promproof.verdict import Verdict
from tests.records import record

CONTRACT = contracts.load(DEFAULT_CONTRACT)
DRILL = next(drill for drill in load_folder(DRILLS) if drill.plan.name == "HighMemoryUsage")
TIMING = Timing(0.85, 0.0, 5.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, scale=60.0)
EPOCH = 1_700_000_000.0
BELOW, RAISED, HEALED, QUIET, ENDED = 10.0, 16.0, 22.2, 23.2, 27.0
PENDING, FIRING, INACTIVE = 16.3, 21.4, 22.5
LABELS = {"alertname": "HighMemoryUsage", "instance": "node:1", "job": "node", "severity": "warning"}
TEXTS = {
    "summary": "High memory usage",
    "description": "86% of the memory of node:1 is in use (threshold: 85%).",
}
SHOWN = TEXTS["description"]
SCRAPE = 0.02
Row = tuple[float, str, dict[str, Any]]
Rows = list[Row]


def state(t: float) -> str:
    return "firing" if FIRING <= t < INACTIVE else "pending" if PENDING <= t < INACTIVE else "inactive"


def body(status: str, **changed: Any) -> dict[str, Any]:
    ends = datetime.fromtimestamp(EPOCH + INACTIVE, UTC).isoformat()
    alert = {"labels": LABELS, "annotations": TEXTS, "status": status, "endsAt": ends, **changed}
    group = {"alertname": "HighMemoryUsage", "job": "node"}
    return {"receiver": "webhook", "status": 200, "body": {"groupLabels": group, "alerts": [alert]}}


def memory(t: float) -> float:
    return 0.84 if BELOW <= t < RAISED else 0.86 if RAISED <= t < HEALED else 0.3


def series(name: str, samples: list[tuple[float, float]], **labels: str) -> dict[str, Any]:
    return {"name": name, "labels": labels, "samples": [list(sample) for sample in samples]}


def good() -> Rows:
    """What a drill that went well leaves."""
    rows: Rows = [
        (0.0, "prepared", {"time_scale": 60.0}),
        (
            0.0,
            "run",
            {"managed": True, "scrape_interval": 0.25, "scrape_timeout": 1 / 6, "instance": "api:1"},
        ),
        (9.0, "traffic_flows", {}),
        *(
            (
                t,
                "turn",
                {"drill": "HighMemoryUsage", "turn": turn, "do": do, "value": value, "asked": t, "done": t},
            )
            for t, turn, do, value in (
                (BELOW, "below", "dose", 0.84),
                (RAISED, "raised", "dose", 0.86),
                (HEALED, "healed", "heal", 0.0),
                (QUIET, "quiet", "watch", 0.0),
                (ENDED, "ended", "watch", 0.0),
            )
        ),
        (22.0, "delivery", body("firing")),
        (23.0, "delivery", body("resolved")),
        (
            ENDED,
            "drill",
            {
                "name": "HighMemoryUsage",
                "alert": "HighMemoryUsage",
                "batch": 0,
                "begun": BELOW,
                "ended": ENDED,
                "plan": as_json(DRILL.plan),
                "timing": asdict(TIMING),
                "receivers": ["webhook"],
                "error": None,
            },
        ),
        (28.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        (28.0, "proc_folder", {"gaps": [{"begin": 12.0, "end": 12.1}], "most": 0.2}),
        *_stored(),
    ]
    return rows + _polled()


def _stored() -> Rows:
    """What Prometheus has stored of it: the alert's own series, and the node's."""
    scrapes = [9 + n * 0.25 for n in range(74)]
    active = [t for t in scrapes if state(t) != "inactive"]
    return [
        (
            28.0,
            "stored",
            {
                "series": [
                    series(
                        "ALERTS", [(t, 1.0) for t in active if state(t) == phase], **LABELS, alertstate=phase
                    )
                    for phase in ("pending", "firing")
                ]
            },
        ),
        *((28.0, "stored", {"selector": name}) for name in ("up", "scrape_duration_seconds")),
        (
            28.0,
            "stored_node",
            {
                "series": [
                    series("up", [(t, 1.0) for t in scrapes], job="node"),
                    series("scrape_duration_seconds", [(t, SCRAPE) for t in scrapes], job="node"),
                    series(
                        "node_memory_MemAvailable_bytes",
                        [(t, 100 * (1 - memory(t))) for t in scrapes],
                        job="node",
                    ),
                    series("node_memory_MemTotal_bytes", [(t, 100.0) for t in scrapes], job="node"),
                ]
            },
        ),
    ]


def _polled() -> Rows:
    """What was asked ten times a second, and the node's own figures every second."""
    rows: Rows = []
    for t in [t / 10 for t in range(90, 272)]:
        now = state(t)
        alerts = [{"labels": LABELS, "annotations": TEXTS, "state": now}] if now != "inactive" else []
        rows.append((t, "poll", {"begin": t, "end": t + 0.01, "alerts": alerts}))
        rows.append((t, "rules_poll", {"begin": t, "end": t + 0.01, "rules": {"HighMemoryUsage": now}}))
    for t in range(10, 23):
        reading = {"drill": "HighMemoryUsage", "begin": t + 0.7, "end": t + 0.71, "cpu": 1.0, "idle": 1.0}
        rows.append(
            (t, "node_reading", {**reading, "available": 100 * (1 - memory(t + 0.7)), "total": 100.0})
        )
    return rows


def verdicts(rows: Rows, drill: Loaded = DRILL) -> dict[str, Verdict]:
    history = History("by hand", 0.0, EPOCH)
    for number, (t, kind, data) in enumerate(sorted(rows, key=lambda row: row[0])):
        history.records.append(record(number, t, kind, data))
    return {
        verdict.claim.rpartition("/")[2]: verdict
        for verdict in judge_all(Evidence(CONTRACT, history), [drill])
    }


def outcomes(rows: Rows) -> dict[str, str]:
    return {
        aspect: str(verdict.outcome)
        for aspect, verdict in verdicts(rows).items()
        if verdict.outcome != "pass"
    }


def changed(kind: str, change: Callable[[float, dict[str, Any]], dict[str, Any] | None]) -> Rows:
    """The good history with records of a kind changed, or left out where nothing comes back."""
    rows: Rows = []
    for t, which, data in good():
        new = change(t, copy.deepcopy(data)) if which == kind else data
        if new is not None:
            rows.append((t, which, new))
    return rows


def at(
    begin: float, end: float, new: Callable[[dict[str, Any]], Any]
) -> Callable[[float, dict[str, Any]], Any]:
    return lambda t, data: new(data) if begin <= t <= end else data


def alert(**update: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A delivered alert with fields replaced."""

    def new(data: dict[str, Any]) -> dict[str, Any]:
        data["body"]["alerts"][0].update(update)
        return data

    return new


def left_out(data: dict[str, Any]) -> None:
    """A record that is not there."""


LOUD = {"labels": LABELS, "annotations": TEXTS, "state": "firing"}
OTHER = {"labels": {**LABELS, "alertname": "SlowResponses"}, "annotations": {}, "state": "pending"}


def hidden(begin: float, end: float, rows: Rows) -> Rows:
    """Without the answered polls between two instants."""
    return [row for row in rows if row[1] not in ("poll", "rules_poll") or not begin <= row[0] <= end]
