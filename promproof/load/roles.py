"""What a run needs of its surroundings: somebody who writes its record, and the other processes that share it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from promproof.load.plan import Readied, Share


class Writer(Protocol):
    """Where the record of a run goes: its own file, or the master. Every method may raise OSError."""

    def flush(self) -> None: ...

    def event(self, name: str, **data: object) -> None: ...

    def sample(self, **data: object) -> None: ...

    def finish(self, **data: object) -> None: ...


class Record:
    """A run's writer, if it has one: its first failure is told, and then nothing more is written."""

    def __init__(self, writer: Writer | None, torn: Callable[[OSError], None]) -> None:
        self._writer = writer
        self._torn = torn

    def __call__(self, write: Callable[[Writer], None]) -> None:
        if self._writer is not None:
            try:
                write(self._writer)
            except OSError as error:
                self._writer = None
                self._torn(error)


class Team(Protocol):
    """The processes of a run, seen from one of them.

    meet: find out which share of the run this process has.
    set_out: takes what the first process has readied, None from the others; waits for all, and returns when
    the arrivals begin, and what has been readied elsewhere.
    """

    share: Share

    def meet(self, stopped: Callable[[], bool]) -> None: ...

    def set_out(
        self, readied: Readied | None, stopped: Callable[[], bool]
    ) -> tuple[float, Readied | None]: ...

    def over(self) -> None: ...


class Alone:
    """The only process of a run: it has all arrivals, and begins when it is ready."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.share = Share(0, 1)
        self._clock = clock

    def meet(self, stopped: Callable[[], bool]) -> None:
        """There is nobody to meet."""

    def over(self) -> None:
        """There is nobody to leave."""

    def set_out(self, readied: Readied | None, stopped: Callable[[], bool]) -> tuple[float, Readied | None]:
        return self._clock(), None


class Pulse:
    """The generator's state, once a second."""

    def __init__(self, now: float) -> None:
        self._then, self._cpu, self._lag = now, time.process_time(), 0.0

    def beat(self, now: float, lag: float) -> dict[str, float] | None:
        """What has been since the last one, when a second has passed."""
        self._lag = max(self._lag, lag)
        if now - self._then < 1.0:
            return None
        cpu = time.process_time()
        found = {"cpu": (cpu - self._cpu) / (now - self._then), "loop_lag": self._lag}
        self._then, self._cpu, self._lag = now, cpu, 0.0
        return found
