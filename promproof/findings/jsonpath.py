"""JSON paths as findings have them, `$.panels[0].targets[1].expr`, and keys of YAML, `groups[0].rules[2].expr`."""

from __future__ import annotations

import re

from promproof.config.yamltext import Key

_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


def key_of(path: str) -> Key:
    """The key that a path names; a name with a dot or a bracket in it comes apart."""
    return tuple(
        int(step[1]) if step[1] else step[2] for step in _STEP.finditer(path.removeprefix("$").lstrip("."))
    )
