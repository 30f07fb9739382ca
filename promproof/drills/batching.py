"""Which drills run at the same time, and which loads are sent meanwhile: pure data.

A dose is a share of the requests on its fault's routes. What another load sends beside them takes from that share, so
that an alert which counts everything would rightly stay silent: such drills run one after the other, and a load that
only one of them needs pauses while the other is driven.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.drills.drill import Loaded

Spoils = Callable[[Loaded, Loaded], bool]
"""Whether what is sent for the second drill takes from the dose of the first."""
Dilutes = Callable[[Path, Loaded], bool]
"""Whether the load of a scenario takes from the dose of a drill."""


@dataclass(frozen=True)
class Stage:
    """Drills that run side by side, and the scenarios whose loads are sent meanwhile."""

    drills: tuple[Loaded, ...]
    loads: tuple[Path, ...]


def stages(drills: Sequence[Loaded], spoils: Spoils, dilutes: Dilutes) -> list[Stage]:
    """The whole run in order. A load that a later stage needs goes on meanwhile, where it takes from no dose.

    One load goes on even where no drill needs it, so that alerts about a lack of requests have no reason to fire.
    """
    order = _by_loads(batches(drills, spoils))
    found: list[Stage] = []
    for number, batch in enumerate(order):
        needed = loads_of(batch)
        before = found[-1].loads if found else ()
        later = {path for after in order[number + 1 :] for path in loads_of(after)}
        kept = [
            path
            for path in before
            if path not in needed and path in later and not any(dilutes(path, drill) for drill in batch)
        ]
        ahead = next((loads_of(after) for after in order[number + 1 :] if loads_of(after)), ())
        found.append(Stage(tuple(batch), (*needed, *kept) or before[:1] or ahead[:1]))
    return found


def batches(drills: Sequence[Loaded], spoils: Spoils = lambda drill, other: False) -> list[list[Loaded]]:
    """Which drills run at the same time, in order: those that disturb neither each other's fault, alert nor dose."""
    found: list[list[Loaded]] = []
    for drill in drills:
        if drill.plan.alone or drill.plan.together is not None:
            continue
        for batch in found:
            if not any(_disturb(drill, other, spoils) for other in batch):
                batch.append(drill)
                break
        else:
            found.append([drill])
    words = dict.fromkeys(drill.plan.together for drill in drills if drill.plan.together is not None)
    found += [[drill for drill in drills if drill.plan.together == word] for word in words]
    return [*found, *([drill] for drill in drills if drill.plan.alone and drill.plan.together is None)]


def loads_of(drills: Sequence[Loaded]) -> tuple[Path, ...]:
    """The scenarios that drills need, each once."""
    return tuple(dict.fromkeys(drill.scenario.resolve() for drill in drills if drill.scenario is not None))


def levelled(drills: Sequence[Loaded]) -> list[Loaded]:
    """The drills as they are driven: a scenario that several name is played at the highest rate of theirs."""
    rates: dict[Path, float] = {}
    for drill in drills:
        for path in loads_of([drill]):
            rates[path] = max(rates.get(path, 0.0), drill.plan.rate or 0.0)
    return [
        drill.at_rate(rates[path] / drill.plan.rate)
        if drill.plan.rate and (path := loads_of([drill])[0]) and rates[path] != drill.plan.rate
        else drill
        for drill in drills
    ]


def _disturb(drill: Loaded, other: Loaded, spoils: Spoils) -> bool:
    one, two = ({each.plan.fault.kind, each.plan.alert} for each in (drill, other))
    return bool(one & two) or spoils(drill, other) or spoils(other, drill)


def _by_loads(batches: Sequence[list[Loaded]]) -> list[list[Loaded]]:
    """In order, but those with the same loads one after the other, so that a load is paused as seldom as can be."""
    first: dict[frozenset[Path], int] = {}
    for number, batch in enumerate(batches):
        first.setdefault(frozenset(loads_of(batch)), number)
    return sorted(batches, key=lambda batch: first[frozenset(loads_of(batch))])
