"""The end of a run: causes and counts, or every claim; no claim or verdict is cut, however narrow a terminal is."""

from __future__ import annotations

import io
import re
import shlex

import pytest
from rich.cells import cell_len
from rich.console import Console

from promproof.report.lines import beside, continued, cut, fitted, limited, wrapped
from promproof.report.terminal import console_of, show
from promproof.run.ending import Ending
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
    show(Console(file=stream, width=width), VERDICTS, verbose=True)
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
    show(Console(file=stream, width=width), verdicts, verbose=True)
    table = stream.getvalue().partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= width
    assert [line for line in table if "fail" in line], table
    assert [line for line in table if "not verified" in line], table


@pytest.mark.parametrize("width", [40, 48, 60, 79])
def test_a_claim_that_is_longer_than_the_line_is_broken_between_its_parts(width: int) -> None:
    parts = set(re.split("[/-]", LONGEST))
    rows = [line.removeprefix("pass").strip() for line in shown(width)]
    first = next(number for number, row in enumerate(rows) if row.startswith("panel/"))
    told = rows[first : rows.index("", first)]
    assert "".join(told) == LONGEST
    assert {part for row in told for part in re.split("[/-]", row.strip("/-"))} == parts


@pytest.mark.parametrize("width", range(80, 100))
def test_what_was_seen_is_cut_between_words_and_within_no_number(width: int) -> None:
    stream = io.StringIO()
    seen = "pending 0.37 s, firing 5.37 s, told 15.88 s after the fault; with 1234567 requests"
    show(Console(file=stream, width=width), [Verdict("drill/Memory/fires", Outcome.PASS, seen)], verbose=True)
    row = next(line for line in stream.getvalue().splitlines() if line.startswith("drill/Memory/fires"))
    shown = row.partition("pass")[2].strip()
    assert shown == seen or set(shown.removesuffix(" ...").split()) <= set(seen.split())
    assert shown.startswith("pending 0.37 s, firing 5.37")


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


def lines_of(verdicts: list[Verdict], width: int = 80, *, pipe: bool = False) -> list[str]:
    """What a terminal (a pipe) shows of verdicts by default."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=not pipe, color_system=None, _environ={})
    show(console, verdicts, Ending())
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def red(claim: str, reason: str = "1, truth 2") -> Verdict:
    return Verdict(claim, Outcome.FAIL, reason, expected="2")


def test_claims_that_pass_are_counted_by_kind_and_open_ones_by_reason() -> None:
    verdicts = [Verdict(f"metric/m{n}/exact", Outcome.PASS, "equal") for n in range(74)]
    verdicts += [Verdict(f"panel/a/p{n}/values", Outcome.PASS, "equal") for n in range(149)]
    verdicts += [Verdict(f"grafana/{n}", Outcome.NOT_VERIFIED, "no Grafana") for n in range(6)]
    assert lines_of(verdicts) == [
        "metrics 74/74 · panels 149/149 · grafana 0/6",
        "6 not verified: no Grafana (grafana/0 and 5 more)",
        "229 claims: 223 pass, 6 not verified",
    ]


@pytest.mark.parametrize(("count", "said"), [(1, "1 claim, for 1 reason"), (2, "2 claims, for 1 reason")])
def test_of_a_red_run_what_is_not_verified_is_one_line(count: int, said: str) -> None:
    open_ones = [Verdict(f"grafana/{n}", Outcome.NOT_VERIFIED, "no Grafana") for n in range(count)]
    assert f"not verified: {said}" in lines_of([red("metric/m/exact"), *open_ones])


def test_two_thousand_red_claims_fit_a_screen_and_a_pipe_names_each() -> None:
    verdicts = [red(f"metric/m{n}/exact") for n in range(2000)]
    screen = lines_of(verdicts)
    assert len(screen) <= 24
    assert screen[0] == "2000 fail for 2000 reasons, of 2000 claims"
    assert screen[1] == "fail 1. metric/m0/exact fails"
    assert re.fullmatch(r"and \d+ more, of \d+ claims: --verbose tells them", screen[-3])
    assert screen[-1] == "2000 claims: 2000 fail"
    piped = "\n".join(lines_of(verdicts, pipe=True))
    assert all(f"metric/m{n}/exact" in piped for n in range(2000))


def test_an_empty_run_says_that_nothing_was_judged() -> None:
    assert lines_of([]) == ["0 claims: none"]


@pytest.mark.parametrize("pipe", [False, True], ids=["terminal", "pipe"])
def test_what_a_terminal_would_obey_is_written_out(pipe: bool) -> None:
    evil = "\x1b[2J[bold]x[/] ]]> \u202eabc\x07\nsecond line \ud800"
    text = "\n".join(lines_of([red(f"metric/{evil}/exact", evil)], pipe=pipe))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[2J[bold]x[/] ]]> \\u202eabc\\x07 second" in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_words_and_numbers_are_never_broken_and_long_paths_only_between_their_parts(width: int) -> None:
    path = "/".join(["monitoring"] * 20) + "/rules.yml"
    words = ["1234567890.123456", "HighErrorRate", "日本語のラベル", "fires", "documented"] * 12
    reason = f"{' '.join(words)} {path}"
    lines = wrapped(reason, width - 11)
    assert max(map(cell_len, lines)) <= width - 11
    pieces = " ".join(lines).split()
    assert set(pieces) - set(words) <= {
        p for p in pieces if p in path and (p[-1] in "/." or path.endswith(p))
    }
    assert "".join(pieces) == reason.replace(" ", "")


def test_a_text_that_is_cut_short_is_cut_between_words() -> None:
    assert limited(["one 12", "two 345", "three"], 2) == ["one 12", "two ..."]
    assert limited(["one"], 2) == ["one"]


def test_one_line_holds_as_much_of_a_long_id_as_there_is_room_for() -> None:
    text = 'metric/a/during fails: at 41.84 s: a{endpoint="/api/v1/alerts",status="200"} is 11, truth 10'
    assert cut(text, 60) == 'metric/a/during fails: at 41.84 s: a{endpoint="/api/v1/ ...'
    assert cut(text, 30) == "metric/a/during fails: at ..."
    assert cut(text, 200) == cut(text, None) == text


def test_a_long_symptom_list_is_counted() -> None:
    rule = red("alert/A/documented", "r.yml:6: threshold is > 1, documented > 2")
    live = [red(f"alert/A/live/{aspect}") for aspect in ("fires-above", "notified", "resolved", "quiet")]
    [line] = [line for line in lines_of([rule, *live], 200) if "so also" in line]
    assert line == "  so also   4 claims: alert/A/live/fires-above, notified, resolved, quiet"


def test_the_word_before_a_tolerance_stands_apart() -> None:
    lines = lines_of(
        [Verdict("alert/A/quiet", Outcome.FAIL, "loud", "quiet", tolerance="longest hole 0.1 s")], 80
    )
    assert "  tolerance longest hole 0.1 s" in lines


def test_the_reason_of_a_claim_is_whole_in_the_terminals_lines_and_no_part_of_a_word_is_bold() -> None:
    stream = Terminal()
    reason = "the image grafana/grafana:12.2.0 is not here: " + "dial tcp 10.255.255.53:53: no such host " * 4
    console = Console(file=stream, width=80, force_terminal=True, no_color=True, _environ={})
    show(console, [Verdict("deployment/images", Outcome.UNKNOWN, reason.strip())], verbose=True)
    told = stream.getvalue().partition("  seen      ")[2].partition("\n\n")[0]
    assert "grafana/grafana:12.2.0" in told
    assert max(map(cell_len, told.splitlines())) <= 80
    assert " ".join(told.split()) == reason.strip()


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_command_is_broken_so_that_a_shell_takes_it_as_it_stands(width: int) -> None:
    command = "curl -s 'http://127.0.0.1/?q=a b' | grep -n \"x  y\" --monitoring a\\ b/c --claim metric/a/b"
    lines = continued(command, width)
    assert len(lines) > 1
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert all(cell_len(line) <= width for line in lines if "http" not in line)
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == shlex.split(command)


def test_a_command_that_fits_or_is_none_stays_as_it_is() -> None:
    for command in (
        "promproof verify --claim a/",
        "it's one quote, and a very long text that no shell would take",
    ):
        assert continued(command, 30 if "'" in command else 80) == [command]
    assert continued("x " * 100 + "y", None) == ["x " * 100 + "y"]


def test_a_text_beside_its_head_has_a_column_of_its_own_where_there_is_room() -> None:
    words = "ordinary traffic, and ten times of it"
    assert beside("spike  ", words, 32) == "spike  ordinary traffic, and ten\n       times of it"
    assert beside("spike  ", words, 22) == "spike  ordinary\n  traffic, and ten\n  times of it"
    assert beside("spike  ", words, None) == f"spike  {words}"


def test_a_text_of_several_lines_is_broken_between_words_and_keeps_its_indent() -> None:
    text = "rule  killed\n  +expr: sum(rate(a[5m])) > 0.05\n\n  a test that would notice: one two three"
    assert fitted(text, 24).split("\n") == [
        "rule  killed",
        "  +expr:",
        "    sum(rate(a[5m])) >",
        "    0.05",
        "",
        "  a test that would",
        "    notice: one two",
        "    three",
    ]
    assert fitted(text, None) == text
