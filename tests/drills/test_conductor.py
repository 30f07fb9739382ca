"""Drills of one batch that have to do with each other: what waits for what."""

from __future__ import annotations

import pytest

from promproof.contract import model as contracts
from promproof.drills.drill import load_folder
from promproof.evidence.records import Timing
from promproof.places import DEFAULT_CONTRACT
from promproof.places import DRILLS as FOLDER
from promproof.run.conductor import Course, Part, course_of, waits

pytestmark = pytest.mark.unit
CONTRACT = contracts.load(DEFAULT_CONTRACT)
TIMING = Timing(0.05, 5.0, 5.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=10 / 60, scale=60.0)


def course(name: str, turn: str = "", after: str = "") -> Course:
    """A drill that has come to a turn; before its begin without one."""
    drill = next(drill.plan for drill in load_folder(FOLDER) if drill.plan.name == name)
    made = course_of(Part(drill, CONTRACT.alert(drill.alert), TIMING, ("webhook",), after=after), 0.1, 0.0)
    if turn:
        made.at = next(number for number, step in enumerate(made.steps) if step.turn == turn)
    return made


def ended(name: str) -> Course:
    made = course(name, "quiet")
    made.done = True
    return made


def test_no_fault_is_raised_while_another_drill_disturbs_the_path() -> None:
    long = course("ErrorBudgetFastBurn", "below")
    for turn in ("below", "raised", "disturbed", "healed", "quiet"):
        assert waits(long, [long, course("WebhookFails", turn)]), turn
    assert not waits(long, [long, ended("WebhookFails")])
    assert not waits(long, [long, course("WebhookFails")])
    assert not waits(long, [long, course("Intermittent", "raised")])  # it disturbs nothing


def test_a_drill_that_is_beyond_its_threshold_goes_on() -> None:
    raised = course("ErrorBudgetFastBurn", "raised")
    assert not waits(raised, [raised, course("WebhookFails", "below")])


def test_the_path_is_not_disturbed_while_another_alert_is_beyond_its_threshold() -> None:
    waiting = course("WebhookFails")
    for turn in ("raised", "healed", "quiet"):
        assert waits(waiting, [waiting, course("ErrorBudgetFastBurn", turn)]), turn
    assert not waits(waiting, [waiting, course("ErrorBudgetFastBurn", "below")])
    assert not waits(waiting, [waiting, ended("ErrorBudgetFastBurn")])


def test_a_drill_begins_when_the_one_before_it_has_ended() -> None:
    second = course("Intermittent", after="WebhookFails")
    assert waits(second, [second, course("WebhookFails", "quiet")])
    assert waits(second, [second, course("WebhookFails")])
    assert not waits(second, [second, ended("WebhookFails")])
    alone = course("Intermittent")
    assert not waits(alone, [alone, course("ErrorBudgetFastBurn", "raised")])


def test_a_drill_alone_waits_for_nothing() -> None:
    alone = course("WebhookFails", "below")
    assert not waits(alone, [alone])
