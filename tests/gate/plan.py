"""What must run, known before anything runs: the plan, and what makes it no plan to trust.

A plan is one collection by a process of its own. It is held against the test functions that stand in the files, so that
a file, a folder or a function that pytest does not collect is noticed, and against the smallest number of tests of
each folder (`least.txt`), so that a table of parameters that has become short is.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.gate.records import Item, Record

# An address, which changes from one process to the next. A time cannot be told from another number: it shows when the
# workers collect. pytest escapes what is not ASCII.
_UNSTABLE = re.compile(r"0x[0-9a-f]{6,}|[^\x20-\x7e]")
SHOWN = 5


@dataclass(frozen=True)
class Part:
    """Tests that run in one pytest process or one set of workers."""

    name: str
    marks: str
    workers: int
    items: tuple[Item, ...]
    behind: int = 0
    """Above 0 it runs beside the part that follows and gives it precedence, by this difference (nice)."""


def parts(items: Sequence[Item], nightly: bool = False, workers: int = 2) -> list[Part]:
    """Whole runs in two processes, and beside them light tests; then one by one those that must be alone.

    Whole runs wait half of their time, which light tests fill: these are judged by no clock. They wait for processes
    and time-outs as long as they compute, so a third process is fed. What must be alone has pure tests beside it,
    which start nothing.
    """
    taken = [item for item in items if item.nightly == nightly]
    runs = [item for item in taken if item.whole_run]
    side_by_side = tuple(item for item in runs if not item.alone)
    alone = tuple(item for item in runs if item.alone)
    light = [item for item in taken if not item.whole_run]
    when = "nightly" if nightly else "not nightly"
    return [
        part
        for part in (
            Part(
                "light tests",
                f"not whole_run and not unit and {when}",
                workers and workers + 1,
                tuple(item for item in light if not item.pure),
                behind=5 if side_by_side else 0,
            ),
            Part(
                "whole runs side by side",
                f"whole_run and not whole_run(alone=True) and {when}",
                workers,
                side_by_side,
            ),
            Part(
                "pure tests",
                f"not whole_run and unit and {when}",
                workers,
                tuple(item for item in light if item.pure),
                behind=10 if alone else 0,
            ),
            Part("whole runs alone", f"whole_run(alone=True) and {when}", 0, alone),
        )
        if part.items
    ]


def written(root: Path, folder: str = "tests") -> dict[str, set[str]]:
    """The test functions that stand in each test file: `{"tests/a/test_b.py": {"test_c", "TestD::test_e"}}`."""
    return {
        path.relative_to(root).as_posix(): functions(path.read_text(encoding="utf-8"))
        for path in sorted((root / folder).rglob("test_*.py"))
    }


def functions(source: str) -> set[str]:
    """The names of the test functions of a file; empty when it cannot be read, which pytest tells better."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    return set(_named(tree.body, ""))


def _named(body: list[ast.stmt], prefix: str) -> Iterable[str]:
    for statement in body:
        if isinstance(statement, ast.ClassDef) and statement.name.startswith("Test"):
            yield from _named(statement.body, f"{prefix}{statement.name}::")
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith(
            "test"
        ):
            yield f"{prefix}{statement.name}"


def troubles(record: Record, files: Mapping[str, set[str]], least: Mapping[str, int]) -> list[str]:
    """Why a collection is no plan: empty when it is one."""
    found = [f"{refusal.where}: not collected: {refusal.text}" for refusal in record.refusals]
    if len(record.collections) != 1 or record.status != (2 if found else 0):
        return [*found, f"the collection broke off with status {record.status}"]
    [collection] = record.collections
    if collection.taken_away:
        found.append(f"a conftest file takes tests away: {shortened(collection.taken_away)}")
    collected: dict[str, set[str]] = {}
    for item in collection.items:
        collected.setdefault(item.file, set()).add(item.id.partition("::")[2].split("[")[0])
        if _UNSTABLE.search(item.id):
            found.append(f"{item.id}: different in each process; give the parameter an id")
    for file, names in files.items():
        lacking = sorted(names - collected.get(file, set()))
        if file not in collected:
            found.append(f"{file}: nothing of this file is collected ({len(names)} test functions)")
        elif lacking:
            found.append(f"{file}: not collected: {shortened(lacking)}")
    count = Counter(item.folder for item in collection.items)
    for folder, number in least.items():
        if count[folder] < number:
            found.append(
                f"{folder}: {count[folder]} tests are collected, at least {number} are expected;"
                " if they are gone on purpose: nox -s tests -- --count"
            )
    return found


def shortened(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def read_least(text: str) -> dict[str, int]:
    """`least.txt`: a folder and its smallest number of tests a line."""
    rows = (row.split() for row in text.splitlines() if row.strip() and not row.startswith("#"))
    return {folder: int(number) for folder, number in rows}


def least_text(items: Iterable[Item]) -> str:
    count = Counter(item.folder for item in items)
    head = (
        "# The least number of tests of each folder; fewer are red. Written by `nox -s tests -- --count`.\n"
    )
    return head + "".join(f"{folder} {count[folder]}\n" for folder in sorted(count))
