"""What Grafana says over its HTTP API: health, data sources, dashboards as loaded, queries through its back end.

Basic authentication with the documented account. Answers come back as Grafana gives them; nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from promproof.errors import EvidenceError
from promproof.http import Session, reason, shown

TIMEOUT_SECONDS = 10
SEARCH_LIMIT = 5000


@dataclass(frozen=True)
class Answer:
    """Status and parsed body of one call; a body that is no JSON is its text."""

    status: int
    body: Any


@dataclass(frozen=True)
class Frame:
    """One series: its name (empty: none), labels, and points as (epoch seconds, value; None is no number)."""

    name: str
    labels: dict[str, str]
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True)
class QueryResult:
    """What one refId gave: frames, the expression as Prometheus got it, the step as Go has it, an error or nothing."""

    frames: tuple[Frame, ...]
    expression: str
    step: str
    error: str


class Grafana:
    """Read access to one Grafana."""

    def __init__(
        self, url: str, user: str = "admin", password: str = "admin", *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.url = url.rstrip("/")
        self._account = (user, password)
        self._session = Session(timeout)

    def health(self) -> Answer:
        """The database's state and the version; needs no login."""
        return self._get("/api/health", login=False)

    def anonymous(self) -> Answer:
        """A call that needs a login, without one: a closed Grafana answers 401."""
        return self._get("/api/datasources", login=False)

    def account(self) -> Answer:
        """Who is logged in."""
        return self._get("/api/user")

    def sources(self) -> Answer:
        """All data sources."""
        return self._get("/api/datasources")

    def source_health(self, uid: str) -> Answer:
        """Whether a data source works: status OK, or 400 and a message."""
        return self._get(f"/api/datasources/uid/{quote(uid, safe='')}/health")

    def search(self) -> Answer:
        """All dashboards, without their content."""
        return self._get("/api/search", {"type": "dash-db", "limit": str(SEARCH_LIMIT)})

    def dashboard(self, uid: str) -> Answer:
        """A dashboard as loaded, with its meta data."""
        return self._get(f"/api/dashboards/uid/{quote(uid, safe='')}")

    def query(self, query: dict[str, Any], begin: int, end: int) -> QueryResult:
        """One query through the back end; times in epoch milliseconds, fields as `/api/ds/query` wants them.

        Raises:
            EvidenceError: no usable answer.
        """
        body = {"from": str(begin), "to": str(end), "queries": [query]}
        answer = self._call("POST", "/api/ds/query", json=body)
        results = answer.body.get("results") if isinstance(answer.body, dict) else None
        if not isinstance(results, dict):
            raise EvidenceError("grafana", f"/api/ds/query answers {answer.status}: {str(answer.body)[:200]}")
        result = results.get(str(query.get("refId", "A"))) or {}
        try:
            return read_result(result)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise EvidenceError("grafana", f"/api/ds/query answers {shown(result)}") from error

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _get(self, path: str, params: dict[str, str] | None = None, *, login: bool = True) -> Answer:
        return self._call("GET", path, login=login, params=params)

    def _call(self, method: str, path: str, *, login: bool = True, **options: Any) -> Answer:
        try:
            answer = self._session.request(
                method,
                self.url + path,
                auth=self._account if login else None,
                allow_redirects=False,
                **options,
            )
        except requests.RequestException as error:
            raise EvidenceError(
                "grafana", f"no answer to {path}: {reason(error)}", (), f"look whether {self.url} is up"
            ) from error
        try:
            body = answer.json()
        except ValueError:
            body = answer.text
        return Answer(answer.status_code, body)


def read_result(result: dict[str, Any]) -> QueryResult:
    """The frames of one refId. NaN and infinities are null in `values` and told apart in `entities`."""
    frames, text = [], ""
    for frame in result.get("frames") or ():
        schema = frame.get("schema") or {}
        text = text or str((schema.get("meta") or {}).get("executedQueryString") or "")
        fields = schema.get("fields") or []
        values = (frame.get("data") or {}).get("values") or []
        if len(fields) < 2 or len(values) < 2:
            continue
        config = fields[1].get("config") or {}
        name = config.get("displayNameFromDS") or schema.get("name") or ""
        points = tuple((stamp / 1000, value) for stamp, value in zip(values[0], values[1], strict=True))
        frames.append(Frame(str(name), dict(fields[1].get("labels") or {}), points))
    expression, _, step = text.removeprefix("Expr: ").rpartition("\nStep: ")
    return QueryResult(tuple(frames), expression, step, str(result.get("error") or ""))
