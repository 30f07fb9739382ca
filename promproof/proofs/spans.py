"""Worlds for alerts that look at one metric over several windows: errors that began lately, or ended lately.

Of steady series `rate1h > x and rate5m > x` says the same with either side changed: the other one decides. Where one
window is beyond its number and the other is not, a small change of the latter shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from promproof.proofs.flips import Boundary, Point, boundary
from promproof.proofs.history import give_past, past
from promproof.proofs.search import Knobs, Problem, comparisons
from promproof.proofs.tree import Node
from promproof.proofs.world import BEFORE, LEVEL, PAST, SLOPE

CLEAR = (60.0, 30.0, 10.0, 3.0)
"""How many times as far from its boundary, which is 0.4 % away on either side."""
FAR = 50.0
"""By how much the other time was worse, or better."""


def spans(problem: Problem, boundaries: Sequence[Boundary]) -> tuple[Problem, list[Boundary]] | None:
    """The problem with series that took a turn as long ago as the shorter window, and its boundaries then."""
    told = None if problem.age else past(problem.root, problem.recorded, problem.step, problem.moment)
    if told is None:
        return None
    families = [replace(family, knobs=dict(family.knobs)) for family in problem.families]
    give_past(families, told, problem.moment)
    aged = replace(problem, families=families, age=told.age, reach=told.reach, asked=0)
    made: list[Boundary] = []
    for found in {found.turned: found for found in reversed(boundaries[:2])}.values():
        if found.turned[1] in (LEVEL, SLOPE) and families[found.turned[0]].turn is not None:
            for fired in _starts(aged, found):
                bounds = (boundary(aged, fired, node) for node in comparisons(aged.root))
                made += [_clear(aged, bound) for bound in bounds if bound is not None]
    return (aged, made) if made else None


def _clear(aged: Problem, found: Boundary) -> Boundary:
    """The boundary with points far from it: what a window still holds of before gets less while the alert waits."""
    key, (fired, silent) = found.turned, found.points[:2]
    apart = fired.knobs[key] - silent.knobs[key]
    points = []
    for point, by in ((fired, apart), (silent, -apart)):
        knobs = point.knobs
        for far in CLEAR:
            value = point.knobs[key] + by * far
            other = {**point.knobs, key: value}
            is_alike = _besides(aged, other, found) == _besides(aged, point.knobs, found)
            if value >= 0 and is_alike and aged.fires(other) == point.fires:
                knobs = other
                break
        points.append(Point(knobs, point.fires))
    return replace(found, points=tuple(points))


def _besides(aged: Problem, knobs: Knobs, found: Boundary) -> dict[Node, bool]:
    """Which of the other comparisons hold."""
    sides = aged.result(knobs)[1].sides
    return {
        node: any(far == 0 for _, _, far in values)
        for node, values in sides.items()
        if node is not found.comparison
    }


def _starts(aged: Problem, found: Boundary) -> Iterator[Knobs]:
    """Firing worlds in which it was far worse before, and in which it is far worse now."""
    key, was = found.turned, (found.turned[0], PAST)
    fired, silent = found.points[0].knobs, found.points[1].knobs
    yes, no = fired[key], silent[key]
    far = yes * FAR if yes > no else yes / FAR
    still = {(family.number, name): 0.0 for family in aged.families for name in (PAST, BEFORE)}
    for now, before in ((yes, far), (far, no)):
        knobs = {**still, **fired, key: now, was: before - now}
        if aged.fires(knobs):
            yield knobs
