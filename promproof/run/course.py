"""How a run of any kind comes to its end: what broke it off, its verdicts, and the tear-down.

The first trouble is the cause; what follows from it is told as its symptom. After Ctrl-C everything is taken down at
once, and only then, and for a short time, is judged what had been seen: a verdict needs no server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from promproof import interrupts
from promproof.checks.base import Pairs, judge_each, not_judged
from promproof.errors import EvidenceError, InputError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.run.ending import Ending
from promproof.verdict import Verdict

JUDGING_SECONDS = 3.0
"""What judging may take after an interruption, once nothing is left running."""


class Course:
    """One run's course. `trouble` is the first thing that broke it off, with its details; None when nothing did."""

    def __init__(self, history: Recorder, say: Callable[[str], None]) -> None:
        self.history = history
        self.trouble: str | None = None
        self.interruptions = 0
        self._say = say
        self._verdicts: list[Verdict] = []
        self._until = float("inf")

    @property
    def interrupted(self) -> bool:
        """Whether somebody ended the run."""
        return self.interruptions > 0

    @property
    def ending(self) -> Ending:
        """How the run ended, for its reports."""
        return Ending(self.trouble, self.interrupted, self.history.tracebacks.count)

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
            self._broke(f"{what}: {self.history.tracebacks.keep(what, error)}")

    def judge(self, pairs: Pairs, evidence: Evidence) -> list[Verdict]:
        """A verdict for each claim, or for those that there was time for; called again, it goes on where it was.

        An interruption ends it: everything is to be taken down first.
        """
        before = self.interruptions
        while len(self._verdicts) < len(pairs) and self.interruptions == before:
            with self.step("judging"):
                rest = pairs[len(self._verdicts) :]
                for verdict in judge_each(rest, evidence, self.history.tracebacks.keep, self._stop):
                    self._verdicts.append(verdict)
        return list(self._verdicts)

    def finish(self, pairs: Pairs, evidence: Evidence) -> list[Verdict]:
        """Verdicts of all claims after the tear-down: what an interruption left open is judged for a short time."""
        self._until = time.monotonic() + JUDGING_SECONDS
        self.judge(pairs, evidence)
        left = pairs[len(self._verdicts) :]
        return [*self._verdicts, *(not_judged(claim, "interrupted") for _, claim in left)]

    def take_down(self, cleanup: ExitStack) -> None:
        """End everything that was started; trouble with that loses no verdict."""
        with self.step("tearing down"):
            cleanup.close()

    def _stop(self) -> str:
        late = time.monotonic() > self._until or interrupts.hurried()
        return "interrupted, and there was no more time" if late else ""

    def _broke(self, trouble: str) -> None:
        trouble = self.history.masker.text(trouble)
        self.history.add("trouble", {"error": trouble})
        if self.trouble is None:
            self.trouble = trouble
            self._say("the run breaks off")  # why is what the report says first
        else:
            self._say(trouble)
