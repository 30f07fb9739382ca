"""Runs the tests as the gate wants them: one collection for the plan, the parts, two repetitions at most.

Each step is a pytest process of its own, tied to this one: a signal reaches it, and it cannot outlive the gate.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.gate import plan, say
from tests.gate.judge import Judgement, Round, judge, judge_again, to_repeat
from tests.gate.plan import Part
from tests.gate.records import Item, Record, read_file

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "promproof" / "stack" / "launcher.py"
LEAST = "tests/gate/least.txt"


@dataclass(frozen=True)
class Gate:
    """Where the tests are, where the records and the reports go, and what is wanted."""

    root: Path = ROOT
    reports: Path = ROOT / "reports"
    nightly: bool = False
    workers: int = 2
    may_lack: tuple[str, ...] | None = None
    print: Callable[[str], None] = lambda text: None

    def run(self) -> int:
        """The status: 0 green, 1 red, 2 interrupted."""
        self.reports.mkdir(parents=True, exist_ok=True)
        record = self.collect()
        files = plan.written(self.root)
        least = self.root / LEAST
        smallest = plan.read_least(least.read_text(encoding="utf-8")) if least.exists() else {}
        if _interrupted(record):
            self._say(["interrupted: nothing was run", "0 passed, 1 failed"])
            return 2
        if found := plan.troubles(record, files, smallest):
            self._say(say.plan_report(found))
            return 1
        [collection] = record.collections
        return self._judged(collection.items)

    def collect(self) -> Record:
        """The plan's record: everything that pytest collects, whatever its marks."""
        self.print("== the plan: one collection")
        said = self.reports / "gate-plan.txt"
        record = self._pytest("plan", ["tests", "--collect-only", "-q"], said)
        if record.status != 0:
            self.print(said.read_text(encoding="utf-8", errors="replace"))
        return record

    def _judged(self, items: Sequence[Item]) -> int:
        wanted = plan.parts(items, self.nightly, self.workers)
        if not wanted:
            self._say(["red: no test is planned", "0 passed, 1 failed"])
            return 1
        rounds: list[Round] = []
        for part in wanted:
            rounds.append(self._round(part))
            if _interrupted(rounds[-1].record):
                break
        judgement = judge(rounds, self.may_lack)
        again = {}
        for item in to_repeat(judgement, items):
            self.print(f"== failed, once more alone: {item.id}: {judgement.failed[item.id]}")
            again[item.id] = self._again(item)
        judge_again(judgement, again)
        self._write(judgement, rounds)
        self._say(say.report(judgement, rounds, items, self.nightly))
        return judgement.status

    def _round(self, part: Part) -> Round:
        self.print(f"== {part.name}: {len(part.items)} tests")
        # Not by groups: pytest-xdist 3.8 writes them into an attribute that pytest 9.2 no longer reads, and in silence
        # every worker brought up every file's fixtures.
        workers = ["-n", str(part.workers), "--dist", "loadfile", "--no-loadscope-reorder"]
        # Every file is collected for the light tests, so that what the plan does not know is seen.
        where = _files(part.items) if part.items[0].whole_run else ["tests"]
        begin, used = time.monotonic(), _used()
        record = self._pytest(part.name, [*where, "-m", part.marks, *(workers if part.workers else []), "-q"])
        return Round(part, record, time.monotonic() - begin, _used() - used)

    def _again(self, item: Item) -> Round:
        begin = time.monotonic()
        record = self._pytest("again", [item.id, "-q"])
        return Round(Part("once more", "", 0, (item,)), record, time.monotonic() - begin)

    def _pytest(self, name: str, arguments: Sequence[str], output: Path | None = None) -> Record:
        path = self.reports / f"gate-{name.replace(' ', '-')}.jsonl"
        path.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "pytest", "-p", "tests.gate.recorder", "--gate-record", str(path), *arguments,
        ]  # fmt: skip
        status = attempt(command, self.root, output)
        record = read_file(path)
        if record.status is None or record.status != status:
            record.status = status if status in (2, 3, 4) else None
        return record

    def _write(self, judgement: Judgement, rounds: Sequence[Round]) -> None:
        name = "nightly.xml" if self.nightly else "tests.xml"
        (self.reports / name).write_text(say.junit(judgement, rounds), encoding="utf-8")

    def _say(self, lines: Sequence[str]) -> None:
        (self.reports / "gate.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.print("== the gate")
        for text in lines:
            self.print(text)


def _files(items: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys(item.file for item in items))


def _interrupted(record: Record) -> bool:
    """Whether somebody ended pytest; its status 2 after an error of collection is another matter."""
    return record.status == 2 and not record.refusals


def _used() -> float:
    """Seconds of CPU of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def attempt(command: Sequence[str], folder: Path, output: Path | None) -> int:
    """Run a command to its end and return its status, 2 for one that a signal ended; signals are passed on."""
    # The tests start hundreds of Pythons: where bytecode is not kept, as in many containers, each compiles all anew.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    argv = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]
    passed_on = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, passed_on)
    try:
        with output.open("wb") if output is not None else nullcontext() as stdout:
            process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=stdout, cwd=folder, env=environment
            )
        assert process.stdin is not None
        with process.stdin as go:
            go.write(b"g")
        while process.poll() is None:
            told = signal.sigtimedwait(passed_on, 0.1)
            # What the terminal sends (si_code above 0: the kernel) has reached pytest by itself.
            if told is not None and told.si_code <= 0:
                process.send_signal(told.si_signo)
        while signal.sigtimedwait(passed_on, 0) is not None:
            pass  # answered by the end of pytest
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process.returncode if process.returncode >= 0 else 2
