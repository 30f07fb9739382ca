"""Worlds in which a gauge that is compared with its own value of a time ago stays beside its threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.proofs.killers import Scene, answer
from promproof.proofs.plan import Plan, planned, turned
from promproof.proofs.shifted import postponed, shifted
from promproof.proofs.tree import parse

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


QUIET = "rate(q[5m]) < 0.5 * avg_over_time(rate(q[5m])[1h:1m]) and rate(q[5m]) > 0"


@pytest.mark.parametrize(("wait", "shows"), [(True, True), (False, False)])
def test_a_change_that_fades_is_asked_within_for(wait: bool, shows: bool) -> None:
    """A counter that stopped, with the window of the guard doubled: ten minutes later that is over as well."""
    plan = turned(QUIET, {}, 15.0)
    assert plan is not None
    stopped = plan.boundaries[1].points[1]
    end, hold = plan.problem.moment + 540.0, 180.0
    scene = Scene(plan.problem.families, stopped.knobs, stopped.fires)
    scene = postponed(scene, plan, end - hold) if wait else scene
    told = [
        bool(answer(replace(plan.problem, moment=moment), scene, parse(text), {}))
        for text in (QUIET, QUIET.replace("rate(q[5m]) > 0", "rate(q[10m]) > 0"))
        for moment in (end - hold, end)
    ]
    assert told == [False, False, shows, shows]


def test_what_does_not_fade_stays_as_it_is() -> None:
    plan = planned(DROP, {}, 60.0)
    assert all(postponed(scene, plan, plan.problem.moment + 900) is scene for scene in shifted(plan))
