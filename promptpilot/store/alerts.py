"""Notifications that Alertmanager sent, one row per alert and delivery; the oldest rows go."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from promptpilot.store.database import Database
from promptpilot.store.page import Page, utc_now
from promptpilot.store.tables import alerts


@dataclass(frozen=True, slots=True)
class NewAlert:
    """One alert of a notification; `ends_at` is None while it fires."""

    receiver: str
    group_key: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Alert:
    id: int
    received_at: datetime
    receiver: str
    group_key: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str
    fingerprint: str


KEPT = 10_000
"""Rows, ever: an alert that flaps for years fills no disk."""


class AlertStore:
    def __init__(self, database: Database, kept: int = KEPT) -> None:
        self._database = database
        self._kept = kept

    async def add(self, received: Sequence[NewAlert]) -> int:
        """How many were received: all are stored, and of all that there are the newest are kept."""
        received_at = utc_now()
        rows = [{"received_at": received_at, **asdict(alert)} for alert in received]

        def work(connection: Connection) -> int:
            if rows:
                connection.execute(insert(alerts), rows)
                newest = connection.scalar(select(func.max(alerts.c.id))) or 0
                connection.execute(delete(alerts).where(alerts.c.id <= newest - self._kept))
            return len(rows)

        return await self._database.write(work)

    async def latest(self, limit: int) -> Page[Alert]:
        """Newest first."""

        def work(connection: Connection) -> Page[Alert]:
            rows = connection.execute(select(alerts).order_by(alerts.c.id.desc()).limit(limit))
            items = [Alert(*row) for row in rows]
            return Page(items, connection.scalar(select(func.count()).select_from(alerts)) or 0)

        return await self._database.read(work)
