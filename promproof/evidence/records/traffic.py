"""What was sent to the target, and what was done to it. Written by the main job, the drills and the stimuli."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from promproof.evidence.bins import compact
from promproof.evidence.records.base import STRICT, Json, Kind, Part

UNFILLED = "the pool "
"""How a problem of a sender begins that could not create what its sessions need."""


@dataclass(frozen=True)
class Surprise(Part):
    """An answer that the scenario did not expect, and how often it came."""

    method: str
    """of the request"""
    endpoint: str
    """of the request, as the scenario names it"""
    what: str
    """what was surprising: `answered 500, expected 200` say"""
    count: int
    """how often"""
    example: str = ""
    """the first one's path and error"""


@dataclass(frozen=True)
class Ledger(Kind, kind="ledger"):
    """What one sender really sent and got back, when it had ended."""

    source: str
    """the name of its scenario's part: `reconcile`, `drill`, a load's name; `harness` is the harness itself"""
    complete: bool
    """whether the sender told of everything that it sent"""
    view: Json
    """a LedgerView as JSON"""
    file: str = ""
    """its ledger's file in the run's folder"""
    status: int | None = None
    """exit status of its process"""
    generator: Json | None = None
    """how the load generator itself did, as it wrote at its end: CPU share, lags (s), arrivals planned and missed"""
    surprises: tuple[Surprise, ...] = ()
    """answers that its scenario does not expect"""
    problems: tuple[str, ...] = ()
    """why its process says of itself that it did not keep its promise: requests sent late, say"""

    @classmethod
    def large(cls, data: Json) -> tuple[Json, Json]:
        """The view apart, its long lists in arrays."""
        view = dict(data["view"].items())
        return {**data, "view": {}}, {"view": _packed(view)}


LONG = 64
"""Numbers of a list from which on it is held in an array."""


def _packed(value: Any) -> Any:
    """The same, with lists of many integers as arrays."""
    if isinstance(value, dict):
        return {key: _packed(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) < LONG or not all(type(number) is int for number in value):
        return [_packed(inner) for inner in value]
    try:
        return compact(value)
    except OverflowError:
        return value


@dataclass(frozen=True)
class LedgerMark(Kind, kind="ledger_mark"):
    """How many slow requests the ledgers held when a drill began or ended."""

    drill: str
    """the drill's name"""
    edge: Literal["begin", "end"]
    """whether it began or ended"""
    slow: int
    """requests that took longer than the alert's threshold"""


@dataclass(frozen=True)
class TrafficFlows(Kind, kind="traffic_flows"):
    """Arrivals of a drill's traffic have begun: the names of its parts, or the rate (1/s) of the only one."""

    traffic: tuple[str, ...] = ()
    """names of its parts"""
    rate: float | None = None
    """arrivals a second of the only part"""


@dataclass(frozen=True)
class Latencies(Kind, kind="latencies"):
    """Client latencies of one sender over time, from its ledger's file."""

    source: str
    """the sender, as in `ledger`"""
    rows: tuple[tuple[float, tuple[tuple[str, str, tuple[int, ...], dict[str, int]], ...]], ...]
    """(run time, what ended since the row before: (method, endpoint, HDR bucket and count in turns, floors))"""

    @classmethod
    def large(cls, data: Json) -> tuple[Json, Json]:
        """The rows apart, their buckets and counts in arrays."""
        return {**data, "rows": []}, {"rows": tuple(_rows(data["rows"]))}


Ended = tuple[str, str, tuple[int, ...], dict[str, int]]
_ROW: TypeAdapter[tuple[float, tuple[Ended, ...]]] = TypeAdapter(
    tuple[float, tuple[Ended, ...]], config=STRICT
)


def _rows(rows: Any) -> Iterator[Any]:
    for until, ended in rows:
        given = tuple((method, endpoint, tuple(flat), floors) for method, endpoint, flat, floors in ended)
        at, found = _ROW.validate_python((until, given))
        yield (
            at,
            tuple((method, endpoint, array("I", flat), floors) for method, endpoint, flat, floors in found),
        )


@dataclass(frozen=True)
class Stimulus(Kind):
    """A known amount of something was done to the target's process or machine; run times in seconds.

    `unavailable` says why it was not done: then nothing else is set.
    """

    asked: float | None = None
    """when it was asked for, where that was before it began"""
    begin: float = 0.0
    """when it began"""
    end: float = 0.0
    """when it was over"""
    amount: float = 0.0
    """how much was done"""
    what: str = ""
    """what was done, in words"""
    unavailable: str | None = None
    """why it was not done"""


@dataclass(frozen=True)
class StimulusConnections(Stimulus, kind="stimulus_connections"):
    """Connections were held open without sending anything; `amount` counts them."""


@dataclass(frozen=True)
class StimulusDisk(Stimulus, kind="stimulus_disk"):
    """Bytes were written through to the disk and read back; `amount` counts them."""


@dataclass(frozen=True)
class StimulusMemory(Stimulus, kind="stimulus_memory"):
    """The target held touched memory; `amount` in bytes."""


@dataclass(frozen=True)
class StimulusCpu(Stimulus, kind="stimulus_cpu"):
    """The traffic as work; `amount` is the CPU time (s) that the kernel charged for it."""


@dataclass(frozen=True)
class StimulusOutage(Stimulus, kind="stimulus_outage"):
    """The target's database was out; its metrics were read meanwhile (`outage`) and afterwards (`recovered`)."""

    health_during: int | None = None
    """the status of the health path meanwhile; None without an answer"""
    health_after: int | None = None
    """the same afterwards"""
    surprises: tuple[str, ...] = ()
    """answers to the requests that met it which their scenario does not expect"""


@dataclass(frozen=True)
class FaultEnded(Kind, kind="fault"):
    """What the target's fault port tells of a fault that is over: what it did, and how often."""

    drill: str
    """the drill that applied it"""
    fault: str
    """the fault's kind"""
    rate: float
    """the share of requests that it was asked to hit"""
    routes: dict[str, float]
    """the share by route"""
    seen: int
    """requests that it could have hit"""
    injected: int
    """requests that it hit"""
    ended: str
    """what ended it: `deleted` or `replaced` by the drill, or its lease"""
    more: Json = field(default_factory=dict)
    """what else the port tells: delay, status, lease, counts by route"""

    @classmethod
    def of(cls, drill: str, state: Json) -> FaultEnded:
        """The record of a state as the fault port gives it."""
        own = {name: state[name] for name in ("rate", "routes", "seen", "injected", "ended")}
        more = {key: value for key, value in state.items() if key not in (*own, "kind")}
        return cls(drill, state["kind"], **own, more=more)
