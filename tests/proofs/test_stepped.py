"""Worlds in which a gauge has a trend and stands beside its threshold all the same."""

from __future__ import annotations

import pytest

from promproof.proofs.killers import Scene
from promproof.proofs.plan import Plan, planned
from promproof.proofs.stepped import stepped

pytestmark = pytest.mark.unit

FULL = "free / size < 0.1 and size > 0 and predict_linear(free[6h], 172800) < 0"


def held(plan: Plan, scene: Scene) -> list[float]:
    """What the first metric says when the alert is asked, and an hour later."""
    (_, program), *_ = scene.families[0].series(scene.knobs)
    return [program.at(plan.problem.moment), program.at(plan.problem.moment + 3600)]


def test_a_gauge_that_fell_stays_on_its_side_of_the_threshold() -> None:
    plan = planned(FULL, {}, 15.0)
    shares = [(held(plan, scene), scene.fires) for scene in stepped(plan) if 0 < held(plan, scene)[0] < 0.2]
    beside = [(levels[0], levels[1], fires) for levels, fires in shares if 0.09 < levels[0] < 0.11]
    assert {fires for *_, fires in beside} == {True, False}
    assert all(now == later and (now < 0.1) == fires for now, later, fires in beside)


def test_a_value_at_which_a_growing_gauge_is_refused_is_asked_too() -> None:
    plan = planned("queue > 1000 and deriv(queue[15m]) > 0", {}, 15.0)
    exact = [scene for scene in stepped(plan) if held(plan, scene)[0] == 1000]
    assert [scene.fires for scene in exact] == [False]


@pytest.mark.parametrize("expression", ["a > 5", "rate(a_total[5m]) > 5", "time() - a > 60"])
def test_what_has_no_trend_needs_no_such_world(expression: str) -> None:
    assert stepped(planned(expression, {}, 15.0)) == []
