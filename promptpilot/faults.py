"""Faults for drills: what is active, for how long, and which requests it hits. Pure: time is an argument.

A fault carries a lease. When its driver no longer renews it, it ends by itself: looked at on every decision
and every read, so that no timer has to fire for it. One accumulator per fault, across all of its routes.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from promptpilot.dosing import Dose, parts


class Kind(StrEnum):
    ERRORS = "errors"
    SLOW = "slow"
    FAILED_EXECUTIONS = "failed_executions"
    BALLAST = "ballast"
    DATABASE = "database"


NOT_DOSED = (Kind.BALLAST, Kind.DATABASE)
"""Kinds that hit no requests of their own."""


class Mode(StrEnum):
    RESPONSE = "response"
    EXCEPTION = "exception"


class Ended(StrEnum):
    LEASE = "lease"
    DELETED = "deleted"
    REPLACED = "replaced"


ENDED_KEPT = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as it was asked for. What does not apply to its kind is None.

    `targets` has a rate per route key (`GET /x`); `everywhere`: no route was named.
    """

    kind: Kind
    lease_seconds: float
    targets: Mapping[str, float] = field(default_factory=dict)
    everywhere: bool = False
    rate: float | None = None
    status: int | None = None
    mode: Mode | None = None
    delay_seconds: float | None = None
    bytes: int | None = None


@dataclass(slots=True)
class Tally:
    seen: int = 0
    injected: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A fault at one moment: what it is, what it did, when its lease ends, and why it ended."""

    kind: Kind
    rate: float | None
    routes: dict[str, float] | None
    lease_seconds: float
    expires_in_seconds: float
    delay_seconds: float | None
    status: int | None
    mode: Mode | None
    bytes: int | None
    seen: int
    injected: int
    by_route: dict[str, Tally]
    ended: Ended | None


class _Active:
    def __init__(self, fault: Fault, now: float) -> None:
        self.fault = fault
        self.expires = now + fault.lease_seconds
        self.dose = Dose()
        self.rates = {route: parts(rate) for route, rate in fault.targets.items()}
        self.by_route: dict[str, Tally] = {}

    def decide(self, route: str) -> bool:
        tally = self.by_route.setdefault(route, Tally())
        tally.seen += 1
        chosen = self.dose.take(self.rates[route])
        tally.injected += chosen
        return chosen

    def state(self, now: float, ended: Ended | None) -> State:
        fault = self.fault
        return State(
            kind=fault.kind,
            rate=fault.rate,
            routes=None if fault.everywhere or fault.kind in NOT_DOSED else dict(fault.targets),
            lease_seconds=fault.lease_seconds,
            expires_in_seconds=0.0 if ended else self.expires - now,
            delay_seconds=fault.delay_seconds,
            status=fault.status,
            mode=fault.mode,
            bytes=fault.bytes,
            seen=sum(tally.seen for tally in self.by_route.values()),
            injected=sum(tally.injected for tally in self.by_route.values()),
            by_route={route: Tally(tally.seen, tally.injected) for route, tally in self.by_route.items()},
            ended=ended,
        )


class Faults:
    """The faults of one API. `on_end` is called with each fault that ends, whatever the reason."""

    def __init__(self, on_end: Callable[[Fault], None] = lambda fault: None) -> None:
        self._on_end = on_end
        self._active: dict[Kind, _Active] = {}
        self._ended: deque[State] = deque(maxlen=ENDED_KEPT)

    def start(self, fault: Fault, now: float) -> State:
        """Begin a fault, counters at 0. One of the same kind is replaced."""
        self.end(fault.kind, now, Ended.REPLACED)
        self._active[fault.kind] = active = _Active(fault, now)
        return active.state(now, None)

    def renew(self, kind: Kind, now: float) -> State | None:
        """A new lease from now on; None: the fault has ended."""
        self.expire(now)
        active = self._active.get(kind)
        if active is None:
            return None
        active.expires = now + active.fault.lease_seconds
        return active.state(now, None)

    def end(self, kind: Kind, now: float, why: Ended = Ended.DELETED) -> State | None:
        """The final state; None: the fault had ended before."""
        self.expire(now)
        return self._end(kind, now, why)

    def expire(self, now: float) -> None:
        """End every fault whose lease is over."""
        for kind in [kind for kind, active in self._active.items() if now >= active.expires]:
            self._end(kind, now, Ended.LEASE)

    def _end(self, kind: Kind, now: float, why: Ended) -> State | None:
        active = self._active.pop(kind, None)
        if active is None:
            return None
        state = active.state(now, why)
        self._ended.append(state)
        self._on_end(active.fault)
        return state

    def decide(self, kind: Kind, route: str, now: float) -> Fault | None:
        """The fault, when it hits this request of `route`. On its routes every call counts as seen."""
        active = self._active.get(kind)
        if active is None or route not in active.rates:
            return None
        if now >= active.expires:
            self._end(kind, now, Ended.LEASE)
            return None
        return active.fault if active.decide(route) else None

    @property
    def none_active(self) -> bool:
        """Whether there is surely nothing to decide (a fault whose lease is over may still stand here)."""
        return not self._active

    def active(self, now: float) -> list[State]:
        self.expire(now)
        return [active.state(now, None) for active in self._active.values()]

    def ended(self, now: float) -> list[State]:
        """The last 100 that ended, oldest first."""
        self.expire(now)
        return list(self._ended)
