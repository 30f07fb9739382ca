"""Finds promtool and amtool without fetching them, and asks them about files: one process for all files of a sort."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from promproof.findings.setup import Program
from promproof.places import cache_dir

NAMES = ("promtool", "amtool")
SECONDS = 60
_MARKS = {"promtool": re.compile(r"^Checking (.+)$"), "amtool": re.compile(r"^Checking '(.+)'")}


class StrangeProgramError(Exception):
    """A program that is not what its name says."""


def located(given: Mapping[str, Path]) -> dict[str, Program]:
    """The programs that are here: as given, on PATH, or fetched by an earlier run."""
    found = {}
    for name in NAMES:
        chosen = given.get(name)
        inside = chosen / name if chosen is not None and chosen.is_dir() else chosen
        # a name without a folder would be looked for on PATH
        path = os.path.abspath(inside) if inside is not None else _looked_for(name)
        if path:
            found[name] = Program(name, path, _version)
    return found


def _looked_for(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path=str(cache_dir() / "programs")) or ""


def _version(name: str, path: str) -> str:
    """Its version; empty when it does not answer as this program."""
    match = re.match(rf"{name}, version (\S+)", _said([path, "--version"]).lstrip())
    return match[1] if match else ""


def refusals(program: Program, words: Sequence[str], files: Sequence[str]) -> dict[str, str]:
    """What it says of the files that it refuses.

    Raises:
        StrangeProgramError: it answers as another program, or not at all.
    """
    refused = {}
    # A command line has a limit; a thousand paths are below it everywhere.
    for begin in range(0, len(files), 500):
        said = _said([program.path, *words, *files[begin : begin + 500]])
        sections = list(_sections(said, _MARKS[program.name]))
        if not sections and not program.version:  # who answers so needs not be asked for a version
            raise StrangeProgramError(program.path)
        for file, lines in sections:
            text = "\n".join(lines)
            if "FAILED" in text:
                refused[file] = text.partition("FAILED")[2].lstrip(": ").strip()
    return refused


def _sections(said: str, mark: re.Pattern[str]) -> Iterator[tuple[str, list[str]]]:
    name, lines = "", list[str]()
    for line in said.splitlines():
        begun = mark.match(line)
        if begun is not None:
            if name:
                yield name, lines
            name, lines = begun[1], [line[begun.end() :]]
        elif not line.startswith(("amtool: ", "promtool: ")):
            lines.append(line)
    if name:
        yield name, lines


def _said(command: Sequence[str]) -> str:
    """Both streams of a program in their order; empty when it can't be run."""
    import subprocess  # most kinds need no program

    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
