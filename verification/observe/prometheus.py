"""What Prometheus says: queries through prometheus-api-client, the rest of its HTTP API through requests.

Raw samples are asked as range selectors at one instant (`metric[60s]`), so that what comes back is what each scrape
stored, with its own time stamp, and not a step-aligned reading of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from verification.errors import EvidenceError
from verification.observe.exposition import Labels, label_set

TIMEOUT_SECONDS = 10
# Questions may be repeated without changing anything; a refused connection is retried too, a wrong query is not.
RETRY = Retry(total=3, backoff_factor=0.1, status_forcelist=(502, 503, 504), allowed_methods=("GET",))

_CLOCK_SECONDS = 0.02
_CLOCK_QUESTIONS = 150


@dataclass(frozen=True)
class StoredSeries:
    """One stored series: labels without the name, and its samples as (epoch seconds, value)."""

    name: str
    labels: Labels
    samples: tuple[tuple[float, float], ...]


class Prometheus:
    """Read access to one Prometheus server, or to anything that speaks its API."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS, retry: Retry = RETRY) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._client = PrometheusConnect(self.url, session=self._session, timeout=int(timeout))

    def query(self, expression: str, *, at: float | None = None) -> list[tuple[Labels, float]]:
        """An instant vector as (label set with `__name__`, value); a scalar has no labels.

        Raises:
            EvidenceError: the server did not answer, or refused the query (its own message is in the error).
        """
        params = {"time": f"{at:.3f}"} if at is not None else {}
        rows: Any = self._asked(lambda: self._client.custom_query(expression, params=params), expression)
        if rows and not isinstance(rows[0], dict):
            return [((), float(rows[1]))]
        return [(label_set(row["metric"]), float(row["value"][1])) for row in rows]

    def samples(self, selector: str, seconds: float, *, at: float | None = None) -> list[StoredSeries]:
        """All stored samples of a selector within `seconds` before `at` (epoch; now by default)."""
        expression = f"{selector}[{max(1, round(seconds * 1000))}ms]"
        params = {"time": f"{at:.3f}"} if at is not None else {}
        rows: Any = self._asked(lambda: self._client.custom_query(expression, params=params), expression)
        result = []
        for row in rows:
            labels = dict(row["metric"])
            name = labels.pop("__name__", "")
            points = without_marker(
                tuple((float(stamp), float(value)) for stamp, value in row.get("values", ()))
            )
            result.append(StoredSeries(name, label_set(labels), points))
        return result

    def true_at(self, expression: str, begin: float, end: float, step: float) -> list[float]:
        """Instants (epoch seconds) of a range query from `begin` to `end` at which the expression gives anything."""
        params = {"query": expression, "start": f"{begin:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        rows = self.get("/api/v1/query_range", params)["result"]
        return sorted({float(stamp) for row in rows for stamp, _ in row["values"]})

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
            said = self.query("time()")[0][1]
            after = clock()
            cut = 1.0 if said == int(said) else 0.001
            low, high = max(low, said - after - 0.001), min(high, said - before + cut)
            if high - low <= _CLOCK_SECONDS or cut < 1.0:
                break
            pause(_CLOCK_SECONDS / 2)
        return low, high

    def targets(self) -> list[dict[str, Any]]:
        """Active targets as the server lists them."""
        return list(self.get("/api/v1/targets", {"state": "active"})["activeTargets"])

    def rules(self) -> list[dict[str, Any]]:
        """Rule groups with their rules and states."""
        return list(self.get("/api/v1/rules")["groups"])

    def alerts(self) -> list[dict[str, Any]]:
        """Pending and firing alerts."""
        return list(self.get("/api/v1/alerts")["alerts"])

    def alertmanagers(self) -> list[str]:
        """URLs of the Alertmanagers that the server sends to."""
        return [str(entry["url"]) for entry in self.get("/api/v1/alertmanagers")["activeAlertmanagers"]]

    def metadata(self) -> dict[str, list[dict[str, str]]]:
        """Type and help per metric name, as scraped."""
        return dict(self.get("/api/v1/metadata"))

    def configuration(self) -> str:
        """The loaded configuration, as the server prints it (YAML)."""
        return str(self.get("/api/v1/status/config")["yaml"])

    def flags(self) -> dict[str, str]:
        """Command line flags in force."""
        return dict(self.get("/api/v1/status/flags"))

    def version(self) -> str:
        """The server's version, e.g. `2.42.0`."""
        return str(self.get("/api/v1/status/buildinfo")["version"])

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        """The `data` of an API answer.

        Raises:
            EvidenceError: no answer, or an error answer.
        """

        def ask() -> Any:
            answer = self._session.get(self.url + path, params=params, timeout=self._timeout)
            body = answer.json()
            if body.get("status") != "success":
                raise PrometheusApiClientException(f"{body.get('errorType')}: {body.get('error')}")
            return body["data"]

        return self._asked(ask, path)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _asked(self, ask: Callable[[], Any], what: str) -> Any:
        try:
            return ask()
        except (requests.RequestException, PrometheusApiClientException, ValueError) as error:
            raise EvidenceError(
                "prometheus", f"no usable answer to {what}: {error}", (), f"look whether {self.url} is up"
            ) from error


def without_marker(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Samples without the staleness marker at the end of a series that has gone.

    Prometheus hides its markers; VictoriaMetrics hands them out as NaN when raw samples are asked for.
    """
    ended = len(points) > 1 and math.isnan(points[-1][1]) and not math.isnan(points[-2][1])
    return points[:-1] if ended else points
