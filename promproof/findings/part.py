"""A part of a parsed document: its data, whatever they are, and the place of each key.

Files are read without a schema: a key of another type than expected is no key here (`text`, `items` and so on give the
empty value), so that one odd rule costs nobody else. What is odd is said by the kinds `file/...`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promproof.config.durations import parse_duration
from promproof.config.yamltext import Key
from promproof.findings.finding import Place

STREAM = "stdin"
"""What is shown for the file of a stream."""


@dataclass(frozen=True, eq=False)
class Document:
    """One document of a file. number: which of several, from 0; lines: of every key and item, in the file.

    source: the file it is shown as; text: the whole file, for comments. kind: of an operator resource, else empty.
    folder: of the file on this machine, empty for what is in a ConfigMap. address: what mounts name: the path on this
    machine, or configmap:NAME/KEY, whose KEY is `entry`.
    """

    file: str
    data: Any
    lines: Mapping[Key, int] = field(default_factory=dict)
    number: int = 0
    text: str = ""
    kind: str = ""
    folder: str = ""
    address: str = ""
    entry: str = ""

    def part(self, *key: str | int) -> Part:
        """The part at a key."""
        return Part(self).part(*key)


@dataclass(frozen=True, eq=False)
class Part:
    """The part of a document below a key."""

    document: Document
    key: Key = ()
    data: Any = None

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "data", self.document.data)

    def part(self, *key: str | int) -> Part:
        """The part at a key below; its data are None when it is not there."""
        data = self.data
        for name in key:
            try:
                data = data[name]
            except (KeyError, IndexError, TypeError):
                data = None
        whole = (*self.key, *key)
        return Part(self.document, whole, data) if whole else Part(self.document)

    def at(self, *key: str | int) -> Place:
        """The place of a key below, or of the nearest parent that is there."""
        whole = place = (*self.key, *key)
        lines = self.document.lines
        while place and place not in lines:
            place = place[:-1]
        return Place(self.document.file, lines.get(place, 1) if lines else None, written(whole))

    def __contains__(self, name: object) -> bool:
        return isinstance(self.data, dict) and name in self.data

    def text(self, name: str, otherwise: str = "") -> str:
        """The text of a scalar, as the programs take it."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        return otherwise if value is None or isinstance(value, dict | list) else scalar_text(value)

    def texts(self, name: str) -> dict[str, str]:
        """A mapping of texts, without those that are empty."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        if not isinstance(value, dict):
            return {}
        return {
            str(key): scalar_text(item)
            for key, item in value.items()
            if item is not None and not isinstance(item, dict | list)
        }

    def texts_of_all(self) -> Iterator[tuple[str, str]]:
        """The texts of a mapping by key, as they are."""
        for key, value in self.data.items() if isinstance(self.data, dict) else ():
            if isinstance(value, str):
                yield str(key), str(value)

    def words(self, name: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        values = value if isinstance(value, list) else [] if value is None else [value]
        return tuple(scalar_text(item) for item in values if not isinstance(item, dict | list | None))

    def seconds(self, name: str) -> float | None:
        """A duration in seconds; None when it is not there, or no duration."""
        written_text = self.text(name)
        if not written_text:
            return None
        try:
            return parse_duration(written_text)
        except ValueError:
            return None

    def truth(self, name: str, otherwise: bool = False) -> bool:
        """A boolean; YAML 1.1's words too."""
        word = self.text(name).lower()
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
            word, otherwise
        )

    def items(self, name: str) -> Iterator[Part]:
        """The mappings of a list."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                yield Part(self.document, (*self.key, name, index), item)

    def entries(self, name: str) -> Iterator[tuple[str, Part]]:
        """The mappings of a mapping, by key; what is null there is an empty one."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        for key, item in value.items() if isinstance(value, dict) else ():
            if isinstance(item, dict | None):
                yield str(key), Part(self.document, (*self.key, name, key), item or {})


def scalar_text(value: Any) -> str:
    """The text of a scalar as YAML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def written(key: Key) -> str:
    """A key as people write it: groups[0].rules[2].expr."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
