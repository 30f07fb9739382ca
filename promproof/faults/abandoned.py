"""Faults that killed runs left: every later run says that they are there, and how they are taken back.

Nothing is taken back here, for a command may be one that only its user should run again. Light on purpose: commands
that know nothing of drills ask this too. The file format is that of `undo`.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path

from promproof.config import jsonlines
from promproof.stack.journal import cache_dir, of_killed_runs

RECOVER = "promproof drill --recover"


def abandoned(folder: Path | None = None) -> list[str]:
    """One line for each undo file of a killed run with something in it; a file without is removed."""
    folder = folder or cache_dir() / "undo"
    if not any(folder.glob("*.jsonl")):
        return []
    told = []
    for path, file in of_killed_runs(folder):
        kinds = open_kinds(file.read())
        if not kinds:
            path.unlink()
            continue
        faults = ", ".join(f"{count} by {kind}" for kind, count in sorted(Counter(kinds).items()))
        told.append(f"a killed run left faults to take back ({faults}; {path}): {RECOVER}")
    return told


def open_kinds(text: str) -> list[str]:
    """The kinds of undo that are not done yet, oldest first; a line that can't be read counts as one, "unreadable"."""
    left: dict[object, str] = {}
    for number, line in enumerate(jsonlines.whole(text)):
        row: object = None
        with suppress(ValueError):
            row = json.loads(line)
        if isinstance(row, dict) and "done" in row:
            left.pop(row["done"], None)
        elif isinstance(row, dict) and "add" in row and isinstance(row.get("undo"), dict):
            left[row["add"]] = str(row["undo"].get("kind", "unreadable"))
        else:
            left[f"line {number}"] = "unreadable"
    return list(left.values())
