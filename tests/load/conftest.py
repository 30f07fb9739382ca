"""Load sessions as a user starts them, against a small real server with a count of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from promproof.places import LOCUST
from tests.load.processes import DEADLINE_SECONDS, ROOT, LocustRuns, wait_for
from tests.load.target import Target


class LoadSession:
    """One `promproof load`."""

    def __init__(self, process: subprocess.Popen[str], reports: Path) -> None:
        self.process = process
        self._reports = reports

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return wait_for(lambda: next(iter(sorted(self._reports.glob("load-*"))), None), "the run's folder")

    def ledger_has(self, text: str) -> None:
        """Wait until a text is in the ledger's file."""
        file = self.folder / "ledger.jsonl"

        def is_there() -> bool:
            found = file.exists() and text in file.read_text()
            assert found or self.process.poll() is None, self.process.communicate()[0]
            return found

        wait_for(is_there, f"{text} in the ledger")

    def generators(self) -> list[psutil.Process]:
        """The Locust processes, the first one started first."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        generators = (process for process in found if LOCUST in process.cmdline())
        return sorted(generators, key=lambda process: process.create_time())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for the end: exit status, and all that was written."""
        output, _ = self.process.communicate(timeout=2 * DEADLINE_SECONDS)
        return self.process.returncode, output

    def result(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return data


class LoadSessions:
    """Starts sessions and ends those that a test left running."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._started: list[LoadSession] = []

    def start(self, scenario: str, *options: str, env: dict[str, str] | None = None) -> LoadSession:
        """Start a scenario given as YAML text, or by its name, against the target."""
        number = len(self._started)
        name = scenario
        if "\n" in scenario:
            path = self._folder / f"scenario-{number}.yaml"
            path.write_text(scenario, encoding="utf-8")
            name = str(path)
        reports = self._folder / f"reports-{number}"
        command = [
            sys.executable,
            "-m",
            "promproof",
            "load",
            name,
            "--target",
            self._url,
            "--reports",
            str(reports),
            *options,
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
        )
        session = LoadSession(process, reports)
        self._started.append(session)
        return session

    def end(self) -> None:
        for program in self._started:
            if program.process.poll() is None:
                program.process.kill()
            program.process.communicate()


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as server:
        yield server


@pytest.fixture
def sessions(target: Target, tmp_path: Path) -> Iterator[LoadSessions]:
    started = LoadSessions(tmp_path, target.url)
    yield started
    started.end()


class HandClock:
    """CLOCK_MONOTONIC as the test wants it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def locust(tmp_path: Path) -> Iterator[LocustRuns]:
    with LocustRuns(tmp_path) as runs:
        yield runs
