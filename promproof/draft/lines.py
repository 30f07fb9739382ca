"""YAML as a person would write it: plain text, one item a block, short mappings on one line.

A library that dumps YAML has no place for the comments, which are half of a draft.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

import yaml

WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z0-9_/](?:[\w./()+ -]*[\w/.)+-])?")


def scalar(value: str | float | int | bool) -> str:
    """A value as YAML, quoted only where it must be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if _PLAIN.fullmatch(value) and value not in ("y", "n") and _is_text(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """A number that YAML takes for one: `1e-08` is text there without a dot."""
    text = f"{value:.15g}"
    if not math.isfinite(value):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    return text if "." in text else text.replace("e", ".0e")


def _is_text(value: str) -> bool:
    try:
        return bool(yaml.safe_load(value) == value)
    except ValueError:  # a date with 99 months
        return False


def flow(value: Any) -> str:
    """A mapping, list or scalar on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def item(data: Mapping[str, Any]) -> list[str]:
    """One item of a list, as it stands below its key: each key on a line, a long mapping on several."""
    lines: list[str] = []
    for name, value in data.items():
        lines += keyed(name, value)
    return [f"{'  - ' if number == 0 else '    '}{line}" for number, line in enumerate(lines)]


def keyed(name: str, value: Any) -> list[str]:
    """A key with its value: on one line, or a mapping's keys below it when that is too long."""
    line = f"{scalar(name)}: {flow(value)}"
    if isinstance(value, Mapping) and value and (len(line) > WIDTH - 4 or name == "labels"):
        return [
            f"{scalar(name)}:",
            *(f"  {inner}" for key, entry in value.items() for inner in keyed(key, entry)),
        ]
    return [line]


def comment(text: str, indent: str = "") -> list[str]:
    """A comment, wrapped."""
    return [f"{indent}# {line}" for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)]


def document(sections: Iterable[Sequence[str]]) -> str:
    """Sections with an empty line between them.

    Raises:
        ValueError: what was written is no YAML, which is a defect of this room.
    """
    text = "\n\n".join("\n".join(section) for section in sections if section) + "\n"
    try:
        yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"a draft that is no YAML: {error}") from error
    return text
