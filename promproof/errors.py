"""The two ways in which a run ends without a verdict, and the exit status of each.

A user's mistake is an InputError (4): nothing was started. Trouble during the run is an EvidenceError (2): what depends
on it is unknown.
"""

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar


class InputError(Exception):
    """A mistake in what the user gave: what is wrong, where, what was expected, what to do. Exit status 4."""

    exit_status = 4

    def __init__(self, what: str, where: str = "", expected: str = "", todo: str = "") -> None:
        self.what, self.where, self.expected, self.todo = what, where, expected, todo
        super().__init__(what)

    def __str__(self) -> str:
        lines = [without_passwords(f"{self.where}: {self.what}" if self.where else self.what)]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.todo:
            lines.append(f"  to do: {self.todo}")
        return "\n".join(lines)


class EvidenceError(Exception):
    """A component died, refused its configuration or never became ready: the evidence is incomplete.

    component: its name in the stack ("prometheus"); state: what was seen last; log: its last log lines,
    oldest first; todo: what to do next. Exit status 2.
    """

    exit_status: ClassVar[int] = 2

    def __init__(self, component: str, state: str, log: Sequence[str] = (), todo: str = "") -> None:
        super().__init__(component, state, tuple(log), todo)
        self.component = component
        self.state = state
        self.log = tuple(log)
        self.todo = todo

    def __str__(self) -> str:
        lines = [f"{self.component}: {self.state}"]
        lines.append("  last log lines:" if self.log else "  last log lines: none, nothing was logged")
        lines.extend(f"    {line}" for line in self.log)
        if self.todo:
            lines.append(f"  to do: {self.todo}")
        return without_passwords("\n".join(lines))


def without_passwords(text: str) -> str:
    """A text with dots for name and password in each URL: what an error says goes into the log of a CI."""
    return re.sub(r"(?<=[a-z]://)[^\s/@\"'<>]+@", "...@", text)


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, to be put behind a word that nobody knows; empty when nothing is similar."""
    from difflib import get_close_matches  # for a mistake only

    names = {name.lower(): name for name in known}
    near = [names[name] for name in get_close_matches(word.lower(), names, n=2)]
    return f"; did you mean {' or '.join(near)}?" if near else ""
