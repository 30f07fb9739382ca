"""Files of one JSON object a line: how a line is read, and what is said of one that is none."""

from __future__ import annotations

import json
from typing import Any

from promproof.errors import InputError

EXPECTED = "one JSON object per line"


def parsed(line: str | bytes, where: str) -> dict[str, Any]:
    """The object of a line.

    Raises:
        InputError: the line is broken, or holds something else.
    """
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(
            what=f"broken line: {error}", where=where, expected=EXPECTED, todo="use the original file"
        ) from error
    if not isinstance(row, dict):
        raise InputError(what="not an object", where=where, expected=EXPECTED, todo="use the original file")
    return row


def whole(text: str) -> list[str]:
    """The lines that were written to their end: what follows the last newline is a torn write."""
    return text.split("\n")[:-1]
