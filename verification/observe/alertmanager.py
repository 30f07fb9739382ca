"""What Alertmanager says: its status, the configuration it runs, and the alerts it holds."""

from __future__ import annotations

from typing import Any

import requests
import yaml
from requests.adapters import HTTPAdapter

from verification.errors import EvidenceError
from verification.observe.prometheus import RETRY, TIMEOUT_SECONDS


class Alertmanager:
    """Read access to one Alertmanager (API v2)."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", HTTPAdapter(max_retries=RETRY))

    def status(self) -> dict[str, Any]:
        """Version, uptime and configuration as the server tells them."""
        return dict(self._get("/api/v2/status"))

    def configuration(self) -> dict[str, Any]:
        """The configuration in force; secrets are masked by the server."""
        return dict(yaml.safe_load(self.status()["config"]["original"]) or {})

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts it holds, with state and receivers."""
        return list(self._get("/api/v2/alerts"))

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _get(self, path: str) -> Any:
        try:
            answer = self._session.get(self.url + path, timeout=self._timeout)
            answer.raise_for_status()
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            raise EvidenceError(
                "alertmanager", f"no usable answer to {path}: {error}", (), f"look whether {self.url} is up"
            ) from error
