"""The traffic of the main job: the reconciliation, and after it the drill of one alert; driven once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from promproof.drills.aging import awaited
from promproof.drills.drill import NearMiss
from promproof.drills.plan import emptied, power_gate
from promproof.evidence import records
from promproof.evidence.evidence import LEDGER_OF
from promproof.load import scenario as scenarios
from promproof.observe import recording
from promproof.observe.polling import Pollers
from promproof.run.bench import Bench
from promproof.run.bringup import no_drill
from promproof.run.conducting import conductor, part
from promproof.run.frame import Ground
from promproof.run.holding import MAIN_SHARE, seen_slow, too_much, with_less
from promproof.run.options import DEFAULT_TIME_SCALE
from promproof.run.pace import timing_of
from promproof.run.reading import ledgers
from promproof.run.timeline import Timeline
from promproof.run.traffic import TRAFFIC_SECONDS, Settings, Traffic

POLL_SECONDS = 0.1
RECONCILE_SECONDS = 120.0
"""For the scenario as it is written; a stretched one has so many times as long."""
SCRAPES = 10
"""The arrivals of the reconciliation last through so many scrapes at least."""
START_SECONDS = 30.0


class Senders:
    """The Locust processes of one run. poller: knows what states the alerts were seen in."""

    def __init__(self, ground: Ground, bench: Bench, poller: Pollers, cleanup: ExitStack) -> None:
        self.prepared = ground.prepared
        self.bench = bench
        self.folder = ground.folder
        self.history = ground.history
        self.poller = poller
        self.cleanup = cleanup
        self.say = ground.say
        self.timeline = Timeline(ground.history, ground.say)
        self.ran: list[Traffic] = []

    def record(self, patience: float) -> None:
        """End what still sends, and write the ledgers down. patience: how long (seconds) open requests may take."""
        for traffic in self.ran:
            with recording.attempt(self.history, LEDGER_OF + traffic.settings.name):
                traffic.stop(patience)
                ledgers(self.history, self.bench.service, traffic.record(), traffic.sent_to())

    def drive(self, reconcile: Traffic) -> None:
        """Play the reconciliation, and after it the drill.

        Raises:
            EvidenceError: a component died, or traffic could not be driven.
        """
        self.history.add(records.Phase("traffic", "begin"))
        tell = self._watch_and_tell(reconcile)
        reconcile.go()
        bound = RECONCILE_SECONDS * reconcile.settings.stretch
        reconcile.wait_for("setup-done", bound, tell)
        drill = self._drill_traffic()
        reconcile.wait(bound, tell)
        if drill is not None:
            self._drill(drill, reconcile.latest)
        self.history.add(records.Phase("traffic", "end"))

    def _drill_traffic(self) -> Traffic | None:
        """The drill's Locust, started while the reconciliation still runs; None for a run without a drill.

        Raises:
            InputError: the drill cannot tell its two sides apart.
        """
        prepared, loaded = self.prepared, self.prepared.drill
        if loaded is None or loaded.scenario is None or no_drill(prepared, self.bench):
            return None
        alert = prepared.contract.alert(loaded.plan.alert)
        histogram = prepared.contract.edges(alert)
        power_gate(loaded, alert, timing_of(prepared, alert), self.bench.pace.scale, histogram)
        return self.start("drill", loaded.scenario, loaded.plan.rate, TRAFFIC_SECONDS)

    def _drill(self, traffic: Traffic, latest: float) -> None:
        """`latest`: CLOCK_MONOTONIC time of the last event of the traffic before, in seconds."""
        bench, loaded = self.bench, self.prepared.drill
        assert loaded is not None
        traffic.go()
        traffic.wait_for("arrivals-started", START_SECONDS, bench.watch)
        self.history.add(records.TrafficFlows(rate=loaded.plan.rate))
        flows, looked = time.monotonic(), False

        def alive() -> None:
            nonlocal looked
            self.timeline.update()
            bench.watch()
            traffic.check_alive()
            if not looked and time.monotonic() > until:
                looked = True
                self._raise_if_too_much(time.monotonic() - flows)

        driven = part(self.prepared, bench, loaded.plan)
        until = latest + emptied(
            map(
                bench.pace.scale.seconds,
                awaited(self.prepared.contract, self.prepared.rules, loaded.plan.may),
            ),
            bench.pace.scrape_interval,
            bench.pace.evaluation_interval,
        )
        if isinstance(loaded.plan.below, NearMiss):  # scrapes that fail are over before any window is
            self._wait(until, alive)
        else:
            driven = replace(driven, clear=self.history.from_monotonic(until))
            self._await_counted(until)
        if (left := until - time.monotonic()) > 0:
            self.say(
                f"drill: judged in {left:.0f} s, when the reconciliation's failures have left the alerts' windows"
            )
        try:
            conductor(bench, self.prepared, self.history, self.poller, alive, self.say).run([driven])
        finally:
            traffic.stop()

    def _raise_if_too_much(self, filled: float) -> None:
        """End a run whose target has no time for its scrapes while the drill's harmless dose is held.

        filled: for how long (s) there has been traffic.

        Raises:
            TooMuch: a smaller time scale may be taken.
        """
        prepared, loaded = self.prepared, self.prepared.drill
        if loaded is None or with_less(prepared) is None:
            return
        if seen := seen_slow(self.bench, filled, MAIN_SHARE):
            raise too_much(seen, loaded.plan.rate or 0.0, prepared.scale)

    def _await_counted(self, until: float) -> None:
        """Wait until a scrape has seen all of the reconciliation: what is stored from then on is the drill's.

        until: CLOCK_MONOTONIC time (s) after which nothing of it is left to be seen.
        """
        prometheus, selector = self.bench.monitoring.prometheus, self.bench.service.selector
        with recording.attempt(self.history, "a scrape before the drill"):
            recording.await_stored(self.history, prometheus, selector, until - time.monotonic())

    def _wait(self, until: float, alive: Callable[[], None]) -> None:
        while time.monotonic() < until:
            alive()
            time.sleep(POLL_SECONDS)

    def start_reconcile(self) -> Traffic:
        """Start the Locust of the reconciliation.

        Beyond the default time scale its arrivals come faster by as much, as a drill's do: as many meet each scrape.
        """
        scenario = scenarios.load(self.prepared.reconcile)
        share = self.bench.pace.scale.factor / DEFAULT_TIME_SCALE
        rate, lasts = (
            scenario.arrival.constant_rate if scenario.arrival is not None else None,
            scenario.seconds,
        )
        if share <= 1 or rate is None or lasts is None:
            return self.start("reconcile", self.prepared.reconcile, stretch=self.stretch())
        seconds = max(lasts / share, SCRAPES * self.bench.pace.scrape_interval)
        return self.start("reconcile", self.prepared.reconcile, rate * share, seconds)

    def stretch(self) -> float:
        """How many times as long the reconciliation must take, so that enough scrapes meet it."""
        lasts = scenarios.load(self.prepared.reconcile).seconds
        return max(1.0, SCRAPES * self.bench.pace.scrape_interval / lasts) if lasts else 1.0

    def start(
        self,
        name: str,
        scenario: Path,
        rate: float | None = None,
        seconds: float | None = None,
        stretch: float = 1.0,
    ) -> Traffic:
        """Start Locust with a scenario; it waits until it may send."""
        bench = self.bench
        first, *further = bench.service.urls
        width = bench.pace.bin_seconds
        settings = Settings(scenario, first, name, width, rate, seconds, stretch, tuple(further))
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
