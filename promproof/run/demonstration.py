"""A run that judges nothing: everything is brought up and shown, and what happens is told, until somebody ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Clock
from promproof.observe.polling import Pollers
from promproof.run import frame
from promproof.run.bench import Bench
from promproof.run.bringup import await_scrape, bring_up
from promproof.run.frame import Ground, Say
from promproof.run.idle import idle_machine
from promproof.run.prepared import Prepared
from promproof.run.timeline import Timeline
from promproof.verdict import Verdict

LOOK_SECONDS = 0.1
POLL_SECONDS = 0.25

Show = Callable[[Bench, ExitStack], Callable[[], None]]
"""Shows a run that is up, until its cleanup; returns what raises EvidenceError once that is over by itself."""


def run(prepared: Prepared, show: Show, seconds: float, folder: Path, clock: Clock, say: Say) -> frame.Result:
    """Bring up, show, and take down again. seconds: how long at most; folder: the run's, new.

    Raises:
        InputError: something the user gave cannot be used; all that was started has been ended again.
    """
    return frame.run(_Demonstration(show, seconds), prepared, [], folder, clock, say)


def go_on(look: Callable[[], None], seconds: float, say: Say) -> None:
    """Look again and again until the time is over or somebody ends it, which is how a demonstration ends."""
    over = time.monotonic() + seconds
    try:
        while time.monotonic() < over:
            look()
            time.sleep(LOOK_SECONDS)
        say("its time is over")
    except KeyboardInterrupt as signalled:
        say(f"ended by {'Ctrl-C' if str(signalled) in ('', 'SIGINT') else signalled}")


class _Demonstration:
    """A demonstration in the frame of every run."""

    driving = "showing the run"

    def __init__(self, show: Show, seconds: float) -> None:
        self._show = show
        self._seconds = seconds

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None:
        proc = idle_machine(ground, cleanup)
        self._ground = ground
        self._bench = bring_up(ground, cleanup, proc.folder if proc is not None else None)
        monitoring = self._bench.monitoring
        self._pollers = Pollers(
            ground.history, monitoring.prometheus.url, monitoring.alertmanager_url, POLL_SECONDS
        )
        cleanup.callback(self._pollers.stop)
        await_scrape(self._bench, ground.say)
        self._raise_if_gone = self._show(self._bench, cleanup)

    def drive(self) -> None:
        """Tell what happens until it is over.

        Raises:
            EvidenceError: a component died.
        """
        timeline = Timeline(self._ground.history, self._ground.say)
        self._pollers.start()

        def look() -> None:
            self._raise_if_gone()
            self._bench.watch()
            timeline.update()

        go_on(look, self._seconds, self._ground.say)

    def read(self) -> None:
        """Nothing: nothing is judged."""

    def exercise(self) -> None:
        """Nothing, as above."""

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None:
        """Nothing, as above."""
