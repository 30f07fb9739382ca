"""Alertmanager's webhook: stores what it is sent, and lists it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from promptpilot.routing import Route
from promptpilot.schemas import NotificationBody
from promptpilot.store import Alert, AlertStore
from promptpilot.store.page import Page

_ALERTS = "/api/v1/alerts"


@dataclass(frozen=True, slots=True)
class Stored:
    stored: int


class AlertRoutes:
    def __init__(self, store: AlertStore) -> None:
        self._store = store

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("POST", _ALERTS, self.receive, statuses=(422,)),
            Route("GET", _ALERTS, self.list, statuses=(422,)),
        )

    async def receive(self, body: NotificationBody) -> Stored:
        return Stored(await self._store.add(body.new_alerts()))

    async def list(self, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Page[Alert]:
        """Newest first."""
        return await self._store.latest(limit)
