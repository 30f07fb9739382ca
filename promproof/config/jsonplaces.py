"""Lines of JSON paths in a text that is JSON: each is looked for when somebody asks, past the values before it.

`jsontext.parse` notes the line of every key, which takes ten times as long as to read a file; of a dashboard's ten
thousand keys a few are asked for.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in typeshed, and as old as the module

from promproof.config.usertext import BYTE_ORDER_MARK

_SPACE = re.compile(r"[ \t\n\r]*")
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")
_DECODER = json.JSONDecoder()


class Lines:
    """The lines of a text, which must be JSON; a path is written `$.panels[0].targets[1].expr`."""

    def __init__(self, text: str) -> None:
        self._text = text.removeprefix(BYTE_ORDER_MARK)
        self._inside: dict[int, dict[str | int, tuple[int, int]]] = {}

    def line(self, path: str) -> int:
        """The line, from 1, of a key or an item, or of the nearest parent that is there."""
        seen = value = self._past(0)
        for step in _STEP.finditer(path.removeprefix("$")):
            places = self._places(value)
            name = int(step[1]) if step[1] else step[2]
            if name not in places:
                break
            seen, value = places[name]
        return self._text.count("\n", 0, seen) + 1

    def _places(self, start: int) -> dict[str | int, tuple[int, int]]:
        """Where each key or item of the object or list at `start` begins, and its value."""
        if start not in self._inside:
            opening = self._text[start : start + 1]
            reader = {"{": self._keys, "[": self._items}.get(opening)
            self._inside[start] = reader(start + 1) if reader is not None else {}
        return self._inside[start]

    def _keys(self, at: int) -> dict[str | int, tuple[int, int]]:
        found: dict[str | int, tuple[int, int]] = {}
        at = self._past(at)
        while self._text[at] != "}":
            key, end = scanstring(self._text, at + 1)
            value = self._past(self._past(end) + 1)
            found[key] = at, value
            at = self._after(value)
        return found

    def _items(self, at: int) -> dict[str | int, tuple[int, int]]:
        found: dict[str | int, tuple[int, int]] = {}
        at = self._past(at)
        while self._text[at] != "]":
            found[len(found)] = at, at
            at = self._after(at)
        return found

    def _after(self, value: int) -> int:
        """Where the next key or item begins, or the end of what holds this value."""
        at = self._past(_DECODER.raw_decode(self._text, value)[1])
        return self._past(at + 1) if self._text[at] == "," else at

    def _past(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match is not None else at
