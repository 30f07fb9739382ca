"""One load session from the first request to the report.

The generator is a process of its own; this one follows its ledger, judges while it runs, and is what is left to
report when the generator dies. Traffic is driven once and never retried.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from promproof.crash import Tracebacks
from promproof.errors import InputError
from promproof.load import baseline, descriptors
from promproof.load.account import Account
from promproof.load.asked import Questions
from promproof.load.endpoint import serve
from promproof.load.generator import LoadGenerator
from promproof.load.judgement import Judgement, Outcome, broken_early, conditions_of, invalid, judge
from promproof.load.options import Options
from promproof.load.result import LoadResult
from promproof.run.course import Course
from promproof.run.frame import carry_out
from promproof.run.housekeeping import opened

POLL_SECONDS = 0.05
PROGRESS_SECONDS = 5.0
END_SECONDS = 15.0
"""how long the processes may take to end once the ledger has its final line, or beyond the scenario's drain"""

Say = Callable[[str], None]


class Session:
    """A session that has not begun; `run` carries it out once. `interrupt` may be called from a signal handler."""

    driving = "following the generator"

    def __init__(self, options: Options, folder: Path, say: Say) -> None:
        self.options = options
        self.folder = folder
        self.account = Account(options.scenario, conditions_of(options.conditions), options.bin_seconds)
        self._say = say
        self._course = Course(Tracebacks(folder / "tracebacks.txt"), say)
        self._generator = LoadGenerator(options, folder, self.account)
        self._questions = Questions(options, self.account)
        self._stopped_for: str | None = None
        self._interrupts = 0
        self._asked_at: float | None = None
        self._told = 0.0
        self._found: LoadResult | None = None
        self._started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def interrupt(self) -> None:
        """End the arrivals, then judge and report; a second call does not wait for open requests."""
        self._interrupts += 1

    def run(self) -> LoadResult:
        """Play the scenario to its end, whatever ends it.

        Raises:
            InputError: the generator refused what it was given; nothing was sent.
        """
        if self.options.output.baseline is not None:
            # a mistake is told before the run
            baseline.load(self.options.output.baseline, self.options.scenario.name)
        return carry_out(self, self._course, ExitStack(), lambda text: None)

    def bring_up(self, cleanup: ExitStack) -> None:
        """Journal, questions to Prometheus, the endpoint that shows figures, and the generator."""
        journal = cleanup.enter_context(opened(self._say))
        self._questions.begin()
        cleanup.enter_context(serve(self.options.output.serve_metrics, self.account))
        cleanup.callback(self._generator.end)
        self._tell_bounds()
        self._generator.start(journal)

    def _tell_bounds(self) -> None:
        sharing, arrival = self.options.sharing, self.options.scenario.arrival
        if arrival is None or sharing.await_workers:  # other machines may allow other numbers of files
            return
        if bounds := arrival.at_most(max(sharing.workers, 1), descriptors.of_generator()):
            self._say(bounds)

    def drive(self) -> None:
        """Follow the generator until it has ended."""
        self._follow()

    def read(self) -> None:
        """Stop the generator and read the rest of its ledger."""
        self._generator.end()
        try:
            self._generator.poll()
        finally:
            if self._generator.exit_status() == InputError.exit_status and not self.account.final:
                log = "\n".join(self._generator.log())
                raise InputError(what=f"the generator refused to start:\n{log}")

    def exercise(self) -> None:
        """Nothing: the target is somebody's."""

    def judge(self) -> LoadResult:
        """Verdicts on the account, and what Prometheus answers."""
        self._found = self._result()
        return self._found

    def report(self, found: LoadResult) -> None:
        """Nothing: it needs no server, and is made from the result."""

    def finish(self) -> LoadResult:
        """The same; Prometheus is asked once."""
        return self._found or self.judge()

    def _result(self) -> LoadResult:
        trouble = [line for text in self._course.troubles for line in text.splitlines()[:1]]
        reasons = trouble or invalid(self.account, self._stopped_for)
        if not self.account.final and not trouble:
            reasons += [f"the generator's last words: {line}" for line in self._generator.log()[-3:]]
        keep = self._course.tracebacks.keep
        judgements = judge(self.account, reasons, self._stopped_for, keep)
        judgements += self._questions.answers(reasons, keep)
        about = {
            "scenario": self.options.scenario.name,
            "target": self.options.target,
            "started": self._started,
        }
        compared: list[Judgement] = []
        if self.options.output.baseline is not None:
            try:
                compared = baseline.compare(self.options.output.baseline, self.account, reasons)
            except Exception as error:
                said = keep("comparing with the baseline", error)
                compared = [Judgement(f"baseline {self.options.output.baseline}", Outcome.UNKNOWN, said)]
        return LoadResult(
            self.account, self.folder.name, about, judgements, reasons, self._stopped_for, compared
        )

    def _follow(self) -> None:
        while self._generator.is_running():
            self._generator.poll()
            self._generator.check()
            self._tell()
            if self._stopped_for is None and (why := broken_early(self.account)) is not None:
                self._stopped_for = why
                self._say(f"ending the run: {why}")
            self._stop_if_asked()
            time.sleep(POLL_SECONDS)

    def _stop_if_asked(self) -> None:
        if self._asked_at is None and (self._interrupts or self._stopped_for is not None):
            self._asked_at = time.monotonic()
            self._generator.ask_to_stop()
        if self._asked_at is None and self.account.final:
            self._asked_at = time.monotonic() - self.options.scenario.drain
        waited = 0.0 if self._asked_at is None else time.monotonic() - self._asked_at
        if self._interrupts > 1 or waited > self.options.scenario.drain + END_SECONDS:
            self._generator.end()

    def _tell(self) -> None:
        seconds = self.account.seconds
        if not seconds or time.monotonic() - self._told < PROGRESS_SECONDS:
            return
        self._told = time.monotonic()
        recent = self.account.slots.get(max(self.account.slots, default=0) - 1)
        if recent is not None:
            rate = recent.ended.total / self.account.slot_seconds
            self._say(
                f"{seconds:6.0f} s  {rate:7.1f} requests/s  {recent.ended.errors} errors in the last second"
            )
