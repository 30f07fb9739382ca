"""What the parts of a run share in one process: the scenario, the ledger, the end, and how far the arrivals are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

import gevent

from promproof.load.models import Scenario
from promproof.load.plan import Plan
from promproof.load.punctuality import Generator
from promproof.load.roles import Record, Team
from promproof.load.sessions import Sessions
from promproof.load.sleeping import TimerSleep
from promproof.load.stopping import Stop


@dataclass
class Progress:
    """How far the arrivals are. began: when they began (the run's clock); opened_before: requests sent by then."""

    began: float = inf
    opened_before: int = 0
    newest_lag: float = 0.0
    handed: int = 0
    """Arrivals whose turn came, those included that found no slot."""
    unbegun: int = 0
    """Arrivals that were started and have not sent their first request yet."""
    under_way: dict[str, int] = field(default_factory=dict)
    """Sessions in progress, by name."""


class Sent(Protocol):
    """What was sent so far: a ledger, or those of several instances."""

    bin_seconds: float

    @property
    def opened(self) -> int: ...

    def open_requests(self) -> int: ...

    def lag(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Ground:
    """What arrivals and once sessions stand on."""

    scenario: Scenario
    ledger: Sent
    plan: Plan
    clock: Callable[[], float]
    team: Team
    written: Record
    stop: Stop
    sessions: Sessions
    generator: Generator
    progress: Progress = field(default_factory=Progress)
    sleep: Callable[[float], None] = gevent.sleep
    """Lets others run for so many seconds, in whole milliseconds."""
    timer: Callable[[], TimerSleep] = TimerSleep
    """A sleep to the microsecond, for whoever keeps a schedule."""

    def event(self, name: str, **data: object) -> None:
        """Write an event down."""
        self.written(lambda writer: writer.event(name, **data))

    def enough(self) -> bool:
        """Whether this process has sent its part of the most requests that the scenario wants."""
        most = self.scenario.max_requests
        if most is None:
            return False
        sent = self.ledger.opened + self.progress.unbegun - self.progress.opened_before
        return sent >= self.team.share.part(most)
