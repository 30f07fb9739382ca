"""One run of a scenario inside Locust's process: setup, once sessions, arrivals, drain, final line.

What each part does stands in a module of its own: `once`, a file for each load model, `beat`, `stopping`. The run ends
in one place, `finish`, whatever ended it.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from math import inf

import gevent
from gevent.event import Event

from promproof.evidence.records.traffic import UNFILLED
from promproof.load.arrivals import NAP_SECONDS
from promproof.load.beat import write_regularly
from promproof.load.ground import Ground
from promproof.load.ledger import Ledger
from promproof.load.models import Scenario
from promproof.load.once import run_once, set_up
from promproof.load.patience import Patience
from promproof.load.plan import Plan, Readied
from promproof.load.play import Player, SetupError, Surprises
from promproof.load.punctuality import Generator, excesses
from promproof.load.roles import Alone, Record, Team, Writer
from promproof.load.sessions import Sessions
from promproof.load.spread import Spread
from promproof.load.stopping import Stop
from promproof.load.wire import Wire

log = logging.getLogger(__name__)

FINISH_SECONDS = 30.0
"""beyond the drain, for the last line of the ledger"""


class LoadRun:
    """Conducts a scenario.

    ready: asked before the first request until it says yes.
    quit: ends Locust; called once. problems: why the evidence is incomplete, in words. goes_on: what needs a pool that
    can't be filled is left out, and the rest is played; without it that ends the run. spread: the ledgers of several
    instances, of which `ledger` is the first.
    """

    def __init__(
        self,
        scenario: Scenario,
        ledger: Ledger,
        writer: Writer | None,
        clock: Callable[[], float],
        quit: Callable[[], None],
        ready: Callable[[], bool] = lambda: True,
        team: Team | None = None,
        *,
        goes_on: bool = False,
        spread: Spread | None = None,
    ) -> None:
        self.scenario = scenario
        self._ledger, self._spread = ledger, spread
        self._goes_on = goes_on
        self.surprises = Surprises()
        self.problems: list[str] = []
        self.generator = Generator(model=scenario.arrival.model if scenario.arrival else "none")
        self.setup_failed = False
        self.stop = Stop(
            clock, scenario.drain, lambda reason: self._ground.event("stopping", reason=reason), quit
        )
        self._ground = Ground(
            scenario=scenario,
            ledger=ledger if spread is None else spread,
            plan=Plan(scenario),
            clock=clock,
            team=Alone(clock) if team is None else team,
            written=Record(writer, self._torn),
            stop=self.stop,
            sessions=Sessions(self._broke),
            generator=self.generator,
        )
        self._ready = ready
        self._patience = Patience(clock(), scenario.timeout)
        self._met, self._over, self._finished = Event(), Event(), Event()
        if team is None:
            self._met.set()
        self._finishing = False
        self._users_in = 0
        self._through: list[gevent.Greenlet] = []
        self._beat = gevent.spawn(self._write_regularly)

    def join(self, *wires: Wire) -> None:
        """Take part with one Locust user's client; returns when the run is over. The first user conducts it.

        wires: the client, or one for each of several instances in their order.
        """
        self._users_in += 1
        player = Player(
            self._ledger,
            wires[0],
            gevent.sleep,
            lambda: self.stop.cut,
            self.surprises,
            self._failed_here,
            self._spread.turns(wires) if self._spread is not None else None,
        )
        if self._users_in == 1:
            gevent.spawn(self._ground.sessions.guard, self._conduct, player)
        self._over.wait()

    def interrupt(self) -> None:
        """Stop because somebody asked for it; asked again, without waiting for open requests."""
        self.stop.interrupt()

    def finish(self) -> bool:
        """Drain, within the scenario's time, and write the final line; True for the first caller.

        Safe to call again, also while the first call is still draining.
        """
        if self._finishing:
            self._finished.wait(self.scenario.drain + FINISH_SECONDS)
            return False
        self._finishing = True
        self.stop("asked to stop", cut=True)
        while self._users_in and not self._over.is_set() and self.stop.waits:
            gevent.sleep(NAP_SECONDS / 10)
        if still := self._ground.ledger.open_requests():
            self.problem(
                f"{still} requests were still open after {self.scenario.drain:g} s: their fate is unknown"
            )
        self._beat.kill()
        self._ground.team.over()
        for excess in excesses(self.generator, self.scenario.generator):
            self.problem(excess)
        self._ground.written(
            lambda writer: writer.finish(
                generator=self.generator.to_json(),
                surprises=self.surprises.to_json(),
                problems=self.problems,
                stopped=self.stop.reason,
                setup_failed=self.setup_failed,
            )
        )
        self._finished.set()
        return True

    def under_way(self) -> dict[str, object]:
        """How many of this process's arrivals were handed out, and the sessions that are in progress, by name."""
        progress = self._ground.progress
        return {
            "arrived": progress.handed,
            "sessions": {name: number for name, number in progress.under_way.items() if number},
        }

    def problem(self, text: str) -> None:
        """Note why the evidence is incomplete."""
        if text not in self.problems:
            self.problems.append(text)
            log.error("%s", text)

    # the course of a run

    def _conduct(self, player: Player) -> None:
        ground, stop = self._ground, self.stop
        try:
            while not self._ready() and not stop.asked:
                self._give_up(self._patience.unready(ground.clock()))
                gevent.sleep(NAP_SECONDS / 10)
            ground.team.meet(lambda: stop.asked)
            self._met.set()
            readied = self._prepare(player) if ground.team.share.index == 0 else None
            # a collection that looks through all of Locust's modules takes 50 ms and more: none once arrivals are due
            gc.collect()
            gc.freeze()
            if not stop.asked:
                ground.event("once-done")
                ground.progress.began, others = ground.team.set_out(readied, lambda: stop.asked)
                if others is not None:
                    ground.plan.take(others)
            if not stop.asked:
                self._arrive(player)
        except SetupError as error:
            self.setup_failed = True
            self.problem(f"the setup failed: {error}")
        finally:
            stop("end of the scenario")
            ground.sessions.drain(stop)
            gc.unfreeze()
            self._over.set()
            stop.leave()

    def _prepare(self, player: Player) -> Readied:
        if not self.stop.asked:
            set_up(self._ground, player, self._unfilled if self._goes_on else None)
        if not self.stop.asked:
            self._ground.event("setup-done")
            self._through = run_once(self._ground, player)
        return self._ground.plan.readied()

    def _arrive(self, player: Player) -> None:
        ground, arrival = self._ground, self.scenario.arrival
        if arrival is None:
            self._wait_for_through()
            return
        begin, cpu = ground.progress.began, time.process_time()
        ground.progress.opened_before = ground.ledger.opened
        ground.event(
            "arrivals-started",
            model=arrival.model,
            rate=arrival.constant_rate,
            duration=self.scenario.seconds,
            begin=begin,
        )
        if ground.plan.has_mix:
            arrival.drive(ground, player)
            self._wait_for_end(begin)
        self._wait_for_through()
        self.stop("end of the arrivals")
        ground.sessions.drain(self.stop)
        self.generator.seconds = ground.clock() - begin
        self.generator.cpu_seconds = time.process_time() - cpu

    def _wait_for_end(self, begin: float) -> None:
        end = begin + (inf if self.scenario.seconds is None else self.scenario.seconds)
        ground = self._ground
        while not self.stop.asked and not ground.enough() and (left := end - ground.clock()) > 0:
            gevent.sleep(min(left, NAP_SECONDS))

    def _wait_for_through(self) -> None:
        while not self.stop.asked and not all(session.dead for session in self._through):
            gevent.sleep(NAP_SECONDS)

    # what may go wrong

    def _failed_here(self) -> None:
        self.generator.own_failures += 1

    def _unfilled(self, pool: str, error: SetupError) -> None:
        self.problem(f"{UNFILLED}{pool!r} can't be filled: {error}")

    def _broke(self, error: Exception) -> None:
        log.error("internal error", exc_info=error)
        self.problem(f"internal error: {error!r}")
        self.stop("internal error", cut=True)

    def _write_regularly(self) -> None:
        self._met.wait()  # until then the clock may still be set
        write_regularly(self._ground, self._patience, lambda: self._users_in, self.problem, self._give_up)

    def _give_up(self, why: str) -> None:
        if why and not self.stop.asked:
            self.problem(why)
            self.stop(why, cut=True)
            self.stop.leave()

    def _torn(self, error: OSError) -> None:
        self.problem(f"the ledger cannot be written: {error.strerror}")
        self.stop("the ledger cannot be written", cut=True)
