"""Worlds in which a gauge that is compared with its own value of a time ago stays beside its threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.proofs.killers import Scene, answer
from promproof.proofs.plan import Plan, planned
from promproof.proofs.shifted import shifted

pytestmark = pytest.mark.unit

DROP = "(size - size offset 1d) / size offset 1d < -0.5"


def lasting(plan: Plan, scene: Scene) -> list[bool]:
    """Whether it fires when it is asked, and an hour and two later."""
    found = []
    for late in (0.0, 3600.0, 7200.0):
        problem = replace(plan.problem, moment=plan.problem.moment + late)
        found.append(bool(answer(problem, scene, problem.root, problem.recorded)))
    return found


@pytest.mark.parametrize(
    "expression",
    [
        DROP,
        "abs(size - size offset 1d) / size > 0.5",
        "size - size offset 1d > 20",
        "size / size offset 1d > 2",
    ],
)
def test_a_gauge_that_moved_once_stays_on_its_side(expression: str) -> None:
    plan = planned(expression, {}, 60.0)
    told = [(scene.fires, lasting(plan, scene)) for scene in shifted(plan)]
    assert {fires for fires, _ in told} == {True, False}
    assert all(seen == [fires] * 3 for fires, seen in told)


def test_a_gauge_on_a_slope_does_not() -> None:
    plan = planned("abs(size - size offset 1d) / size > 0.5", {}, 60.0)
    fired = Scene(plan.problem.families, plan.boundaries[0].points[0].knobs, fires=True)
    assert lasting(plan, fired) != [True] * 3


def test_a_share_is_asked_at_its_very_threshold() -> None:
    plan, other = planned(DROP, {}, 60.0), planned(DROP.replace("<", "<="), {}, 60.0)
    told = [
        answer(plan.problem, scene, plan.problem.root, {})
        != answer(plan.problem, scene, other.problem.root, {})
        for scene in shifted(plan)
    ]
    assert any(told)


@pytest.mark.parametrize("expression", ["x > 5", "deriv(x[1h]) > 5", "x - x offset 1h > x offset 2h"])
def test_what_looks_at_no_moment_or_at_two_has_no_such_world(expression: str) -> None:
    assert shifted(planned(expression, {}, 60.0)) == []
