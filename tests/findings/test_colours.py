"""Colours of `promproof check`: on a terminal only, and they change no letter."""

from __future__ import annotations

import io
import re

import pytest

from promproof.cli.program import main
from promproof.report.findings.colours import are_wanted, coloured
from tests.findings.drafting import path_of

pytestmark = pytest.mark.unit
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_colours_and_a_pipe_does_not() -> None:
    assert are_wanted(Terminal())
    assert not are_wanted(io.StringIO())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_that_wants_no_colours_gets_none(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert not are_wanted(Terminal())


def test_no_color_wins_over_force_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert are_wanted(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not are_wanted(io.StringIO())


def test_an_empty_no_color_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert are_wanted(Terminal())


@pytest.mark.parametrize("kind", ["rule/irate-in-alert", "grafana/legend-quantile", "rule/unknown-job"])
def test_colours_change_no_letter(kind: str) -> None:
    text = path_of(kind).read_text(encoding="utf-8")
    painted = coloured(text)
    assert painted != text
    assert _ESCAPE.sub("", painted) == text
    assert f"\x1b[1m{kind}\x1b[0m" in painted


def test_the_program_writes_colours_where_it_is_asked_to(
    tmp_path: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = f"{tmp_path}/rules.yml"
    with open(rules, "w", encoding="utf-8") as file:
        file.write("groups: [{name: a, rules: [{alert: A, expr: 'histogram_quantile(9, x_bucket) > 0'}]}]\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["check", rules]) == 1
    assert "\x1b[1;31merror\x1b[0m" in capsys.readouterr().out
    main(["check", rules, "--format", "json"])
    assert "\x1b" not in capsys.readouterr().out
