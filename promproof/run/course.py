"""How a run of any kind comes to its end: what broke it off, and its verdicts.

The first trouble is the cause; what follows from it is told as its symptom. After Ctrl-C everything is taken down at
once, and only then, and for a short time, is judged what had been seen: a verdict needs no server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from promproof import interrupts
from promproof.checks.base import Pairs, judge_each, not_judged
from promproof.crash import Tracebacks
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.run import halves
from promproof.run.ending import Ending
from promproof.verdict import Verdict

JUDGING_SECONDS = 3.0
"""What judging may take after an interruption, once nothing is left running."""


class Course:
    """One run's course: its steps, and what broke them off.

    written: writes a trouble down, and returns it as it may be shown. say: told what people must know at once.
    """

    def __init__(
        self, tracebacks: Tracebacks, say: Callable[[str], None], written: Callable[[str], str] = str
    ) -> None:
        self.tracebacks = tracebacks
        self.troubles: list[str] = []
        self.interruptions = 0
        self._say = say
        self._written = written

    @property
    def trouble(self) -> str | None:
        """The first thing that broke the run off, with its details; None when nothing did."""
        return self.troubles[0] if self.troubles else None

    @property
    def interrupted(self) -> bool:
        """Whether somebody ended the run."""
        return self.interruptions > 0

    @property
    def ending(self) -> Ending:
        """How the run ended, for its reports."""
        return Ending(self.trouble, self.interrupted, self.tracebacks.count)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Do something whose failure, of whatever kind, ends this step and not the run.

        Raises:
            InputError: as it came.
        """
        try:
            yield
        except InputError:
            raise
        except EvidenceError as error:
            self._broke(str(error))
        except KeyboardInterrupt as signalled:
            self.interruptions += 1
            self._broke(f"interrupted{f' by {signalled}' if str(signalled) else ''}")
        except Exception as error:
            self._broke(f"{what}: {self.tracebacks.keep(what, error)}")

    def _broke(self, trouble: str) -> None:
        trouble = self._written(trouble)
        self.troubles.append(trouble)
        # why a run breaks off is what its report says first
        self._say(trouble if len(self.troubles) > 1 else "the run breaks off")


def of_history(history: Recorder, say: Callable[[str], None]) -> Course:
    """The course of a run that keeps a history, where every trouble is a record."""

    def written(trouble: str) -> str:
        masked: str = history.masker.text(trouble)
        history.add(records.Trouble(masked))
        return masked

    return Course(history.tracebacks, say, written)


class Judging:
    """The verdicts of a run; an interruption ends the judging, and a second call goes on from there."""

    def __init__(self, course: Course, pairs: Pairs, evidence: Evidence) -> None:
        self._course = course
        self._pairs = pairs
        self._evidence = evidence
        self._found: halves.Found = {}
        self._begun = False
        self._until = float("inf")

    @property
    def wanted(self) -> bool:
        """Whether there is a claim at all: a demonstration has none."""
        return bool(self._pairs)

    def judge(self) -> list[Verdict]:
        """A verdict for each claim, or for those that there was time for, in the order of the claims.

        An interruption ends it: everything is to be taken down first.
        """
        course = self._course
        before = course.interruptions
        if not self._begun:
            self._begun = True
            with course.step("judging"):
                if halves.is_worth_it(self._pairs):
                    halves.judge(self._pairs, self._evidence, self._found, self._stop)
        while self._left and course.interruptions == before:
            with course.step("judging"):
                left = self._left
                pairs = [self._pairs[number] for number in left]
                judging = judge_each(pairs, self._evidence, course.tracebacks.keep, self._stop)
                for number, verdict in zip(left, judging, strict=True):
                    self._found[number] = verdict
        return [self._found[number] for number in sorted(self._found)]

    def finish(self) -> list[Verdict]:
        """Verdicts of all claims after the tear-down: what an interruption left open is judged for a short time."""
        self._until = time.monotonic() + JUDGING_SECONDS
        self.judge()
        for number in self._left:
            self._found[number] = not_judged(self._pairs[number][1], "interrupted")
        return [self._found[number] for number in range(len(self._pairs))]

    @property
    def _left(self) -> list[int]:
        """Numbers of the claims that have no verdict yet."""
        return [number for number in range(len(self._pairs)) if number not in self._found]

    def _stop(self) -> str:
        late = time.monotonic() > self._until or interrupts.hurried()
        return "interrupted, and there was no more time" if late else ""
