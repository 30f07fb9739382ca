"""The table of verdicts: a terminal's own width, and no claim or verdict is cut, however narrow it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from promproof.report.terminal import console_of, show
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
LONGEST = "panel/resource-utilization/network-traffic-by-interface/agreement"
VERDICTS = [
    Verdict("target/up", Outcome.PASS, "up in 165 of 165 scrapes"),
    Verdict(
        LONGEST, Outcome.PASS, "385 points of 1 series agree, bounds 4% wide on average, nothing is left out"
    ),
]


def shown(width: int) -> list[str]:
    stream = io.StringIO()
    show(Console(file=stream, width=width), VERDICTS)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_claims_and_verdicts_are_whole_and_no_line_is_longer_than_the_terminal(width: int) -> None:
    lines = shown(width)
    assert max(map(len, lines)) <= width
    assert [line for line in lines if LONGEST in line and "pass" in line]


@pytest.mark.parametrize("width", [60, 80, 109, 110, 140, 200])
def test_a_long_reason_takes_no_column_from_the_verdict(width: int) -> None:
    stream = io.StringIO()
    verdicts = [Verdict(LONGEST, Outcome.FAIL, "x" * 300), Verdict("b", Outcome.NOT_VERIFIED, "y")]
    show(Console(file=stream, width=width), verdicts)
    table = stream.getvalue().partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= width
    assert [line for line in table if "fail" in line], table
    assert [line for line in table if "not verified" in line], table


def test_what_was_seen_is_shown_where_there_is_room_for_it() -> None:
    assert "up in 165 of 165 scrapes" in "".join(shown(140))
    assert "up in 165" not in "".join(shown(80))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_has_the_least_width_and_a_terminal_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    assert console_of(io.StringIO(), least=140).width == 140
    assert console_of(Terminal(), least=140).width == 80
    assert not console_of(io.StringIO(), least=140).is_terminal
