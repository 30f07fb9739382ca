"""Gauges that moved once and stand since: for rules that ask at once where a gauge is and where it goes.

A gauge on a slope is beside its threshold for a moment only. Where `for` is long, a rule with another threshold fires a
little later and no test sees it. One that fell an hour ago has the trend still, and stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from promproof.proofs.flips import CLOSE
from promproof.proofs.killers import Scene, answer
from promproof.proofs.plan import Plan
from promproof.proofs.search import Knobs
from promproof.proofs.world import LEVEL, PAST, SLOPE, Family

MOST = 6
"""Worlds for an alert."""
NEAR = 0.01
"""How far a number is from a value, as a share of it, to be asked as the value too."""


def stepped(plan: Plan) -> list[Scene]:
    """Worlds on either side of each boundary, and exactly at it, in which no gauge moves any more.

    Those that the search reads otherwise are left out: some trends do not outlast their slope.
    """
    problem = plan.problem
    made: list[Scene] = []
    turn = problem.moment - problem.needed / 2
    for found in plan.boundaries:
        for point in found.points[:2]:
            moving = [
                family
                for family in problem.families
                if _drifts(family) and point.knobs.get((family.number, SLOPE))
            ]
            families = [
                replace(family, turn=turn) if family in moving else family for family in problem.families
            ]
            for knobs in _stopped(plan, moving, point.knobs) if moving else ():
                is_known = any(scene.knobs == knobs for scene in made)
                told = answer(problem, Scene(families, knobs, point.fires), problem.root, problem.recorded)
                is_exact = knobs[found.turned] != point.knobs[found.turned]
                if told is not None and not is_known and (is_exact or bool(told) == point.fires):
                    made.append(Scene(families, knobs, bool(told)))
    return made[:MOST]


def _drifts(family: Family) -> bool:
    return SLOPE in family.knobs and not family.is_counter() and not family.follows_time


def _stopped(plan: Plan, moving: list[Family], knobs: Knobs) -> Iterator[Knobs]:
    """The knobs with what moves at rest, where it is and exactly at a number that it is beside."""
    made = dict(knobs)
    for family in moving:
        slope = made[family.number, SLOPE]
        level = made.get((family.number, LEVEL), 0.0)
        made[family.number, LEVEL] = level + slope * plan.problem.moment
        made[family.number, SLOPE] = 0.0
        made[family.number, PAST] = -slope * plan.problem.needed
    yield made
    for family in moving:
        level = made[family.number, LEVEL]
        for number in plan.problem.constants:
            if CLOSE * abs(number) < abs(level - number) <= NEAR * abs(number):
                yield {**made, (family.number, LEVEL): number}
