"""Worlds beside the boundaries in which small changes of a rule show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.proofs.evaluate import Unevaluable
from promproof.proofs.killers import answer, scenes
from promproof.proofs.plan import planned
from promproof.proofs.search import Knobs
from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import Node, parse
from promproof.proofs.world import Family

pytestmark = pytest.mark.unit

OWNED = (
    'max by (pod) (phase{phase=~"P|U"}) * on (pod) group_left (kind) '
    'topk by (pod) (1, max by (pod, kind) (owner{kind!="Job"})) > 0'
)
QUOTA = 'sum(min without (resource) (quota{resource=~"(cpu|requests.cpu)"})) / sum(whole) > 1.5'

PODS = (
    "count by (node) ((phase == 1) * on (pod) group_left (node) topk by (pod) (1, info)) "
    "/ max by (node) (room != 1) > 0.95"
)
DOWN = "count(avg_over_time(up[5m]) < 0.5) / count(up) >= 0.5"
FULL = "quota{type='used'} / ignoring (instance, type) (quota{type='hard'} > 0) > 0.9 < 1"

ZONES = "count by (zone) (pods) / count(nodes) > 2.5"

QUIET = "((x > 5) unless on (t) (quiet == 1))"
EITHER = f"{QUIET} * on (t) group_left (owner) info or {QUIET} unless on (t) info"


@pytest.mark.parametrize(
    ("expression", "changed"),
    [
        (OWNED, OWNED.replace('kind!="Job"', "")),
        (OWNED, OWNED.replace('phase=~"P|U"', "")),
        (OWNED, OWNED.replace("topk by (pod)", "topk by ()")),
        (QUOTA, QUOTA.replace("without (resource)", "without ()")),
        (PODS, PODS.replace("topk by (pod)", "topk by ()")),
        (DOWN, DOWN.replace(">= 0.5", ">= 0.495")),
        (ZONES, ZONES.replace("by (zone)", "by ()")),
        (ZONES, ZONES.replace("2.5", "2.475")),
        (FULL, FULL.replace("> 0)", "> -1)")),
        (FULL, FULL.replace("> 0)", ">= 0)")),
        (EITHER, EITHER.replace("== 1)) unless on (t) info", "!= 1)) unless on (t) info")),
        (EITHER, EITHER.replace("== 1)) * on", "!= 1)) * on")),
    ],
    ids=[
        "a matcher of one side",
        "a matcher of the other",
        "a label of a grouping",
        "a label that differs",
        "two that are counted",
        "a share of many",
        "a label that it has to lack",
        "more of one than of the other",
        "a divisor below 0",
        "a divisor of 0 beside another",
        "the second of two alternatives",
        "the first of two alternatives",
    ],
)
def test_a_small_change_shows_in_a_world(expression: str, changed: str) -> None:
    plan = planned(expression, {}, 15.0)

    def said(families: list[Family], knobs: Knobs, root: Node) -> set[object]:
        try:
            found = replace(plan.problem, families=families, root=root, asked=0).result(knobs)[0]
        except Unevaluable:
            return {"refused"}
        assert isinstance(found, dict)
        return {labels for labels, (_, gap) in found.items() if gap == 0}

    shown = [
        scene
        for scene in scenes(plan, [{"alert": "A", "expr": expression}])
        if said(list(scene.families), scene.knobs, parse(expression))
        != said(list(scene.families), scene.knobs, parse(changed))
    ]
    assert shown


def test_a_recorded_age_is_asked_at_its_very_threshold() -> None:
    recorded, age = "time() - min by (backend) (x)", "age > 172800"
    rules: Recorded = {"age": [(parse(recorded), {})]}
    plan = planned(age, rules, 15.0)
    assert [family.follows_time for family in plan.problem.families] == [True]
    data = [{"record": "age", "expr": recorded}, {"alert": "A", "expr": age}]
    told = [
        answer(plan.problem, scene, parse(age), rules)
        != answer(plan.problem, scene, parse("age >= 172800"), rules)
        for scene in scenes(plan, data)
    ]
    assert any(told)


def test_a_value_that_a_text_shows_tells_what_the_labels_do_not() -> None:
    expression = "sum(max by (pod) (changes(phase[5m]))) > 0"
    plan = planned(expression, {}, 15.0)
    shown = {"summary": "{{ $value }}"}
    plain = scenes(plan, [{"alert": "A", "expr": expression}])
    valued = scenes(plan, [{"alert": "A", "expr": expression, "annotations": shown}])
    assert len(valued) > len(plain), "two instances of one pod are a sum of two, or the greatest of two"


def test_two_series_of_a_side_that_must_have_one_are_refused_only_beside_a_partner() -> None:
    root = parse("quota{type='used'} / ignoring (type) quota{type=~'hard.*'}")
    families = [Family(place, "quota", {"type": kind}) for place, kind in enumerate(("hard", "hardx"))]
    problem = replace(planned("quota > 1", {}, 15.0).problem, root=root, families=families)
    assert problem.result({})[0] == {}
    problem = replace(problem, families=[*families, Family(2, "quota", {"type": "used"})])
    with pytest.raises(Unevaluable):
        problem.result({})
