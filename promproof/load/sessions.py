"""The greenlets of a run: how many are under way, and what becomes of an exception that nobody expected in one.

They are the run's, not those of Locust's users: Locust kills its users wherever they stand, and a request that is
killed half-way has an unknown fate.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent

from promproof.load.arrivals import NAP_SECONDS
from promproof.load.stopping import Stop


class Sessions:
    """Starts greenlets and counts them. broke: told of an exception, which ends only its own greenlet."""

    def __init__(self, broke: Callable[[Exception], None]) -> None:
        self._broke = broke
        self._active = 0

    def spawn(self, function: Callable[..., None], *arguments: object) -> gevent.Greenlet:
        """Start one that can be waited for."""
        self._active += 1
        return gevent.spawn(self._count, function, *arguments)

    def spawn_raw(self, function: Callable[..., None], *arguments: object) -> None:
        """Start one that nobody waits for by itself: this costs less."""
        self._active += 1
        gevent.spawn_raw(self._count, function, *arguments)

    def guard(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function and tell of what it raises."""
        try:
            function(*arguments)
        except Exception as error:
            self._broke(error)

    def drain(self, stop: Stop) -> None:
        """Wait until all have ended, as long as the stop lets them."""
        while self._active and stop.waits:
            gevent.sleep(NAP_SECONDS / 10)

    def _count(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self.guard(function, *arguments)
        finally:
            self._active -= 1
