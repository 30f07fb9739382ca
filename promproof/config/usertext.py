"""The text of a file that a user wrote: read with a bound, decoded, and refused with its line when it is no text.

The bounds hold for every file of a user. The largest of 267 public rule files, dashboards and Alertmanager
configurations has 144 kB, 3,487 values, 13 levels: thirty, fourteen, five times as much is read. At the bound, reading
takes a second and 100 MB, rendering 5,400 rules ten seconds; what is over it is refused as soon as that is known.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024
"""Thirty times the largest public file."""
MAX_VALUES = 50_000
"""Values of a file, each alias counted with all that it stands for."""
MAX_DEPTH = 64
"""Levels of lists and mappings; a tenth of Python's own stack is left for what walks them by recursion."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BYTE_ORDER_MARK = "\ufeff"
_NUL = re.compile("\x00")


class Mistake(Exception):
    """What is wrong with a text, and in which line; 0 for the file as a whole."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


def read(path: Path) -> str:
    """The text of a file; a byte order mark at its start stays in it.

    Raises:
        Mistake: it can't be read, is no regular file, is too large, is no UTF-8 (nor UTF-16 with its mark), or holds
            a NUL.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Mistake(0, "cannot be read: it is no regular file")
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise Mistake(0, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(raw) > MAX_BYTES:
        raise Mistake(0, f"has over {MAX_BYTES // 1024} KiB, the most that is read")
    return decoded(raw)


def decoded(raw: bytes) -> str:
    """Bytes of a file as text.

    Raises:
        Mistake: they are no UTF-8 (nor UTF-16 with its mark), or hold a NUL.
    """
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _place(raw.decode(encoding, "replace"), error.start)
        if encoding == "utf-8":
            line, column = (
                raw.count(b"\n", 0, error.start) + 1,
                error.start - raw.rfind(b"\n", 0, error.start),
            )
        shown = raw[error.start : error.start + 1].hex()
        raise Mistake(line, f"it is not UTF-8 text: byte 0x{shown} at column {column}") from error
    refuse(text, _NUL)
    return text


def refuse(text: str, characters: re.Pattern[str]) -> None:
    """Refuse a text that holds one of these characters.

    Raises:
        Mistake: it does, with the place.
    """
    found = characters.search(text)
    if found is not None:
        line, column = _place(text, found.start())
        raise Mistake(line, f"holds the control character U+{ord(found[0]):04X} at column {column}")


def _place(text: str, index: int) -> tuple[int, int]:
    """Line and column of an index, both from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _without_waiting(name: str, flags: int) -> int:
    """Open a pipe that nobody writes into without waiting for its writer."""
    return os.open(name, flags | os.O_NONBLOCK)
