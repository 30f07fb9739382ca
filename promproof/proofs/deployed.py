"""Tests that were written load the rules where they are deployed, so that they notice what is changed there.

They are written with a copy of their rule beside them, of which nobody changes anything. The copy stays only where
promtool can't have the files themselves: it does not read them, or does not pass the test on them, since another rule
of theirs has a say in it, or they hold so many rules that each test would take as long as all copies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from promproof.config.yamlfile import dump
from promproof.proofs.copies import copy_of
from promproof.proofs.generated import Written
from promproof.proofs.outcome import Outcome
from promproof.proofs.recordings import Recordings
from promproof.proofs.rulefiles import Held, Rules
from promproof.proofs.runs import has_passed, told

MOST = 100
"""Rules that a test may load: promtool evaluates all of them in each test."""
WILD = "*?[\\"


@dataclass(frozen=True)
class _Home:
    """The rule files that a test needs, and the order of their groups, where several of them have a say in it."""

    files: tuple[Path, ...]
    groups: tuple[str, ...]

    def text(self, folder: Path | None) -> str:
        """The head of a test file that loads them, from this folder, or from anywhere (None)."""
        names = [
            os.path.abspath(file)
            if folder is None
            else os.path.relpath(os.path.realpath(file), os.path.realpath(folder))
            for file in self.files
        ]
        order = {"group_eval_order": list(self.groups)} if len(self.groups) > 1 else {}
        return dump({"rule_files": names} | order)


def settle(written: Written, rules: Rules, promtool: Path) -> list[str]:
    """Let each test load the files that hold its rules, and take its copy away.

    Returns:
        a line for each test that keeps its copy, with the reason.

    Raises:
        OSError: a file can't be written.
    """
    homes: dict[Path, _Home] = {}
    kept: dict[Path, str] = {}
    known = Recordings(rules.recordings)
    for file, outcome in zip(written.files, written.outcomes, strict=True):
        rows = _rows(outcome, rules, known)
        if reason := _reason(rows, rules):
            kept[file] = reason
        else:
            homes[file] = _Home(
                tuple({row.file: None for row in rows}), tuple({row.group: None for row in rows})
            )
    passing = _passing(homes, promtool)
    for file, home in homes.items():
        if file in passing:
            file.write_text(_with(file, home.text(file.parent)), encoding="utf-8")
            copy_of(file).unlink()
        else:
            kept[file] = "promtool does not pass it on the rule files themselves"
    return [f"{file.name}: {kept[file]}" for file in written.files if file in kept]


def _rows(outcome: Outcome, rules: Rules, known: Recordings) -> list[Held]:
    """The rules that have a say in an alert: what it reads, in the order in which it is recorded, and itself."""
    assert outcome.plan is not None
    recorded = {str(rule["record"]): None for rule in known.needed(outcome.plan.problem.root)}
    found = [row for name in recorded for row in rules.held if row.record == name]
    return found + [row for row in rules.held if row.where == outcome.alert.where]


def _reason(rows: Sequence[Held], rules: Rules) -> str:
    """Why a test can't load the files of these rules; empty when nothing is known that speaks against it."""
    files = {row.file for row in rows}
    count = sum(row.file in files for row in rules.held)
    if count > MOST:
        return f"its files hold {count} rules, and promtool evaluates all of them in each test"
    if any(mark in str(file) for file in files for mark in WILD):
        return "promtool takes the names of its files for patterns"
    turns = [row.group for n, row in enumerate(rows) if not n or row.group != rows[n - 1].group]
    if len(turns) > len(set(turns)) or len(set(turns)) < len({(row.file, row.group) for row in rows}):
        return "its groups can't be put into an order"
    return ""


def _passing(homes: Mapping[Path, _Home], promtool: Path) -> set[Path]:
    """The test files that promtool passes on the rule files themselves."""
    with TemporaryDirectory(prefix="deployed-") as name:
        folder = Path(name)
        trials = []
        for file, home in homes.items():
            trials.append(folder / file.name)
            trials[-1].write_text(_with(file, home.text(None)), encoding="utf-8")
        said = told(trials, folder, promtool)
        return {file for number, file in enumerate(homes) if has_passed(said.get(number, ""))}


def _with(test: Path, head: str) -> str:
    """A test file that was written, with another list of rule files."""
    text = test.read_text(encoding="utf-8")
    written = dump({"rule_files": [copy_of(test).name]})
    assert written in text
    return text.replace(written, head, 1)
