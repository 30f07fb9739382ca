"""What a terminal shows of recorded runs, at three widths and in a pipe. `python -m tests.report.test_golden` writes.

The runs are those of `promproof judge`. Whoever changes what is shown looks at the difference before it is written.
"""

from __future__ import annotations

import gzip
import io
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from promproof.cli.judge import Judged, judged
from promproof.report import drills as matrix
from promproof.report.terminal import console_of, show
from promproof.verdict import Outcome

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
RUNS = HERE.parent / "evidence" / "runs"
NAMES = ("green", "red", "drill")
WIDTHS = (80, 120, 200)
PIPE = 0


@cache
def run(name: str) -> Judged:
    """A recorded run, judged once."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, name)
        shutil.copytree(RUNS / name / "inputs", copy / "inputs")
        (copy / "history.jsonl").write_bytes(gzip.decompress((RUNS / name / "history.jsonl.gz").read_bytes()))
        return judged(copy)


def printed(name: str, width: int, *, verbose: bool = False) -> str:
    """What is shown of a run, without colours."""
    stream, found = io.StringIO(), run(name)
    console = Console(
        file=stream, width=width, force_terminal=True, color_system=None, legacy_windows=False, _environ={}
    )
    if width == PIPE:
        console = console_of(stream, least=160)
    if found.drills:
        matrix.show(console, found.evidence, found.drills, found.verdicts, verbose=verbose)
    show(console, found.verdicts, found.ending, evidence=found.evidence, verbose=verbose, base="/recorded")
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def golden(name: str, width: int) -> Path:
    return HERE / "goldens" / f"{name}-{width or 'pipe'}.txt"


@pytest.mark.parametrize("width", [*WIDTHS, PIPE])
@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_run_looks_as_it_did(name: str, width: int) -> None:
    assert printed(name, width) == golden(name, width).read_text(encoding="utf-8"), (
        "python -m tests.report.test_golden"
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_a_run_fits_on_one_screen_and_no_line_is_longer_than_it_but_a_command(name: str, width: int) -> None:
    lines = printed(name, width).splitlines()
    assert len(lines) <= (30 if name == "green" else 24)
    long = [line for line in lines if cell_len(line) > width]
    assert all(re.match(r" +(look|again) ", line) for line in long), long


@pytest.mark.parametrize("width", [60, *WIDTHS, PIPE])
def test_the_outcome_and_every_red_claim_are_told_at_every_width(width: int) -> None:
    text = printed("red", width)
    assert "28 claims: 26 pass, 2 fail" in text
    assert "fail 1. ShopErrors: the threshold is > 0.3, documented > 0.2" in text
    assert "alert/ShopErrors/documented" in text
    assert "alert/ShopErrors/boundary" in text


def test_verbose_has_a_line_for_each_claim() -> None:
    lines = printed("red", 200, verbose=True).splitlines()
    for verdict in run("red").verdicts:
        assert any(line.startswith(f"{verdict.claim} ") and f" {verdict.outcome} " in line for line in lines)


def test_a_pipe_has_no_colours_and_no_broken_line() -> None:
    text = printed("red", PIPE)
    assert "\x1b" not in text
    red = [verdict for verdict in run("red").verdicts if verdict.outcome is Outcome.FAIL]
    assert red[0].reason.removeprefix("/recorded/") in text


if __name__ == "__main__":
    for name in NAMES:
        for width in (*WIDTHS, PIPE):
            golden(name, width).write_text(printed(name, width), encoding="utf-8")
    sys.stdout.write("written\n")
