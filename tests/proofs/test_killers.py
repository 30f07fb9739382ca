"""Worlds beside the boundaries in which small changes of a rule show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.proofs.killers import scenes
from promproof.proofs.plan import planned
from promproof.proofs.search import Knobs
from promproof.proofs.tree import Node, parse
from promproof.proofs.world import Family

pytestmark = pytest.mark.unit

OWNED = (
    'max by (pod) (phase{phase=~"P|U"}) * on (pod) group_left (kind) '
    'topk by (pod) (1, max by (pod, kind) (owner{kind!="Job"})) > 0'
)
QUOTA = 'sum(min without (resource) (quota{resource=~"(cpu|requests.cpu)"})) / sum(whole) > 1.5'


@pytest.mark.parametrize(
    ("expression", "changed"),
    [
        (OWNED, OWNED.replace('kind!="Job"', "")),
        (OWNED, OWNED.replace('phase=~"P|U"', "")),
        (OWNED, OWNED.replace("topk by (pod)", "topk by ()")),
        (QUOTA, QUOTA.replace("without (resource)", "without ()")),
    ],
    ids=["a matcher of one side", "a matcher of the other", "a label of a grouping", "a label that differs"],
)
def test_a_small_change_shows_in_a_world(expression: str, changed: str) -> None:
    plan = planned(expression, {}, 15.0)

    def said(families: list[Family], knobs: Knobs, root: Node) -> set[object]:
        found = replace(plan.problem, families=families, root=root, asked=0).result(knobs)[0]
        assert isinstance(found, dict)
        return {labels for labels, (_, gap) in found.items() if gap == 0}

    shown = [
        scene
        for scene in scenes(plan, [{"alert": "A", "expr": expression}])
        if said(list(scene.families), scene.knobs, parse(expression))
        != said(list(scene.families), scene.knobs, parse(changed))
    ]
    assert shown
