"""A worker's side of a run that several processes share: its share, the common clock, and reports to the master.

Every message that a worker sends holds all that it recorded since the one before, under a number, so that the
master knows what it has. A worker that hears nothing from its master stops by itself: whoever has lost it must be
able to say until when it can have sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from promproof.load.arrivals import NAP_SECONDS
from promproof.load.ledger import Ledger
from promproof.load.plan import Readied, Share

HELLO, SHARE, WAITING, GO, INCREMENT, PULSE, FINAL, HALT, BEAT = (
    f"ledger-{name}"
    for name in ("hello", "share", "waiting", "go", "increment", "pulse", "final", "halt", "beat")
)
WATCHDOG_SECONDS = 10.0
"""a worker that has not heard from its master for so long stops"""
SPEAKS_SECONDS = 0.5
"""After which a worker says something, whatever it has."""
MESSAGES = 400
"""How many a second a master takes of all workers, with time to spare; few workers tell of each bin."""
CLOCK_QUESTIONS = 8
BOOT = Path("/proc/sys/kernel/random/boot_id")

Send = Callable[[str, dict[str, Any]], None]


def boot_id() -> str:
    """Which kernel's CLOCK_MONOTONIC this process reads; containers of one machine share it."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


class Clock:
    """The master's CLOCK_MONOTONIC, read here: the same clock on one machine, else this one and an offset."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.error = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.offset

    def learn(self, asked: float, answered: float, master: float) -> None:
        """One question and answer (times of this machine), and the master's time in between."""
        error = (answered - asked) / 2
        if not self.error or error < self.error:
            self.offset, self.error = master - (asked + answered) / 2, error


class WorkerTeam:
    """One worker's knowledge of the others; messages come in through `receive`."""

    def __init__(self, send: Send, clock: Clock, halt: Callable[[str], None]) -> None:
        self.share = Share(0, 1)
        self.clock = clock
        self._send = send
        self._halt = halt
        self._shared, self._gone = Event(), Event()
        self._begin = 0.0
        self._readied: Readied | None = None
        self._asked = 0.0
        self._heard = time.monotonic()
        self._watch = gevent.spawn(self._watchdog)

    def meet(self, stopped: Callable[[], bool]) -> None:
        """Ask the master for this worker's share, and for its clock when that is another machine's."""
        for _ in range(CLOCK_QUESTIONS):
            self._shared.clear()
            self._asked = time.monotonic()
            self._send(HELLO, {"boot": boot_id()})
            while not self._shared.wait(NAP_SECONDS) and not stopped():
                pass
            if not self.clock.error:
                return

    def set_out(self, readied: Readied | None, stopped: Callable[[], bool]) -> tuple[float, Readied | None]:
        """Wait for all others; see roles.Team."""
        self._send(WAITING, {"readied": None if readied is None else asdict(readied)})
        while not self._gone.wait(NAP_SECONDS) and not stopped():
            pass
        return self._begin, None if readied is not None else self._readied

    def receive(self, kind: str, data: dict[str, Any]) -> None:
        """A message of the master."""
        self._heard = time.monotonic()
        if kind == SHARE:
            self.share = Share(data["index"], data["of"])
            if data["boot"] != boot_id():
                self.clock.learn(self._asked, self._heard, data["now"])
            self._shared.set()
        elif kind == GO:
            self._begin = data["begin"]
            given = data["readied"]
            self._readied = Readied(given["items"], given["visits"], [tuple(draw) for draw in given["drawn"]])
            self._gone.set()
        elif kind == HALT:
            self._halt(data["reason"])

    def over(self) -> None:
        """The run has ended here; nobody has to watch any more."""
        self._watch.kill(block=False)

    def _watchdog(self) -> None:
        while time.monotonic() - self._heard < WATCHDOG_SECONDS:
            gevent.sleep(NAP_SECONDS)
        self._halt("the master is silent")


class WorkerWriter:
    """Sends to the master what a LedgerWriter writes into a file; see roles.Writer."""

    def __init__(
        self,
        send: Send,
        ledger: Ledger,
        clock: Clock,
        under_way: Callable[[], dict[str, object]],
        workers: Callable[[], int] = lambda: 1,
    ) -> None:
        """workers: how many there are, of whom each speaks the less often the more they are."""
        self._send = send
        self._workers = workers
        self._ledger = ledger
        self._clock = clock
        self._under_way = under_way
        self._number = 0
        self._requests = 0
        self._written = 0.0

    def flush(self) -> None:
        """Send what was recorded since the last call; at least every half a second, so that silence means death."""
        if self._clock() - self._written >= min(SPEAKS_SECONDS, self._workers() / MESSAGES):
            self._flush()

    def _flush(self) -> None:
        now = self._clock()
        view = self._ledger.drain()
        if (
            view.endpoints_seen
            or view.tallies_seen
            or view.tallies_lost
            or view.lags
            or now - self._written > SPEAKS_SECONDS
        ):
            self._requests += view.requests
            self._number += 1
            state = {"number": self._number, "t": now, "requests": self._requests, **self._under_way()}
            self._send(INCREMENT, {"view": view.to_json(), **state})
            self._written = now

    def event(self, name: str, **data: object) -> None:
        """Turns of the run are the master's to write; what was recorded before this one goes first."""
        self._flush()

    def sample(self, **data: object) -> None:
        self._send(PULSE, data)

    def finish(self, **data: object) -> None:
        """Send the rest and the account."""
        self._flush()
        self._send(FINAL, {"requests": self._requests, "open": self._ledger.open_requests(), **data})
