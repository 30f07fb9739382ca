"""A finding: what a check says about one place of a file, and how a reader can see it without this program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is. A hint depends on something that is not known here, a type say."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    HINT = "hint"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Place:
    """A place in a file: the line, from 1, where it is known; path is a JSON path or the key as people write it."""

    file: str
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.file}:{self.line}"
        return f"{self.file}: {self.path}" if self.path else self.file


@dataclass(frozen=True)
class Finding:
    """One mistake at one place.

    effect: what it does to the reader of the alert or panel. todo: what to do. see: a command or a query that shows it.
    """

    rule: str
    severity: Severity
    file: str
    line: int | None
    path: str
    message: str
    effect: str = ""
    todo: str = ""
    see: str = ""

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.file, self.line, self.path)

    @property
    def order(self) -> tuple[object, ...]:
        """Its place among others: by file and line."""
        return self.file, self.line or 0, self.path, self.severity.rank, self.rule, self.message
