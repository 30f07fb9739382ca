"""The worlds in which an alert's boundary is asked beside the one of its series alone.

More instances, more subjects, jobs that are not meant, little traffic, and the way from cause to healing.

All of it follows from the contract's `boundary`: its series for a quantity `q`, and which labels tell alerts apart
(`each`), count together (`together`) or are not meant (`foreign`). Pure: nothing of the deployed rule is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promproof.config.arithmetic import evaluate
from promproof.contract.model import Alert, Boundary, seconds
from promproof.exposition import Labels, label_set

NEAR = 1.02
"""How far from the threshold, as a factor, an alert must have turned in every world."""
FACTORS = (2.0, 1.5, 1.25, 1.1, 1.05, NEAR)
"""Doses well on one side: the first that the series allow."""
LOUD = 10.0
"""How much more traffic those have who are not meant: what adds them up can't be right by luck."""
LARGER = 0.75
"""The share of the traffic that one of two has: a mean of their shares is not the share of their sums then."""
BEFORE, EARLY, FIRING, AFTER = range(4)
"""What is asked of a course, in this order: active before the cause; firing before `for` can have passed; firing when
it must; active after it must have resolved."""


@dataclass(frozen=True)
class Part:
    """The alert's series once more. q: by stage (None: no series); labels: which differ; share: of their size."""

    q: tuple[float | None, ...]
    labels: Labels = ()
    share: float = 1.0


@dataclass(frozen=True)
class World:
    """Series, and which alerts must fire: the labels of each. exact: whether no further one may.

    A course has three stages: before, during and after the cause. rises, falls: how much of the window must pass until
    it may turn, and may pass until it must turn back.
    """

    name: str
    parts: tuple[Part, ...]
    fires: tuple[Labels, ...] = ()
    exact: bool = True
    rises: float = 0.0
    falls: float = 1.0

    @property
    def is_course(self) -> bool:
        """Whether it is about time: silent, then the cause, then silent again."""
        return len(self.parts[0].q) > 1


@dataclass(frozen=True)
class Doses:
    """Quantities: well on either side of the threshold, and just on either side of it."""

    silent: float
    fires: float
    near_silent: float
    near_fires: float


def is_possible(boundary: Boundary, q: float) -> bool:
    """Whether the series can be so: a share is below 1, and a counter that grows at the edge never falls."""
    if q * boundary.threshold < 0 or (q >= 1 and boundary.threshold < 1):
        return False
    rates = [series.rate for series in boundary.series if series.rate is not None]
    return all(evaluate(rate, q) >= 0 or evaluate(rate, boundary.threshold) < 0 for rate in rates)


def doses(alert: Alert) -> Doses | None:
    """None where no quantity on either side is possible, as around a threshold of 0."""
    boundary = alert.boundary
    assert boundary is not None
    is_above = boundary.fires_when == "above"
    if alert.unit == "state":
        return Doses(0.0, 1.0, 0.0, 1.0) if is_above else Doses(1.0, 0.0, 1.0, 0.0)
    edge = boundary.threshold
    more = [edge * factor for factor in FACTORS if is_possible(boundary, edge * factor)]
    less = [edge / factor for factor in FACTORS if is_possible(boundary, edge / factor)]
    if edge <= 0 or not more or not less:
        return None
    low, high = (less, more) if is_above else (more, less)
    return Doses(low[0], high[0], low[-1], high[-1])


def worlds(alert: Alert) -> list[World]:
    """All worlds of an alert; none without a `boundary`."""
    boundary = alert.boundary
    found = doses(alert) if boundary is not None else None
    if boundary is None or found is None:
        return []
    own = boundary.shared
    identity = label_set({name: own[name] for name in (*boundary.labels, *boundary.each) if name in own})
    over_time = {"well": found.fires, "just": found.near_fires}
    if found.fires == found.near_fires:
        del over_time["just"]
    return [
        *_each(boundary, found, identity),
        *_foreign(alert, boundary, found, identity),
        *_together(boundary, found, identity),
        *_volumes(boundary, found),
        *(_course(boundary, how, found.silent, dose) for how, dose in over_time.items()),
    ]


def _course(boundary: Boundary, how: str, silent: float, dose: float) -> World:
    """There and back. Of a quantity that is a mean over its window, part of the window decides when it turns."""
    rises, falls = 0.0, 1.0
    if boundary.averaged and is_affine(boundary):
        rises = (boundary.threshold - silent) / (dose - silent)
        falls = (dose - boundary.threshold) / (dose - silent)
    parts = (Part((silent, dose, silent)),)
    return World(f"{how} beyond the threshold, over time", parts, rises=rises, falls=falls)


def _each(boundary: Boundary, found: Doses, identity: Labels) -> Iterator[World]:
    """One alert for each value of a label, whatever the others do."""
    if not identity:
        return
    yield World("alone", (Part((found.fires,)),), (identity,))
    for name, values in boundary.each.items():
        others = [((name, value),) for value in values]
        silent = tuple(Part((found.silent,), other) for other in others)
        yield World(f"all is well at {_told(name, values)}", (Part((found.fires,)), *silent), (identity,))
        for number, other in enumerate(others):
            parts = list(silent)
            parts[number] = Part((found.fires,), other)
            fires = (_replaced(identity, other),)
            yield World(f"only {_told(*other[0])} is beyond it", (Part((found.silent,)), *parts), fires)
        everywhere = tuple(Part((found.fires,), other) for other in others)
        identities = tuple(_replaced(identity, other) for other in others)
        yield World(
            f"{_told(name, values)} are beyond it as well",
            (Part((found.fires,)), *everywhere),
            (identity, *identities),
        )


def _foreign(alert: Alert, boundary: Boundary, found: Doses, identity: Labels) -> Iterator[World]:
    """Others that are not meant neither make it fire nor hide what is meant."""
    for name, values in boundary.foreign.items():
        share = LOUD if all(series.rate is not None for series in boundary.series) else 1.0
        beyond = tuple(Part((found.fires,), ((name, value),), share) for value in values)
        well = tuple(Part((found.silent,), ((name, value),), share) for value in values)
        told = _told(name, values)
        yield World(f"{told} are beyond it, which are not meant", (Part((found.silent,)), *beyond))
        yield World(
            f"all is well at {told}, which are not meant",
            (Part((found.fires,)), *well),
            (identity,),
            exact=bool(identity),
        )
        if alert.vanished:
            yield World(f"gone, while {told} are there", (Part((None,)), *well), ((),), exact=False)


def _together(boundary: Boundary, found: Doses, identity: Labels) -> Iterator[World]:
    """What counts together: only the sum of all decides, however it is spread."""
    if not is_affine(boundary):
        return
    for name, values in boundary.together.items():
        for mean, fires in ((found.near_fires, True), (found.near_silent, False)):
            for own_share in (LARGER, 1 - LARGER):
                spread = _spread(boundary, mean, own_share, less=own_share == LARGER)
                if spread is None:
                    continue
                own, other = spread
                share = (1 - own_share) / len(values)
                parts = tuple(Part((other,), ((name, value),), share) for value in values)
                where = "most of it is at others" if own < other else "little of it is at others"
                yield World(
                    f"with {_told(name, values)}, {where}, together {'just beyond' if fires else 'just below'}",
                    (Part((own,), (), own_share), *parts),
                    (identity,) if fires else (),
                    exact=not fires or bool(identity),
                )


def _spread(boundary: Boundary, mean: float, share: float, *, less: bool) -> tuple[float, float] | None:
    """Two quantities, as far apart as the series allow, whose weighted mean this is."""
    for factor in FACTORS:
        own = mean / factor if less else mean * factor
        other = (mean - share * own) / (1 - share)
        if is_possible(boundary, own) and is_possible(boundary, other):
            return own, other
    return None


def _volumes(boundary: Boundary, found: Doses) -> Iterator[World]:
    """A share is the same whatever the traffic; without any there is none."""
    for factor in boundary.volumes:
        name = f"{factor:g} times the size"
        yield World(f"just beyond it at {name}", (Part((found.near_fires,), (), factor),), ((),), exact=False)
        yield World(f"just below it at {name}", (Part((found.near_silent,), (), factor),))
    if boundary.volumes and all(series.rate is not None for series in boundary.series):
        yield World("nothing happens", (Part((found.fires,), (), 0.0),))


def is_affine(boundary: Boundary) -> bool:
    """Whether each series is a rate that is a straight line in q: then parts of them add up to their mean."""
    for series in boundary.series:
        if series.rate is None:
            return False
        at = [evaluate(series.rate, q) for q in (0.1, 0.4, 0.7)]
        if not math.isclose(at[0] + at[2], 2 * at[1], abs_tol=1e-9):
            return False
    return True


def _replaced(identity: Labels, other: Labels) -> Labels:
    return label_set({**dict(identity), **dict(other)})


def _told(name: str, values: tuple[str, ...] | str) -> str:
    return f"{name} {values if isinstance(values, str) else ', '.join(values)}"


def fault(world: World, counts: tuple[float, ...]) -> str:
    """What is wrong with what promtool said of a steady world: how many fire, and how many of each that must."""
    total, *of_each = counts
    for labels, count in zip(world.fires, of_each, strict=True):
        if count != 1 and (world.exact or count < 1):
            shown = ", ".join(f"{name}={value}" for name, value in labels)
            asked = f" with {shown}" if shown else ""
            return f"{total:g} alerts fire, {count:g}{asked}" if total else "silent, must fire"
    if world.exact and total != len(world.fires):
        return f"{total:g} alerts fire, must be {len(world.fires)}" if total else "silent, must fire"
    return ""


def promised_seconds(alert: Alert) -> Mapping[str, float | None]:
    """What the contract says of an alert's times, in seconds; None where it says nothing."""
    told = {"window": alert.window, "for": alert.hold, "keep_firing_for": alert.keep_firing_for}
    return {key: None if value is None else seconds(value) for key, value in told.items()}
