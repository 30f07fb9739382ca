"""A stack that is kept up to look at: everything is brought up as it is deployed, and stays until somebody ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Clock
from promproof.run import frame
from promproof.run.bench import Bench
from promproof.run.bringup import bring_up
from promproof.run.frame import Ground, Say
from promproof.run.prepared import Prepared
from promproof.verdict import Verdict

LOOK_SECONDS = 0.5
Show = Callable[[Bench, ExitStack], None]
"""Tells of a stack that is up; what it leaves ends with the cleanup."""


def keep(prepared: Prepared, show: Show, folder: Path, clock: Clock, say: Say) -> frame.Result:
    """Bring up, show, and take down when somebody ends it. folder: the run's, new.

    Raises:
        InputError: something the user gave cannot be used; all that was started has been ended again.
    """
    return frame.run(_Keeping(show), prepared, [], folder, clock, say)


class _Keeping:
    """A stack that is kept up, in the frame of every run."""

    driving = "keeping the stack up"

    def __init__(self, show: Show) -> None:
        self._show = show

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None:
        self._say = ground.say
        self._bench = bring_up(ground, cleanup)
        self._show(self._bench, cleanup)

    def drive(self) -> None:
        """Look whether everything lives until somebody ends it.

        Raises:
            EvidenceError: a component died.
        """
        try:
            while True:
                self._bench.watch()
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt as signalled:
            self._say(f"ended by {'Ctrl-C' if str(signalled) in ('', 'SIGINT') else signalled}")

    def read(self) -> None:
        """Nothing: nothing is judged."""

    def exercise(self) -> None:
        """Nothing, as above."""

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None:
        """Nothing, as above."""
