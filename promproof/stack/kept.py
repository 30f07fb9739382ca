"""A stack of processes that somebody keeps up to look at: where it is, for the commands of other terminals.

One file in the cache names it as long as the process that keeps it lives: its pid with its start time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from promproof.stack.journal import cache_dir, start_time

VERSION = 1


@dataclass(frozen=True)
class Kept:
    """A stack that is up. urls: of its parts by name, the target's first; folder: of the run, with logs and data.

    pid, started: the process that keeps it. scale: by how much its durations are shortened. fault_url, token: of the
    target's fault port, empty where it has none.
    """

    pid: int
    started: int
    folder: str
    contract: str
    scale: float
    instance: str
    fault_url: str = ""
    token: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_up(self) -> bool:
        """Whether the process that keeps it lives."""
        return start_time(self.pid) == self.started

    def is_of(self, contract: Path) -> bool:
        """Whether it was brought up for this contract: somebody who works on another one means other places."""
        return self.contract == str(contract.absolute())

    def logs(self) -> dict[str, Path]:
        """The log of each part, by its name."""
        return {path.stem: path for path in sorted(Path(self.folder).glob("*/logs/*.log"))}


def place() -> Path:
    """The file that names it."""
    return cache_dir() / "kept.json"


def kept() -> Kept | None:
    """The stack that somebody keeps up; None for none."""
    try:
        written = json.loads(place().read_text(encoding="utf-8"))
        if written.pop("version") != VERSION:
            return None
        found = Kept(**written)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if found.is_up else None


@contextmanager
def told(stack: Kept) -> Iterator[None]:
    """Name a stack for other commands until the end."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it holds the token of the fault port
    with open(file, "w", encoding="utf-8") as stream:
        json.dump({"version": VERSION, **asdict(stack)}, stream)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
