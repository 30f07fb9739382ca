"""The main job: stack, traffic, one alert there and back, rest, restart; then verdicts, and only then tear-down.

Inputs are driven once; only questions are retried. Trouble on the way is written down and ends the driving, not the
judging: what could still be seen is judged, the rest is unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from promproof import interrupts
from promproof.checks import claims
from promproof.contract.model import seconds
from promproof.drills.plan import emptied, power_gate
from promproof.evidence.evidence import LEDGER_OF, Evidence
from promproof.evidence.history import Clock
from promproof.evidence.view import LedgerView
from promproof.faults import stimuli
from promproof.load import scenario as scenarios
from promproof.observe import kernel, recording
from promproof.observe.polling import Pollers
from promproof.observe.sources import sums
from promproof.run import exercises, frame, panels, static
from promproof.run.bench import Bench
from promproof.run.bringup import await_scrape, bring_up
from promproof.run.conducting import conductor, edges, part
from promproof.run.frame import Ground, Result, Say
from promproof.run.pace import timing_of
from promproof.run.prepare import Prepared
from promproof.run.quiescence import settle
from promproof.run.traffic import TRAFFIC_SECONDS, Settings, Traffic
from promproof.verdict import Verdict

POLL_SECONDS = 0.1
RECONCILE_SECONDS = 120.0
"""For the scenario as it is written; a stretched one has so many times as long."""
SCRAPES = 10
"""The arrivals of the reconciliation last through so many scrapes at least."""
START_SECONDS = 30.0
STOP_SECONDS, HURRIED_STOP_SECONDS = 15.0, 1.5
"""How long Locust may take to let its open requests finish; the second after an interruption."""
REST_ATTEMPTS = 10
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
    job: Job

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None:
        self.job = Job(ground, bring_up(ground, cleanup), cleanup)

    def drive(self) -> None:
        self.job.drive()

    def read(self) -> None:
        self.job.read()

    def exercise(self) -> None:
        self.job.restart()
        self.job.exercise()

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None:
        drawn = self._draw(self.job.folder, evidence, verdicts)
        if drawn is not None:
            self.job.say(f"panels next to their truth: {drawn}")


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
        self.ran: list[Traffic] = []
        self.scraped = 0.0
        self.sent_at_rest: LedgerView | None = None
        self.usage: exercises.UsageSampler | None = None
        self.boundary: Future[static.Points] | None = None
        self.machine = panels.sampler(ground.history, ground.prepared.contract, bench.monitoring)

    def drive(self) -> None:
        """All steps in order.

        Raises:
            EvidenceError: a component died, or traffic could not be driven.
        """
        recording.need_exposition(self.history, self.bench.service.metrics_url)
        if self.bench.service.app is None:
            self.bench.service.sender.forget()
            if self.bench.service.database is not None:
                sums(self.history, self.prepared.contract, self.bench.service.database, "baseline")
        sampler = self._sampler()
        if self.machine is not None:
            self.machine.start()
            self.cleanup.callback(self.machine.stop)
        # Locust takes seconds to start, and so does Prometheus' discovery: they wait for each other.
        reconcile = self._start("reconcile", self.prepared.reconcile, stretch=self._stretch())
        await_scrape(self.bench, self.say)
        self.scraped = self.history.now()
        self.usage = self._usage()
        self.poller.start()
        self.cleanup.callback(self.poller.stop)
        self.boundary = static.in_background(
            partial(static.boundary, self.prepared, self.bench.tools.binaries)
        )
        self._traffic(reconcile)
        self._rest(sampler)

    def read(self) -> None:
        """Ledgers, and what promtool said meanwhile; after an interruption nobody is waited for."""
        hurried = bool(interrupts.noted())
        for traffic in self.ran:
            with recording.attempt(self.history, LEDGER_OF + traffic.settings.name):
                traffic.stop(HURRIED_STOP_SECONDS if hurried else STOP_SECONDS)
                self.history.add("ledger", traffic.record())
        sent = self.sent_at_rest or self.bench.service.sender.view()
        self.history.add("ledger", {"source": "harness", "complete": True, "view": sent.to_json()})
        if self.boundary is not None:
            static.record_boundary(self.history, self.boundary, wait=not hurried)

    # traffic

    def _traffic(self, reconcile: Traffic) -> None:
        self.history.add("phase", {"name": "traffic", "edge": "begin"})
        tell = self._watch_and_tell(reconcile)
        reconcile.go()
        bound = RECONCILE_SECONDS * reconcile.settings.stretch
        reconcile.wait_for("arrivals-started", bound, tell)
        drill = self._drill_traffic()
        reconcile.wait(bound, tell)
        if drill is not None:
            self._drill(drill, reconcile.latest)
        self.history.add("phase", {"name": "traffic", "edge": "end"})

    def _drill_traffic(self) -> Traffic | None:
        """The drill's Locust, started while the reconciliation still runs; None for a run without a drill.

        Raises:
            InputError: the drill cannot tell its two sides apart.
        """
        prepared, loaded = self.prepared, self.prepared.drill
        if loaded is None or loaded.scenario is None or self.bench.service.faults is None:
            return None
        alert = prepared.contract.alert(loaded.plan.alert)
        histogram = edges(prepared.contract, alert)
        power_gate(loaded, alert, timing_of(prepared, alert), self.bench.pace.scale, histogram)
        return self._start("drill", loaded.scenario, loaded.plan.rate, TRAFFIC_SECONDS)

    def _drill(self, traffic: Traffic, latest: float) -> None:
        """`latest`: CLOCK_MONOTONIC time of the last event of the traffic before, in seconds."""
        bench, loaded = self.bench, self.prepared.drill
        assert loaded is not None
        traffic.go()
        traffic.wait_for("arrivals-started", START_SECONDS, bench.watch)
        self.history.add("traffic_flows", {"rate": loaded.plan.rate})

        def alive() -> None:
            bench.watch()
            traffic.check_alive()

        self._age_out(latest, alive)
        driven = part(self.prepared, bench, loaded.plan)
        try:
            conductor(bench, self.prepared, self.history, self.poller, alive, self.say).run([driven])
        finally:
            traffic.stop()

    def _age_out(self, latest: float, alive: Callable[[], None]) -> None:
        """Wait until no alert's window holds an event of the reconciliation any more: its failures are on purpose.

        An alert that they make fire is right, and would be found not to be silent.
        """
        bench = self.bench
        windows = [seconds(alert.window) for alert in self.prepared.contract.alerts if alert.window]
        needed = emptied(
            map(bench.pace.scale.seconds, windows), self.interval, bench.pace.evaluation_interval
        )
        until = latest + needed
        if (left := until - time.monotonic()) > 0:
            self.say(
                f"drill: begins in {left:.0f} s, when the reconciliation's failures have left the alerts' windows"
            )
        while time.monotonic() < until:
            alive()
            time.sleep(POLL_SECONDS)

    def _stretch(self) -> float:
        """How many times as long the reconciliation must take, so that enough scrapes meet it."""
        lasts = scenarios.load(self.prepared.reconcile).seconds
        return max(1.0, SCRAPES * self.interval / lasts) if lasts else 1.0

    def _start(
        self,
        name: str,
        scenario: Path,
        rate: float | None = None,
        seconds: float | None = None,
        stretch: float = 1.0,
    ) -> Traffic:
        bench = self.bench
        settings = Settings(scenario, bench.service.url, name, bench.pace.bin_seconds, rate, seconds, stretch)
        traffic = Traffic(settings, self.folder, bench.tools.journal)
        self.ran.append(traffic)
        self.cleanup.callback(traffic.stop)
        self.say(f"{name}: starting Locust with {scenario.name}")
        traffic.start()
        return traffic

    def _watch_and_tell(self, traffic: Traffic) -> Callable[[], None]:
        told = time.monotonic()

        def step() -> None:
            nonlocal told
            self.bench.watch()
            if time.monotonic() - told >= 2:
                told = time.monotonic()
                self.say(f"{traffic.settings.name}: {traffic.sent} requests sent")

        return step

    # rest

    def _rest(self, sampler: kernel.Sampler | None) -> None:
        self.say("at rest: holding connections and memory, letting users age out")
        self.history.add("phase", {"name": "stimuli", "edge": "begin"})
        scrapes = stimuli.pause(4 * self.interval)
        scrapes()
        if self.machine is not None:
            stimuli.use_disk(self.folder, self.history)
        with recording.attempt(self.history, "stimulus_connections"):
            stimuli.hold_connections(self.bench.service.url, self.history, scrapes)
        stimuli.hold_memory(self.bench.service.faults, self.history, scrapes)
        scrapes()
        self.history.add("phase", {"name": "stimuli", "edge": "end"})
        if sampler is not None:
            readings = sampler.stop()
            recording.kernel(self.history, readings)
            # From a scrape on, so that there is a stored value before the work.
            first = next((one for one in readings if one.before > self.scraped + self.interval), readings[-1])
            stimuli.cpu_work(self.history, first, readings[-1], sum(one.sent for one in self.ran))
        else:
            self.history.add("stimulus_cpu", {"unavailable": "the target's process is not on this machine"})
        settle(self.bench.service, self.bench.pace, self.prepared.contract, self.history, self.ran)
        bench = self.bench
        shown = (self.scraped, self.history.now())  # the harness's own ledger ends with the reading at rest
        self._read_at_rest()
        time.sleep(3 * self.interval)
        recording.exposition(self.history, bench.service.metrics_url, "rest-later")
        with recording.attempt(self.history, "a later scrape"):
            recording.await_stored(
                self.history, bench.monitoring.prometheus, bench.service.selector, STORED_SECONDS
            )
        recording.server(self.history, bench.monitoring.prometheus)
        recording.alertmanager(
            self.history,
            bench.monitoring.prometheus,
            bench.monitoring.alertmanager_url,
            self.prepared.folder.receivers,
            bench.monitoring.stack.inner.alertmanager,
        )
        recording.stored(
            self.history, bench.monitoring.prometheus, self.prepared.contract, bench.service.selector
        )
        if bench.service.database is not None:
            recording.rows(self.history, self.prepared.contract, bench.service.database, "rest")
        self.say("asking every panel")
        with recording.attempt(self.history, "panel"):
            panels.ask(self.history, self.prepared, bench, self.machine, self.ran, shown)

    def _read_at_rest(self) -> None:
        """Read the exposition while nobody of the harness sends: a notification may come at any time."""
        for _ in range(REST_ATTEMPTS):
            before = self.bench.service.sender.view()
            recording.exposition(self.history, self.bench.service.metrics_url, "rest")
            self.sent_at_rest = self.bench.service.sender.view()
            if before == self.sent_at_rest and not before.open:
                return

    def restart(self) -> None:
        """Restart the target, so that what it must remember is asked of a process that did not see it happen.

        Raises:
            EvidenceError: something has died, or the target does not come back.
        """
        self.bench.watch()
        if self.bench.service.app is None:
            return
        self.say("restarting the target")
        self.poller.stop()
        self.bench.service.app.restart()
        recording.exposition(self.history, self.bench.service.metrics_url, "restart")
        if self.bench.service.database is not None:
            recording.rows(self.history, self.prepared.contract, self.bench.service.database, "restart")

    def exercise(self) -> None:
        """What the documentation promises of its files and its containers; last, since it takes the stack down.

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
        """In real time, go on until the stack's CPU and memory were measured for as long as the contract says."""
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
