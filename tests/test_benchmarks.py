"""Each benchmark tells what it is for, and a mistake on its command line, in words."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
PROGRAMS = sorted(
    file.stem
    for file in (Path(__file__).parent.parent / "benchmarks").glob("*.py")
    if re.search(r'^if __name__ == "__main__":', file.read_text(encoding="utf-8"), re.MULTILINE)
)
HANDS_ON = {"drill_campaign"}
"""What they do not know is for the drills."""


def told(program: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit status of a benchmark with these words."""
    monkeypatch.setattr(sys, "argv", [program, *words])
    monkeypatch.delitem(sys.modules, f"benchmarks.{program}", raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"benchmarks.{program}", run_name="__main__")
    return ended.value.code


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_benchmark_tells_what_it_is_for_and_what_is_wrong(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for word, status in (("--help", 0), ("--no-such-option", 2))[: 1 if program in HANDS_ON else 2]:
        assert told(program, [word], monkeypatch) == status
        said = capsys.readouterr()
        assert "usage: " in said.out + said.err


@pytest.mark.parametrize(
    ("program", "words", "says"),
    [
        ("prove_memory", [], "the following arguments are required: number"),
        ("prove_memory", ["many"], "'many' is no whole number from 1"),
        ("scale_fidelity", ["none", "none"], "none is no run: it has no history.jsonl"),
        ("judging", ["endpoints", "0"], "'0' is no whole number from 1"),
        ("judging", ["claims", "none"], "none is no run"),
        ("dashboard_corpus", ["none"], "none is no folder"),
        ("prove_corpus", ["none"], "none is no file"),
    ],
)
def test_a_benchmark_that_is_given_something_else_says_what_it_takes(
    program: str,
    words: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told(program, words, monkeypatch) == 2
    assert says in capsys.readouterr().err
