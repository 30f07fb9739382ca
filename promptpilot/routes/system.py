"""`/health` and `/metrics`: both ask the database, neither waits for it longer than a scrape may."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, func, select
from starlette.requests import Request
from starlette.responses import Response

from promptpilot.metrics import Metrics, Totals
from promptpilot.routing import METRICS_PATH, Route
from promptpilot.store import Database, DatabaseUnavailable
from promptpilot.store.tables import pipelines, prompts

DEADLINE_SECONDS = 1.0
DATABASE_SHARE = 0.5  # of a scrape's time-out; the rest is for the exposition
_SCRAPE_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"  # sent by Prometheus with each scrape


@dataclass(frozen=True, slots=True)
class Health:
    status: Literal["ok", "unavailable"]
    database: str


class SystemRoutes:
    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/health", self.health, statuses=(503,)),
            Route("GET", METRICS_PATH, self.metrics),
        )

    async def health(self, response: Response) -> Health:
        """200 when the database answers, else 503 with its reason."""
        try:
            await self._database.ask(_totals, DEADLINE_SECONDS)
        except DatabaseUnavailable as exc:
            response.status_code = 503
            return Health("unavailable", str(exc))
        return Health("ok", "ok")

    async def metrics(self, request: Request) -> Response:
        """The exposition. Rendered on the event loop: nothing changes between reading and writing it."""
        try:
            totals = await self._database.ask(_totals, _deadline(request.headers.get(_SCRAPE_TIMEOUT)))
        except DatabaseUnavailable:
            totals = None
        return Response(self._metrics.render(totals), media_type=self._metrics.content_type)


def _totals(connection: Connection) -> Totals:
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in (prompts, pipelines)]
    return Totals(*connection.execute(select(*counts)).one())


def _deadline(scrape_timeout: str | None) -> float:
    """Less than the scraper waits, so that a silent database costs two series and not the whole scrape."""
    try:
        seconds = float(scrape_timeout or "") * DATABASE_SHARE
    except ValueError:
        return DEADLINE_SECONDS
    return seconds if 0 < seconds < DEADLINE_SECONDS else DEADLINE_SECONDS
