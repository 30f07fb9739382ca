"""Boundaries of what foresees a trend where there is none: a gauge that stays is beside its threshold for good.

`predict_linear(free[6h], 86400) < 0` flips with a gauge that falls, and for a moment only: a rule with `for` and
another threshold, or without a matcher, fires a little later or not at all. Of one that stands it says its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promproof.proofs.flips import Boundary, boundary
from promproof.proofs.search import Key, Knobs, Problem, candidates, comparisons
from promproof.proofs.world import LEVEL, SLOPE


def resting(problem: Problem, boundaries: Sequence[Boundary]) -> list[Boundary]:
    """The boundaries of all comparisons where no gauge drifts; none where nothing does, or a slope is needed."""
    drifting = [
        family.number
        for family in problem.families
        if SLOPE in family.knobs and not family.is_counter() and not family.follows_time
    ]
    if problem.age or not any(
        point.knobs.get((number, SLOPE))
        for found in boundaries
        for point in found.points
        for number in drifting
    ):
        return []
    asked = replace(problem, asked=0)
    fired = _still(asked, boundaries[0].points[0].knobs, drifting)
    if fired is None:
        return []
    found = (boundary(asked, fired, node) for node in comparisons(asked.root))
    slopes = {(number, SLOPE) for number in drifting}
    return [
        made
        for made in found
        if made is not None and not any(point.knobs.get(key) for point in made.points for key in slopes)
    ]


def _still(problem: Problem, fired: Knobs, drifting: Sequence[int]) -> Knobs | None:
    """A firing world without drift: with other levels, where that takes them."""
    still = {key: 0.0 if key[1] == SLOPE and key[0] in drifting else value for key, value in fired.items()}
    if problem.fires(still):
        return still
    for number in drifting:
        key: Key = (number, LEVEL)
        for level in candidates(problem, key, still, negative=True) if key in still else ():
            changed = {**still, key: level}
            if problem.fires(changed):
                return changed
    return None
