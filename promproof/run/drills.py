"""A run of drills: bring up, settle, drive batch after batch, read everything, judge, and only then tear down.

The order at the end is that of every drill: heal, go on with clean traffic until all has settled, stop the traffic,
confirm clean, save the history, judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

from promproof import interrupts
from promproof.checks import aspects as judges
from promproof.checks.base import Check, Claim, judge_each
from promproof.config.jobs import shared
from promproof.drills import fresh
from promproof.drills.aging import remains
from promproof.drills.batching import Stage
from promproof.drills.coinciding import held_up
from promproof.drills.drill import Loaded
from promproof.drills.needs import needs_of
from promproof.drills.plan import emptied, lag, power_gate
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
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
from promproof.run.holding import lowered, refuse_doubtful_drills
from promproof.run.idle import idle_machine
from promproof.run.loads import Loads
from promproof.run.mixing import staged
from promproof.run.options import wish_of
from promproof.run.pace import timing_of
from promproof.run.prepared import Prepared
from promproof.run.settling import Settling
from promproof.run.timeline import Timeline
from promproof.stack.choice import abilities
from promproof.stack.protocol import PROMETHEUS, Status
from promproof.verdict import Verdict

# Polls come five times in an evaluation, within these bounds.
SHORTEST_POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 1.0


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
        """Nothing but to refuse what is in doubt: the way of an alert is shown at the end."""
        if self.session.history.last(records.Trouble) is None:
            refuse_doubtful_drills(self.session.prepared, self._drills, refuse, verdicts)


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
    fresh.refuse_two(drills, prepared.contract)
    for drill in drills:
        _refuse_impossible(prepared, drill)
        several.refuse(prepared, drill)
        if drill.scenario is not None:  # before what a smaller scale could mend: this one it can't
            refuse_diluted(drill, scenario.load(drill.scenario), prepared.contract, prepared.rules)
        alert = prepared.contract.alert(drill.plan.alert)
        try:
            timing = drill.plan.timed(timing_of(prepared, alert))
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
        prepared, history, say = ground.prepared, ground.history, ground.say
        self.prepared = prepared
        self.asked = drills  # with rates of their own, as whoever drives them again has them
        self.stages = staged(prepared, drills)
        self.drills = [drill for stage in self.stages for drill in stage.drills]
        self.history = history
        self.cleanup = cleanup
        self.say = say
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
        self.driven: list[Part] = []
        self.loads = Loads(ground, bench, self.stages)
        pause = min(max(bench.pace.evaluation_interval / 5, SHORTEST_POLL_SECONDS), LONGEST_POLL_SECONDS)
        self.pollers = Pollers(
            history, bench.monitoring.prometheus.url, bench.monitoring.alertmanager_url, pause
        )
        self.timeline = Timeline(history, say)
        self.settling = Settling(prepared, bench, history, self.pollers)
        self.reader = (
            NodeReader(history, bench.monitoring.stack.endpoints.node_exporter) if self.proc else None
        )

    def drive(self) -> None:
        """All batches, and the end of the traffic.

        Raises:
            EvidenceError: a component died, a fault was lost, or traffic could not be driven.
            KeyboardInterrupt: after everything was healed.
        """
        parts = {drill.plan.name: self._part(drill, stage) for stage in self.stages for drill in stage.drills}
        try:
            self.loads.start()
            self.pollers.start()
            self.cleanup.callback(self.pollers.stop)
            await_scrape(self.bench, self.say)
            self.loads.play(0, self.bench.watch)
            self.settling.wait([part.timing.window for part in parts.values()], self._alive, self.say)
            driver = conductor(
                self.bench, self.prepared, self.history, self.pollers, self._alive, self.say, self.proc
            )
            for number, stage in enumerate(self.stages):
                names = [drill.plan.name for drill in stage.drills]
                self.loads.play(number, self._alive)
                self.say(f"batch {number + 1}: {', '.join(names)}")
                self._mark(parts, names, "begin")
                batch = [replace(self._clear(parts[name]), after=stage.after.get(name, ())) for name in names]
                driver.run(batch, number, self.reader)
                self._mark(parts, names, "end")
                self.driven += [parts[name] for name in names]
            clean = driver.is_clean()
            self.history.add(records.Clean(clean))
            if not clean:
                raise EvidenceError("target", "a fault is still active at the end", (), "--recover ends it")
        finally:
            self.loads.stop()

    def _part(self, drill: Loaded, stage: Stage) -> Part:
        """What a drill is driven with, in the time that those beside it leave it."""
        made = part(self.prepared, self.bench, drill.plan)
        late = held_up(drill.plan, [other.plan for other in stage.drills if other is not drill])
        own = (
            self.bench.monitoring.stack.rendered is not None
        )  # whatever was in another's windows is not known
        first = own and stage is self.stages[0] and fresh.is_needed(drill, made.alert)
        return replace(made, timing=replace(made.timing, late=late, fresh=first))

    def _clear(self, part: Part) -> Part:
        """The drill, judged from when its alert's windows hold nothing of what was dosed for others before it."""
        healed = {turn.data.drill: turn.t for turn in self.history.of(records.Turn) if turn.data.do == "heal"}
        earlier = [driven for driven in self.driven if driven.drill.scenario and driven.drill.name in healed]
        window = remains(
            self.prepared.contract, self.prepared.rules, part.alert, [driven.alert for driven in earlier]
        )
        if not window:
            return part
        pace = self.bench.pace
        last = max(healed[driven.drill.name] + lag(driven.drill, driven.timing) for driven in earlier)
        until = last + emptied([pace.scale.seconds(window)], pace.scrape_interval, pace.evaluation_interval)
        return replace(part, clear=until) if until > self.history.now() else part

    def _mark(self, parts: Mapping[str, Part], names: Sequence[str], edge: Literal["begin", "end"]) -> None:
        """What the clients had seen at the begin and at the end of a batch of slow requests."""
        for name in names:
            if parts[name].drill.fault.traffic:
                slow = self.loads.slower_than(parts[name].alert.limit)
                self.history.add(records.LedgerMark(name, edge, slow))

    def read(self) -> None:
        """Everything that the judgement needs; what cannot be read is a gap."""
        history, bench = self.history, self.bench
        self.loads.record()
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
        watched = sorted({name for drill in self.drills for name in drill.plan.fault.watched})
        recording.samples(history, bench.monitoring.prometheus, records.StoredMonitoring, watched)
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

    def _alive(self) -> None:
        self.timeline.update()
        self.bench.watch()
        self.loads.check_alive()
        self.settling.raise_if_too_much(self.loads.rate, self._may_lower)

    def _may_lower(self) -> bool:
        return lowered(self.prepared, self.asked, refuse) is not None
