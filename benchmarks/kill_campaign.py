"""Kills at random instants: what ends, with which status and how soon, what is left behind, and does anything pass?

    nohup python -m benchmarks.kill_campaign [KILLS] [--seed N] [--numbers 57,64-66] > campaign.md 2>&1 &

A hundred kills by default, half a minute each on an idle machine. Each kill: one of four commands through nox, one
signal to nox, to the command itself or to one of its components, at an instant drawn evenly over the command's usual
length, which is measured first. Then everything that carries the campaign's mark in its environment must be gone, and
nothing may be left in its temporary folder, its cache or the container engine; after `kill -9` of nox or the command
the next run must have cleared it. A Markdown table grows line by line; the same seed goes on where it was ended.

Wrong passes: status 0 although, before judging began, something that the verdict needs was told to end. The status of
the campaign is 0 when there were none, no left-overs, no traceback, no status but 0, 1, 2 and 4, and no end overdue.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path

import psutil

from benchmarks.kill_table import HEAD, Kill, summary
from promproof.faults.abandoned import open_kinds
from promproof.places import DEFAULT_REPORTS, REPOSITORY
from promproof.stack.journal import cache_dir
from promproof.stack.ports import allocate_ports
from tests.load.stack import TOKEN, Running, running

MARK = "KILL_CAMPAIGN"
SIGNALS = ("INT", "INT twice", "TERM", "HUP", "KILL", "STOP")
VICTIMS = ("nox", "command", "component")
COMPONENTS = {
    "--storage.tsdb.path": "prometheus",
    "--cluster.listen-address": "alertmanager",
    "node_exporter": "node exporter",
    "node-exporter": "node exporter",
    "locustfile.py": "locust",
    "promptpilot": "target",
}
"""A word of a component's command line, and its name."""
RELOADS = ("prometheus", "alertmanager")
TWICE_SECONDS = 0.5
STOPPED_SECONDS = 5.0
"""So long are nox and the command stopped; a component stays so until the run has ended."""
GONE_SECONDS = 10.0
OVERDUE_SECONDS = 150.0
"""Beside the usual length: a run that has not ended by then never would."""
JUDGED = ("] judging", "report: ", "tearing down")


class Place:
    """Where the campaign's commands run: a cache, a temporary folder and reports of their own, and their mark."""

    def __init__(self, folder: Path, name: str, stack: Running) -> None:
        self.temporary, self.cache, self.reports = folder / "tmp", folder / "cache", folder / "reports"
        self.undo, self.runs = (self.cache / "promproof" / part for part in ("undo", "runs"))
        for part in (self.temporary, self.cache / "promproof"):
            part.mkdir(parents=True, exist_ok=True)
        programs = self.cache / "promproof" / "programs"
        if (cache_dir() / "programs").is_dir() and not programs.exists():
            programs.symlink_to(cache_dir() / "programs")
        self.mark = name
        self.stack = stack
        self.environment = {
            **os.environ,
            MARK: name,
            "XDG_CACHE_HOME": str(self.cache),
            "TMPDIR": str(self.temporary),
            "HARNESS_PYTHON": sys.executable,
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, name: str) -> list[str]:
        """The short form of a command, through nox."""
        target = ["--target", self.stack.api]
        faults = ["--fault-url", self.stack.faults, "--fault-token", TOKEN]
        arguments = {
            "verify": ["--stack", "processes", "--no-drill", "--claim", "metric/http_requests_total/"],
            "drill": ["HighErrorRate", "--stack", "processes"],
            "load": ["steady", *target, "--rate", "20", "--duration", "10s"],
            "ui": [
                *target,
                *faults,
                "--prometheus",
                self.stack.prometheus,
                "--web-port",
                str(allocate_ports(1)[0]),
            ],
        }[name]
        nox = [sys.executable, "-m", "nox", "-s", name]
        return [*nox, "--", *arguments, "--reports", str(self.reports)]

    def processes(self) -> list[psutil.Process]:
        """Everything that runs with the mark."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if (
                    process.environ().get(MARK) == self.mark
                    and process.status() != psutil.STATUS_ZOMBIE
                    and process.pid != os.getpid()
                ):
                    found.append(process)
        return found

    def left(self) -> list[str]:
        """Everything that is still there: processes, files, undo files, journals, containers."""
        found = [f"process {process.pid} {name_of(process)}" for process in self.processes()]
        found += [f"temporary {path.name}" for path in self.temporary.iterdir()]
        found += [f"undo file {path.name}" for path in self.undo.glob("*.jsonl")]
        found += [f"journal {path.name}" for path in self.runs.glob("*.jsonl")]
        return found + self._containers()

    def _containers(self) -> list[str]:
        label = f"label=promproof.journals={self.runs.absolute()}"
        command = ["docker", "ps", "--all", "--quiet", "--filter", label]
        with suppress(OSError):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return [f"container {word}" for word in done.stdout.split()]
        return []

    def next_run(self) -> str:
        """What comes after a killed run: it clears, and takes back the faults; what is wrong with that."""
        load = [
            sys.executable,
            "-m",
            "promproof",
            "load",
            "steady",
            "--target",
            self.stack.api,
            "--rate",
            "5",
        ]
        recover = [sys.executable, "-m", "promproof", "drill", "--recover"]
        undo = [path for path in self.undo.glob("*.jsonl") if open_kinds(path.read_text(encoding="utf-8"))]
        output = ""
        for command in ([*load, "--duration", "1s", "--reports", str(self.reports)], recover):
            done = subprocess.run(
                command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False
            )
            output += done.stdout + done.stderr
        return "" if all(str(path) in output for path in undo) else "the undo file was not mentioned"


def name_of(process: psutil.Process) -> str:
    """The name of a component, or the beginning of its command line."""
    with suppress(psutil.Error):
        words = " ".join(process.cmdline())
        return next((name for word, name in COMPONENTS.items() if word in words), words[:60])
    return "gone"


class Run:
    """One command under way, in a session of its own."""

    def __init__(self, place: Place, name: str, number: int) -> None:
        self.place = place
        self.output = place.reports.parent / f"{number}-{name}.log"
        with self.output.open("wb") as output:
            self.nox = subprocess.Popen(
                place.command(name),
                cwd=REPOSITORY,
                env=place.environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.begun = time.monotonic()

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def await_end(self, until: float) -> int | None:
        """Its status; None when it had not ended at `until` (CLOCK_MONOTONIC)."""
        with suppress(subprocess.TimeoutExpired):
            return self.nox.wait(max(until - time.monotonic(), 0.01))
        return None

    def victim(self, kind: str, draw: random.Random) -> tuple[str, psutil.Process]:
        """The process to be hit: what there is of the kind that was drawn, else the nearest above it."""
        nox = psutil.Process(self.nox.pid)
        family = nox.children(recursive=True)
        components = sorted(
            (name_of(process), process.pid)
            for process in family[1:]
            if name_of(process) in COMPONENTS.values()
        )
        if kind == "component" and components:
            name, pid = draw.choice(components)
            return name, psutil.Process(pid)
        if kind != "nox" and family:
            return "command", family[0]
        return "nox", nox

    def end(self) -> None:
        """Whatever happened: nothing of it runs on."""
        for process in self.place.processes():
            with suppress(psutil.Error):
                process.kill()
        self.nox.wait()


def hit(process: psutil.Process, name: str, top: bool) -> None:
    """Send a signal as the campaign means it."""
    with suppress(psutil.Error):
        if name == "INT twice":
            process.send_signal(signal.SIGINT)
            time.sleep(TWICE_SECONDS)
            process.send_signal(signal.SIGINT)
            return
        process.send_signal(signal.Signals[f"SIG{name}"])
        if name == "STOP" and top:
            time.sleep(STOPPED_SECONDS)
            process.send_signal(signal.SIGCONT)


def measure(place: Place, name: str) -> float:
    """The usual length of a command in seconds; the page's until it is served, and as long again."""
    run = Run(place, name, 0)
    try:
        until = run.begun + 4 * OVERDUE_SECONDS
        if name == "ui":
            while "tab=verification" not in run.said() and time.monotonic() < until:
                time.sleep(0.05)
            while not _listens(place) and time.monotonic() < until:
                time.sleep(0.05)
            return 2 * (time.monotonic() - run.begun)
        if (status := run.await_end(until)) != 0:
            print(f"{name} does not pass by itself here: status {status}, see {run.output}", flush=True)
        return time.monotonic() - run.begun
    finally:
        run.end()
        place.next_run()
        _clear(place)


def _listens(place: Place) -> bool:
    for process in place.processes():
        with suppress(psutil.Error):
            if any(connection.status == psutil.CONN_LISTEN for connection in process.net_connections("tcp")):
                return True
    return False


def _clear(place: Place) -> None:
    """Each kill begins in an empty place, so that what is left is its own."""
    for folder in (place.temporary, place.undo, place.runs):
        for path in folder.glob("*") if folder.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def once(place: Place, number: int, draw: random.Random, lengths: dict[str, float]) -> Kill:
    """One kill, from the start of its command to an empty machine."""
    name = draw.choice(sorted(lengths))
    kind, what = draw.choice(VICTIMS), draw.choice(SIGNALS)
    at = draw.uniform(0, lengths[name])
    run = Run(place, name, number)
    victim, wrong = "none: ended before", []
    stopped: psutil.Process | None = None
    try:
        early = run.await_end(run.begun + at)
        begun, judged, had_command = time.monotonic(), False, True
        if early is None:
            had_command = bool(psutil.Process(run.nox.pid).children())
            victim, process = run.victim(kind, draw)
            judged = any(word in run.said() for word in JUDGED)
            begun = time.monotonic()
            hit(process, what, victim in ("nox", "command"))
            stopped = process if what == "STOP" else None
        goes_on = what == "STOP" or (what == "HUP" and victim in RELOADS) or victim == "none: ended before"
        status = _end(run, name, goes_on, lengths[name])
        seconds = time.monotonic() - begun
        if stopped is not None:
            with suppress(psutil.Error):
                stopped.send_signal(signal.SIGCONT)
        gone = _gone(place, begun)
        killed = what == "KILL" and victim in ("nox", "command")
        if killed:
            wrong.append(place.next_run())
        left = place.left()
        wrong += _wrong(run, name, status, goes_on or judged, allowed=not had_command or killed)
    finally:
        run.end()
        _clear(place)
    return Kill(number, name, victim, what, at, status, seconds, gone, left, "; ".join(filter(None, wrong)))


def _end(run: Run, name: str, goes_on: bool, length: float) -> int | None:
    """The status; a page that was not told to end is told so after a while."""
    until = time.monotonic() + OVERDUE_SECONDS + length
    if name == "ui":
        status = run.await_end(time.monotonic() + (2.0 if goes_on else GONE_SECONDS))
        if status is not None:
            return status
        with suppress(ProcessLookupError):
            run.nox.send_signal(signal.SIGTERM)
    return run.await_end(until)


def _gone(place: Place, begun: float) -> float:
    until = time.monotonic() + GONE_SECONDS
    while place.processes() and time.monotonic() < until:
        time.sleep(0.05)
    return time.monotonic() - begun


def _wrong(run: Run, name: str, status: int | None, may_pass: bool, allowed: bool) -> Iterator[str]:
    said = run.said()
    if "Traceback (most recent call last)" in said and not allowed:
        yield "a traceback"
    if status is not None and status not in (0, 1, 2, 4) and not (allowed and status < 0):
        yield f"status {status}"
    if status == 0 and not may_pass and name != "ui":
        yield "WRONG PASS"
    if status == 1:
        yield "a claim failed"


@contextmanager
def kept(file: Path) -> Iterator[tuple[dict[str, float], list[Kill], Callable[[object], None]]]:
    """What an earlier campaign of this seed has measured and done, and how a row is added to it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    lengths = {row["length"]: row["seconds"] for row in rows if "length" in row}
    names = {field.name for field in fields(Kill)}
    kills = [Kill(**row) for row in rows if set(row) == names]
    with file.open("a", encoding="utf-8") as out:

        def add(row: object) -> None:
            out.write(json.dumps(row) + "\n")
            out.flush()

        yield lengths, kills, add


def numbers(text: str) -> list[int]:
    """`57,64-66` is 57, 64, 65, 66; raises ValueError, which argparse tells."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def main(arguments: Sequence[str]) -> int:
    """Run the campaign, or go on with it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_campaign")
    parser.add_argument("kills", nargs="?", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--numbers", type=numbers, help="these kills of the campaign only, such as 57,61,64-100"
    )
    parser.add_argument("--only", default="verify,drill,load,ui", help="these commands")
    given = parser.parse_args(arguments)
    # A shell without job control starts `... &` with SIGINT ignored, and every child would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = DEFAULT_REPORTS / f"kill-campaign-{given.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    with kept(folder / "kills.jsonl") as (lengths, kills, add), running(folder) as stack:
        place = Place(folder, f"{given.seed}-{os.getpid()}", stack)
        for name in given.only.split(","):
            if name not in lengths:
                lengths[name] = measure(place, name)
                add({"length": name, "seconds": lengths[name]})
            print(f"{name} takes {lengths[name]:.0f} s", flush=True)
        print(f"\n{HEAD}", flush=True)
        for kill in kills:
            print(kill.row(), flush=True)
        try:
            done = {kill.number for kill in kills}
            for number in given.numbers or range(1, given.kills + 1):
                if number in done:
                    continue
                kills.append(once(place, number, random.Random(f"{given.seed}-{number}"), lengths))
                add(asdict(kills[-1]))
                print(kills[-1].row(), flush=True)
        finally:
            print(summary(kills), flush=True)
    return int(any(kill.left or kill.wrong or kill.status is None for kill in kills))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
