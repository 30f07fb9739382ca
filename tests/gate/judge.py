"""Whether a session of the tests is green: the plan held against what ran, pure.

Green is: each planned test ran once and passed. A whole run is judged by when things happen, and a machine may be busy
with something else: at most two that failed are repeated, each alone, and named as flaky. Nothing else is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.gate.plan import Part, shortened
from tests.gate.records import Item, Phase, Record

REPEATED_AT_MOST = 2
# The reason of a skip that is this machine's lack and not a hole of the test begins so: `needs Chromium: ...`.
NEEDS = "needs "


@dataclass(frozen=True)
class Ended:
    """How a test ended: passed, failed, skipped or xfailed; with the reason in one line and the whole text."""

    id: str
    outcome: str
    seconds: float
    reason: str = ""
    text: str = ""
    times: int = 1


@dataclass(frozen=True)
class Round:
    """One part as it ran: its seconds by the clock, and those that the processors computed for it."""

    part: Part
    record: Record
    seconds: float
    cpu_seconds: float = 0.0


@dataclass
class Judgement:
    """What is said at the end; `red` has a line for each thing that is wrong and is no failed test."""

    ended: dict[str, Ended]
    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    flaky: list[str] = field(default_factory=list)
    second: dict[str, Ended] = field(default_factory=dict)
    not_here: dict[str, list[str]] = field(default_factory=dict)
    red: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def status(self) -> int:
        if self.interrupted:
            return 2
        return 1 if self.failed or self.red else 0


def ended(phases: Sequence[Phase]) -> dict[str, Ended]:
    """How each test ended, from its phases; the worst one counts."""
    by_id: dict[str, list[Phase]] = {}
    for phase in phases:
        by_id.setdefault(phase.id, []).append(phase)
    found = {}
    for name, mine in by_id.items():
        bad = next((phase for phase in mine if phase.outcome == "failed"), None)
        bad = bad or next((phase for phase in mine if phase.outcome != "passed"), None)
        called = any(phase.when == "call" for phase in mine)
        times = max(1, sum(phase.when == "setup" for phase in mine))
        seconds = sum(phase.seconds for phase in mine)
        if bad is not None:
            found[name] = Ended(name, bad.outcome, seconds, bad.reason, bad.text, times)
        elif called:
            found[name] = Ended(name, "passed", seconds, times=times)
        else:
            found[name] = Ended(name, "failed", seconds, "it was set up and never called", times=times)
    return found


def judge(rounds: Sequence[Round], may_lack: Sequence[str] | None = None) -> Judgement:
    """The first round. `may_lack` None: every need may be lacking here; else these only (`root`)."""
    judgement = Judgement({name: test for done in rounds for name, test in ended(done.record.phases).items()})
    for done in rounds:
        judgement.red += _broken(done)
        judgement.interrupted |= done.record.status == 2 and not done.record.refusals
        _sort(judgement, done.part.items, may_lack)
    return judgement


def _broken(done: Round) -> list[str]:
    """What is wrong with a part as a whole: its collection, its count, its end."""
    name, record = done.part.name, done.record
    wanted = {item.id for item in done.part.items}
    found = [f"{name}: {refusal.where}: not collected: {refusal.text}" for refusal in record.refusals]
    if not record.collections:
        found.append(f"{name}: nothing was collected")
    for collection in record.collections:
        got = [item.id for item in collection.items]
        where = f"{name}, worker {collection.worker}" if collection.worker else name
        found += _difference(f"{where}: planned and not collected", wanted - set(got))
        found += _difference(f"{where}: collected and not planned", set(got) - wanted)
    results = ended(record.phases)
    found += _difference(f"{name}: planned and not run", wanted - results.keys())
    found += _difference(f"{name}: run and not planned", results.keys() - wanted)
    found += _difference(
        f"{name}: run more than once", {test.id for test in results.values() if test.times > 1}
    )
    if record.status is None:
        found.append(f"{name}: pytest broke off without an end")
    elif record.status not in (0, 1):
        found.append(f"{name}: pytest ended with status {record.status}")
    elif record.status == 1 and all(test.outcome != "failed" for test in results.values()):
        found.append(f"{name}: pytest ended with status 1, and no test failed")
    return found


def _difference(what: str, names: set[str]) -> list[str]:
    """One line for each folder."""
    by_folder: dict[str, list[str]] = {}
    for name in sorted(names):
        by_folder.setdefault(Item(name).folder, []).append(name)
    return [f"{what}: {folder}: {len(mine)} tests: {shortened(mine)}" for folder, mine in by_folder.items()]


def _sort(judgement: Judgement, items: Sequence[Item], may_lack: Sequence[str] | None) -> None:
    """Put the tests of a part where they belong; what did not run is named already."""
    for item in items:
        test = judgement.ended.get(item.id)
        if test is None:
            continue
        need = _need(test.reason) if test.outcome == "skipped" else ""
        if test.outcome == "passed":
            judgement.passed.append(item.id)
        elif test.outcome == "failed":
            judgement.failed[item.id] = test.reason
        elif need and (may_lack is None or need in may_lack):
            judgement.not_here.setdefault(need, []).append(item.id)
        else:
            judgement.red.append(f"{item.id}: {test.outcome}: {test.reason or 'without a reason'}")


def _need(reason: str) -> str:
    """What a skipped test lacks: `Chromium` of `needs Chromium: /usr/bin/chromium is not installed`."""
    return reason.removeprefix(NEEDS).partition(":")[0].strip() if reason.startswith(NEEDS) else ""


def to_repeat(judgement: Judgement, items: Sequence[Item]) -> list[Item]:
    """The whole runs that may be repeated: one or two of them, and only when nothing else is wrong."""
    failed = [item for item in items if item.id in judgement.failed]
    if judgement.red or judgement.interrupted or len(failed) > REPEATED_AT_MOST:
        return []
    return failed if all(item.whole_run for item in failed) else []


def judge_again(judgement: Judgement, again: Mapping[str, Round]) -> None:
    """Take the repetitions in: what passed alone is flaky and counts once, everything else stays red."""
    for name, done in again.items():
        first = judgement.failed[name]
        broken = _broken(done)
        test = ended(done.record.phases).get(name)
        judgement.interrupted |= done.record.status == 2 and not done.record.refusals
        if test is not None:
            judgement.second[name] = test
        if test is None or test.outcome != "passed" or broken:
            how = f"{test.outcome}: {test.reason}" if test is not None else "not run"
            judgement.failed[name] = f"{first}; alone once more: {'; '.join([how, *broken])}"
            continue
        del judgement.failed[name]
        judgement.passed.append(name)
        judgement.flaky.append(name)
