"""JSON paths as findings have them, `$.panels[0].targets[1].expr`, and keys of YAML, `groups[0].rules[2].expr`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from promproof.config.yamltext import Key

_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


def key_of(path: str) -> Key:
    """The key that a path names; a name with a dot or a bracket in it comes apart."""
    return tuple(
        int(step[1]) if step[1] else step[2] for step in _STEP.finditer(path.removeprefix("$").lstrip("."))
    )


def nearest(path: str, lines: Mapping[Key, int]) -> int | None:
    """The line of a path, or of the nearest parent that has one."""
    key = key_of(path)
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key)
