"""The generator of a load session: one Locust process, or a master with its workers; followed, stopped, read."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path

from promproof import isolated
from promproof.errors import EvidenceError, InputError
from promproof.evidence.ledgerfile import LedgerTail
from promproof.load.account import Account
from promproof.load.options import Options
from promproof.load.shown import shown_in_environment
from promproof.places import LOCUST, LOCUSTFILE
from promproof.stack.children import Child, log_tail, start_child, stop_all
from promproof.stack.frozen import stopped
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports

EXPECT_SECONDS = 60
"""how long the master waits for its workers"""
START_SECONDS = 60.0
"""how long Locust may take from its start to the first line of its ledger"""
SILENT_SECONDS = 30.0
"""a generator that has written nothing for so long is lost: it writes at least once a second"""
STOPPED_SECONDS = 2.0
"""a process that is stopped for so long was not stopped by accident"""


class LoadGenerator:
    """The processes that send, and the account of what they sent.

    Raises OSError when the folder cannot be written.
    """

    def __init__(self, options: Options, folder: Path, account: Account) -> None:
        self.account = account
        self.ledger_file = folder / "ledger.jsonl"
        self._options = options
        self._folder = folder
        self._tail = LedgerTail(self.ledger_file, account.take)
        self._main: Child | None = None
        self._journal: Journal | None = None
        self.workers: list[Child] = []
        self._started = time.monotonic()
        self._stopped_since: float | None = None

    def start(self, journal: Journal) -> None:
        """Start the processes; returns at once."""
        options, self._journal = self._options, journal
        self._started = time.monotonic()
        role: list[str] = []
        sharing = options.sharing
        if sharing.count:
            host, port = sharing.listen[0], sharing.listen[1] or allocate_ports(1)[0]
            role = [
                "--master",
                "--master-bind-host",
                host,
                "--master-bind-port",
                str(port),
                "--expect-workers",
                str(sharing.count),
                "--expect-workers-max-wait",
                str(EXPECT_SECONDS),
            ]
        self._main = self._process("locust", ["--headless", "--only-summary", *role, *self._scenario()])
        for number in range(sharing.workers):
            role = ["--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]
            self.workers.append(self._process(f"worker-{number}", role))

    def poll(self) -> None:
        """Take in what the ledger's file has got.

        Raises:
            EvidenceError: it is no ledger.
        """
        if not self.ledger_file.exists():
            return
        try:
            self._tail.poll()
        except InputError as error:  # nobody but the generator wrote it
            raise EvidenceError("generator", str(error), self.log(), "look at its log") from error

    def check(self) -> None:
        """Raise when there is nothing to wait for any more.

        Raises:
            EvidenceError: the main process is stopped, has not begun to write in time, or writes no longer.
        """
        if self._main is None or self.account.final:
            return
        state, now = "", time.monotonic()
        if (pid := stopped(self._main.pid)) is not None:
            self._stopped_since = self._stopped_since or now
            if now - self._stopped_since >= STOPPED_SECONDS:
                state = f"process {pid} is stopped: somebody sent SIGSTOP"
        else:
            self._stopped_since = None
        shared = self._options.sharing.count > 0
        begin = START_SECONDS + (2 * EXPECT_SECONDS if shared else 0)
        begun = self._tail.header.get("monotonic", self._started)  # starting may take long, and is no silence
        silence = now - max(self._tail.seen_until, begun)
        if not state and not self._tail.header and silence > begin:
            state = f"it has not begun within {begin:g} s"
        if not state and self._tail.header and silence > max(SILENT_SECONDS, begin if shared else 0.0):
            state = f"it has written nothing for {silence:.0f} s"
        if state:
            raise EvidenceError("generator", state, self.log(), f"look at {self._main.log}")

    def is_running(self) -> bool:
        return self._main is not None and self._main.is_running()

    def exit_status(self) -> int | None:
        return None if self._main is None else self._main.exit_status()

    def ask_to_stop(self) -> None:
        """No more arrivals; open requests are waited for."""
        if self._main is not None:
            self._main.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """End what is left of the processes."""
        children = [*self.workers, *([self._main] if self._main is not None else [])]
        stop_all(children, steps=(signal.SIGTERM, signal.SIGKILL))

    def log(self) -> list[str]:
        """The last lines that the main process wrote, without a summary."""
        return [] if self._main is None else log_tail(self._main.log)

    def _process(self, name: str, role: Sequence[str]) -> Child:
        command = isolated.command(LOCUST, "-f", str(LOCUSTFILE), "-L", "ERROR", *role)
        log = self._folder / f"{name}.log"
        # Locust imports and configures itself from its working folder: not from the user's
        shown = shown_in_environment(self._options.target)
        return start_child(command, name=name, log=log, cwd=self._folder, env=shown, journal=self._journal)

    def _scenario(self) -> list[str]:
        options, instead = self._options, self._options.instead
        given = [
            "--host",
            options.target,
            "--scenario",
            str(options.scenario_file.resolve()),
            "--ledger",
            str(self.ledger_file.resolve()),
            "--ledger-bin",
            f"{options.bin_seconds:g}",
            "--exit-code-on-error",
            "0",
        ]
        for name, value, unit in (
            ("--rate", instead.rate, ""),
            ("--duration", instead.duration, "s"),
            ("--closed-users", instead.users, ""),
            ("--max-requests", instead.max_requests, ""),
        ):
            if value is not None:
                given += [name, f"{value!r}{unit}"]
        return given
