"""Which drills run at the same time, and which loads are sent meanwhile: pure data.

A dose is a share of the requests on its fault's routes. What another load sends beside them takes from that share, so
that an alert which counts everything would rightly stay silent: such drills run one after the other, and a load that
only one of them needs pauses while the other is driven. A load that a fault hits as well adds to what it decides on.
Nor do drills run side by side whose shares hit the same requests: a share of slow ones would be one of slow failures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.drills.coinciding import go_together
from promproof.drills.drill import Loaded

Rates = Callable[[Sequence[Loaded]], Mapping[Path, float]]
"""Sessions a second of each scenario that drills which run side by side need."""
TOLERATED = ("webhook_fails", "alertmanager_restarts")
"""Disturbances of the way of notifications alone: an alert that is silent meanwhile has no need of it."""
LEAST = 0.1
"""of the rate that a drill names is sent at least, where others send what its fault hits as well"""


class Beside:
    """What is known of loads that run side by side; of this one, that none has to do with another."""

    def dilutes(self, load: Path, drill: Loaded) -> bool:
        """Whether a scenario that is not the drill's own takes from its dose."""
        return False

    def spoils(self, drill: Loaded, other: Loaded) -> bool:
        """Whether the load of the second drill, or what its fault sends, takes from the dose of the first."""
        return False

    def hits(self, load: Path, drill: Loaded) -> float:
        """How many requests of another scenario's session the drill's fault decides on, and its alert counts."""
        return 0.0

    def is_first(self, drill: Loaded) -> bool:
        """Whether nothing may have been dosed before a drill, as its windows are too long to wait for."""
        return False

    def harmless(self, drill: Loaded) -> float:
        """How long (s, unscaled) the harmless side of a drill lasts at least."""
        return 0.0


@dataclass(frozen=True)
class Load:
    """A scenario, and how many of its sessions begin a second."""

    path: Path
    rate: float


@dataclass(frozen=True)
class Stage:
    """Drills that run side by side, as they are driven, and the loads that are sent meanwhile."""

    drills: tuple[Loaded, ...]
    loads: tuple[Load, ...]

    @property
    def after(self) -> dict[str, tuple[str, ...]]:
        """Which drill begins when which other ones have ended, by name: they share a fault or an alert."""
        found = {}
        for number, drill in enumerate(self.drills):
            sharing = [other.plan.name for other in self.drills[:number] if _share(drill, other)]
            if sharing:
                found[drill.plan.name] = tuple(sharing)
        return found


def stages(drills: Sequence[Loaded], beside: Beside, rates: Rates) -> list[Stage]:
    """The whole run in order. A load that a later stage needs goes on meanwhile, where it takes from no dose.

    One load goes on even where no drill needs it, so that alerts about a lack of requests have no reason to fire.
    """
    order = _by_loads(batches(drills, beside), rates)
    order.sort(key=lambda batch: not any(map(beside.is_first, batch)))
    found: list[Stage] = []
    for number, batch in enumerate(order):
        before = found[-1].loads if found else ()
        later = {path for after in order[number + 1 :] for path in loads_of(after)}
        kept = [
            load
            for load in before
            if load.path in later - {*loads_of(batch)}
            and not any(beside.dilutes(load.path, drill) for drill in batch)
        ]
        ahead = next((_loads(after, rates, ()) for after in order[number + 1 :] if loads_of(after)), ())
        loads = (*_loads(batch, rates, before), *kept) or before[:1] or ahead[:1]
        found.append(Stage(tuple(_driven(drill, loads, beside) for drill in batch), loads))
    return found


def batches(drills: Sequence[Loaded], beside: Beside) -> list[list[Loaded]]:
    """Which drills run at the same time, in order: those that disturb neither each other's fault, alert nor dose.

    Those that a silent alert does not notice run one after the other beside a much longer harmless side.
    """
    found: list[list[Loaded]] = []
    for drill in sorted(drills, key=lambda drill: not beside.is_first(drill)):
        if drill.plan.alone or drill.plan.together is not None:
            continue
        for batch in found:
            if not any(_disturb(drill, other, beside) for other in batch):
                batch.append(drill)
                break
        else:
            found.append([drill])
    beside_another = []
    for drill in drills:
        host = max(found, key=lambda batch: _harmless(batch, beside), default=None)
        if host is not None and _is_unnoticed(drill) and _has_room(host, drill, beside):
            host.append(drill)
            beside_another.append(drill)
    words = dict.fromkeys(drill.plan.together for drill in drills if drill.plan.together is not None)
    found += [[drill for drill in drills if drill.plan.together == word] for word in words]
    alone = [drill for drill in drills if drill.plan.alone and drill.plan.together is None]
    return [*found, *([drill] for drill in alone if drill not in beside_another)]


def loads_of(drills: Sequence[Loaded]) -> tuple[Path, ...]:
    """The scenarios that drills need, each once."""
    return tuple(dict.fromkeys(drill.scenario.resolve() for drill in drills if drill.scenario is not None))


def highest(drills: Sequence[Loaded]) -> Rates:
    """A scenario that several drills of a run name is played at the highest rate of theirs, all the time."""
    found: dict[Path, float] = {}
    for drill in drills:
        for path in loads_of([drill]):
            found[path] = max(found.get(path, 0.0), drill.plan.rate or 0.0)
    return lambda batch: {path: found[path] for path in loads_of(batch)}


def sparing(beside: Beside, share: float) -> Rates:
    """As few sessions as do: what the fault of a drill decides on in all loads together is as much as it asks.

    share: how many times as fast as they are written the drills are.
    """

    def rates(batch: Sequence[Loaded]) -> dict[Path, float]:
        found: dict[Path, float] = {}
        dosed: list[tuple[Path, Loaded, float, dict[Path, float]]] = []
        for drill in batch:
            rate, events = drill.plan.rate, drill.plan.decided
            if drill.scenario is None or rate is None:
                continue
            path = drill.scenario.resolve()
            least = rate / share * (1.0 if events is None else LEAST)
            found[path] = max(found.get(path, 0.0), least)
            if events is not None:
                helping = {load: beside.hits(load, drill) for load in loads_of(batch) if load != path}
                dosed.append((path, drill, events / rate, {load: n for load, n in helping.items() if n}))
        for path, drill, each, helping in sorted(dosed, key=lambda row: len(row[3])):
            had = each * found[path] + sum(number * found[load] for load, number in helping.items())
            found[path] += max(0.0, (drill.plan.decided or 0.0) - had) / each
        return found

    return rates


def _loads(batch: Sequence[Loaded], rates: Rates, before: Sequence[Load]) -> tuple[Load, ...]:
    """The loads of a batch; one that is sent already and is less than twice as much as needed goes on."""
    going = {load.path: load.rate for load in before}
    return tuple(
        Load(path, going[path] if rate <= going.get(path, 0.0) < 2 * rate else rate)
        for path, rate in rates(batch).items()
    )


def _driven(drill: Loaded, loads: Sequence[Load], beside: Beside) -> Loaded:
    """The drill at the rate that its scenario has, with all events that its fault then decides on."""
    rate = drill.plan.rate
    if drill.scenario is None or rate is None:
        return drill
    path = drill.scenario.resolve()
    own = next(load.rate for load in loads if load.path == path)
    driven = drill if own == rate else drill.at_rate(own / rate)
    added = sum(load.rate * beside.hits(load.path, drill) for load in loads if load.path != path)
    return driven.with_events(added) if added else driven


def _is_unnoticed(drill: Loaded) -> bool:
    """Whether an alert that is silent does not notice the drill, and nothing of the target does."""
    plan = drill.plan
    if plan.fault.alone or plan.fault.traffic or plan.scenario is not None or plan.together is not None:
        return False
    return plan.pulses is not None if plan.disturb is None else plan.disturb.what in TOLERATED


def _has_room(host: Sequence[Loaded], drill: Loaded, beside: Beside) -> bool:
    """Whether a batch waits for long, and shares nothing with the drill but with others that came as it does."""
    guests = [other for other in host if _is_unnoticed(other)]
    needed = 2 * sum(beside.harmless(each) for each in (*guests, drill))
    return 0 < needed < _harmless(host, beside) and not any(
        _share(drill, other) for other in host if other not in guests
    )


def _harmless(batch: Sequence[Loaded], beside: Beside) -> float:
    return max(beside.harmless(drill) for drill in batch)


def _share(drill: Loaded, other: Loaded) -> bool:
    """Whether two drills have the same kind of fault, or the same alert."""
    return drill.plan.fault.kind == other.plan.fault.kind or drill.plan.alert == other.plan.alert


def _disturb(drill: Loaded, other: Loaded, beside: Beside) -> bool:
    if _share(drill, other) or go_together(drill.plan, other.plan):
        return True
    return beside.spoils(drill, other) or beside.spoils(other, drill)


def _by_loads(batches: Sequence[list[Loaded]], rates: Rates) -> list[list[Loaded]]:
    """In order, but those with the same loads one after the other, those that need more of them first.

    So a load is paused, or begun anew at another rate, as seldom as can be.
    """
    first: dict[frozenset[Path], int] = {}
    for number, batch in enumerate(batches):
        first.setdefault(frozenset(loads_of(batch)), number)
    return sorted(batches, key=lambda batch: (first[frozenset(loads_of(batch))], -sum(rates(batch).values())))
