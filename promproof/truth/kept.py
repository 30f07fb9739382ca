"""What has been worked out of something that does not change, kept as long as that lives."""

from __future__ import annotations

from typing import Any
from weakref import ref


class Kept:
    """Results by the very object that they are about: contracts hold mappings, and so have no hash of their own."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[ref[Any], dict[Any, Any]]] = {}

    def of(self, thing: object) -> dict[Any, Any]:
        """What is known of it, to look up and to add to."""
        number = id(thing)
        if number not in self._found:
            self._found[number] = (ref(thing, lambda _: self._found.pop(number, None)), {})
        return self._found[number][1]
