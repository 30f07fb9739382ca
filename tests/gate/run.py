"""Runs the tests as the gate wants them: one collection for the plan, the parts, two repetitions at most.

Each step is a pytest process of its own, tied to this one: a signal reaches it, and it cannot outlive the gate.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.gate import plan, say
from tests.gate.judge import Judgement, Round, judge, judge_again, to_repeat
from tests.gate.plan import Part
from tests.gate.processes import Process, Processes
from tests.gate.records import Item, Record, read_file

ROOT = Path(__file__).resolve().parents[2]
LEAST = "tests/gate/least.txt"


@dataclass(frozen=True)
class Begun:
    """A pytest process, the file that it records in, and the one that it prints into."""

    process: Process
    path: Path
    output: Path | None

    def record(self, processes: Processes) -> Record:
        """What it left, once it has ended."""
        status = processes.wait(self.process).status
        record = read_file(self.path)
        if record.status is None or record.status != status:
            record.status = status if status in (2, 3, 4) else None
        return record

    def round(self, processes: Processes, part: Part) -> Round:
        record = self.record(processes)
        return Round(part, record, self.process.seconds, self.process.cpu_seconds)


@dataclass(frozen=True)
class Gate:
    """Where the tests are, where the records and the reports go, and what is wanted."""

    root: Path = ROOT
    reports: Path = ROOT / "reports"
    nightly: bool = False
    workers: int = 2
    may_lack: tuple[str, ...] | None = None
    hang_seconds: float = 1200
    """A test that takes longer is ended with its process, and every thread's place is printed: about ten times the
    slowest of usual tests. At night four times as long: one of those judges hundreds of copies of the set-up."""
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
        with Processes() as processes:
            begun = self._start(processes, "plan", ["tests", "--collect-only", "-q"], said)
            record = begun.record(processes)
        if record.status != 0:
            self._show(said)
        return record

    def _judged(self, items: Sequence[Item]) -> int:
        wanted = plan.parts(items, self.nightly, self.workers)
        if not wanted:
            self._say(["red: no test is planned", "0 passed, 1 failed"])
            return 1
        with Processes() as processes:
            rounds = self._rounds(processes, wanted)
        judgement = judge(rounds, self.may_lack)
        judgement.interrupted |= processes.interrupted
        again = {}
        for item in to_repeat(judgement, items):
            self.print(f"== failed, once more alone: {item.id}: {judgement.failed[item.id]}")
            again[item.id] = self._again(item)
        judge_again(judgement, again)
        self._write(judgement, rounds)
        self._say(say.report(judgement, rounds, items, self.nightly))
        return judgement.status

    def _rounds(self, processes: Processes, wanted: Sequence[Part]) -> list[Round]:
        """One part after the other, or beside the one that follows it."""
        rounds: list[Round] = []
        beside: list[tuple[Part, Begun]] = []
        for part in wanted:
            begun = self._begin(processes, part)
            if part.behind:
                beside.append((part, begun))
                continue
            rounds.append(begun.round(processes, part))
            broken = _interrupted(rounds[-1].record) or processes.interrupted
            if broken:
                processes.end()
            rounds += [self._beside(processes, *other) for other in beside]
            beside.clear()
            if broken or processes.interrupted:
                break
        return sorted(rounds, key=lambda done: wanted.index(done.part))

    def _beside(self, processes: Processes, part: Part, begun: Begun) -> Round:
        """The end of a part that ran beside another: from now on it is behind nobody."""
        begun.process.take_precedence(0)
        done = begun.round(processes, part)
        self.print(f"== {part.name}, beside the others:")
        self._show(begun.output)
        return done

    def _begin(self, processes: Processes, part: Part) -> Begun:
        beside = ", beside what follows" if part.behind else ""
        self.print(f"== {part.name}: {len(part.items)} tests{beside}")
        # Not by groups: pytest-xdist 3.8 writes them into an attribute that pytest 9.2 no longer reads, and in silence
        # every worker brought up every file's fixtures.
        workers = ["-n", str(part.workers), "--dist", "loadfile", "--no-loadscope-reorder"]
        # Nobody takes the place of a worker that died: pytest-xdist 3.8 can leave the new one waiting for ever, and the
        # part is red in any case.
        workers += ["--max-worker-restart", "0"]
        # Every file is collected for pure tests, so that what the plan does not know is seen.
        where = ["tests"] if part.items[0].pure and not part.items[0].whole_run else _files(part.items)
        arguments = [*where, "-m", part.marks, *(workers if part.workers else []), "-q"]
        said = self.reports / f"gate-{part.name.replace(' ', '-')}.txt" if part.behind else None
        return self._start(processes, part.name, arguments, said, part.behind)

    def _again(self, item: Item) -> Round:
        with Processes() as processes:
            begun = self._start(processes, "again", [item.id, "-q"])
            return begun.round(processes, Part("once more", "", 0, (item,)))

    def _start(
        self,
        processes: Processes,
        name: str,
        arguments: Sequence[str],
        output: Path | None = None,
        behind: int = 0,
    ) -> Begun:
        path = self.reports / f"gate-{name.replace(' ', '-')}.jsonl"
        path.unlink(missing_ok=True)
        hang = self.hang_seconds * (4 if self.nightly else 1)
        options = ["-o", f"faulthandler_timeout={hang:g}", "-o", "faulthandler_exit_on_timeout=true"]
        options += ["-p", "tests.gate.recorder", "--gate-record", str(path)]
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        return Begun(processes.start(command, self.root, output, behind), path, output)

    def _show(self, said: Path | None) -> None:
        if said is not None:
            self.print(said.read_text(encoding="utf-8", errors="replace"))

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
