"""Requests at an exact rate beside a drill's traffic: each is due at its own time, so lateness is made up for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

WORKERS = 32
"""Requests that may be open at once; a slow route at the dose of a drill has fewer."""


class Pump:
    """Sends until it is stopped. send: one request; whether it was answered as expected. rate: a second."""

    def __init__(self, send: Callable[[], bool], rate: float) -> None:
        self.rate = rate
        self.sent = 0
        self.good = 0
        self._send = send
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="pump")
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; returns when every request has been answered or given up."""
        self._ended.set()
        self._thread.join()
        self._pool.shutdown(wait=True)

    def _run(self) -> None:
        # half an interval after the change, so that no two doses share a moment
        due, interval = time.monotonic() + 0.5 / self.rate, 1 / self.rate
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            self.sent += 1
            self._pool.submit(self._one)
            due += interval

    def _one(self) -> None:
        good = self._send()
        with self._lock:
            self.good += good
