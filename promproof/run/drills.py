"""A run of drills: bring up, settle, drive batch after batch, read everything, judge, and only then tear down.

The order at the end is that of every drill: heal, go on with clean traffic until all has settled, stop the traffic,
confirm clean, save the history, judge.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from promproof import interrupts
from promproof.checks import aspects as judges
from promproof.checks.base import Check, Claim, judge_each
from promproof.config.jobs import shared
from promproof.drills.drill import Loaded
from promproof.drills.needs import needs_of
from promproof.drills.plan import batches, power_gate
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.evidence import LEDGER_OF, Evidence
from promproof.evidence.history import Clock
from promproof.exposition import matcher
from promproof.faults.kind import Need
from promproof.faults.resource import WRITER_GAP_SECONDS, Resource
from promproof.load import scenario
from promproof.observe import recording
from promproof.observe.node import NodeReader
from promproof.observe.polling import Pollers
from promproof.run import frame, several
from promproof.run.bringup import await_scrape, bring_up
from promproof.run.conducting import conductor, part
from promproof.run.conductor import Part
from promproof.run.dilution import refuse_diluted
from promproof.run.frame import Ground, Result, Say
from promproof.run.holding import lowered, slow, too_much
from promproof.run.idle import idle_machine
from promproof.run.options import wish_of
from promproof.run.pace import timing_of
from promproof.run.prepared import Prepared
from promproof.run.timeline import Timeline
from promproof.run.traffic import TRAFFIC_SECONDS, Settings, Traffic
from promproof.stack.choice import abilities
from promproof.stack.protocol import PROMETHEUS, Status
from promproof.verdict import Verdict

# Polls come five times in an evaluation, within these bounds.
SHORTEST_POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 1.0
START_SECONDS = 40.0
SETTLE_SECONDS = 10.0


def run(prepared: Prepared, drills: Sequence[Loaded], folder: Path, clock: Clock, say: Say) -> Result:
    """Run drills into `folder` (new); the history is written as it happens.

    Raises:
        TooMuch: the machine does not hold the traffic, and a smaller time scale may be taken.
        InputError: something the user gave cannot be used; nothing was started, or all of it was ended again.
    """
    return frame.run(_Drills(drills), prepared, claims(drills), folder, clock, say, drills)


class _Drills:
    """Drills in the frame of every run; after an interruption everything was healed."""

    driving = "driving the drills"
    session: _Session

    def __init__(self, drills: Sequence[Loaded]) -> None:
        self._drills = drills

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None:
        self.session = _Session(ground, self._drills, cleanup)

    def drive(self) -> None:
        self.session.drive()

    def read(self) -> None:
        self.session.read()

    def exercise(self) -> None:
        """Nothing: what a drill does to its stack it does while it is driven."""

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None:
        """Nothing: the way of an alert is shown at the end."""


def claims(drills: Sequence[Loaded]) -> list[tuple[Check, Claim]]:
    """Every claim that these drills make: known before anything runs."""
    return [
        pair
        for drill in drills
        for pair in judges.checks(drill.plan.name, drill.plan.alert, f"drill/{drill.plan.name}", drill.plan)
    ]


def judge_all(evidence: Evidence, drills: Sequence[Loaded]) -> list[Verdict]:
    """A verdict for every claim of these drills."""
    return list(judge_each(claims(drills), evidence))


def refuse(prepared: Prepared, drills: Sequence[Loaded]) -> None:
    """Refuse a drill that could not tell its two sides apart, before anything is started.

    Raises:
        InputError: with file, line and key.
    """
    for drill in drills:
        _refuse_impossible(prepared, drill)
        several.refuse(prepared, drill)
        if drill.scenario is not None:  # before what a smaller scale could mend: this one it can't
            refuse_diluted(drill, scenario.load(drill.scenario), prepared.contract, prepared.rules)
        alert = prepared.contract.alert(drill.plan.alert)
        try:
            timing = timing_of(prepared, alert)
        except EvidenceError as error:
            raise InputError(
                what=error.state,
                where=drill.where("alert"),
                expected="a route for the alert",
                todo=error.todo,
            ) from error
        power_gate(drill, alert, timing, prepared.scale, prepared.contract.edges(alert))


def _refuse_impossible(prepared: Prepared, loaded: Loaded) -> None:
    """A fault or a disturbance that needs what this run does not have: a fault port, a target or a stack of its own."""
    options, drill = prepared.options, loaded.plan
    app = options.target.app or prepared.contract.target.app or ""
    needs, abilities_needed = needs_of(drill)
    port = options.target.fault_url is not None or (options.target.url is None and "{fault_port}" in app)
    if Need.FAULT_PORT in needs and not port:
        raise InputError(
            what=f"the drill {drill.name} needs the target's fault port",
            where=loaded.where("fault"),
            expected="--fault-url and --fault-token, or {fault_port} in --app",
            todo="name it, or leave the drill out",
        )
    if Need.TARGET in needs and options.target.url is not None:
        raise InputError(
            what=f"the drill {drill.name} ends the target's process, and this run has not started it",
            where=loaded.where("fault"),
            expected="a fault of kind signal, command or http",
            todo="leave the drill out",
        )
    if not abilities_needed <= abilities(wish_of(options, prepared.contract.deployment)):
        raise InputError(
            what=f"the drill {drill.name} needs a stack that the run has started",
            where=loaded.where("fault"),
            expected="a run without --prometheus",
            todo="leave the drill out",
        )


class _Session:
    """The driving, step by step."""

    def __init__(self, ground: Ground, drills: Sequence[Loaded], cleanup: ExitStack) -> None:
        prepared, folder, history, say = ground.prepared, ground.folder, ground.history, ground.say
        self.prepared = prepared
        self.drills = drills
        self.folder = folder
        self.history = history
        self.cleanup = cleanup
        self.say = say
        self.traffic: list[Traffic] = []
        faults = [drill.plan.fault for drill in drills]
        cpus = max((fault.cpus for fault in faults if isinstance(fault, Resource)), default=2)
        self.proc = idle_machine(ground, cleanup, cpus)
        self.bench = bring_up(ground, cleanup, self.proc.folder if self.proc else None)
        bench = self.bench
        if bench.service.others:
            say(several.told(bench.service))
        if bench.service.siblings:
            raise InputError(
                what=shared(prepared.contract.target.job, bench.service.siblings),
                where="--prometheus",
                expected="one instance: an alert over all of them is not dosed by the requests to one",
                todo="leave one running while the drills are",
            )
        pause = min(max(bench.pace.evaluation_interval / 5, SHORTEST_POLL_SECONDS), LONGEST_POLL_SECONDS)
        self.pollers = Pollers(
            history, bench.monitoring.prometheus.url, bench.monitoring.alertmanager_url, pause
        )
        self.timeline = Timeline(history, say)
        self.reader = (
            NodeReader(history, bench.monitoring.stack.endpoints.node_exporter) if self.proc else None
        )

    def drive(self) -> None:
        """All batches, and the end of the traffic.

        Raises:
            EvidenceError: a component died, a fault was lost, or traffic could not be driven.
            KeyboardInterrupt: after everything was healed.
        """
        parts = {drill.plan.name: part(self.prepared, self.bench, drill.plan) for drill in self.drills}
        try:
            self._start_traffic()
            self.pollers.start()
            self.cleanup.callback(self.pollers.stop)
            await_scrape(self.bench, self.say)
            self._flow()
            self._settle([part.timing.window for part in parts.values()])
            driver = conductor(
                self.bench, self.prepared, self.history, self.pollers, self._alive, self.say, self.proc
            )
            for number, batch in enumerate(batches(self.drills)):
                names = [drill.plan.name for drill in batch]
                self.say(f"batch {number + 1}: {', '.join(names)}")
                self._mark(parts, names, "begin")
                driver.run([parts[name] for name in names], number, self.reader)
                self._mark(parts, names, "end")
            clean = driver.is_clean()
            self.history.add(records.Clean(clean))
            if not clean:
                raise EvidenceError("target", "a fault is still active at the end", (), "--recover ends it")
        finally:
            for traffic in self.traffic:
                traffic.stop()

    def _mark(self, parts: Mapping[str, Part], names: Sequence[str], edge: Literal["begin", "end"]) -> None:
        """What the clients had seen at the begin and at the end of a batch of slow requests."""
        for name in names:
            if parts[name].drill.fault.traffic:
                slow = sum(traffic.slower_than(parts[name].alert.limit) for traffic in self.traffic)
                self.history.add(records.LedgerMark(name, edge, slow))

    def read(self) -> None:
        """Everything that the judgement needs; what cannot be read is a gap."""
        history, bench = self.history, self.bench
        for traffic in self.traffic:
            with recording.attempt(history, LEDGER_OF + traffic.settings.name):
                history.add(traffic.record())
        history.add(records.Ledger("harness", complete=True, view=bench.service.sender.view().to_json()))
        if self.proc is not None:
            gaps = tuple(records.Pause(begin, end) for begin, end in self.proc.gaps)
            history.add(records.ProcFolder(gaps, WRITER_GAP_SECONDS))
        if interrupts.hurried():  # asked more than once: nothing is waited for any more
            return
        state = bench.monitoring.stack.states().get(PROMETHEUS)
        if state is not None and state.status in (Status.DIED, Status.STOPPED):
            history.add(records.ObservationFailed("prometheus", str(state)))
            return
        recording.server(history, bench.monitoring.prometheus)
        recording.stored(
            history, bench.monitoring.prometheus, self.prepared.contract, [bench.service.selector]
        )
        buckets = [
            f'{metric.name}_bucket{{{bench.service.selector},le="{float(alert.limit)}"}}'
            for alert in self.prepared.contract.alerts
            for metric in self.prepared.contract.metrics
            if metric.name in alert.metrics and metric.buckets is not None and alert.threshold is not None
        ]
        recording.samples(history, bench.monitoring.prometheus, records.StoredBuckets, buckets)
        if self.proc is not None:
            names = (
                "up",
                "scrape_duration_seconds",
                "node_cpu_seconds_total",
                "node_memory_MemAvailable_bytes",
                "node_memory_MemTotal_bytes",
            )
            job = matcher("job", self._node_job())
            recording.samples(
                history,
                bench.monitoring.prometheus,
                records.StoredNode,
                [f"{name}{{{job}}}" for name in names],
            )
        recording.expressions(
            history, bench.monitoring.prometheus, bench.pace.evaluation_interval, self._rules()
        )

    def _rules(self) -> dict[str, str]:
        rendered = self.history.last(records.RenderedRules)
        rules = rendered.data.rules if rendered is not None else ()
        return {rule.name: rule.expression for rule in rules}

    def _node_job(self) -> str:
        jobs = self.prepared.folder.jobs
        return next((job for job in ("node", "node-exporter", "node_exporter") if job in jobs), "node")

    def _start_traffic(self) -> None:
        rates: dict[Path, float] = {}
        for drill in self.drills:
            if drill.scenario is not None and drill.plan.rate is not None:
                path = drill.scenario.resolve()
                rates[path] = max(rates.get(path, 0.0), drill.plan.rate)
        for path, rate in rates.items():
            settings = Settings(
                path, self.bench.service.url, path.stem, self.bench.pace.bin_seconds, rate, TRAFFIC_SECONDS
            )
            traffic = Traffic(settings, self.folder, self.bench.tools.journal)
            self.traffic.append(traffic)
            self.say(f"{path.stem}: starting Locust, {rate:g}/s")
            traffic.start()

    def _flow(self) -> None:
        for traffic in self.traffic:
            traffic.go()
        for traffic in self.traffic:
            traffic.wait_for("arrivals-started", START_SECONDS, self.bench.watch)
        self.history.add(records.TrafficFlows(tuple(traffic.settings.name for traffic in self.traffic)))

    def _alive(self) -> None:
        self.timeline.update()
        self.bench.watch()
        for traffic in self.traffic:
            traffic.check_alive()

    def _settle(self, windows: Sequence[float]) -> None:
        """Wait until a window is full of clean traffic, and until no alert is left from before the first scrape."""
        self.say("settling: clean traffic fills the windows")
        begun = self.history.now()
        least = begun + max(windows, default=0.0) + 2 * self.bench.pace.scrape_interval
        quiet_since: float | None = None
        # Alertmanager tells of a resolved alert at its next group_interval
        calm = max(
            (
                timing_of(self.prepared, alert).group_interval
                for alert in self.prepared.contract.alerts
                if alert.is_dosed
            ),
            default=1.0,
        )
        always = {alert.name for alert in self.prepared.contract.alerts if alert.always}
        looked = False
        while True:
            self._alive()
            now = self.history.now()
            if now >= least and not looked:
                self._raise_if_too_much(now - begun)
                looked = True
            quiet_since = (quiet_since or now) if self.pollers.quiet(always) else None
            if now >= least and quiet_since is not None and now - quiet_since >= calm + 0.5:
                return
            if now > least + 3 * calm + SETTLE_SECONDS:
                # not an end: an alert that fires without a fault is what the drills will say
                self.say("alerts are active before any fault")
                return
            time.sleep(0.05)

    def _raise_if_too_much(self, filled: float) -> None:
        """End the run where its target has no time left for its scrapes, and another one may ask for less.

        filled: for how long (s) there has been traffic.

        Raises:
            TooMuch: a smaller time scale may be taken.
        """
        bench = self.bench
        if not self.traffic or lowered(self.prepared, self.drills, refuse) is None:
            return

        def stored(name: str) -> dict[float, float]:
            selector = f"{name}{{{bench.service.selector}}}"
            found = bench.monitoring.prometheus.samples(selector, filled)
            return {stamp: value for series in found for stamp, value in series.samples}

        seen = slow(stored("up"), stored("scrape_duration_seconds"), bench.pace.scrape_timeout)
        if seen:
            rate = sum(traffic.settings.rate or 0.0 for traffic in self.traffic)
            raise too_much(seen, rate, self.prepared.scale)
