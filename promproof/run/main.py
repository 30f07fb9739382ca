"""The main job: stack, traffic, one alert there and back, rest, restart; then verdicts, and only then tear-down.

Inputs are driven once; only questions are retried. Trouble on the way is written down and ends the driving, not the
judging: what could still be seen is judged, the rest is unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from promproof import interrupts
from promproof.checks import claims, metric_limit
from promproof.contract.model import seconds
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Clock
from promproof.evidence.view import LedgerView
from promproof.faults import stimuli
from promproof.observe import kernel, recording
from promproof.observe.polling import Pollers
from promproof.observe.sources import sums
from promproof.run import beyond, exercises, frame, meeting, outage, panels, static
from promproof.run.bench import Bench
from promproof.run.bringup import await_scrape, bring_up
from promproof.run.frame import Ground, Result, Say
from promproof.run.garbage import left_alone
from promproof.run.holding import refuse_doubt
from promproof.run.prepared import Prepared
from promproof.run.quiescence import settle
from promproof.run.reading import expositions, harness_ledger, sent_by_harness
from promproof.run.senders import POLL_SECONDS, Senders
from promproof.stack.protocol import App
from promproof.verdict import Verdict

STOP_SECONDS, HURRIED_STOP_SECONDS = 15.0, 1.5
"""How long Locust may take to let its open requests finish; the second after an interruption."""
KILL_SECONDS = 0.1
REST_ATTEMPTS = 10
BEFORE_TRAFFIC_SECONDS = 30.0
MEASURING_SECONDS = 60.0
"""beyond the contract's, for an engine that answers late"""
# A store that is written to from afar has a scrape seconds later.
STORED_SECONDS = 10.0

Draw = Callable[[Path, Evidence, Sequence[Verdict]], Path | None]
"""Draws the panels into the run's folder; None for a contract without dashboards."""


def run(prepared: Prepared, folder: Path, clock: Clock, say: Say, draw: Draw) -> Result:
    """Run the main job into `folder` (new); the history is written as it happens.

    Raises:
        InputError: something the user gave cannot be used; nothing was started, or all of it was ended again.
    """
    return frame.run(_Main(draw), prepared, claims(prepared.contract), folder, clock, say)


class _Main:
    """The main job in the frame of every run."""

    driving = "driving the run"
    ground: Ground
    job: Job

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None:
        self.ground = ground  # for the report of a run that broke off here
        self.job = Job(ground, bring_up(ground, cleanup), cleanup)

    def drive(self) -> None:
        self.job.drive()

    def read(self) -> None:
        self.job.read()

    def exercise(self) -> None:
        self.job.restart()
        self.job.exercise()
        if not self.ground.prepared.options.stack.keep_on_failure:
            self.job.bench.monitoring.stack.leave()  # judging needs no server, and has its processors

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None:
        if self.ground.history.last(records.Trouble) is None:
            refuse_doubt(self.ground.prepared, verdicts)
        drawn = self._draw(self.ground.folder, evidence, verdicts)
        if drawn is not None:
            self.ground.say(f"panels next to their truth: {drawn}")


def end_restart(restarting: Future[None], kill: Callable[[], None]) -> None:
    """Have nothing start any more when everything is taken down. kill: ends the target at once."""
    while not restarting.done():
        kill()
        wait([restarting], KILL_SECONDS)


class Job:
    """The driving of one run, step by step."""

    def __init__(self, ground: Ground, bench: Bench, cleanup: ExitStack) -> None:
        self.prepared = ground.prepared
        self.bench = bench
        self.folder = ground.folder
        self.history = ground.history
        self.cleanup = cleanup
        self.say = ground.say
        self.interval = bench.pace.scrape_interval
        self.poller = Pollers(
            ground.history, bench.monitoring.prometheus.url, bench.monitoring.alertmanager_url, POLL_SECONDS
        )
        self.senders = Senders(ground, bench, self.poller, cleanup)
        self.scraped = 0.0
        self.sent_at_rest: tuple[LedgerView, ...] = ()
        self.usage: exercises.UsageSampler | None = None
        self.boundary: Future[records.Boundary] | None = None
        self.restarting: Future[None] | None = None
        self.machine = panels.sampler(ground.history, ground.prepared.contract, bench.monitoring)

    def drive(self) -> None:
        """All steps in order.

        Raises:
            EvidenceError: a component died, or traffic could not be driven.
        """
        recording.need_exposition(self.history, self.bench.service.metrics_url, self.bench.service.headers)
        for other in self.bench.service.others:
            recording.exposition(self.history, other.metrics_url, "baseline", other.headers, other.instance)
        if self.bench.service.app is None:
            for each in self.bench.service.every:
                each.sender.forget()
            if self.bench.service.database is not None:
                sums(self.history, self.prepared.contract, self.bench.service.database, "baseline")
        sampler = self._sampler()
        if self.machine is not None:
            self.machine.start()
            self.cleanup.callback(self.machine.stop)
        # Locust takes seconds to start, and so does Prometheus' discovery: they wait for each other, and promtool
        # has that time. Containers have shares of their own, so that nothing is behind them: there it ends before.
        self.boundary = static.in_background(
            partial(static.boundary, self.prepared, self.bench.tools.binaries), "boundary"
        )
        reconcile = self.senders.start_reconcile()
        await_scrape(self.bench, self.say)
        self.scraped = self.history.now()
        self.usage = self._usage()
        self.poller.start()
        self.cleanup.callback(self.poller.stop)
        if self.bench.service.app is not None and self.bench.service.app.beside_stack:
            wait([self.boundary], BEFORE_TRAFFIC_SECONDS)
        self.senders.drive(reconcile)
        self.cleanup.enter_context(left_alone())
        self._rest(sampler)

    def read(self) -> None:
        """Ledgers, and what promtool said meanwhile; after an interruption nobody is waited for."""
        hurried = bool(interrupts.noted())
        self.senders.record(HURRIED_STOP_SECONDS if hurried else STOP_SECONDS)
        service = self.bench.service
        harness_ledger(self.history, service, self.sent_at_rest or sent_by_harness(service))
        if self.boundary is not None:
            static.record_boundary(self.history, self.boundary, wait=not hurried)

    def _rest(self, sampler: kernel.Sampler | None) -> None:
        self.senders.timeline.update()
        self.say("at rest: holding connections and memory, letting users age out")
        self.history.add(records.Phase("stimuli", "begin"))
        scrapes = stimuli.pause(4 * self.interval)
        scrapes()
        if self.machine is not None:
            stimuli.use_disk(self.folder, self.history)
        if stimuli.asks_connections(self.prepared.contract):
            with recording.attempt(self.history, "stimulus_connections"):
                stimuli.hold_connections(self.bench.service.url, self.history, scrapes)
        stimuli.hold_memory(self.bench.service.faults, self.history, scrapes)
        self._take_out(scrapes)
        self.history.add(records.Phase("stimuli", "end"))
        self._work(sampler)
        settle(self.bench.service, self.bench.pace, self.prepared.contract, self.history, self.senders.ran)
        bench = self.bench
        shown = (self.scraped, self.history.now())  # the harness's own ledger ends with the reading at rest
        self._read_at_rest()
        time.sleep(3 * self.interval)
        expositions(self.history, bench.service, "rest-later")
        with recording.attempt(self.history, "a later scrape"):
            for each in bench.service.every:
                recording.await_stored(
                    self.history, bench.monitoring.prometheus, each.selector, STORED_SECONDS
                )
        recording.server(self.history, bench.monitoring.prometheus)
        recording.alertmanager(
            self.history,
            bench.monitoring.prometheus,
            bench.monitoring.alertmanager_url,
            self.prepared.folder.receivers,
            bench.monitoring.stack.inner.alertmanager,
        )
        selectors = [each.selector for each in bench.service.every]
        recording.stored(self.history, bench.monitoring.prometheus, self.prepared.contract, selectors)
        if bench.service.database is not None:
            recording.rows(self.history, self.prepared.contract, bench.service.database, "rest")
        self.senders.timeline.update()
        self.say("asking every panel")
        with recording.attempt(self.history, "panel"):
            panels.ask(
                self.history, self.prepared, bench, self.machine, self.senders.ran, shown, self._begin_restart
            )

    def _take_out(self, scrapes: Callable[[], None]) -> None:
        """Take the target's database away, and send what is to meet that."""
        contract = self.prepared.contract
        path = outage.scenario_of(contract, self.prepared.options.contract.parent)
        scenario = None if path is None else meeting.load(path)
        outage.take_out(self.bench.service, contract, self.history, scrapes, scenario)

    def _work(self, sampler: kernel.Sampler | None) -> None:
        """Ask the target for CPU work, where the kernel tells what it takes."""
        if sampler is not None:
            readings = sampler.stop()
            recording.kernel(self.history, readings)
            # From a scrape on, so that there is a stored value before the work.
            later = (reading for reading in readings if reading.before > self.scraped + self.interval)
            first = next(later, readings[-1])
            stimuli.cpu_work(
                self.history, first, readings[-1], sum(traffic.sent for traffic in self.senders.ran)
            )
        else:
            self.history.add(records.StimulusCpu(unavailable="the target's process is not on this machine"))

    def _read_at_rest(self) -> None:
        """Read the exposition while nobody of the harness sends: a notification may come at any time."""
        for _ in range(REST_ATTEMPTS):
            before = sent_by_harness(self.bench.service)
            expositions(self.history, self.bench.service, "rest")
            self.sent_at_rest = sent_by_harness(self.bench.service)
            if before == self.sent_at_rest and not any(view.open for view in before):
                return

    def restart(self) -> None:
        """Restart the target, so that what it must remember is asked of a process that did not see it happen.

        Raises:
            EvidenceError: something has died, or the target does not come back.
        """
        self.bench.watch()
        if self.bench.service.app is None:
            return
        if self.restarting is None:
            self._begin_restart()
        if self.restarting is not None:
            self.restarting.result()

    def _begin_restart(self) -> None:
        """Restart it on a thread of its own, while nobody needs it."""
        app = self.bench.service.app
        if app is None:
            return
        self.bench.watch()
        self.senders.timeline.update()
        self.say("restarting the target")
        self.poller.stop()
        restarting = self.restarting = static.in_background(partial(self._restart, app), "restart")

        self.cleanup.callback(end_restart, restarting, app.kill)

    def _restart(self, app: App) -> None:
        # a container keeps the environment that it was created with
        limits = metric_limit.variables(self.prepared.contract) if not app.beside_stack else {}
        app.restart(limits)
        recording.exposition(
            self.history, self.bench.service.metrics_url, "restart", self.bench.service.headers
        )
        if self.bench.service.database is not None:
            recording.rows(self.history, self.prepared.contract, self.bench.service.database, "restart")
        if limits:
            beyond.create(self.history, self.prepared.contract, self.bench.service)
            app.restart()

    def exercise(self) -> None:
        """Exercise what the documentation promises of files and containers; last, since it takes the stack down.

        Raises:
            EvidenceError: a component refuses a file or does not come back.
        """
        bench, stack = self.bench, self.bench.monitoring.stack
        if stack.rendered is not None:
            self.say("editing the run copy and reloading")
            url = bench.monitoring.alertmanager_url
            receivers = partial(recording.receivers, url) if url is not None else None
            exercises.edit_and_reload(
                stack.rendered, stack.reload, bench.monitoring.prometheus, receivers, self.history
            )
        if self.usage is not None and stack.deployed is not None:
            self._measure(self.usage)
            self.usage.stop()
            exercises.exercise(
                stack.deployed, bench.monitoring.prometheus, self.history, 3 * self.interval, self.say
            )

    def _measure(self, usage: exercises.UsageSampler) -> None:
        """In real time, go on until CPU and memory of the stack are measured for as long as the contract says."""
        wanted = self.prepared.contract.deployment
        if wanted is None or wanted.resources is None or not self.prepared.scale.is_identity:
            return
        needed = seconds(wanted.resources.measured_for)
        self.say(f"measuring the stack's CPU and memory for {needed:g} s in all")
        deadline = time.monotonic() + needed + MEASURING_SECONDS
        while usage.span() <= needed:
            self.bench.watch()
            if time.monotonic() > deadline:  # what was not measured is a gap, which the checks will name
                self.say(f"only {usage.span():g} s were measured: the engine gives no usage")
                return
            time.sleep(1)

    def _usage(self) -> exercises.UsageSampler | None:
        deployed = self.bench.monitoring.stack.deployed
        if deployed is None:
            return None
        sampler = exercises.UsageSampler(deployed, self.history)
        sampler.start()
        self.cleanup.callback(sampler.stop)
        return sampler

    def _sampler(self) -> kernel.Sampler | None:
        if self.bench.service.pid is None:
            return None
        sampler = kernel.Sampler(self.bench.service.pid, self.history.now)
        sampler.start()
        self.cleanup.callback(sampler.stop)
        return sampler
