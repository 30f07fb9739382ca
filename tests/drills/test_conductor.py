"""Drills of one batch that have to do with each other: what waits for what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.drills.drill import Disturbance
from promproof.evidence import records
from promproof.run.conductor import Part
from tests.drills.test_lost_lease import Ground, ground, parts

__all__ = ["ground"]
pytestmark = pytest.mark.stack


def turns(ground: Ground, name: str) -> dict[str, float]:
    return {turn.data.turn: turn.t for turn in ground.history.of(records.Turn) if turn.data.drill == name}


def disturbing(part: Part) -> Part:
    drill = part.drill.model_copy(update={"disturb": Disturbance(what="webhook_fails", when="pending")})
    return replace(part, drill=drill)


def test_no_fault_is_raised_while_another_drill_disturbs_the_path(ground: Ground) -> None:
    errors, slow = parts("ManyErrors", "SlowAnswers")
    long = replace(slow.timing, window=1.0)
    ground.conductor.run([disturbing(errors), replace(slow, timing=long)])
    first, second = turns(ground, "ManyErrors"), turns(ground, "SlowAnswers")
    assert second["below"] < first["raised"]  # side by side while it is silent
    assert first["ended"] <= second["raised"]


def test_the_path_is_not_disturbed_while_another_fault_is_raised(ground: Ground) -> None:
    errors, slow = parts("ManyErrors", "SlowAnswers")
    long = replace(errors, timing=replace(errors.timing, hold=1.5))
    third = slow.drill.model_copy(update={"name": "Third"})
    late = replace(disturbing(replace(slow, drill=third)), after=slow.drill.name)
    ground.conductor.run([long, slow, late])
    first, second, last = (turns(ground, name) for name in ("ManyErrors", "SlowAnswers", "Third"))
    assert first["raised"] < second["ended"] < first["ended"]  # it could begin, but for what is raised
    assert first["ended"] <= last["below"]


def test_a_drill_that_another_one_follows_is_watched_until_its_own_end(ground: Ground) -> None:
    errors, slow = parts("ManyErrors", "SlowAnswers")
    ground.conductor.run([errors, replace(slow, after=errors.drill.name)])
    driven = {record.data.name: record.data for record in ground.history.of(records.DrillDriven)}
    assert driven["ManyErrors"].ended <= driven["SlowAnswers"].begun < driven["SlowAnswers"].ended


def test_drills_side_by_side_are_watched_until_the_last_one_ends(ground: Ground) -> None:
    errors, slow = parts("ManyErrors", "SlowAnswers")
    ground.conductor.run([errors, replace(slow, timing=replace(slow.timing, window=0.8))])
    driven = {record.data.name: record.data for record in ground.history.of(records.DrillDriven)}
    assert (
        driven["ManyErrors"].ended
        >= turns(ground, "SlowAnswers")["ended"]
        > turns(ground, "ManyErrors")["ended"]
    )
