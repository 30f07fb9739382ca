"""Starting `python -m locust` as a user does, and waiting for what it does, with a deadline and a last look."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from promproof.evidence.ledgerfile import LedgerTail, read
from promproof.evidence.view import LedgerView

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 400.0
"""light tests run behind whole runs, which take up to five minutes together: by then each has had its turn"""
Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str, seconds: float = DEADLINE_SECONDS) -> Found:
    """Look until there is something; after the deadline, say what was waited for and seen last."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s, last seen {found!r}")
        time.sleep(0.02)


class Run:
    """One Locust process and its ledger's file."""

    def __init__(self, process: subprocess.Popen[str], ledger: Path) -> None:
        self.process = process
        self.ledger = ledger

    def event(self, name: str) -> float:
        """Wait for a turn of the run; its time."""

        def look() -> float | None:
            if not self.ledger.exists() or not self.ledger.stat().st_size:
                return None
            tail = LedgerTail(self.ledger)
            tail.poll()
            return next((event.t for event in tail.events if event.name == name), None)

        return wait_for(look, f"the event {name}")

    def end(self) -> tuple[int, str]:
        """Wait for the end: exit status and what was written to stderr."""
        _, errors = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, errors

    def view(self) -> LedgerView:
        return read(self.ledger)

    def final(self) -> Mapping[str, Any]:
        """The ledger's last line, {} without one."""
        tail = LedgerTail(self.ledger)
        tail.poll()
        return tail.final


class LocustRuns:
    """Starts Locust processes and ends those that a test left running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: list[Run] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs:
            if run.process.poll() is None:
                run.process.kill()
            run.process.communicate()

    def start(
        self, url: str, scenario: str, *options: str, locustfile: str = "loadtests/locustfile.py"
    ) -> Run:
        """Start a scenario, given as YAML text, against a target."""
        number = len(self._runs)
        path, ledger = self._folder / f"scenario-{number}.yaml", self._folder / f"ledger-{number}.jsonl"
        path.write_text(scenario, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            locustfile,
            "--headless",
            "--only-summary",
            "-L",
            "ERROR",
            "--host",
            url,
            "--scenario",
            str(path),
            "--ledger",
            str(ledger),
            *options,
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        run = Run(process, ledger)
        self._runs.append(run)
        return run
