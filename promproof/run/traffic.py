"""One Locust process: started with a scenario, followed through its ledger's file, stopped, and read.

Locust patches the interpreter when it is imported, so it always is a process of its own.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from promproof import interrupts, isolated
from promproof.errors import EvidenceError, InputError
from promproof.evidence.ledgerfile import LedgerTail
from promproof.evidence.records import Ledger, Surprise
from promproof.evidence.view import LedgerView
from promproof.load.shown import shown_in_environment
from promproof.places import LOCUST, LOCUSTFILE
from promproof.run.liveness import LOOK_SECONDS, Course
from promproof.stack.children import Child, log_tail, start_child
from promproof.stack.frozen import stopped
from promproof.stack.journal import Journal
from promproof.stack.waiting import wait_until

POLL_SECONDS = 0.05
SLOW_SECONDS = 1.0
"""An answer of a target that holds up the whole scenario takes longer."""
STOP_SECONDS = 15.0
INTERRUPTED_SECONDS = 1.5
"""for a generator whose target doesn't answer any more: all ends within five seconds of an interruption"""
TRAFFIC_SECONDS = 4 * 3600.0
"""A drill's traffic ends when the drill says so; this bounds it when nobody does."""


@dataclass(frozen=True)
class Settings:
    """What one Locust process is asked to do; `rate` and `seconds` override the scenario's, `stretch` lengthens it."""

    scenario: Path
    target: str
    name: str
    bin_seconds: float
    rate: float | None = None
    seconds: float | None = None
    stretch: float = 1.0
    further: tuple[str, ...] = ()
    """URLs of further instances: requests go to all of them in turn."""


class Traffic:
    """A running scenario."""

    def __init__(self, settings: Settings, folder: Path, journal: Journal) -> None:
        self.settings = settings
        self._journal = journal
        self.ledger_file = folder / f"ledger-{settings.name}.jsonl"
        self._go = folder / f"go-{settings.name}"
        self._log = folder / f"locust-{settings.name}.log"
        self._tail = LedgerTail(self.ledger_file, bin_seconds=settings.bin_seconds)
        self._child: Child | None = None
        self._course = Course()
        self._looked = time.monotonic()

    def go(self) -> None:
        """Let the started process send."""
        self._go.touch()

    def start(self) -> None:
        """Start the process, which waits for `go`; returns at once."""
        wanted = self.settings
        command = isolated.command(
            LOCUST,
            "-f",
            str(LOCUSTFILE),
            "--headless",
            "--only-summary",
            "-L",
            "WARNING",
            "--host",
            wanted.target,
            "--scenario",
            str(wanted.scenario.absolute()),
            "--ledger",
            str(self.ledger_file.absolute()),
            "--ledger-bin",
            f"{wanted.bin_seconds:g}",
            "--start-file",
            str(self._go.absolute()),
        )
        if wanted.rate is not None:
            command += ["--rate", f"{wanted.rate:g}"]
        if wanted.seconds is not None:
            command += ["--duration", f"{wanted.seconds:g}s"]
        if wanted.further:
            command += ["--spread", " ".join(wanted.further)]
        if wanted.stretch != 1.0:
            command += ["--stretch", f"{wanted.stretch:g}"]
        # Locust imports and configures itself from its working folder: not from the user's
        folder = self.ledger_file.parent
        self._child = start_child(
            command,
            name=f"locust-{wanted.name}",
            log=self._log,
            cwd=folder,
            env=shown_in_environment(wanted.target),
            journal=self._journal,
        )

    def wait_for(self, event: str, timeout: float, on_poll: Callable[[], None] = lambda: None) -> float:
        """Wait for a turn of the run; its CLOCK_MONOTONIC time.

        Raises:
            EvidenceError: the process ended first, or the time is up; with its last log lines.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._raise_if_stopped()
            ended = not self._alive()
            self._poll()
            for seen in self._tail.events:
                if seen.name == event:
                    return seen.t
            if ended or time.monotonic() > deadline:
                state = (
                    f"{self._state()} before {event!r}"
                    if ended
                    else f"did not come to {event!r} within {timeout:g} s"
                )
                raise EvidenceError(f"locust ({self.settings.name})", state, self._lines(), "look at its log")
            on_poll()
            time.sleep(POLL_SECONDS)

    def wait(self, timeout: float, on_poll: Callable[[], None] = lambda: None) -> None:
        """Wait until the scenario has ended by itself.

        Raises:
            EvidenceError: it did not end in time.
        """
        deadline = time.monotonic() + timeout
        while self._alive():
            self._raise_if_stopped()
            if time.monotonic() > deadline:
                sent, slow = self.sent, self.slower_than(SLOW_SECONDS)
                is_slow = slow > sent / 2
                raise EvidenceError(
                    f"locust ({self.settings.name})",
                    f"did not end within {timeout:g} s"
                    + (f": {slow} of {sent} answers took over {SLOW_SECONDS:g} s" if is_slow else ""),
                    self._lines(),
                    "let the scenario send less (`times`, `duration`)" if is_slow else "look at its log",
                )
            on_poll()
            time.sleep(POLL_SECONDS)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """End the arrivals, let open requests finish, and wait for the process; only briefly after an interruption."""
        if self._child is None:
            return
        timeout = min(timeout, INTERRUPTED_SECONDS) if interrupts.noted() else timeout
        self._child.send_signal(signal.SIGTERM)
        try:
            with suppress(TimeoutError):
                wait_until(lambda: "Locust has not ended" if self._alive() else "", timeout)
        finally:  # a signal may come while it is waited for
            self._child.kill()

    @property
    def sent(self) -> int:
        """Requests known so far from the ledger's file."""
        self._poll()
        return self._tail.view().requests

    def slower_than(self, threshold: float) -> int:
        """Requests known so far that took the client longer than a number of seconds; an upper bound, see bins."""
        self._poll()
        view = self._tail.view()
        return sum(
            sum(view.endpoints_seen[key].latency.values()) - view.at_or_below(key, threshold)
            for key in view.endpoints()
        )

    @property
    def latest(self) -> float:
        """CLOCK_MONOTONIC time of the newest client event known so far."""
        self._poll()
        return self._tail.view().latest

    @property
    def seen(self) -> LedgerView:
        """What is known so far from the ledger's file."""
        self._poll()
        return self._tail.view()

    def check_alive(self) -> None:
        """Raise when the generator died.

        Raises:
            EvidenceError: with its last log lines.
        """
        self._raise_if_stopped()
        if not self._alive():
            raise EvidenceError(
                f"locust ({self.settings.name})",
                f"ended early: {self._state()}",
                self._lines(),
                "look at its log",
            )

    def record(self) -> Ledger:
        """The ledger of the ended process, as the history keeps it."""
        self._poll()
        final = self._tail.final
        view = self._tail.view()
        return Ledger(
            self.settings.name,
            view.complete,
            view.to_json(),
            self.ledger_file.name,
            self._child.exit_status() if self._child is not None else None,
            final.get("generator"),
            tuple(Surprise(**row) for row in final.get("surprises", ())),
            tuple(map(str, final.get("problems", ()))),
        )

    def sent_to(self) -> dict[str, LedgerView]:
        """What was sent to each of several instances, by URL."""
        return {url: parts.view() for url, parts in self._tail.instances.items()}

    def _raise_if_stopped(self) -> None:
        now = time.monotonic()
        if self._child is None or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        self._course.look(now, stopped(self._child.pid) if self._child.is_running() else None)
        if self._course.stopped:
            raise EvidenceError(f"locust ({self.settings.name})", self._course.stopped, self._lines())

    def _alive(self) -> bool:
        return self._child is not None and self._child.is_running()

    def _state(self) -> str:
        return "never started" if self._child is None else str(self._child.state())

    def _lines(self) -> list[str]:
        return log_tail(self._log) if self._child is not None else []

    def _poll(self) -> None:
        if not self.ledger_file.exists():
            return
        try:
            self._tail.poll()
        except InputError as error:
            raise EvidenceError(f"locust ({self.settings.name})", str(error), self._lines()) from error
