"""Stored notifications are bounded: an alert that flaps for years fills no disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promptpilot.store import AlertStore, Database, NewAlert

pytestmark = pytest.mark.unit
ALERT = NewAlert("webhook", "{}", "firing", {}, {}, datetime(2026, 1, 2, tzinfo=UTC), None, "", "")


def test_only_the_newest_alerts_are_kept(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    store = AlertStore(database, kept=5)

    async def work() -> tuple[list[int], int, list[str]]:
        stored = [
            await store.add([replace(ALERT, fingerprint=f"{batch}-{n}") for n in range(4)])
            for batch in range(3)
        ]
        stored.append(await store.add([]))
        page = await store.latest(100)
        return stored, page.total, [alert.fingerprint for alert in page.items]

    try:
        stored, total, names = asyncio.run(work())
    finally:
        database.close()
    assert stored == [4, 4, 4, 0]
    assert total == 5
    assert names == ["2-3", "2-2", "2-1", "2-0", "1-3"]


def test_of_a_notification_beyond_the_bound_the_newest_alerts_are_kept(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    store = AlertStore(database, kept=2)
    try:
        assert asyncio.run(store.add([replace(ALERT, fingerprint=str(n)) for n in range(7)])) == 7
        page = asyncio.run(store.latest(100))
    finally:
        database.close()
    assert [alert.fingerprint for alert in page.items] == ["6", "5"]
