"""The tutorial, as it is printed: its files are written, its commands are given, their output is what the page shows.

A run takes most of a minute, so the gate gives all commands but `promproof verify`, and the nightly gives all of them.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from promproof.places import REPOSITORY

PAGE = REPOSITORY / "docs" / "tutorial.md"
_BLOCK = re.compile(r"(?:as `(?P<name>[^`]+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
ANYTHING = "..."
SECONDS = 300


@dataclass(frozen=True)
class Command:
    """A line of the page and the lines that it answers."""

    line: str
    answer: tuple[str, ...]

    @property
    def is_run(self) -> bool:
        return self.line.startswith("promproof verify")

    @property
    def status(self) -> int:
        return int(any(line.startswith("fail ") for line in self.answer))


def steps() -> Iterator[Command | tuple[str, str]]:
    """The page's commands, and its files as name and text, in their order."""
    for block in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if block["name"]:
            yield block["name"], block["text"]
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                line, *answer = part.rstrip("\n").split("\n")
                yield Command(line, tuple(answer))


def given(command: Command, folder: Path) -> list[str]:
    """The lines that a command answers in the folder."""
    words = shlex.split(command.line)
    if words[0] == "promproof":
        words[:1] = [sys.executable, "-m", "promproof"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1", "COLUMNS": "120"}
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == command.status, done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()


def differs(told: tuple[str, ...], lines: list[str]) -> str:
    """The first line of the page that is not in the output at its place; empty for none. Numbers may be others."""
    rest = [_plain(line) for line in lines]
    skips = False
    for line in told:
        if line == ANYTHING:
            skips = True
            continue
        wanted = _plain(line)
        if wanted not in (rest if skips else rest[:1]):
            return f"{line!r} is not in\n" + "\n".join(lines)
        del rest[: rest.index(wanted) + 1]
        skips = False
    return "\n".join(rest) if rest and told and not skips else ""


def _plain(line: str) -> str:
    """A line without what differs from run to run: ports, and how many claims there are."""
    if "claims:" in line or "http://" in line:
        return re.sub(r"\d+", "N", line)
    return line.rstrip()


def played(folder: Path, *, runs: bool) -> int:
    """Play the page; how many commands were given."""
    count = 0
    for step in steps():
        if not isinstance(step, Command):
            path = folder / step[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step[1], encoding="utf-8")
        elif runs or not step.is_run:
            assert not (wrong := differs(step.answer, given(step, folder))), wrong
            count += 1
    return count


@pytest.mark.stack
def test_the_tutorials_drafts_are_what_the_page_shows(tmp_path: Path) -> None:
    assert played(tmp_path, runs=False) == 8


@pytest.mark.stack
@pytest.mark.nightly
@pytest.mark.whole_run(alone=True)
def test_every_line_of_the_tutorial_gives_what_the_page_shows(tmp_path: Path) -> None:
    assert played(tmp_path, runs=True) == 12


@pytest.mark.unit
@pytest.mark.parametrize(
    ("told", "lines", "same"),
    [
        (("a", "b"), ["a", "b"], True),
        (("a",), ["a", "b"], False),
        (("a", "b"), ["a"], False),
        (("a", ANYTHING, "c", ANYTHING), ["a", "x", "c", "d"], True),
        (("a", ANYTHING, "c"), ["a", "x"], False),
        (("9 claims: 8 pass",), ["40 claims: 37 pass"], True),
        (("9 claims: 8 pass",), ["9 claims: 7 pass, 1 fail"], False),
        ((), ["anything"], True),
    ],
)
def test_an_output_that_differs_from_the_page_is_found(
    told: tuple[str, ...], lines: list[str], *, same: bool
) -> None:
    assert (not differs(told, lines)) is same
