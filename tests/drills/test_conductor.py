"""Drills of one batch that have to do with each other: what waits for what."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from promproof.contract import model as contracts
from promproof.drills.drill import Disturbance, load_folder
from promproof.errors import InputError
from promproof.evidence.history import Recorder
from promproof.evidence.records import Timing
from promproof.faults.site import Site
from promproof.faults.undo import RunCommand, UndoBook
from promproof.interrupts import terminate_as_interrupt
from promproof.observe.webhook import Receiver
from promproof.places import DEFAULT_CONTRACT
from promproof.places import DRILLS as FOLDER
from promproof.run.clock import SystemClock
from promproof.run.conductor import Conductor, Course, Part, Watch, course_of, waits
from promproof.run.world import World
from promproof.stack.external import ExternalStack
from promproof.stack.protocol import Endpoints

pytestmark = pytest.mark.unit
CONTRACT = contracts.load(DEFAULT_CONTRACT)
TIMING = Timing(0.05, 5.0, 5.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=10 / 60, scale=60.0)


def course(name: str, turn: str = "", *after: str) -> Course:
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
    second = course("Intermittent", "", "WebhookFails")
    assert waits(second, [second, course("WebhookFails", "quiet")])
    assert waits(second, [second, course("WebhookFails")])
    assert not waits(second, [second, ended("WebhookFails")])
    alone = course("Intermittent")
    assert not waits(alone, [alone, course("ErrorBudgetFastBurn", "raised")])


def test_a_drill_alone_waits_for_nothing() -> None:
    alone = course("WebhookFails", "below")
    assert not waits(alone, [alone])


def test_drills_that_wait_for_each_others_notifications_do_not_wait_for_an_end() -> None:
    disturb = Disturbance(what="webhook_fails", when="pending")
    errors, slow = course("TwoAtOnceErrors", "below"), course("TwoAtOnceSlow", "below")
    slow.part = replace(slow.part, drill=slow.part.drill.model_copy(update={"disturb": disturb}))
    assert not waits(errors, [errors, slow])
    follower = course("TwoAtOnceErrors", "", "TwoAtOnceSlow")
    assert not waits(follower, [follower, course("TwoAtOnceSlow", "raised")])


def test_a_drill_waits_for_all_that_it_has_something_in_common_with() -> None:
    third = course("WebhookFails", "", "AlertmanagerRestarts", "Intermittent")
    assert waits(third, [third, course("AlertmanagerRestarts", "quiet"), ended("Intermittent")])
    assert waits(third, [third, ended("AlertmanagerRestarts"), course("Intermittent", "below")])
    assert not waits(third, [third, ended("AlertmanagerRestarts"), ended("Intermittent")])


def test_two_drills_that_disturb_the_path_do_not_wait_for_each_other() -> None:
    """Both would be below their thresholds, and neither raise its fault before the other has ended."""
    first, second = course("WebhookFails", "below"), course("AlertmanagerRestarts")
    assert waits(second, [first, second])
    assert not waits(first, [first, second])
    assert not waits(second, [ended("WebhookFails"), second])


def test_what_can_not_be_taken_back_costs_nothing_else(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    with UndoBook(tmp_path / "undo") as book:
        book.add(RunCommand(argv=("rm", str(flag))))
        site = Site(
            book, ExternalStack(Endpoints("http://127.0.0.1")), None, None, None, "shop", None, 0.05, ""
        )
        site.state |= {
            "component_down": "alertmanager",
            "missing_metric": ("p", tmp_path / "gone" / "file", "text"),
        }
        receiver = Receiver(lambda: 0.0)
        told = World(site, receiver).heal_all()
        receiver.close()
    assert not flag.exists()
    assert [line.startswith("not taken back: ") for line in told] == [True, True, False]


@pytest.mark.parametrize("signals", [(), (signal.SIGINT,)], ids=["alone", "beside Ctrl-C"])
def test_a_run_that_somebody_ended_does_not_begin_anew(
    tmp_path: Path, signals: tuple[signal.Signals, ...]
) -> None:
    def alive() -> None:
        for number in signals:
            signal.raise_signal(number)
        raise InputError(what="too much for this machine")

    with UndoBook(tmp_path / "undo") as book:
        history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
        receiver = Receiver(history.now)
        site = Site(
            book, ExternalStack(Endpoints("http://127.0.0.1")), None, None, None, "shop", None, 0.05, ""
        )
        watch = Watch(alive, lambda name, since: False, lambda name: "inactive", lambda: 0.05)
        conductor = Conductor(World(site, receiver), history, watch, lambda text: None)
        ends = KeyboardInterrupt if signals else InputError
        with terminate_as_interrupt(), pytest.raises(ends):
            conductor.run([course("HighErrorRate").part])
        receiver.close()
        history.close()
