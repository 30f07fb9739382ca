"""A component that exists and doesn't work is named in seconds; one that is only busy is not."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promproof.errors import EvidenceError
from promproof.faults.undo import EndFault, SendSignal, UndoBook
from promproof.run import liveness as module
from promproof.run.liveness import (
    SILENT_QUESTIONS,
    SILENT_SECONDS,
    STOPPED_SECONDS,
    Component,
    Course,
    Liveness,
)
from promproof.run.traffic import Settings, Traffic
from promproof.stack.children import Child, start_child, stop_all
from promproof.stack.frozen import stopped
from promproof.stack.journal import Journal, start_time
from promproof.stack.protocol import ComponentState, Status
from promproof.stack.waiting import wait_until
from tests.observe import servers

pytestmark = pytest.mark.unit
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def started(command: list[str] = SLEEP) -> Child:
        children.append(start_child(command, name="prometheus", log=tmp_path / "prometheus.log"))
        return children[-1]

    yield started
    stop_all(children, steps=(signal.SIGKILL,))


def test_a_moment_of_standing_still_is_no_proof_and_two_seconds_are() -> None:
    course = Course()
    course.look(10.0, 7)
    assert not course.reason
    course.look(10.0 + STOPPED_SECONDS, 7)
    assert course.reason.startswith("process 7 is stopped")
    course.look(13.0, None)
    assert not course.reason


@pytest.mark.parametrize(
    ("answers", "silent"),
    [
        ([True] * 20, False),
        ([False] * 20, True),
        ([False, False, False, True] * 5, False),
        ([False] * (SILENT_QUESTIONS - 1) + [True], False),
    ],
    ids=["all answered", "none answered", "every fourth answered", "late"],
)
def test_only_a_long_silence_counts_as_dead(answers: list[bool], silent: bool) -> None:
    course = Course()
    for number, answered in enumerate(answers):
        course.answered(number * 5.0, "" if answered else "timed out")
    assert bool(course.reason) == silent


def test_many_unanswered_questions_in_a_short_time_are_no_proof() -> None:
    course = Course()
    for number in range(100):
        course.answered(number * SILENT_SECONDS / 200, "timed out")
    assert not course.reason


def test_a_stopped_process_is_told_from_a_busy_and_an_idle_one(start: Start) -> None:
    idle, busy = start(), start([sys.executable, "-c", "while True: pass"])
    shell = start(["sh", "-c", "sleep 60; true"])
    wait_until(lambda: "" if _children(shell.pid) else "no child", 10)
    assert [stopped(child.pid) for child in (idle, busy, shell)] == [None] * 3
    [child] = _children(shell.pid)
    for pid in (idle.pid, child):
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: "" if stopped(idle.pid) and stopped(shell.pid) else "not stopped yet", 10)
    assert [stopped(process.pid) for process in (idle, busy, shell)] == [idle.pid, None, child]
    assert stopped(None) is None
    assert stopped(2**22 + 1) is None


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_SECONDS", "STOPPED_SECONDS", "QUESTION_SECONDS", "SILENT_SECONDS"):
        monkeypatch.setattr(module, name, 0.05)


def _frozen(liveness: Liveness) -> Callable[[], str]:
    def unmet() -> str:
        liveness.raise_if_frozen()
        return "nothing was named"

    return unmet


@pytest.mark.usefixtures("quick")
def test_a_frozen_component_is_named_at_once_with_its_log_and_its_return_is_reported(
    start: Start, tmp_path: Path
) -> None:
    said: list[str] = []
    child = start(["sh", "-c", "echo ready to serve; exec sleep 60"])
    component = Component("prometheus", child.state, lambda: ["ready to serve"])
    with UndoBook(tmp_path / "undo") as book:
        liveness = Liveness([component], book, said.append)
        liveness.start()
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(EvidenceError) as caught:
            wait_until(_frozen(liveness), 10)
        assert str(caught.value).startswith(f"prometheus: process {child.pid} is stopped")
        assert "ready to serve" in str(caught.value)
        with pytest.raises(EvidenceError):
            liveness.raise_if_stopped("prometheus")
        liveness.raise_if_stopped("alertmanager")
        os.kill(child.pid, signal.SIGCONT)
        wait_until(lambda: "" if "prometheus: it goes on" in said else str(said), 10)
        liveness.raise_if_frozen()
        liveness.stop()
    assert len(said) == 2


@pytest.mark.usefixtures("quick")
def test_a_process_that_a_drill_has_stopped_is_not_frozen(start: Start, tmp_path: Path) -> None:
    child = start()
    began = start_time(child.pid)
    assert began is not None
    with UndoBook(tmp_path / "undo") as book:
        book.add(EndFault(url="http://127.0.0.1:1", token="", fault="slow"))
        number = book.add(SendSignal(pid=child.pid, started=began, number="CONT"))
        liveness = Liveness([Component("target", child.state)], book, lambda text: None)
        liveness.start()
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError, match="nothing was named"):
            wait_until(_frozen(liveness), 0.5)
        book.done(number)  # and now nobody means it
        with pytest.raises(EvidenceError, match="is stopped"):
            wait_until(_frozen(liveness), 10)
        liveness.stop()
        for left in range(number):
            book.done(left)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("status", "script", "named"),
    [
        (Status.FOREIGN, servers.silent, True),
        (Status.FOREIGN, servers.answer("broken", 500), False),
        (Status.STOPPED, servers.silent, False),
    ],
    ids=["silent", "answers 500", "stopped by a drill"],
)
def test_a_component_without_a_process_here_is_asked(
    status: Status, script: servers.Script, named: bool, tmp_path: Path
) -> None:
    with servers.serving(script) as server, UndoBook(tmp_path / "undo") as book:
        component = Component(
            "prometheus", lambda: ComponentState("prometheus", status), ready_url=server.url
        )
        liveness = Liveness([component], book, lambda text: None)
        liveness.start()
        with pytest.raises(
            EvidenceError if named else TimeoutError, match="no answer" if named else "was named"
        ):
            wait_until(_frozen(liveness), 10 if named else 1)
        liveness.stop()


def _runs_its_command(child: Child) -> bool:
    """Whether the launcher has handed over: until then it keeps a signal for the command."""
    return "launcher" not in Path(f"/proc/{child.pid}/cmdline").read_text(encoding="utf-8")


def test_stopped_children_are_ended_together(start: Start) -> None:
    children = [
        start(["sleep", "60"]),
        start(),
        start(["sh", "-c", "trap '' INT TERM; sleep 60 & wait; sleep 60"]),
    ]
    wait_until(lambda: "" if all(map(_runs_its_command, children)) else "still the launcher", 10)
    for child in children:
        os.kill(child.pid, signal.SIGSTOP)
    wait_until(lambda: "" if all(stopped(child.pid) for child in children) else "not stopped yet", 10)
    begun = time.monotonic()
    stop_all(children)
    assert time.monotonic() - begun < 10  # three steps of 1.5, 1.5 and 1 s
    assert not any(child.is_running() for child in children)
    assert children[0].exit_status() == -signal.SIGINT


def test_a_locust_that_was_killed_is_reported_with_its_signal(start: Start, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "steady.yaml", "http://127.0.0.1:1", "reconcile", 0.025)
    with Journal(tmp_path / "journal") as journal:
        traffic = Traffic(settings, tmp_path, journal)
        traffic._child = child = start()
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(EvidenceError, match="died with signal 9 before 'arrivals-started'"):
            traffic.wait_for("arrivals-started", 60)
        with pytest.raises(EvidenceError, match="ended early: died with signal 9"):
            traffic.check_alive()
        assert not traffic.record().complete


def test_a_stopped_locust_is_named_and_not_waited_for(start: Start, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "steady.yaml", "http://127.0.0.1:1", "reconcile", 0.025)
    with Journal(tmp_path / "journal") as journal:
        traffic = Traffic(settings, tmp_path, journal)
        traffic._child = child = start()
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(EvidenceError, match=rf"locust \(reconcile\): process {child.pid} is stopped"):
            traffic.wait(60)
        assert traffic.record().view["bin_seconds"] == 0.025  # it has written nothing, and can be merged
        traffic.stop()
