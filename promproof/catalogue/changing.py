"""Changes of a text at the places that a path selects: each gives a whole new text, and everything else stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from promproof.catalogue.model import Change
from promproof.catalogue.places import LOADER, Place, select
from promproof.config.durations import format_milliseconds, parse_milliseconds

NUMBER = re.compile(r"(?<![\w.$])(\d+(?:\.\d+)?(?:ms|[smhdwy])?)(?![\w.])")
SIZE = re.compile(r"(\d+(?:\.\d+)?)(.*)")


def changed(text: str, change: Change, *, is_harmless: bool = False) -> Iterator[str]:
    """The text with the change at its first fitting place, at its second, and so on; one that changes nothing is none.

    is_harmless: a file with keys may say what it said.

    Raises:
        yaml.YAMLError: a change with a path, and the text is no YAML.
    """
    places = select(text, change.at) if change.at else [None]
    seen = {text}
    for place in places:
        for new in _ways(text, place, change):
            if new not in seen and (is_harmless or not _is_the_same(text, new, change)):
                seen.add(new)
                yield new


def _is_the_same(text: str, new: str, change: Change) -> bool:
    """Whether a file with keys still says what it said; what can no longer be read is another matter."""
    if not change.at:
        return False
    try:
        return bool(_loaded(text) == _loaded(new))
    except yaml.YAMLError:
        return True  # the change has broken the file, and was not meant to


def _loaded(text: str) -> Any:
    return yaml.load(text, LOADER)


def _ways(text: str, place: Place | None, change: Change) -> Iterator[str]:
    begin, end = place.span if place is not None else (0, len(text))
    piece = text[begin:end]
    if change.kind in ("put", "times"):
        new = _put(change) if change.kind == "put" else _times(change)
        for match in re.finditer(change.find or NUMBER.pattern, piece, re.MULTILINE):
            a, b, written = new(match)
            yield text[: begin + a] + written + text[begin + b :]
    elif place is not None:
        span = _STRUCTURE[change.kind](text, place, change)
        if span is not None:
            a, b, written = span
            yield text[:a] + written + text[b:]


Span = tuple[int, int, str]
"""Begin and end of what is replaced, and by what."""


def _put(change: Change) -> Callable[[re.Match[str]], Span]:
    assert change.put is not None
    template = change.put
    return lambda match: (match.start(), match.end(), match.expand(template))


def _times(change: Change) -> Callable[[re.Match[str]], Span]:
    def scaled(match: re.Match[str]) -> Span:
        group = 1 if match.re.groups else 0
        return match.start(group), match.end(group), times(match[group], change.times or 0)

    return scaled


def times(written: str, factor: float) -> str:
    """A number or a duration as it is written, times a factor.

    >>> times("5m", 2), times("0.05", 2), times("30s", 0.5), times("8GB", 2)
    ('10m', '0.1', '15s', '16GB')
    """
    size = SIZE.fullmatch(written)
    if size is None:
        return written
    scaled = float(size[1]) * factor
    if scaled == int(scaled) or size[2] not in ("ms", "s", "m", "h", "d", "w", "y"):
        return f"{scaled:.12g}{size[2]}"
    return format_milliseconds(round(parse_milliseconds(written) * factor))


def _set(text: str, place: Place, change: Change) -> Span:
    begin, end = place.span
    tail = text[begin:end]
    # A block's text ends where the next begins.
    return begin, begin + len(tail.rstrip()) if tail.strip() else end, json.dumps(change.set)


def _drop(text: str, place: Place, change: Change) -> Span | None:
    parent = place.parent
    if parent is None:
        return None
    if len(parent.value) == 1:
        begin, end = parent.start_mark.index, parent.end_mark.index
        written = "{}" if isinstance(parent, yaml.MappingNode) else "[]"
        return begin, begin + len(text[begin:end].rstrip()), written
    if place.number + 1 < len(parent.value):
        return _begin(text, parent, place.number), _begin(text, parent, place.number + 1), ""
    return _end(text, parent, place.number - 1), _end(text, parent, place.number), ""


def _twice(text: str, place: Place, change: Change) -> Span | None:
    parent = place.parent
    if not isinstance(parent, yaml.SequenceNode):
        return None
    begin, end = _begin(text, parent, place.number), _end(text, parent, place.number)
    between = ", " if parent.flow_style else "\n" + " " * _column(text, begin)
    return begin, begin, text[begin:end] + between


_RECORDED = re.compile(r"(?:- )?record:\s*[\"']?([\w:]+)")


def _next(text: str, place: Place, change: Change) -> Span | None:
    parent = place.parent
    if parent is None or place.number + 1 >= len(parent.value):
        return None
    begin, end = _begin(text, parent, place.number), _end(text, parent, place.number)
    other, last = _begin(text, parent, place.number + 1), _end(text, parent, place.number + 1)
    recorded = _RECORDED.match(text[begin:end])
    if recorded is not None and recorded[1] not in text[other:last]:
        return None  # what does not read it is not late by it
    return begin, last, text[other:last] + text[end:other] + text[begin:end]


def _add(text: str, place: Place, change: Change) -> Span | None:
    node, given = place.node, change.add or {}
    begin, end = place.span
    if isinstance(node, yaml.SequenceNode):
        entries = [json.dumps(value) for value in given.values()]
        if not node.value:
            return begin, end, f"[{', '.join(entries)}]"
        at = _begin(text, node, 0)
        line = "\n" + " " * _column(text, at)
        written = (
            ", ".join(entries) + ", " if node.flow_style else "".join(f"- {entry}{line}" for entry in entries)
        )
        return at, at, written
    if not isinstance(node, yaml.MappingNode) or any(key.value in given for key, _ in node.value):
        return None
    is_json = text.lstrip().startswith(("{", "["))
    entries = [f"{json.dumps(key) if is_json else key}: {json.dumps(value)}" for key, value in given.items()]
    if not node.value:
        return begin, end, "{" + ", ".join(entries) + "}"
    at = _begin(text, node, 0)
    between = ", " if node.flow_style else "\n" + " " * _column(text, at)
    return at, at, "".join(f"{entry}{between}" for entry in entries)


_STRUCTURE: dict[str, Callable[[str, Place, Change], Span | None]] = {
    "set": _set,
    "drop": _drop,
    "twice": _twice,
    "next": _next,
    "add": _add,
}


def _begin(text: str, parent: yaml.CollectionNode, number: int) -> int:
    """Where an entry begins: with its key, or with its dash."""
    entry = parent.value[number]
    if isinstance(parent, yaml.MappingNode):
        return int(entry[0].start_mark.index)
    start = int(entry.start_mark.index)
    return start if parent.flow_style else text.rindex("-", 0, start)


def _end(text: str, parent: yaml.CollectionNode, number: int) -> int:
    """Where an entry ends, without the empty lines and comments behind it."""
    entry = parent.value[number]
    last = entry[1] if isinstance(parent, yaml.MappingNode) else entry
    begin, end = int(last.start_mark.index), int(last.end_mark.index)
    piece = text[begin:end].rstrip()
    while "\n" in piece and piece.rpartition("\n")[2].lstrip().startswith("#"):
        piece = piece.rpartition("\n")[0].rstrip()
    return begin + len(piece)


def _column(text: str, at: int) -> int:
    return at - (text.rfind("\n", 0, at) + 1)
