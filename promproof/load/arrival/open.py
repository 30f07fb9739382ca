"""open: sessions arrive at a rate, whatever the target does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from math import ceil, inf
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from promproof.evidence import bins
from promproof.load import descriptors
from promproof.load.arrival.kind import Arrival, Stage, register
from promproof.load.arrivals import keep, until
from promproof.load.fields import Duration, EdgeRate, Rate
from promproof.load.rates import Piece, schedule

if TYPE_CHECKING:
    from promproof.load.ground import Ground
    from promproof.load.plan import ReadySession, Visit
    from promproof.load.play import Player

LEAST = 500
"""Sessions under way that are always allowed: they may last, whatever the rate."""
SPARE = 100
"""Files that are no connections: libraries, the ledger, standard streams."""


class RateStage(Stage):
    """A part of the arrivals: at one rate, or from one rate to another in a straight line."""

    rate: EdgeRate | None = None
    begin: EdgeRate | None = Field(default=None, alias="from")
    end: EdgeRate | None = Field(default=None, alias="to")

    @property
    def edges(self) -> tuple[float, float]:
        """Arrivals per second at its begin and at its end."""
        return (self.begin or 0.0, self.end or 0.0) if self.rate is None else (self.rate, self.rate)


@register
class Open(Arrival):
    """Sessions arrive at a rate, whatever the target does."""

    model: Literal["open"]
    quantity = "rate"
    rate: Rate | None = Field(default=None, description="arrivals, for the whole duration")
    stages: list[RateStage] = Field(default=[], description="instead of rate and duration")
    spacing: Literal["even", "poisson"] = Field(
        default="even", description="gaps between arrivals: all alike, or random as of independent callers"
    )
    limit: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="sessions under way at most in a process; an arrival beyond that is missed, and counted as missed. "
        "By default as many as arrive at the highest rate while the target stands still for `stall`, at least 500",
    )
    stall: Duration = Field(
        default=10.0, description="the longest standstill of the target without a missed arrival"
    )

    @property
    def constant_rate(self) -> float | None:
        """Arrivals a second, without stages."""
        return self.rate

    def sessions_at_once(self, processes: int, files: int) -> int:
        """How many sessions may be under way in one of several processes, each of which may open so many files.

        A target that stands still holds all that arrive meanwhile.
        """
        if self.limit is not None:
            return self.limit
        wanted = max(LEAST, ceil(self.highest / processes * self.stall))
        return max(min(wanted, files - SPARE), 1)

    @property
    def highest(self) -> float:
        """The highest rate (1/s)."""
        return max((self.rate or 0.0, *(edge for stage in self.stages for edge in stage.edges)))

    def at_most(self, processes: int, files: int) -> str:
        """The highest rate, how many sessions may be under way for it, and where that number comes from."""
        limit = self.sessions_at_once(processes, files)
        share = self.highest / processes
        if self.limit is not None:
            why = "arrival.limit"
        elif limit < max(LEAST, ceil(share * self.stall)):
            why = f"it may open {files} files: ulimit -n"
        elif limit == LEAST:
            why = "the least"
        else:
            why = f"{share:g}/s x {self.stall:g} s, the longest standstill: arrival.stall"
        each = f" in each of {processes} processes" if processes > 1 else ""
        return f"up to {self.highest:g}/s: at most {limit} sessions under way{each} ({why}), a further one is missed"

    def course(self, seconds: float | None) -> tuple[Piece, ...]:
        """How the rate goes."""
        if self.rate is not None:
            return (Piece(self.rate, self.rate, inf if seconds is None else seconds),)
        return tuple(Piece(*stage.edges, stage.seconds) for stage in self.stages)

    def schedule(self, seconds: float | None, seed: int) -> Iterator[float]:
        """When all arrivals are due, in seconds from the begin."""
        return schedule(self.course(seconds), self.spacing, seconds, seed)

    def drive(self, ground: Ground, player: Player) -> None:
        """Start this process's part of the schedule; returns when the last one was started."""
        _Arrivals(ground, player, self).keep()


class _Arrivals:
    def __init__(self, ground: Ground, player: Player, arrival: Open) -> None:
        self._ground = ground
        self._player = player
        self._limit = arrival.sessions_at_once(ground.team.share.of, descriptors.allowed())
        self._schedule = arrival.schedule(ground.scenario.seconds, ground.scenario.seed)
        self._next: tuple[ReadySession, Visit] | None = None
        self._slots = 0

    def keep(self) -> None:
        ground = self._ground
        ground.generator.limit = self._limit
        sleep = ground.timer()
        try:
            arrived = keep(
                offsets=self._own(until(self._schedule, ground.enough)),
                start=self._start,
                clock=ground.clock,
                sleep=sleep,
                stopped=lambda: ground.stop.asked,
                grace=ground.scenario.drain,
                begin=ground.progress.began,
                breathe=lambda: ground.sleep(0),
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
            self._ground.generator.refused += 1
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
