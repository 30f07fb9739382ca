"""Files of one JSON object a line: how a line is read, and what is said of one that is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promproof.errors import InputError

EXPECTED = "one JSON object per line"


def value(text: str | bytes) -> Any:
    """What a JSON text of this program holds, of any size.

    Raises:
        ValueError: it is not JSON, or nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def written(path: Path) -> Any:
    """What a JSON file of this program holds, of any size.

    Raises:
        OSError: it is no file, or can't be read.
        ValueError: it is not JSON, or nested too deep.
    """
    if not path.is_file():  # a pipe would be waited for
        raise FileNotFoundError(f"{path} is no file")
    return value(path.read_bytes())


def parsed(line: str | bytes, where: str) -> dict[str, Any]:
    """The object of a line.

    Raises:
        InputError: the line is broken, or holds something else.
    """
    try:
        row = value(line)
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
