"""YAML as Prometheus, Grafana and Compose read it, with the line of every key, and with bounds.

libyaml gives the events where PyYAML has it (thirty times as fast as its own scanner, and the parser that go-yaml was
made from); the values are built here, in one pass and without recursion, so that an alias is counted before it is
expanded. No two places share an object: each may be changed alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from promproof.config.usertext import BYTE_ORDER_MARK, MAX_DEPTH, MAX_VALUES, Mistake, refuse

Key = tuple[str | int, ...]
Scalar = Callable[[str, str, bool], Any]
"""From a scalar's text, its tag (`str`, `int`, ...) and whether the file names that tag, to its value."""
KeyText = Callable[[str, str], str]
"""From a key's text and tag to the key."""

_CORE = "tag:yaml.org,2002:"
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What is none of YAML's characters (YAML 1.1, 5.1, c-printable).
_CONTROL = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTRUCTOR: Any = yaml.constructor.SafeConstructor


@dataclass
class Parsed:
    """The first document of a text: its data, the line of every key and item, and where a second one begins."""

    data: Any
    lines: dict[Key, int]
    second: int | None = None


@dataclass(slots=True, eq=False)
class _Node:
    """A value of the file; `size` counts it and all below, aliases expanded; `height` its levels."""

    line: int
    value: Any = None
    items: list[_Node] | None = None
    entries: dict[str, tuple[int, _Node]] | None = None
    merged: list[_Node] = field(default_factory=list)
    size: int = 1
    height: int = 0
    is_open: bool = False


@dataclass(slots=True)
class _Frame:
    """A collection that has not ended yet, and the key that waits for its value."""

    node: _Node
    key: str | None = None
    key_line: int = 0
    is_merge: bool = False


def parse(text: str, scalar: Scalar | None = None, key_text: KeyText | None = None) -> Parsed:
    """The first document of a text.

    Raises:
        Mistake: it is not YAML, breaks a bound, has a key twice, or a value that does not fit its tag.
    """
    return _Reader(scalar or constructed, key_text or (lambda key, tag: key)).parse(text)


def constructed(text: str, tag: str, explicit: bool) -> Any:
    """A scalar as YAML 1.1 has it: numbers, dates, true and false become values.

    Raises:
        ValueError: the text does not fit its tag.
    """
    if tag in ("str", "value", "merge"):
        return text
    constructor = _CONSTRUCTOR.yaml_constructors.get(_CORE + tag)
    if constructor is None:
        raise ValueError(f"unknown tag !!{tag}")
    try:
        return constructor(_CONSTRUCTOR(), yaml.ScalarNode(_CORE + tag, text))
    except (ValueError, KeyError, IndexError, AttributeError, OverflowError, yaml.YAMLError) as error:
        raise ValueError(f"{_short(text)} is no {tag}") from error


def documents(text: str, scalar: Scalar | None = None, key_text: KeyText | None = None) -> Iterator[Parsed]:
    """All documents of a text; lines are those of the text. Those before a mistake come before it is raised.

    Raises:
        Mistake: as `parse` does.
    """
    refuse(text, _CONTROL)
    reader = None
    for event in _events(text.removeprefix(BYTE_ORDER_MARK)):
        if isinstance(event, yaml.DocumentStartEvent):
            reader = _Reader(scalar or constructed, key_text or (lambda key, tag: key))
        elif isinstance(event, yaml.DocumentEndEvent):
            assert reader is not None
            yield reader.parsed()
            reader = None
        elif reader is not None:
            reader.take(event)


class _Reader:
    """One pass over the events of a text."""

    def __init__(self, scalar: Scalar, key_text: KeyText) -> None:
        self._scalar = scalar
        self._key_text = key_text
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Node] = {}
        self._root: _Node | None = None

    def parse(self, text: str) -> Parsed:
        second = None
        refuse(text, _CONTROL)
        events = _events(text.removeprefix(BYTE_ORDER_MARK))
        for event in events:
            if isinstance(event, yaml.DocumentEndEvent):
                second = _second(events)
                break
            self.take(event)
        return self.parsed(second)

    def parsed(self, second: int | None = None) -> Parsed:
        """What has been read; `second` is the line of another document."""
        if self._root is None:
            return Parsed(None, {(): 1}, second)
        lines: dict[Key, int] = {(): self._root.line}
        data = _built(self._root, (), lines)
        return Parsed(data, lines, second)

    def take(self, event: Any) -> None:
        """Take the next event of the document."""
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            self._attach(self._aliased(event.anchor, line), line)
        elif isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            node = self._frames.pop().node
            node.is_open = False
            self._attach(node, node.line)

    def _take_scalar(self, event: Any, line: int) -> None:
        tag, explicit = _tag(event, line)
        if _SURROGATE.search(event.value):
            raise Mistake(line, f"{self._here()}half a surrogate pair is no character")
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.node.entries is not None and frame.key is None:
            self._begin_entry(frame, event.value, tag, line)
            if event.anchor:
                self._anchors[event.anchor] = _Node(line, event.value)
            return
        try:
            node = _Node(line, self._scalar(event.value, tag, explicit))
        except ValueError as error:
            raise Mistake(line, f"{self._here()}{error}") from error
        if event.anchor:
            self._anchors[event.anchor] = node
        self._attach(node, line)

    def _begin_entry(self, frame: _Frame, text: str, tag: str, line: int) -> None:
        assert frame.node.entries is not None
        key = self._key_text(text, tag)
        frame.is_merge = tag == "merge"
        if key in frame.node.entries and not frame.is_merge:
            first = frame.node.entries[key][0]
            raise Mistake(line, f"{self._here(key)}named twice, first in line {first}")
        frame.key, frame.key_line = key, line

    def _open(self, event: Any, line: int) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        wanted = f"{_CORE}{'map' if is_mapping else 'seq'}"
        if event.tag is not None and event.tag.startswith(_CORE) and event.tag != wanted:
            shown = event.tag.removeprefix(_CORE)
            raise Mistake(line, f"{self._here()}could not determine a constructor for the tag !!{shown}")
        if self._frames and self._frames[-1].node.entries is not None and self._frames[-1].key is None:
            raise Mistake(line, f"{self._here()}found a collection for a key, expected text")
        if len(self._frames) >= MAX_DEPTH:
            raise Mistake(line, f"{self._here()}nested in over {MAX_DEPTH} levels")
        node = _Node(line, items=None if is_mapping else [], entries={} if is_mapping else None, is_open=True)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._frames.append(_Frame(node))

    def _aliased(self, anchor: str | None, line: int) -> _Node:
        node = self._anchors.get(str(anchor))
        if node is None:
            raise Mistake(line, f"{self._here()}found undefined alias {anchor!r}")
        if node.is_open:
            raise Mistake(line, f"{self._here()}*{anchor} holds itself")
        return node

    def _attach(self, node: _Node, line: int) -> None:
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        parent = frame.node
        if parent.items is not None:
            parent.items.append(node)
        elif frame.key is None:  # an alias as a key
            if node.items is not None or node.entries is not None:
                raise Mistake(line, f"{self._here()}found a collection for a key, expected text")
            self._begin_entry(frame, str(node.value), "str", line)
            return
        elif frame.is_merge:
            parent.merged += self._mergeable(node, line)
            frame.key = None
        else:
            assert parent.entries is not None
            parent.entries[frame.key] = (frame.key_line, node)
            frame.key = None
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if parent.size > MAX_VALUES:
            raise Mistake(line, f"{self._here()}over {MAX_VALUES:,} values, aliases expanded")
        if len(self._frames) + node.height > MAX_DEPTH:
            raise Mistake(line, f"{self._here()}nested in over {MAX_DEPTH} levels, aliases expanded")

    def _mergeable(self, node: _Node, line: int) -> list[_Node]:
        nodes = node.items if node.items is not None else [node]
        if any(merged.entries is None for merged in nodes):
            raise Mistake(line, f"{self._here()}found no mapping to merge, expected one, or a list of them")
        return nodes

    def _here(self, key: str | None = None) -> str:
        """The key at hand, for the start of a message."""
        parts: list[str] = []
        for frame in self._frames:
            if frame.node.items is not None:
                parts.append(str(len(frame.node.items)))
            elif frame.key is not None:
                parts.append(frame.key)
        if key is not None:
            parts.append(key)
        return f"{_short_key('.'.join(parts))}: " if parts else ""


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_PARSER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context
        raise Mistake(mark.line + 1 if mark else 1, f"not YAML: {problem}") from error
    except yaml.YAMLError as error:
        raise Mistake(1, f"not YAML: {str(error).splitlines()[0]}") from error


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _second(events: Iterator[Any]) -> int | None:
    """The line in which a second document begins; what follows the first one is read no further than that."""
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                line = _line(event)
            elif isinstance(event, yaml.ScalarEvent) and not event.value:
                return None  # `---` and nothing after it
            elif not isinstance(event, yaml.StreamEndEvent):
                return line
    except Mistake as mistake:
        return mistake.line
    return None


def _built(node: _Node, key: Key, lines: dict[Key, int]) -> Any:
    """The data of a node; the depth is bounded. Keys of its own come before and over merged ones."""
    if node.items is not None:
        for index, item in enumerate(node.items):
            lines[(*key, index)] = item.line
        return [_built(item, (*key, index), lines) for index, item in enumerate(node.items)]
    if node.entries is None:
        return node.value
    data = {}
    for name, (line, child) in _entries(node).items():
        lines[(*key, name)] = line
        data[name] = _built(child, (*key, name), lines)
    return data


def _entries(node: _Node) -> dict[str, tuple[int, _Node]]:
    entries = dict(node.entries or {})
    for merged in node.merged:
        for name, entry in _entries(merged).items():
            entries.setdefault(name, entry)
    return entries


def _tag(event: Any, line: int) -> tuple[str, bool]:
    """The tag of a scalar without its prefix, and whether the file names it; a tag of somebody's own is text."""
    if event.tag is None or event.tag == "!":
        return (_implicit(event.value) if event.implicit[0] and event.tag is None else "str"), False
    if not event.tag.startswith(_CORE):
        return "str", False
    return event.tag.removeprefix(_CORE), True


def _implicit(text: str) -> str:
    """The tag that YAML 1.1 gives a plain scalar."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    for tag, pattern in resolvers.get(text[:1], ()):
        if pattern.match(text):
            return str(tag).removeprefix(_CORE)
    return "str"


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _short_key(key: str) -> str:
    return key if len(key) <= 120 else f"{key[:56]}...{key[-56:]}"
