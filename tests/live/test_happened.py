"""What happened while the page was open is told once, at its time, and in the order in which it was seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.live.alerts import AlertState, as_rows
from promproof.live.happened import AT_MOST, Happened
from promproof.promql.comparison import comparison_of

pytestmark = pytest.mark.unit
NOW = 1_000.0


def switch(on: bool) -> list[dict[str, Any]]:
    return [{"key": "A-above", "title": "A: errors at 7.0%", "on": on}]


def alert(state: str) -> list[dict[str, Any]]:
    return [{"name": "A", "state": state}]


def delivery(status: str, answered: int = 200) -> str:
    body = {"alerts": [{"labels": {"alertname": "A"}, "status": status}]}
    data = {"receiver": "operator", "status": answered, "body": body}
    return json.dumps({"n": 1, "t": 2.0, "kind": "delivery", "data": data}) + "\n"


def told(happened: Happened, began: float = NOW) -> list[tuple[float, str, str]]:
    return [(row["t"], row["kind"], row["text"]) for row in happened.as_rows(began)]


def test_a_fault_is_told_when_it_begins_and_when_it_ends() -> None:
    happened = Happened()
    for seconds, on in ((0.0, False), (1.0, True), (2.0, True), (3.0, False)):
        happened.faults(switch(on), NOW + seconds)
    assert told(happened) == [
        (1.0, "fault", "A: errors at 7.0%"),
        (3.0, "healed", "ended: A: errors at 7.0%"),
    ]


def test_each_change_of_an_alert_is_told_and_what_was_so_before_is_not() -> None:
    happened = Happened()
    for seconds, state in enumerate(("firing", "firing", "inactive", "pending", "firing")):
        happened.alerts(alert(state), NOW + seconds)
    assert [(kind, text) for _, kind, text in told(happened)] == [
        ("inactive", "A inactive"),
        ("pending", "A pending"),
        ("firing", "A firing"),
    ]


def test_notifications_are_read_from_a_history_that_grows(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    happened = Happened(history)
    happened.notifications(NOW)  # not there yet
    other = json.dumps({"kind": "poll", "data": {"text": "a delivery"}}) + "\n"
    history.write_text(other + delivery("firing"), encoding="utf-8")
    happened.notifications(NOW + 1)
    line = delivery("resolved", answered=500)
    with history.open("a", encoding="utf-8") as file:
        file.write(line[:20])
        file.flush()
        happened.notifications(NOW + 2)  # half a line
        file.write(line[20:])
    happened.notifications(NOW + 3)
    assert told(happened) == [
        (1.0, "told", "operator was told: A firing"),
        (3.0, "resolved", "operator was told: A resolved, answered 500"),
    ]


def test_the_oldest_events_are_dropped_first() -> None:
    happened = Happened()
    for number in range(2 * AT_MOST):
        happened.alerts(alert("firing" if number % 2 else "inactive"), NOW + number)
    assert len(told(happened)) == AT_MOST
    assert told(happened)[-1][0] == 2 * AT_MOST - 1


def test_an_alert_is_shown_in_its_unit_beside_what_is_loaded() -> None:
    state = AlertState(
        "A",
        "pending",
        (0.071,),
        comparison_of("x > 0.05"),
        "2026-01-01T00:00:00Z",
        "> 0.05 for 5m",
        "",
        5.0,
        "ratio",
    )
    (row,) = as_rows([state], 1767225603.0)
    assert (row["shown"], row["loaded"], row["lasts"], row["for"]) == ("7.1%", "> 5% for 5 s", 3.0, 5.0)


def test_an_alert_that_prometheus_lacks_shows_nothing() -> None:
    (row,) = as_rows([AlertState("A", "absent", (), None, "", "> 5 %")], NOW)
    assert (row["shown"], row["loaded"], row["lasts"], row["for"]) == ("", "", None, None)


def test_a_watchdog_is_told_apart_from_alerts_whose_firing_is_bad() -> None:
    watchdog = AlertState("Watchdog", "firing", (), None, "", "always fires", always=True)
    other = AlertState("A", "firing", (), None, "", "> 5 %")
    assert [row["always"] for row in as_rows([watchdog, other], NOW)] == [True, False]
