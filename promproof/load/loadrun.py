"""One run of a scenario inside Locust's process: setup, once sessions, arrivals, drain, final line.

All sessions are greenlets of the run, not of Locust's users: Locust kills its users wherever they stand, and
a request that is killed half-way has an unknown fate. The run ends in one place, `finish`, whatever ended it.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from math import inf

import gevent
from gevent.event import Event
from gevent.pool import Pool

from promproof.evidence import bins
from promproof.load.arrivals import NAP_SECONDS, Arrived, keep, until
from promproof.load.ledger import Ledger
from promproof.load.models import Closed, Once, Open, Scenario
from promproof.load.patience import Patience
from promproof.load.plan import Item, Plan, Readied, ReadyRequest, ReadySession, Visit
from promproof.load.play import Player, SetupError, Surprises
from promproof.load.punctuality import Generator, excesses, overrun
from promproof.load.rates import most_users, schedule, users_at
from promproof.load.roles import Alone, Pulse, Record, Team, Writer
from promproof.load.sleeping import TimerSleep
from promproof.load.wire import Wire

log = logging.getLogger(__name__)

SETUP_AT_ONCE = 8
"""create requests of one pool under way at the same time"""


FINISH_SECONDS = 30.0
"""beyond the drain, for the last line of the ledger"""


class LoadRun:
    """Conducts a scenario.

    ready: asked before the first request until it says yes.
    quit: ends Locust; called once. problems: why the evidence is incomplete, in words.
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
    ) -> None:
        self.scenario = scenario
        self._ready = ready
        self._team = Alone(clock) if team is None else team
        self.surprises = Surprises()
        self.problems: list[str] = []
        self.generator = Generator(model=scenario.arrival.model if scenario.arrival else "none")
        self.setup_failed = False
        self._ledger = ledger
        self._plan = Plan(scenario)
        self._written = Record(writer, self._torn)
        self._clock = clock
        self._patience = Patience(clock(), scenario.timeout)
        self._quit = quit
        self._active = self._arrived = 0
        self._deadline = inf
        self._began = inf
        self._newest_lag = 0.0
        self._stop_reason = ""
        self._under_way: dict[str, int] = {}
        self._handed = 0
        self._met = Event()
        if team is None:
            self._met.set()
        self._over = Event()
        self._finished = Event()
        self._stopping = self._cut = self._finishing = self._hurry = self._quitted = False
        self._users_in = self._interrupts = 0
        self._opened_before = 0
        self._unbegun = 0
        """arrivals that were started and have not sent their first request yet"""
        self._beat = gevent.spawn(self._write_regularly)

    def join(self, wire: Wire) -> None:
        """Take part with one Locust user's client; returns when the run is over. The first user conducts it."""
        self._users_in += 1
        player = Player(
            self._ledger, wire, gevent.sleep, lambda: self._cut, self.surprises, self._failed_here
        )
        if self._users_in == 1:
            gevent.spawn(self._guard, self._conduct, player)
        self._over.wait()

    def stop(self, reason: str, cut: bool = False) -> None:
        """No more arrivals. cut: sessions end after the request that they are in, instead of after their
        last.
        """
        self._cut = self._cut or cut
        if not self._stopping:
            self._stopping = True
            self._stop_reason = reason
            self._deadline = self._clock() + self.scenario.drain
            self._event("stopping", reason=reason)

    def interrupt(self) -> None:
        """Stop because somebody asked for it; asked again, without waiting for open requests."""
        self._interrupts += 1
        self._hurry = self._interrupts > 1
        self.stop("interrupted", cut=True)
        self._leave()

    def finish(self) -> bool:
        """Drain, within the scenario's time, and write the final line; True for the first caller.

        Safe to call again, also while the first call is still draining.
        """
        if self._finishing:
            self._finished.wait(self.scenario.drain + FINISH_SECONDS)
            return False
        self._finishing = True
        self.stop("asked to stop", cut=True)
        while (
            self._users_in and not self._over.is_set() and self._clock() < self._deadline and not self._hurry
        ):
            gevent.sleep(NAP_SECONDS / 10)
        if still := self._ledger.open_requests():
            self.problem(
                f"{still} requests were still open after {self.scenario.drain:g} s: their fate is unknown"
            )
        self._beat.kill()
        self._team.over()
        for excess in excesses(self.generator, self.scenario.generator):
            self.problem(excess)
        self._written(
            lambda writer: writer.finish(
                generator=self.generator.to_json(),
                surprises=self.surprises.to_json(),
                problems=self.problems,
                stopped=self._stop_reason,
                setup_failed=self.setup_failed,
            )
        )
        self._finished.set()
        return True

    def under_way(self) -> dict[str, object]:
        """How many of this process's arrivals were handed out, and the sessions that are in progress, by name."""
        return {"arrived": self._handed, "sessions": {name: n for name, n in self._under_way.items() if n}}

    def problem(self, text: str) -> None:
        """Note why the evidence is incomplete."""
        if text not in self.problems:
            self.problems.append(text)
            log.error("%s", text)

    # the course of a run

    def _conduct(self, player: Player) -> None:
        try:
            while not self._ready() and not self._stopping:
                self._give_up(self._patience.unready(self._clock()))
                gevent.sleep(NAP_SECONDS / 10)
            self._team.meet(lambda: self._stopping)
            self._met.set()
            readied: Readied | None = None
            if self._team.share.index == 0:
                if not self._stopping:
                    self._set_up(player)
                if not self._stopping:
                    self._event("setup-done")
                    self._run_once(player)
                readied = self._plan.readied()
            # a collection that looks through all of Locust's modules takes 50 ms and more: none once arrivals are due
            gc.collect()
            gc.freeze()
            if not self._stopping:
                self._event("once-done")
                self._began, others = self._team.set_out(readied, lambda: self._stopping)
                if others is not None:
                    self._plan.take(others)
            if not self._stopping:
                self._arrive(player)
        except SetupError as error:
            self.setup_failed = True
            self.problem(f"the setup failed: {error}")
        finally:
            self.stop("end of the scenario")
            self._drain()
            gc.unfreeze()
            self._over.set()
            self._leave()

    def _set_up(self, player: Player) -> None:
        failed: list[SetupError] = []
        for name, pool in self.scenario.pools.items():
            request = self._plan.creates[name]

            def create(visit: Visit, request: ReadyRequest = request) -> Item:
                if self._stopping or failed:
                    return {}
                try:
                    return player.create(request, visit)
                except SetupError as error:  # a greenlet that raises would print a traceback
                    failed.append(error)
                    return {}

            visits = [self._plan.visit() for _ in range(pool.count)]
            self._plan.items[name] = Pool(SETUP_AT_ONCE).map(create, visits)
            if failed:
                raise failed[0]

    def _run_once(self, player: Player) -> None:
        beside: list[gevent.Greenlet] = []
        for spec, session in zip(self.scenario.once, self._plan.once, strict=True):
            if spec.alone:
                gevent.joinall(beside)
            runs = self._spawn(self._times, player, spec, session)
            if spec.background:
                beside.append(runs)
            else:
                runs.join()
        gevent.joinall(beside)

    def _times(self, player: Player, spec: Once, session: ReadySession) -> None:
        self._event("once-started", session=session.name)
        slots = Pool(spec.at_once)
        for number in range(spec.times):
            if self._stopping:
                break
            if spec.stretched and number % spec.at_once == 0:
                slots.join()  # wave after wave: in each, how many are under way is certain
            slots.wait_available()
            slots.add(self._spawn(player.play, session, self._plan.visit(session)))
        slots.join()
        self._event("once-ended", session=session.name)

    def _arrive(self, player: Player) -> None:
        arrival = self.scenario.arrival
        if arrival is None:
            return
        rate = arrival.rate if isinstance(arrival, Open) else None
        begin, cpu, self._opened_before = self._began, time.process_time(), self._ledger.opened
        self._event(
            "arrivals-started", model=arrival.model, rate=rate, duration=self.scenario.seconds, begin=begin
        )
        if isinstance(arrival, Open):
            arrived = self._open(player, arrival, begin)
            self.generator.planned, self.generator.sent, self.generator.missed = astuple(arrived)
        else:
            self._closed(player, arrival)
        self._wait_for_end(begin)
        self.stop("end of the arrivals")
        self._drain()
        self.generator.seconds = self._clock() - begin
        self.generator.cpu_seconds = time.process_time() - cpu

    def _open(self, player: Player, arrival: Open, begin: float) -> Arrived:
        drawn: list[tuple[ReadySession, Visit]] = []

        def own(offsets: Iterator[float]) -> Iterator[float]:
            # every process deals all arrivals, so that the mix of all of them together is that of one process
            for number, offset in enumerate(offsets):
                drawn[:] = [self._plan.next_of_mix()]
                if self._team.share.has(number):
                    yield offset

        def start(due: float) -> bool:
            self._handed += 1
            if self._arrived >= arrival.limit:
                return False
            self._arrived += 1
            self.generator.sent += 1
            name = drawn[0][0].name
            self._under_way[name] = self._under_way.get(name, 0) + 1
            self._active += 1
            self._unbegun += 1
            # raw, since nobody waits for a single one
            gevent.spawn_raw(self._session, self._arrival, player, *drawn[0], due)
            return True

        offsets = until(schedule(arrival, self.scenario.seconds, self.scenario.seed), self._enough)
        sleep = TimerSleep()
        try:
            return keep(
                own(offsets), start, self._clock, sleep, lambda: self._stopping, self.scenario.drain,
                begin, lambda: gevent.sleep(0),
            )  # fmt: skip
        finally:
            sleep.close()

    def _arrival(self, player: Player, session: ReadySession, visit: Visit, due: float) -> None:
        self._unbegun -= 1
        lag = self._newest_lag = self._clock() - due
        self._ledger.lag(lag)
        lags, bucket = self.generator.lags, bins.bucket_of(max(int(lag * 1e6), 0))
        lags[bucket] = lags.get(bucket, 0) + 1
        try:
            player.play(session, visit, due)
        finally:
            self._arrived -= 1
            self._under_way[session.name] -= 1

    def _closed(self, player: Player, arrival: Closed) -> None:
        for number in range(most_users(arrival)):
            if self._team.share.has(number):
                self._spawn(self._closed_user, player, number, arrival)

    def _closed_user(self, player: Player, number: int, arrival: Closed) -> None:
        # spread over the first pause, so that the users do not stay in step
        gevent.sleep(max(self._began - self._clock(), 0.0) + arrival.think * number / most_users(arrival))
        while not self._stopping and not self._enough():
            if users_at(arrival, self._clock() - self._began) <= number:
                gevent.sleep(NAP_SECONDS / 10)
                continue
            self.generator.sent += 1
            player.play(*self._plan.next_of_mix())
            gevent.sleep(arrival.think)

    def _wait_for_end(self, begin: float) -> None:
        duration = inf if self.scenario.seconds is None else self.scenario.seconds
        while not self._stopping and not self._enough() and (left := begin + duration - self._clock()) > 0:
            gevent.sleep(min(left, NAP_SECONDS))

    def _enough(self) -> bool:
        most = self.scenario.max_requests
        if most is None:
            return False
        return self._ledger.opened + self._unbegun - self._opened_before >= self._team.share.part(most)

    # housekeeping

    def _failed_here(self) -> None:
        self.generator.own_failures += 1

    def _spawn(self, function: Callable[..., None], *arguments: object) -> gevent.Greenlet:
        self._active += 1
        return gevent.spawn(self._session, function, *arguments)

    def _session(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._guard(function, *arguments)
        finally:
            self._active -= 1

    def _guard(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            function(*arguments)
        except Exception as error:
            log.exception("internal error")
            self.problem(f"internal error: {error!r}")
            self.stop("internal error", cut=True)

    def _drain(self) -> None:
        while self._active and self._clock() < self._deadline and not self._hurry:
            gevent.sleep(NAP_SECONDS / 10)

    def _leave(self) -> None:
        if not self._quitted:
            self._quitted = True
            gevent.spawn(self._quit)

    def _write_regularly(self) -> None:
        self._met.wait()  # until then the clock may still be set
        due = self._clock()
        pulse, lag_before = Pulse(due), 0.0
        while True:
            due += self._ledger.bin_seconds
            gevent.sleep(max(due - self._clock(), 0.0))
            now = self._clock()
            lag = now - due
            self.generator.loop_lag_max_seconds = max(self.generator.loop_lag_max_seconds, lag)
            due += lag if lag > self._ledger.bin_seconds else 0.0
            self._written(lambda writer: writer.flush())
            ledger = self._ledger
            self._give_up(self._patience.lost(now, self._users_in, ledger.opened, ledger.open_requests()))
            if pulsed := pulse.beat(now, lag):
                self._sample(pulsed)
                if too_much := overrun(
                    self._newest_lag, lag_before, pulsed["cpu"], self.generator.sent, now - self._began
                ):
                    self.problem(too_much)
                    self.stop("the rate is beyond this machine", cut=True)
                lag_before = self._newest_lag

    def _give_up(self, why: str) -> None:
        if why and not self._stopping:
            self.problem(why)
            self.stop(why, cut=True)
            self._leave()

    def _sample(self, pulsed: dict[str, float]) -> None:
        self._written(lambda writer: writer.sample(**pulsed, sent=self.generator.sent))

    def _event(self, name: str, **data: object) -> None:
        self._written(lambda writer: writer.event(name, **data))

    def _torn(self, error: OSError) -> None:
        self.problem(f"the ledger cannot be written: {error.strerror}")
        self.stop("the ledger cannot be written", cut=True)
