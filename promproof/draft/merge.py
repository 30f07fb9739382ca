"""A new draft into a file that somebody has edited: three ways, block by block, so that no edit and no comment is lost.

A block is a top-level key, or an item of a top-level list with its name; comments belong to the block below them. What
the user did not touch since the last draft becomes as the new draft has it; what the user changed stays as it is, and
is told when the new draft says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import ndiff

LISTS = ("metrics", "alerts", "dashboards", "mix", "once")
_KEY = re.compile(r"([A-Za-z_][\w-]*):")
_NAME = re.compile(r"\s*(?:- +)?(?:name|title|uid): +(.+?)\s*$")
_UID = re.compile(r"\s*(?:- +)?uid: +(.+?)\s*$")
COMMENTS = ("#", "")
"""The place of what stands below the last block."""
Place = tuple[str, str]
"""A top-level key, and the name of an item in it; empty for the key itself."""


@dataclass(frozen=True)
class Merged:
    """The new text, and in words what became of each block that differs."""

    text: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """The user's, where the new draft says otherwise."""
    differences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of what is changed or kept: the lines that differ, `-` as the file had them and `+` as the service shows them."""


def merge(base: str, mine: str, drafted: str) -> Merged:
    """The new text of a file. base: what the last draft wrote; mine: the file as it is; drafted: the new draft."""
    old, now, new = blocks(base), blocks(mine), blocks(drafted)
    result: dict[Place, str] = {}
    changed, removed, kept = [], [], []
    differences: dict[str, tuple[str, ...]] = {}
    for place, text in now.items():
        was, wanted = old.get(place), new.get(place)
        if _same(text, wanted) or _same(was, wanted):
            result[place] = text
        elif _same(text, was):
            if wanted is None:
                if place != COMMENTS:
                    removed.append(_said(place))
            else:
                result[place] = wanted
                changed.append(_said(place))
                differences[_said(place)] = _difference(text, wanted)
        else:
            result[place] = text
            if was is not None or wanted is not None:
                kept.append(_said(place) + ("" if wanted is not None else ", which is not there any more"))
                differences[kept[-1]] = _difference(text, wanted) if wanted is not None else ()
    added = []
    for place, text in new.items():
        if (
            place not in now and place not in old
        ):  # what was drafted before and is gone was taken out on purpose
            _insert(result, place, text, list(new))
            if place[1] or not any(other != place and other[0] == place[0] for other in new):
                added.append(_said(place))  # of a new list its items are told
    return Merged(
        "".join(result.values()), tuple(added), tuple(changed), tuple(removed), tuple(kept), differences
    )


def blocks(text: str) -> dict[Place, str]:
    """The blocks of a file in their order; joined, they are the file."""
    found: dict[Place, str] = {}
    place: Place = ("", "")
    waiting: list[str] = []
    key = ""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        top = _KEY.match(line)
        is_item = key in LISTS and line.startswith("  - ")
        if top is not None or is_item:
            if top is not None:
                key = top.group(1)
            place = _free(found, (key, "" if top is not None else _name(lines, number, key)))
            found[place] = "".join(waiting) + line
            waiting = []
        elif not line.strip() or line.lstrip().startswith("#"):
            waiting.append(line)
        else:
            found[place] = found.get(place, "") + "".join(waiting) + line
            waiting = []
    if waiting:
        found[COMMENTS] = "".join(waiting)
    return found


def _name(lines: Sequence[str], number: int, key: str) -> str:
    """The name of the item that begins at a line; its whole first line where it has none.

    A dashboard is known by its uid, so that one which is called otherwise is the same.
    """
    wanted = _UID if key == "dashboards" else _NAME
    for place, line in enumerate(lines[number:]):
        if place and not line.startswith("    "):
            break
        match = wanted.match(line) if line[:4] in ("  - ", "    ") and line[4:5] != " " else None
        if match:
            return match.group(1).strip("\"'")
    return lines[number].strip()


def _free(found: dict[Place, str], place: Place) -> Place:
    """The place, or one like it: two items of one name are two blocks."""
    number = 2
    wanted = place
    while wanted in found:
        wanted = (place[0], f"{place[1]} ({number})")
        number += 1
    return wanted


def _same(one: str | None, other: str | None) -> bool:
    """Whether two blocks are the same but for empty lines."""
    if one is None or other is None:
        return one is other
    return one.strip("\n").splitlines() == other.strip("\n").splitlines()


def _difference(before: str, after: str) -> tuple[str, ...]:
    """The lines of two blocks that differ, without their indentation."""
    lines = ndiff(before.splitlines(), after.splitlines())
    return tuple(f"{line[0]} {line[2:].strip()}" for line in lines if line[:1] in "+-" and line[2:].strip())


def _insert(result: dict[Place, str], place: Place, text: str, order: Sequence[Place]) -> None:
    """Put a block behind the last one of its key, or a new key behind those that the draft has before it."""
    before = [known for known in result if known[0] == place[0]] if place[1] else []
    if not before:
        earlier = {known[0] for known in order[: order.index(place)]}
        before = [known for known in result if known[0] in earlier]
    items = list(result.items())
    position = 1 + max((number for number, (known, _) in enumerate(items) if known in before), default=-1)
    if position and not items[position - 1][1].endswith("\n"):
        items[position - 1] = (items[position - 1][0], items[position - 1][1] + "\n")
    items.insert(position, (place, text if text.endswith("\n") else text + "\n"))
    result.clear()
    result.update(items)


def _said(place: Place) -> str:
    key, name = place
    return f"{key}: {name}" if name else {"": "the head", "#": "the comments at the end"}.get(key, key)
