"""What commands tell beside verdicts: in a pipe each line whole, on a terminal broken between words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promproof.catalogue.model import Catalogue, Family
from promproof.catalogue.scoring import Fate, Scored
from promproof.cli import everydrill, faults, init, verify
from promproof.report.lines import tell, wrapped
from tests.catalogue.test_scoring import fault

pytestmark = pytest.mark.unit
LONG = "shop_request_duration_seconds: durations by class of status, method = lower, path = route (0.123456789 s)"
NEXT = "next: promproof verify --target http://127.0.0.1:41234 --prometheus http://127.0.0.1:39211"


def missed() -> None:
    """What `mutate --live` tells of a fault that nobody noticed."""
    scored = Scored(fault("wait", "alertmanager", at="a", times=2), Fate.MISSED, why=LONG)
    known = Catalogue({"alertmanager": Family(title="Alertmanager", about="", faults=(scored.fault,))})
    faults.show([scored], known, is_verbose=False)


def not_driven(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What `verify` tells last."""
    monkeypatch.setattr(verify, "_main_job", lambda given: 0)
    monkeypatch.setattr(everydrill, "not_driven", lambda given: [LONG])
    given: dict[str, Any] = {"drill": None, "claim": ()}

    def write() -> None:
        assert verify.run(given) == 0

    return write


def told(
    write: Callable[[], None],
    columns: int | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    """The lines of what is written on a terminal of so many columns; None: in a pipe."""
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", str(columns))
    write()
    return capsys.readouterr().out.splitlines()


def test_a_path_is_broken_between_its_folders_and_the_name_of_a_file_stays_whole() -> None:
    assert wrapped("/home/someone/monitoring/rules/http-errors.yml:6: wrong", 40) == [
        "/home/someone/monitoring/rules/",
        "http-errors.yml:6: wrong",
    ]
    assert wrapped(f"a/{'long-' * 10}name.yml", 40) == [f"a/{'long-' * 7}", f"{'long-' * 3}name.yml"]


def test_a_word_that_is_longer_than_a_line_leaves_no_empty_line() -> None:
    assert wrapped(f"seen {'x' * 90} again", 40) == ["seen", "x" * 90, "again"]
    assert wrapped("x" * 90, 40) == ["x" * 90]
    assert wrapped("a/" * 30, 40) == ["a/" * 20, "a/" * 10]


@pytest.mark.parametrize("columns", [50, 80])
@pytest.mark.parametrize("which", ["tell", "missed", "not driven"])
def test_a_terminal_breaks_what_is_told_between_words_alone(
    which: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = {"tell": lambda: tell(LONG), "missed": missed, "not driven": not_driven(monkeypatch)}[which]
    lines = told(write, columns, monkeypatch, capsys)
    assert LONG in " ".join(line.strip() for line in lines)
    assert max(len(line) for line in lines if "faults" not in line and "%" not in line) <= columns


@pytest.mark.parametrize("which", ["tell", "missed", "not driven"])
def test_a_pipe_has_what_is_told_on_one_line(
    which: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = {"tell": lambda: tell(LONG), "missed": missed, "not driven": not_driven(monkeypatch)}[which]
    assert any(line.endswith(LONG) for line in told(write, None, monkeypatch, capsys))


def test_a_command_that_is_told_can_be_copied_from_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(lambda: init._tell_command(NEXT), 60, monkeypatch, capsys)
    assert len(lines) > 1
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert " ".join(line.removesuffix(" \\").strip() for line in lines) == NEXT
    assert told(lambda: init._tell_command(NEXT), None, monkeypatch, capsys) == [NEXT]
