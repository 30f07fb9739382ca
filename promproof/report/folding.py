"""Lines of progress that repeat, told once: an alert that flaps, and a receiver that refuses again and again.

A run has turns (a batch, a dose), and below each what followed from it. What was told since the newest turn already is
counted in place of being told again, and the counts are told before the next turn.
"""

from __future__ import annotations

import re

STATE = re.compile(r"  (?P<alert>\S+): (?P<before>\S+) -> (?P<state>\S+)")
"""An alert's change of state."""
INDENT = "  "


class Folding:
    """What is to be told of each line as it comes."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._more: dict[str, int] = {}
        """How many lines were left out, by alert or by line."""
        self._states: dict[str, list[str]] = {}
        """The states of an alert that flaps, the newest one last."""

    def lines(self, text: str) -> list[str]:
        """The lines that are told for one that comes; none for a repetition."""
        if not text.startswith(INDENT):
            return [*self.rest(), text]
        if text not in self._told:
            self._told.add(text)
            return [text]
        state = STATE.fullmatch(text)
        key = state["alert"] if state is not None else text
        self._more[key] = self._more.get(key, 0) + 1
        if state is not None:
            self._states[key] = [state["before"], state["state"]]
        return []

    def rest(self) -> list[str]:
        """What was left out since the newest turn, a line for each alert or receiver; then it counts anew."""
        found = [self._summed(key, number) for key, number in self._more.items()]
        self._told, self._more, self._states = set(), {}, {}
        return found

    def _summed(self, key: str, number: int) -> str:
        if key not in self._states:
            return f"{key}, {number} more time{'s' if number > 1 else ''}"
        before, now = self._states[key]
        changes = f"{number} more change{'s' if number > 1 else ''}"
        return f"{INDENT}{key}: {changes} of this kind, {before} -> {now} the last"
