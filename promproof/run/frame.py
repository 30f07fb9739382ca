"""The one frame of every run: bring up, drive, read, exercise, judge, report, tear down.

Inputs are driven once. Whatever ends the driving (trouble, an exception that nobody expected, Ctrl-C) is written down
and ends nothing else: what can be read is read, what could be seen is judged, and no trouble in tear-down loses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from promproof.checks.base import Pairs
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Clock, Recorder
from promproof.run import inputs
from promproof.run.course import Course, Judging, of_history
from promproof.run.ending import Ending
from promproof.run.garbage import left_alone
from promproof.run.prepared import Prepared
from promproof.run.secrecy import HISTORY, STORES
from promproof.verdict import Verdict, exit_status

Say = Callable[[str], None]
FoundT = TypeVar("FoundT")


class Parts(Protocol[FoundT]):
    """What one kind of run does in each part of the frame."""

    driving: str
    """What it does, for a sentence about trouble: "driving the run"."""

    def bring_up(self, cleanup: ExitStack) -> None:
        """Start what is needed; everything started ends with `cleanup`."""

    def drive(self) -> None:
        """Send, and do what is to be observed; once, and never again."""

    def read(self) -> None:
        """Take down what can only be read while everything is up; also after trouble, and then in a hurry."""

    def exercise(self) -> None:
        """What may be done to the stack once all was read; not after trouble."""

    def judge(self) -> FoundT:
        """What was seen is worth this."""

    def report(self, found: FoundT) -> None:
        """Show it while the servers are there; not after an interruption."""

    def finish(self) -> FoundT:
        """What was found, once everything has ended; what is not judged by then is judged now, for a short time."""


def carry_out(parts: Parts[FoundT], course: Course, cleanup: ExitStack, say: Say) -> FoundT:
    """Go through the parts of a run, whatever ends the driving.

    Raises:
        InputError: something the user gave cannot be used; everything that was started has been ended.
    """
    with cleanup:
        up = False
        with course.step(parts.driving):
            parts.bring_up(cleanup)
            up = True
            parts.drive()
        if up:
            with course.step("reading what was seen"):
                parts.read()
        if course.trouble is None:
            with course.step("exercising the stack"):
                parts.exercise()
        if not course.interrupted:  # then everything is to be taken down first
            with left_alone():
                found = parts.judge()
            if not course.interrupted:
                with course.step("showing what was found"):
                    parts.report(found)
        say("tearing down")
        with course.step("tearing down"):
            cleanup.close()
        return parts.finish()


@dataclass(frozen=True)
class Result:
    """What a run leaves: its folder, the verdicts in the order of the claims, its evidence, and how it ended."""

    folder: Path
    verdicts: list[Verdict]
    evidence: Evidence
    ending: Ending


@dataclass(frozen=True)
class Ground:
    """What a run that keeps a history stands on, from before it has started anything.

    folder: the run's, new. keep: asked at the end, whether what was started stays to be looked at.
    """

    prepared: Prepared
    folder: Path
    history: Recorder
    say: Say
    keep: Callable[[], bool] = lambda: False


class Driven(Protocol):
    """What the runs that keep a history differ in; see `Parts`."""

    driving: str

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None: ...

    def drive(self) -> None: ...

    def read(self) -> None: ...

    def exercise(self) -> None: ...

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None: ...


def run(
    driven: Driven,
    prepared: Prepared,
    pairs: Pairs,
    folder: Path,
    clock: Clock,
    say: Say,
    drills: Sequence[Loaded] = (),
) -> Result:
    """Carry out a run that keeps a history in `folder` (new), written as it happens.

    pairs: all claims to be judged. drills: those of a run of drills.

    Raises:
        InputError: something the user gave cannot be used; nothing was started, or all of it was ended again.
    """
    history = Recorder(folder / HISTORY, folder.name, clock, prepared.masker)
    history.add(records.Prepared(prepared.scale.factor, prepared.contract.service))
    inputs.keep(prepared, drills, folder, history)
    course = of_history(history, say)
    evidence = Evidence(prepared.contract, history)
    judging = Judging(course, pairs, evidence)
    cleanup = ExitStack()
    try:
        cleanup.callback(prepared.masker.sweep, folder, (*STORES, HISTORY))
        recorded = _Recorded(driven, judging, evidence, course)
        recorded.ground = Ground(prepared, folder, history, say, recorded.is_kept)
        verdicts = carry_out(recorded, course, cleanup, say)
        ending = course.ending
        history.add(records.Ended(ending.trouble, ending.interrupted, ending.crashes))
        return Result(folder, verdicts, evidence, course.ending)
    finally:
        history.close()


class _Recorded:
    """The parts of a run that keeps a history: its claims are judged on it."""

    ground: Ground

    def __init__(self, driven: Driven, judging: Judging, evidence: Evidence, course: Course) -> None:
        self.driving = driven.driving
        self._driven = driven
        self._judging = judging
        self._evidence = evidence
        self._course = course
        self._verdicts: list[Verdict] = []
        self._refused = False

    def bring_up(self, cleanup: ExitStack) -> None:
        with self._noting_refusal():
            self._driven.bring_up(self.ground, cleanup)

    def drive(self) -> None:
        with self._noting_refusal():
            self._driven.drive()

    def read(self) -> None:
        self._driven.read()

    def exercise(self) -> None:
        self._driven.exercise()
        self.ground.history.raise_if_broken()

    def judge(self) -> list[Verdict]:
        if self._judging.wanted:
            self.ground.say("judging")
        self._verdicts = self._judging.judge()
        return self._verdicts

    def report(self, found: list[Verdict]) -> None:
        with self._noting_refusal():
            self._driven.report(self._evidence, found)

    def finish(self) -> list[Verdict]:
        return self._judging.finish()

    def is_kept(self) -> bool:
        """Whether what was started stays to be looked at: the run failed, and the user wants that.

        Of input that is refused the folder goes, and a run that is too much for its machine begins anew.
        """
        if self._refused:
            return False
        verdicts = self._verdicts
        failed = self._course.trouble is not None or not verdicts or exit_status(verdicts, strict=False) != 0
        return self.ground.prepared.options.stack.keep_on_failure and failed

    @contextmanager
    def _noting_refusal(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            self._refused = True
            raise
