"""open: sessions arrive at a rate, whatever the target does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

import gevent

from promproof.evidence import bins
from promproof.load.arrivals import keep, until
from promproof.load.drive import driver
from promproof.load.ground import Ground
from promproof.load.models import Open
from promproof.load.plan import ReadySession, Visit
from promproof.load.play import Player
from promproof.load.rates import schedule
from promproof.load.sleeping import TimerSleep


@driver("open")
def drive(ground: Ground, player: Player, arrival: Open) -> None:
    """Start this process's part of the schedule; returns when the last one was started."""
    _Arrivals(ground, player, arrival).keep()


class _Arrivals:
    def __init__(self, ground: Ground, player: Player, arrival: Open) -> None:
        self._ground = ground
        self._player = player
        self._limit = arrival.limit
        self._schedule = schedule(arrival, ground.scenario.seconds, ground.scenario.seed)
        self._next: tuple[ReadySession, Visit] | None = None
        self._slots = 0

    def keep(self) -> None:
        ground, sleep = self._ground, TimerSleep()
        try:
            arrived = keep(
                offsets=self._own(until(self._schedule, ground.enough)),
                start=self._start,
                clock=ground.clock,
                sleep=sleep,
                stopped=lambda: ground.stop.asked,
                grace=ground.scenario.drain,
                begin=ground.progress.began,
                breathe=lambda: gevent.sleep(0),
            )
        finally:
            sleep.close()
        ground.generator.planned, ground.generator.sent, ground.generator.missed = astuple(arrived)

    def _own(self, offsets: Iterator[float]) -> Iterator[float]:
        # every process deals all arrivals, so that the mix of all of them together is that of one process
        for number, offset in enumerate(offsets):
            self._next = self._ground.plan.next_of_mix()
            if self._ground.team.share.has(number):
                yield offset

    def _start(self, due: float) -> bool:
        progress = self._ground.progress
        progress.handed += 1
        if self._slots >= self._limit:
            return False
        assert self._next is not None
        session, visit = self._next
        self._slots += 1
        self._ground.generator.sent += 1
        progress.under_way[session.name] = progress.under_way.get(session.name, 0) + 1
        progress.unbegun += 1
        self._ground.sessions.spawn_raw(self._arrival, session, visit, due)
        return True

    def _arrival(self, session: ReadySession, visit: Visit, due: float) -> None:
        ground, progress = self._ground, self._ground.progress
        progress.unbegun -= 1
        lag = progress.newest_lag = ground.clock() - due
        ground.ledger.lag(lag)
        lags, bucket = ground.generator.lags, bins.bucket_of(max(int(lag * 1e6), 0))
        lags[bucket] = lags.get(bucket, 0) + 1
        try:
            self._player.play(session, visit, due)
        finally:
            self._slots -= 1
            progress.under_way[session.name] -= 1
