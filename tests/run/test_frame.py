"""The one frame: whatever ends the driving ends nothing else, and every kind of run goes through the same parts."""

from __future__ import annotations

import ast
import gc
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from promproof import interrupts
from promproof.crash import Tracebacks
from promproof.errors import EvidenceError, InputError
from promproof.places import REPOSITORY
from promproof.run.course import Course
from promproof.run.frame import carry_out

pytestmark = pytest.mark.unit
ALL = ["bring up", "drive", "read", "exercise", "judge", "report", "take down", "finish"]
TROUBLE = EvidenceError("prometheus", "died")
CTRL_C = KeyboardInterrupt("SIGINT")


class Scripted:
    """A run that notes its parts. breaks: what a part raises, by the part."""

    driving = "driving"

    def __init__(self, breaks: dict[str, BaseException]) -> None:
        self.breaks = breaks
        self.done: list[str] = []

    def _part(self, name: str) -> None:
        self.done.append(name)
        if name in self.breaks:
            raise self.breaks[name]

    def bring_up(self, cleanup: ExitStack) -> None:
        cleanup.callback(self._part, "take down")
        self._part("bring up")

    def drive(self) -> None:
        self._part("drive")

    def read(self) -> None:
        self._part("read")

    def exercise(self) -> None:
        self._part("exercise")

    def judge(self) -> str:
        self._part("judge")
        return "verdicts"

    def report(self, found: str) -> None:
        self._part("report")

    def finish(self) -> str:
        self._part("finish")
        return "verdicts"


def carried_out(folder: Path, **breaks: BaseException) -> tuple[Scripted, Course]:
    parts = Scripted({name.replace("_", " "): error for name, error in breaks.items()})
    course = Course(Tracebacks(folder / "tracebacks.txt"), lambda _: None)
    assert carry_out(parts, course, ExitStack(), lambda _: None) == "verdicts"
    return parts, course


def test_a_run_goes_through_all_parts_in_their_order(tmp_path: Path) -> None:
    parts, course = carried_out(tmp_path)
    assert (parts.done, course.trouble) == (ALL, None)


@pytest.mark.parametrize("error", [TROUBLE, KeyError("x")], ids=["a component", "a crash"])
@pytest.mark.parametrize(
    ("part", "left_out"),
    [
        ("bring up", ["drive", "read", "exercise"]),
        ("drive", ["exercise"]),
        ("read", ["exercise"]),
        ("exercise", []),
        ("report", []),
        ("take down", []),
    ],
)
def test_trouble_ends_its_part_and_what_needs_it_and_no_verdict(
    part: str, left_out: list[str], error: BaseException, tmp_path: Path
) -> None:
    parts, course = carried_out(tmp_path, **{part.replace(" ", "_"): error})
    assert parts.done == [name for name in ALL if name not in left_out]
    assert course.trouble is not None
    assert len(course.troubles) == 1


@pytest.mark.parametrize("part", ["bring up", "drive", "read", "exercise"])
def test_after_an_interruption_everything_is_taken_down_before_it_is_judged(
    part: str, tmp_path: Path
) -> None:
    parts, course = carried_out(tmp_path, **{part.replace(" ", "_"): CTRL_C})
    assert parts.done[-2:] == ["take down", "finish"]
    assert {"judge", "report"}.isdisjoint(parts.done)
    assert ("read" in parts.done) is (part != "bring up")
    assert (course.interrupted, course.trouble) == (True, "interrupted by SIGINT")


@pytest.mark.parametrize("breaks", [{}, {"judge": KeyError("x")}], ids=["judged", "a crash"])
def test_the_collector_leaves_what_was_recorded_alone_while_it_is_judged(
    breaks: dict[str, BaseException], tmp_path: Path
) -> None:
    class Looking(Scripted):
        frozen = 0

        def judge(self) -> str:
            Looking.frozen = gc.get_freeze_count()
            return super().judge()

    gc.unfreeze()  # a program that another test ran to its end may have left it so
    parts, course = Looking(breaks), Course(Tracebacks(tmp_path / "tracebacks.txt"), lambda _: None)
    with suppress(KeyError):
        carry_out(parts, course, ExitStack(), lambda _: None)
    assert Looking.frozen > 0
    assert gc.get_freeze_count() == 0


def test_nothing_is_collected_while_it_is_judged(tmp_path: Path) -> None:
    class Looking(Scripted):
        collects = True

        def judge(self) -> str:
            Looking.collects = gc.isenabled()
            return super().judge()

    before = gc.isenabled()
    gc.enable()
    try:
        course = Course(Tracebacks(tmp_path / "tracebacks.txt"), lambda _: None)
        carry_out(Looking({}), course, ExitStack(), lambda _: None)
        assert (Looking.collects, gc.isenabled()) == (False, True)
    finally:
        if not before:
            gc.disable()


def test_the_first_trouble_stays_the_cause(tmp_path: Path) -> None:
    _, course = carried_out(tmp_path, drive=TROUBLE, take_down=EvidenceError("grafana", "is still there"))
    assert str(course.trouble).startswith("prometheus: died")
    assert len(course.troubles) == 2


def test_a_users_mistake_ends_the_run_when_all_is_taken_down(tmp_path: Path) -> None:
    parts = Scripted({"bring up": InputError(what="no such program")})
    course = Course(Tracebacks(tmp_path / "tracebacks.txt"), lambda _: None)
    with pytest.raises(InputError, match="no such program"):
        carry_out(parts, course, ExitStack(), lambda _: None)
    assert parts.done == ["bring up", "take down"]


@pytest.fixture
def raising() -> Iterator[None]:
    with interrupts.terminate_as_interrupt():
        yield


def test_a_signal_within_a_flag_raises_nothing_and_neither_does_a_later_one(raising: None) -> None:
    told: list[str] = []
    with interrupts.as_flag(told.append):
        signal.raise_signal(signal.SIGINT)
    assert told == ["SIGINT"]
    signal.raise_signal(signal.SIGTERM)
    assert interrupts.hurried()


def test_a_signal_after_a_flag_that_was_told_nothing_is_an_interruption(raising: None) -> None:
    with interrupts.as_flag(lambda _: None):
        pass
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        signal.raise_signal(signal.SIGTERM)


def frames(folder: Path) -> set[str]:
    """The modules that begin and end a run by themselves: they make a history of their own."""
    return {path.name for path in folder.glob("*.py") if "Recorder" in calls(path)}


def calls(path: Path) -> set[str]:
    """The names that a module calls."""
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.func.id for node in tree if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def test_only_the_frame_begins_a_history() -> None:
    """`static` judges files without a run: its history has only what was read, and nothing is brought up or down."""
    assert frames(REPOSITORY / "promproof" / "run") == {"frame.py", "static.py"}


def test_another_frame_is_found(tmp_path: Path) -> None:
    (tmp_path / "second.py").write_text("def run():\n    history = Recorder()\n", encoding="utf-8")
    assert frames(tmp_path) == {"second.py"}
