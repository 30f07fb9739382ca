"""The harness's own requests to the target, each one in a ledger of its own.

The truth has every sender: health waits, forwarded notifications, list calls. A request that bypasses this class
would show up as one that nobody sent.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.http import Session
from promproof.load.ledger import Ledger


class Sender:
    """Requests to one target, recorded by method, endpoint and status; safe to use from several threads."""

    def __init__(self, base_url: str, *, bin_seconds: float, timeout: float = 10.0) -> None:
        self.base_url = base_url.rstrip("/")
        self.bin_seconds = bin_seconds
        self._ledger = Ledger(time.monotonic, bin_seconds)
        self._others: list[LedgerView] = []
        self._lock = threading.Lock()
        self._timeout = timeout
        self._local = threading.local()

    def request(
        self, method: str, endpoint: str, path: str | None = None, **options: Any
    ) -> requests.Response:
        """Send one request; `endpoint` is the route template it belongs to, `path` the real path.

        Raises:
            requests.RequestException: no answer. A refused connection counts nothing; a request that was sent and not
                answered counts as one of unknown fate.
        """
        with self._lock:
            token = self._ledger.open(method, endpoint)
        try:
            answer = self._session().request(method, self.base_url + (path or endpoint), **options)
        except requests.ConnectionError as error:
            with self._lock:
                # requests tells a refused connection and a broken one apart only by the error inside
                if "NewConnectionError" in repr(error):
                    self._ledger.drop(token)
                else:
                    self._ledger.close_unknown(token)
            raise
        except requests.RequestException:
            with self._lock:
                self._ledger.close_unknown(token)
            raise
        with self._lock:
            self._ledger.close(token, answer.status_code)
        return answer

    def record(self, method: str, endpoint: str, status: int, started: float, ended: float) -> None:
        """Record a request that somebody else of the harness sent, with its CLOCK_MONOTONIC times."""
        with self._lock:
            self._ledger.record(method, endpoint, status, started, ended)

    def take(self, sent: LedgerView) -> None:
        """Add what somebody else of the harness has sent, and written down."""
        with self._lock:
            self._others.append(sent)

    def forget(self) -> None:
        """Forget what was sent so far: the baseline of a target that ran before the run holds it."""
        with self._lock:
            self._ledger = Ledger(time.monotonic, self.bin_seconds)
            self._others.clear()

    def view(self) -> LedgerView:
        """What was sent so far."""
        with self._lock:
            return merge([self._ledger.snapshot(), *self._others])

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = Session(self._timeout)
            self._local.session = session
        return session
