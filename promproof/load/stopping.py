"""How a run of one process ends: no more arrivals, then no more steps, then no more waiting; each only once."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import gevent


class Stop:
    """The end of a run. drain: seconds for open requests. told: the reason, once. quit: ends Locust; called once."""

    def __init__(
        self,
        clock: Callable[[], float],
        drain: float,
        told: Callable[[str], None],
        quit: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._drain = drain
        self._told = told
        self._quit = quit
        self.asked = False
        """No more arrivals."""
        self.cut = False
        """Sessions end after the request that they are in, instead of after their last."""
        self.reason = ""
        self._deadline = inf
        self._interrupts = 0
        self._quitted = False

    def __call__(self, reason: str, cut: bool = False) -> None:
        """No more arrivals; the first reason is the one that is told."""
        self.cut = self.cut or cut
        if not self.asked:
            self.asked = True
            self.reason = reason
            self._deadline = self._clock() + self._drain
            self._told(reason)

    def interrupt(self) -> None:
        """Stop because somebody asked for it; asked again, without waiting for open requests."""
        self._interrupts += 1
        self("interrupted", cut=True)
        self.leave()

    def leave(self) -> None:
        """End Locust."""
        if not self._quitted:
            self._quitted = True
            gevent.spawn(self._quit)

    @property
    def waits(self) -> bool:
        """Whether open requests may still take time."""
        return self._clock() < self._deadline and self._interrupts < 2
