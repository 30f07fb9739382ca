"""One option: what a command line says, what it means, and under which heading of `--help` it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

PREFIX = "promproof-"
"""of the options in pytest, so that none is in another's way"""
PROGRAMS = ("prometheus", "promtool", "alertmanager", "amtool", "node_exporter")

SUBJECT = "What is verified"
CHOICE = "Which drills"
TRAFFIC = "Traffic"
TARGET = "The target"
STACK = "The stack"
JUDGING = "Judging"
WORKERS = "Several processes, several machines"
SERVING = "The web UI"
IMAGES = "Images and data"
OUTPUT = "Output"
GROUPS = (CHOICE, SUBJECT, TRAFFIC, TARGET, STACK, JUDGING, WORKERS, SERVING, IMAGES, OUTPUT)
"""The headings of `--help`, in their order."""

Kind = Literal["text", "path", "number", "flag"]


@dataclass(frozen=True)
class Option:
    """One option; `defaults` holds the default of a command that has another one than the rest."""

    name: str
    group: str
    commands: tuple[str, ...]
    help: str
    metavar: str = ""
    kind: Kind = "text"
    default: str | Path | None = None
    repeatable: bool = False
    variable: str = ""
    """The environment variable that stands for it."""
    defaults: Mapping[str, str | None] = field(default_factory=dict)
    short: str = ""
    """A letter that stands for it, but not in pytest, whose letters are its own."""

    @property
    def key(self) -> str:
        """Its name among the values of a command line."""
        return self.name.replace("-", "_")

    def default_of(self, command: str) -> Any:
        """What the command takes when it is not given; of a flag False, of a repeatable one an empty list."""
        if self.kind == "flag":
            return False
        return [] if self.repeatable else self.defaults.get(command, self.default)

    def described(self, command: str) -> str:
        """The help text with its default, and the variable that stands for it."""
        default = self.default_of(command)
        notes = [f"default: {_short(default)}"] if isinstance(default, str | Path) else []
        notes += [f"variable: {self.variable}"] if self.variable else []
        return f"{self.help} [{'; '.join(notes)}]" if notes else self.help


def _short(default: str | Path) -> str:
    here = Path.cwd()
    return str(
        default.relative_to(here) if isinstance(default, Path) and default.is_relative_to(here) else default
    )


RUNS = ("verify", "drill")
LOADS = ("load", "ui")
EVERY = (*RUNS, *LOADS)
