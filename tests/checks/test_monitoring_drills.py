"""Drills about the monitoring itself, by hand: a watchdog that stops, and a way of notifications that is cut."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from promproof.contract import model as contracts
from promproof.drills.drill import Loaded, as_json, load_folder
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import Timing
from promproof.places import DEFAULT_CONTRACT, DRILLS
from promproof.run.drills import judge_all
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = contracts.load(DEFAULT_CONTRACT)
ALL = {drill.plan.name: drill for drill in load_folder(DRILLS)}
WATCHDOG = Timing(0.5, 0.0, 0.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, scale=60.0, beat=6.0, again=1.0)
UNREACHABLE = Timing(0.0, 5.0, 5.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, scale=60.0, beat=6.0)
BELOW, RAISED, HEALED, ENDED = 10.0, 24.0, 38.0, 50.0
BEATS = (11.0, 16.5, 22.0, 39.5, 45.0)
Row = tuple[float, str, dict[str, Any]]


def told(t: float, alert: str, receiver: str, status: str = "firing") -> Row:
    labels = {"alertname": alert, "severity": "critical"}
    one = {"labels": labels, "annotations": {}, "status": status, "endsAt": "2023-11-14T23:13:20+00:00"}
    return t, "delivery", {"receiver": receiver, "status": 200, "body": {"groupLabels": {}, "alerts": [one]}}


def judged(drill: Loaded, timing: Timing, rows: list[Row], states: list[tuple[float, str]]) -> dict[str, str]:
    """The outcome of each aspect. states: from when the alert is in a state."""
    alert = drill.plan.alert

    def state(t: float) -> str:
        return next((name for begin, name in reversed(states) if begin <= t), "inactive")

    turns = [
        (BELOW, "below", "watch", 0.0),
        (RAISED, "raised", "break", 1.0),
        (HEALED, "healed", "heal", 0.0),
        (HEALED + 6, "quiet", "watch", 0.0),
        (ENDED, "ended", "watch", 0.0),
    ]
    rows = [
        (0.0, "prepared", {"time_scale": 60.0}),
        (
            0.0,
            "run",
            {"managed": True, "scrape_interval": 0.25, "scrape_timeout": 1 / 6, "instance": "api:1"},
        ),
        *rows,
        *(
            (
                t,
                "turn",
                {
                    "drill": drill.plan.name,
                    "turn": turn,
                    "do": do,
                    "value": value,
                    "asked": t,
                    "done": t + 0.1,
                },
            )
            for t, turn, do, value in turns
        ),
        (
            ENDED,
            "drill",
            {
                "name": drill.plan.name,
                "alert": alert,
                "begun": BELOW,
                "ended": ENDED + 0.2,
                "plan": as_json(drill.plan),
                "timing": asdict(timing),
                "receivers": list(drill.plan.receivers or CONTRACT.alert(alert).receivers),
                "error": None,
            },
        ),
        (51.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        (51.0, "stored", {"series": [_alerts(alert, state(n / 4), n / 4) for n in range(36, 200)]}),
        *((51.0, "stored", {"selector": name}) for name in ("up", "scrape_duration_seconds")),
        (51.0, "stored_monitoring", {"series": [_ups()]}),
    ]
    for t in [t / 10 for t in range(90, 502)]:
        now = state(t)
        labels = {"alertname": alert, "severity": "critical"}
        alerts = [{"labels": labels, "annotations": {}, "state": now}] if now != "inactive" else []
        rows.append((t, "poll", {"begin": t, "end": t + 0.01, "alerts": alerts}))
        rows.append((t, "rules_poll", {"begin": t, "end": t + 0.01, "rules": {alert: now}}))
    history = History("by hand", 0.0, 1_700_000_000.0)
    for number, (t, kind, data) in enumerate(sorted(rows, key=lambda row: row[0])):
        history.records.append(record(number, t, kind, data))
    return {
        verdict.claim.rpartition("/")[2]: str(verdict.outcome)
        for verdict in judge_all(Evidence(CONTRACT, history), [drill])
    }


def _alerts(alert: str, now: str, t: float) -> dict[str, Any]:
    labels = {"alertname": alert, "alertstate": now, "at": str(t)}
    return {"name": "ALERTS", "labels": labels, "samples": [[t, 1.0]] if now != "inactive" else []}


def _ups() -> dict[str, Any]:
    samples = [[t / 4, 0.0 if RAISED <= t / 4 < HEALED else 1.0] for t in range(36, 200)]
    return {"name": "up", "labels": {"job": "alertmanager"}, "samples": samples}


def beats(*times: float) -> dict[str, str]:
    found = judged(
        ALL["Watchdog"], WATCHDOG, [told(t, "Watchdog", "deadman") for t in times], [(0.0, "firing")]
    )
    return {aspect: outcome for aspect, outcome in found.items() if outcome != "pass"}


def test_a_watchdog_that_stops_with_alertmanager_and_comes_again_passes() -> None:
    assert beats(*BEATS) == {}


@pytest.mark.parametrize(
    ("times", "aspect"),
    [
        ((11.0, 22.0, 39.5), "beats"),
        ((*BEATS[:3], 30.0, *BEATS[3:]), "stops"),
        (BEATS[:3], "returns"),
        ((*BEATS[:3], 48.5), "returns"),
    ],
)
def test_a_watchdog_whose_receiver_could_not_tell_fails(times: tuple[float, ...], aspect: str) -> None:
    assert beats(*times) == {aspect: "fail"}


SEEN = [(25.8, "pending"), (30.9, "firing"), (42.8, "inactive")]
LATE = [told(40.0, "AlertmanagerUnreachable", "operator"), told(40.1, "AlertmanagerUnreachable", "webhook")]


def cut(rows: list[Row], states: list[tuple[float, str]]) -> dict[str, str]:
    return judged(ALL["AlertmanagerUnreachable"], UNREACHABLE, rows, states)


def test_an_alert_that_nobody_can_be_told_of_may_come_late_or_be_lost() -> None:
    found = cut(LATE, SEEN)
    assert found == cut([], SEEN)
    assert set(found) == {
        "silent-below",
        "fires-above",
        "late-or-lost",
        "ends",
        "others-silent",
        "three-ledgers",
    }
    assert set(found.values()) == {"pass"}


def test_an_alert_that_is_told_while_nothing_can_be_sent_fails() -> None:
    early = [told(32.0, "AlertmanagerUnreachable", "operator")]
    assert cut(early, SEEN)["late-or-lost"] == "fail"


def test_an_alert_over_any_event_must_fire_and_must_end() -> None:
    assert cut([], [])["fires-above"] == "fail"
    assert cut([], [*SEEN[:2]])["ends"] == "fail"
    assert cut([], [(12.0, "pending"), *SEEN])["silent-below"] == "fail"
