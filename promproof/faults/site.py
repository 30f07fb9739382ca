"""What faults act on in a run: the target, its fault port, the proc folder, the stack, the undo book."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from promproof.errors import EvidenceError
from promproof.faults.port import FaultPort
from promproof.faults.procfs import ProcFolder
from promproof.faults.undo import Undo, UndoBook
from promproof.stack.protocol import Stack

METRICS_ROUTE = "GET /metrics"
POLL_SECONDS = 0.01
DISCOVERY_SECONDS = 5.0
"""Prometheus takes over new targets at this tick, whatever the time scale (`discovery/manager.go`)."""


class Target(Protocol):
    """A target that the run has started."""

    @property
    def pid(self) -> int | None: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...


class Refusing(Protocol):
    """What takes the notifications of this run. refusing: receivers whose notifications it refuses."""

    refusing: frozenset[str]


@dataclass
class Site:
    """Everything that faults act on. rendered: the run copy of Prometheus' configuration, None for a foreign stack."""

    book: UndoBook
    stack: Stack
    target: Target | None
    port: FaultPort | None
    folder: ProcFolder | None
    job: str
    rendered: Path | None
    scrape: float
    """The scrape interval in seconds."""
    url: str = ""
    """The target's."""
    send: Callable[[str, str, str], int | None] | None = None
    """Sends a request to the target: method, route, path; its status, None without an answer. It is in the ledger."""
    receiver: Refusing | None = None
    rates: dict[str, float] = field(default_factory=dict)
    """Requests a second of a drill's scenario, by drill."""
    counts: list[dict[str, Any]] = field(default_factory=list)
    """Final counts of the faults that have ended and were not handed over yet."""
    state: dict[str, Any] = field(default_factory=dict)
    """What a kind must remember to take its fault back, by kind; nothing while no such fault is active."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What faults have set up for the rest of the run, and goes with it."""
    _written: dict[str, int] = field(default_factory=dict)

    def write(self, drill: str, undo: Undo) -> None:
        """Have the undo in the book before the fault is applied; another dose of the same fault has the same undo."""
        if drill not in self._written:
            self._written[drill] = self.book.add(undo)

    def take_back(self, drill: str) -> None:
        """Perform what the book says of this drill, and cross it out; nothing when it says nothing.

        Raises:
            EvidenceError: it could not be performed; it stays open.
        """
        number = self._written.pop(drill, None)
        if number is not None:
            self.book.take_back(number)

    def done(self, drill: str) -> None:
        """Cross out what the book says of this drill: it was taken back in another way."""
        self.book.done(self._written.pop(drill))

    def own_port(self) -> FaultPort:
        """The target's fault port. Raises EvidenceError: there is none."""
        if self.port is None:
            raise EvidenceError(
                "fault port", "the target has none", (), "--fault-url and --fault-token name it"
            )
        return self.port

    def own_target(self) -> Target:
        """The target that the run has started. Raises EvidenceError: it has not started one."""
        if self.target is None:
            raise EvidenceError(
                "target", "the run did not start it", (), "use a fault of kind signal, command or http"
            )
        return self.target

    def note_replaced(self, kind: str, apply: Callable[[], Any]) -> None:
        """Apply a dose; the counts of the dose before, which ends by being replaced, belong to the ledger."""
        port = self.own_port()
        before = len(_ended(port, kind))
        apply()
        self.counts += _ended(port, kind)[before:]

    def end(self, kind: str) -> None:
        """End a fault of the fault port and keep its counts; nothing when it is not active."""
        if self.port is not None and self.active(kind):
            self.counts.append(self.port.end(kind))

    def active(self, kind: str) -> list[dict[str, Any]]:
        """What the fault port says of an active fault of this kind."""
        return [state for state in self.own_port().states()["active"] if state["kind"] == kind]

    def fail_scrapes(self, times: int) -> None:
        """Let exactly so many scrapes fail: the fault ends as soon as it has hit the last one.

        Raises:
            EvidenceError: too few scrapes came.
        """
        self.own_port().apply("errors", rate=1.0, routes=[METRICS_ROUTE], status=500)
        deadline = time.monotonic() + (times + 2) * self.scrape + DISCOVERY_SECONDS
        while (active := self.active("errors")) and active[0]["injected"] < times:
            if time.monotonic() > deadline:
                raise EvidenceError(
                    "target", f"fewer than {times} scrapes came", (), "look at the target's job"
                )
            time.sleep(POLL_SECONDS)
        self.end("errors")


def _ended(port: FaultPort, kind: str) -> list[dict[str, Any]]:
    return [state for state in port.states()["ended"] if state["kind"] == kind]
