"""What Prometheus says: queries through prometheus-api-client, the rest of its HTTP API through requests.

Raw samples are asked as range selectors at one instant (`metric[60s]`), so that what comes back is what each scrape
stored, with its own time stamp, and not a step-aligned reading of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from urllib3.util.retry import Retry

from promproof.errors import EvidenceError
from promproof.exposition import Labels, label_set
from promproof.http import RETRY, TIMEOUT_SECONDS, Session, json_of, reason, shown

T = TypeVar("T")

LONGEST_REASON = 500
_CLOCK_SECONDS = 0.02
_CLOCK_QUESTIONS = 150


@dataclass(frozen=True)
class StoredSeries:
    """One stored series: labels without the name, and its samples as (epoch seconds, value)."""

    name: str
    labels: Labels
    samples: tuple[tuple[float, float], ...]


class Prometheus:
    """Read access to one Prometheus server, or to anything that speaks its API.

    before: called before each question; what it raises is the reason why there is no answer.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        retry: Retry = RETRY,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url.rstrip("/")
        self._before = before
        self._session = Session(timeout, retry=retry)
        self._client = PrometheusConnect(self.url, session=self._session, timeout=timeout)

    def query(self, expression: str, *, at: float | None = None) -> list[tuple[Labels, float]]:
        """An instant vector as (label set with `__name__`, value); a scalar has no labels.

        Raises:
            EvidenceError: the server did not answer, or refused the query (its own message is in the error).
        """
        params = {"time": f"{at:.3f}"} if at is not None else {}

        def read(rows: Any) -> list[tuple[Labels, float]]:
            if rows and not isinstance(rows[0], dict):
                return [((), float(rows[1]))]
            return [(label_set(row["metric"]), float(row["value"][1])) for row in rows]

        return self._asked(lambda: self._client.custom_query(expression, params=params), expression, read)

    def samples(self, selector: str, seconds: float, *, at: float | None = None) -> list[StoredSeries]:
        """All stored samples of a selector within `seconds` before `at` (epoch; now by default)."""
        expression = f"{selector}[{max(1, round(seconds * 1000))}ms]"
        params = {"time": f"{at:.3f}"} if at is not None else {}
        return self._asked(
            lambda: self._client.custom_query(expression, params=params),
            expression,
            lambda rows: [_stored(row) for row in rows],
        )

    def true_at(self, expression: str, begin: float, end: float, step: float) -> list[float]:
        """Instants (epoch seconds) of a range query from `begin` to `end` at which the expression gives anything."""
        params = {"query": expression, "start": f"{begin:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return self._get(
            "/api/v1/query_range",
            lambda data: sorted({float(stamp) for row in data["result"] for stamp, _ in row["values"]}),
            params,
        )

    def extremes_at(
        self, expression: str, begin: float, end: float, step: float, greatest: bool
    ) -> list[tuple[float, float]]:
        """The greatest or the least value of all series at each instant (epoch seconds) of a range query."""
        params = {"query": expression, "start": f"{begin:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        choose = max if greatest else min

        def chosen(data: Any) -> list[tuple[float, float]]:
            found: dict[float, float] = {}
            for row in data["result"]:
                for stamp, text in row["values"]:
                    value = float(text)
                    if math.isfinite(value):
                        found[float(stamp)] = choose(value, found.get(float(stamp), value))
            return sorted(found.items())

        return self._get("/api/v1/query_range", chosen, params)

    def clock_offset(
        self, clock: Callable[[], float] = time.time, pause: Callable[[float], None] = time.sleep
    ) -> tuple[float, float]:
        """Bounds (seconds) of the server's clock minus ours.

        An answer is cut to 1 ms, by some servers to 1 s: the bounds of several questions are then intersected, until
        one of them has fallen close to the turn of a second.
        """
        low, high = float("-inf"), float("inf")
        for _ in range(_CLOCK_QUESTIONS):
            before = clock()
            answer = self.query("time()")
            after = clock()
            if not answer:
                raise self._unusable("time()", "it answers nothing")
            said = answer[0][1]
            cut = 1.0 if said == int(said) else 0.001
            low, high = max(low, said - after - 0.001), min(high, said - before + cut)
            if high - low <= _CLOCK_SECONDS or cut < 1.0:
                break
            pause(_CLOCK_SECONDS / 2)
        return low, high

    def targets(self) -> list[dict[str, Any]]:
        """Active targets as the server lists them."""
        return self._get("/api/v1/targets", lambda data: _objects(data["activeTargets"]), {"state": "active"})

    def rules(self) -> list[dict[str, Any]]:
        """Rule groups with their rules and states."""
        return self._get("/api/v1/rules", lambda data: _objects(data["groups"]))

    def alerts(self) -> list[dict[str, Any]]:
        """Pending and firing alerts."""
        return self._get("/api/v1/alerts", lambda data: _objects(data["alerts"]))

    def alertmanagers(self) -> list[str]:
        """URLs of the Alertmanagers that the server sends to."""
        return self._get(
            "/api/v1/alertmanagers", lambda data: [str(entry["url"]) for entry in data["activeAlertmanagers"]]
        )

    def metadata(self) -> dict[str, list[dict[str, str]]]:
        """Type and help per metric name, as scraped."""
        return self._get("/api/v1/metadata", lambda data: dict(data.items()))

    def configuration(self) -> str:
        """The loaded configuration, as the server prints it (YAML)."""
        return self._get("/api/v1/status/config", lambda data: str(data["yaml"]))

    def flags(self) -> dict[str, str]:
        """Command line flags in force."""
        return self._get("/api/v1/status/flags", lambda data: dict(data.items()))

    def version(self) -> str:
        """The server's version, e.g. `2.42.0`."""
        return self._get("/api/v1/status/buildinfo", lambda data: str(data["version"]))

    def told_version(self) -> str:
        """The same; empty where it does not tell, as a store that only speaks like Prometheus."""
        try:
            return self.version()
        except EvidenceError:
            return ""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        """The `data` of an API answer.

        Raises:
            EvidenceError: no answer, or an error answer.
        """
        return self._get(path, lambda data: data, params)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _get(self, path: str, read: Callable[[Any], T], params: dict[str, str] | None = None) -> T:
        def ask() -> Any:
            body = json_of(self._session.get(self.url + path, params=params))
            if not isinstance(body, dict):
                raise ValueError(f"answers {shown(body)}")
            if body.get("status") != "success":
                raise PrometheusApiClientException(f"{body.get('errorType')}: {body.get('error')}")
            return body.get("data")

        return self._asked(ask, path, read)

    def _asked(self, ask: Callable[[], Any], what: str, read: Callable[[Any], T]) -> T:
        """What `read` makes of an answer; whatever is no answer, or not of the documented shape, is one error."""
        self._before()
        try:
            data = ask()
        except (requests.RequestException, PrometheusApiClientException, ValueError, LookupError) as error:
            raise self._unusable(what, reason(error)) from error
        except (TypeError, AttributeError) as error:  # the client library read JSON that is no object
            raise self._unusable(what, "it answers something of another shape") from error
        try:
            return read(data)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise self._unusable(what, f"it answers {shown(data)}") from error

    def _unusable(self, what: str, why: str) -> EvidenceError:
        short = why if len(why) <= LONGEST_REASON else f"{why[:LONGEST_REASON]}..."
        return EvidenceError(
            "prometheus", f"no usable answer to {what}: {short}", (), f"look whether {self.url} is up"
        )


def _stored(row: Any) -> StoredSeries:
    labels = dict(row["metric"])
    name = labels.pop("__name__", "")
    points = tuple((float(stamp), float(value)) for stamp, value in row.get("values", ()))
    return StoredSeries(name, label_set(labels), without_markers(points))


def _objects(rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError("no list of objects")
    return rows


def without_markers(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Samples without staleness markers: where a series has gone, or a scrape of it has failed.

    Prometheus hides its markers; VictoriaMetrics hands them out as NaN when raw samples are asked for. A marker stands
    alone after a number, since nothing marks a series twice; NaN that lasts is what the service shows.
    """
    lone = [
        math.isnan(value)
        and index > 0
        and not math.isnan(points[index - 1][1])
        and not (index + 1 < len(points) and math.isnan(points[index + 1][1]))
        for index, (_, value) in enumerate(points)
    ]
    return tuple(point for point, marker in zip(points, lone, strict=True) if not marker)
