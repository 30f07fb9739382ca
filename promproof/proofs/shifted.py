"""Gauges that are compared with their own value of a time ago (`x - x offset 1d`) and stand since they changed.

A gauge on a slope is beside its threshold for a moment only: after `for` a silent one has passed it. One that moved
once, between then and now, stays beside it for as long as half of the offset.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from promproof.proofs.flips import Boundary
from promproof.proofs.killers import Scene, answer
from promproof.proofs.pace import all_nodes
from promproof.proofs.plan import Plan
from promproof.proofs.search import Knobs
from promproof.proofs.tree import Selector, Window
from promproof.proofs.world import LEVEL, PAST, SLOPE, Family

WHOLE = 1000.0
"""What a gauge was, of which it has so many parts where its share lies exactly at a threshold."""


def shifted(plan: Plan) -> list[Scene]:
    """Worlds in which no gauge moves: on either side of each boundary, and where its share is a round one between."""
    problem, found_shifts = plan.problem, shifts(plan)
    if len(found_shifts) != 1 or problem.age:
        return []
    (ago,) = found_shifts
    made: list[Scene] = []
    for found in plan.boundaries:
        moving = [family for family in problem.families if _drifts(family, found)]
        turn = problem.moment - ago / 2
        families = [replace(f, turn=turn) if f in moving else f for f in problem.families]
        for knobs in _stopped(plan, moving, found, ago) if moving else ():
            told = answer(problem, Scene(families, knobs, fires=True), problem.root, problem.recorded)
            if told is not None:
                made.append(Scene(families, knobs, bool(told)))
    return made


def shifts(plan: Plan) -> set[float]:
    """How long ago (`offset`) it looks, in seconds; empty: at no moment but the present."""
    nodes = all_nodes(plan.problem.root, plan.problem.recorded)
    return {node.shift for node in nodes if isinstance(node, Selector | Window) and node.shift > 0}


def postponed(scene: Scene, plan: Plan, pending: float) -> Scene:
    """A world whose series changed as long before `for` begins as they had when the alert was asked: changes fade."""
    problem = plan.problem
    late = math.floor((pending - problem.moment) / problem.step) * problem.step if problem.age else 0.0
    later = [replace(f, turn=f.turn + late) if f.turn is not None else f for f in scene.families]
    return replace(scene, families=later) if late > 0 else scene


def _drifts(family: Family, found: Boundary) -> bool:
    is_gauge = {LEVEL, SLOPE} <= {*family.knobs} and not family.is_counter() and not family.follows_time
    return is_gauge and any(point.knobs.get((family.number, SLOPE)) for point in found.points[:2])


def _stopped(plan: Plan, moving: list[Family], found: Boundary, ago: float) -> Iterator[Knobs]:
    """The knobs of both points with every gauge at rest: at what it says now, and before at what it said then."""
    shares = []
    for point in found.points[:2]:
        made = dict(point.knobs)
        for family in moving:
            slope = made[family.number, SLOPE]
            now = made[family.number, LEVEL] + slope * plan.problem.moment
            made.update(_standing(family, now, now - slope * ago))
            shares.append(now / (now - slope * ago) if now != slope * ago else 0.0)
        yield made
    if len(shares) == 2:  # one gauge: its share of what it was is all that counts
        sign = -1.0 if made[moving[0].number, LEVEL] < 0 else 1.0
        parts = round(sum(shares) / 2 * WHOLE)
        yield {**made, **_standing(moving[0], sign * parts, sign * WHOLE)}


def _standing(family: Family, now: float, then: float) -> Knobs:
    return {(family.number, LEVEL): now, (family.number, SLOPE): 0.0, (family.number, PAST): then - now}
