"""What Alertmanager says: its status, the configuration it runs, and the alerts it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import requests
import yaml

from promproof.config.yamlfile import served
from promproof.errors import EvidenceError
from promproof.http import RETRY, TIMEOUT_SECONDS, Session, json_of, reason, shown

T = TypeVar("T")


class Alertmanager:
    """Read access to one Alertmanager (API v2)."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url.rstrip("/")
        self._session = Session(timeout, retry=RETRY)

    def status(self) -> dict[str, Any]:
        """Version, uptime and configuration as the server tells them."""
        return self._get("/api/v2/status", lambda data: _mapping(data))

    def configuration(self) -> dict[str, Any]:
        """The configuration in force; secrets are masked by the server."""

        def read(data: Any) -> dict[str, Any]:
            return _mapping(served(data["config"]["original"]) or {})

        return self._get("/api/v2/status", read)

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts it holds, with state and receivers."""
        return self._get("/api/v2/alerts", lambda data: [_mapping(alert) for alert in data])

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _get(self, path: str, read: Callable[[Any], T]) -> T:
        try:
            answer = self._session.get(self.url + path)
            answer.raise_for_status()
            data = json_of(answer)
        except (requests.RequestException, ValueError) as error:
            raise self._unusable(path, reason(error)) from error
        try:
            return read(data)
        except (LookupError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
            raise self._unusable(path, f"it answers {shown(data)}") from error

    def _unusable(self, path: str, why: str) -> EvidenceError:
        return EvidenceError(
            "alertmanager", f"no usable answer to {path}: {why}", (), f"look whether {self.url} is up"
        )


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value
