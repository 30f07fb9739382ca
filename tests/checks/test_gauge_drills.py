"""A drill of a gauge by hand: a forecast that must fire and must end, and what the machine's own disk did before."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from promproof.contract import model as contracts
from promproof.drills.drill import as_json, load_folder
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import Timing
from promproof.places import DEFAULT_CONTRACT, DRILLS
from promproof.run.drills import judge_all
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = contracts.load(DEFAULT_CONTRACT)
DRILL = next(drill for drill in load_folder(DRILLS) if drill.plan.name == "DiskWillFill")
NAME = DRILL.plan.alert
TIMING = DRILL.plan.timed(
    Timing(0.0, 360.0, 60.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, scale=60.0, fires_above=False)
)
BELOW, TAKEN, RAISED, HEALED, QUIET, ENDED = 10.0, 12.0, 20.0, 81.5, 83.0, 86.0
PENDING, FIRING, INACTIVE = 20.4, 80.5, 82.0
SEEN = [(PENDING, "pending"), (FIRING, "firing"), (INACTIVE, "inactive")]
LABELS = {
    "alertname": NAME,
    "instance": "node:1",
    "job": "node",
    "mountpoint": "/drill",
    "severity": "warning",
}
TEXTS = {"description": "At the rate of the last six hours /drill of node:1 is full within a day."}
Row = tuple[float, str, dict[str, Any]]


def value(t: float) -> float:
    below, above = float(DRILL.plan.below), float(DRILL.plan.above or 0.0)  # type: ignore[arg-type]
    return below if t < RAISED else above if t < HEALED else 60e9


def told(t: float, status: str) -> Row:
    alert = {
        "labels": LABELS,
        "annotations": TEXTS,
        "status": status,
        "endsAt": "2023-11-14T22:14:42+00:00",
    }
    group = {"alertname": NAME, "job": "node"}
    return (
        t,
        "delivery",
        {"receiver": "webhook", "status": 200, "body": {"groupLabels": group, "alerts": [alert]}},
    )


def judged(
    states: list[tuple[float, str]], *, stored: float = 1.0, deliveries: bool = True
) -> dict[str, str]:
    """What is not passed. states: from when the alert is in a state. stored: as a part of what was told."""

    def state(t: float) -> str:
        return next((name for begin, name in reversed(states) if begin <= t), "inactive")

    turns = [
        ("below", "dose", DRILL.plan.below, BELOW, TAKEN),
        ("raised", "dose", DRILL.plan.above, RAISED, RAISED),
        ("healed", "heal", 0.0, HEALED, HEALED),
        ("quiet", "watch", 0.0, QUIET, QUIET),
        ("ended", "watch", 0.0, ENDED, ENDED),
    ]
    scrapes = [9 + n * 0.25 for n in range(310)]
    device = {"job": "node", **(DRILL.plan.fault.model_dump()["labels"])}
    gauge = [[t, value(t) * stored] for t in scrapes if t > TAKEN]
    ups = {"name": "up", "labels": {"job": "node"}, "samples": [[t, 1.0] for t in scrapes]}
    active = {
        "name": "ALERTS",
        "labels": {**LABELS, "alertstate": "firing"},
        "samples": [[t, 1.0] for t in scrapes if state(t) == "firing"],
    }
    monitoring = [{"name": "node_filesystem_avail_bytes", "labels": device, "samples": gauge}, ups]
    drill = {
        "name": DRILL.plan.name,
        "alert": NAME,
        "begun": BELOW,
        "ended": ENDED,
        "plan": as_json(DRILL.plan),
        "timing": asdict(TIMING),
        "receivers": ["webhook"],
        "error": None,
    }
    run = {"managed": True, "scrape_interval": 0.25, "scrape_timeout": 1 / 6, "instance": "api:1"}
    rows: list[Row] = [
        (0.0, "prepared", {"time_scale": 60.0}),
        (0.0, "run", run),
        *(
            (
                asked,
                "turn",
                {"drill": NAME, "turn": turn, "do": do, "value": dose, "asked": asked, "done": done},
            )
            for turn, do, dose, asked, done in turns
        ),
        (ENDED, "drill", drill),
        (88.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        (88.0, "stored", {"series": [active]}),
        *((88.0, "stored", {"selector": name}) for name in ("up", "scrape_duration_seconds")),
        (88.0, "stored_node", {"series": [ups]}),
        (88.0, "stored_monitoring", {"series": monitoring}),
    ]
    if deliveries:
        rows += [told(81.0, "firing"), told(82.5, "resolved")]
    for t in [t / 10 for t in range(90, 862)]:
        now = state(t)
        alerts = [{"labels": LABELS, "annotations": TEXTS, "state": now}] if now != "inactive" else []
        rows.append((t, "poll", {"begin": t, "end": t + 0.01, "alerts": alerts}))
        rows.append((t, "rules_poll", {"begin": t, "end": t + 0.01, "rules": {NAME: now}}))
    history = History("by hand", 0.0, 1_700_000_000.0)
    for number, (t, kind, data) in enumerate(sorted(rows, key=lambda row: row[0])):
        history.records.append(record(number, t, kind, data))
    return {
        verdict.claim.rpartition("/")[2]: str(verdict.outcome)
        for verdict in judge_all(Evidence(CONTRACT, history), [DRILL])
        if verdict.outcome != "pass"
    }


def test_a_forecast_that_fires_and_ends_with_its_gauge_passes() -> None:
    assert judged(SEEN) == {}


def test_what_the_machines_own_disk_made_of_it_before_is_no_trouble() -> None:
    assert judged([(9.0, "pending"), (12.2, "inactive"), *SEEN]) == {}


def test_an_alert_that_looks_elsewhere_is_missed() -> None:
    found = judged([], deliveries=False)
    assert found["fires-above"] == "fail"


def test_an_alert_that_is_pending_on_the_harmless_side_fails() -> None:
    assert judged([(14.0, "pending"), (16.0, "inactive"), *SEEN])["silent-below"] == "fail"


def test_an_alert_that_goes_on_fails() -> None:
    assert judged(SEEN[:2])["quiet"] == "fail"


def test_where_prometheus_stored_another_value_nothing_is_known() -> None:
    assert set(judged(SEEN, stored=0.5).values()) == {"unknown"}
