"""What the gate knows of a pytest process, one JSON object a line: what it collected, and how each test ended.

Written line by line by `recorder.py`, so that a process that dies leaves what it had done. Read back here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Item:
    """A collected test: its id, its marks by name, and whether nothing may run beside it."""

    id: str
    marks: tuple[str, ...] = ()
    alone: bool = False

    @property
    def folder(self) -> str:
        """The folder of the test: `tests/load`."""
        return "/".join(self.id.split("::")[0].split("/")[:-1]) or "."

    @property
    def file(self) -> str:
        return self.id.split("::")[0]

    @property
    def whole_run(self) -> bool:
        return "whole_run" in self.marks

    @property
    def pure(self) -> bool:
        """No process and no network: nothing of it is disturbed by waiting for a core, or disturbs others."""
        return "unit" in self.marks

    @property
    def nightly(self) -> bool:
        return "nightly" in self.marks


@dataclass(frozen=True)
class Collection:
    """What one process would run, after what `-m` and conftest files took away."""

    worker: str
    items: tuple[Item, ...]
    taken_away: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A file or folder that could not be collected, or that asked to be skipped as a whole."""

    where: str
    text: str


@dataclass(frozen=True)
class Phase:
    """Set-up, call or tear-down of a test; `outcome` is passed, failed, skipped or xfailed."""

    id: str
    when: str
    outcome: str
    seconds: float = 0.0
    reason: str = ""
    text: str = ""


@dataclass
class Record:
    """All that one pytest process left; without a status it broke off."""

    status: int | None = None
    collections: list[Collection] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)


def line(thing: Collection | Refusal | Phase) -> str:
    return json.dumps({"kind": type(thing).__name__, **asdict(thing)})


def end_line(status: int) -> str:
    return json.dumps({"kind": "End", "status": status})


def read(lines: Iterable[str]) -> Record:
    """A record of its lines; the last one may be cut off."""
    record = Record()
    for text in lines:
        try:
            data: dict[str, Any] = json.loads(text)
        except ValueError:
            continue
        kind = data.pop("kind")
        if kind == "End":
            record.status = data["status"]
        elif kind == "Refusal":
            record.refusals.append(Refusal(**data))
        elif kind == "Phase":
            record.phases.append(Phase(**data))
        else:
            items = tuple(Item(item["id"], tuple(item["marks"]), item["alone"]) for item in data["items"])
            record.collections.append(Collection(data["worker"], items, tuple(data["taken_away"])))
    return record


def read_file(path: Path) -> Record:
    return read(path.read_text(encoding="utf-8").splitlines()) if path.exists() else Record()
