"""What a run tells of notifications while it goes on: each change once, not what a receiver hears again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from promproof.evidence.records import Delivery
from promproof.run.timeline import Timeline

pytestmark = pytest.mark.unit


def told(*deliveries: tuple[str, str, str, int]) -> list[str]:
    """Lines for deliveries of (receiver, alert, status, answer)."""
    records = [
        SimpleNamespace(data=Delivery(receiver=receiver, status=answer, body=body(alert, status)))
        for receiver, alert, status, answer in deliveries
    ]
    said: list[str] = []
    Timeline(SimpleNamespace(records=records), said.append).update()  # type: ignore[arg-type]  # records alone
    return said


def body(alert: str, status: str) -> dict[str, Any]:
    return {"alerts": [{"labels": {"alertname": alert}, "status": status}]}


def test_a_watchdog_that_repeats_itself_is_told_once() -> None:
    assert told(*[("deadman", "Watchdog", "firing", 200)] * 3) == ["  deadman <- Watchdog firing"]


def test_another_receiver_and_the_way_back_are_reported() -> None:
    firing, over = ("a", "Down", "firing", 200), ("a", "Down", "resolved", 200)
    assert told(firing, ("b", "Down", "firing", 200), over, firing) == [
        "  a <- Down firing",
        "  b <- Down firing",
        "  a <- Down resolved",
        "  a <- Down firing",
    ]


def test_a_refused_repeat_is_reported() -> None:
    assert told(("a", "Down", "firing", 200), ("a", "Down", "firing", 503)) == [
        "  a <- Down firing",
        "  a <- Down firing, answered 503",
    ]
