"""The text of a file that a user wrote: read with a bound, decoded, and refused with its line when it is no text.

The bounds hold for every file of a user. The largest of 267 public rule files, dashboards and Alertmanager
configurations has 144 kB, 3,487 values, 13 levels: thirty, fourteen, five times as much is read. At the bound, reading
takes a second and 100 MB, rendering 5,400 rules ten seconds; what is over it is refused as soon as that is known.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import stat
import time
from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024
"""Thirty times the largest public file."""
BEGINNING_BYTES = 64 * 1024
PIPE_SECONDS = 60.0
"""Within them what writes into a pipe must be done: it may ask somebody for a password."""
WRITER_SECONDS = 0.5
"""Within them somebody must have opened a pipe to write: a shell starts what writes before it starts this program."""
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


def read(path: Path, most: int = MAX_BYTES) -> str:
    """The text of a file; a byte order mark at its start stays in it. most: bytes that it may have.

    Raises:
        Mistake: it can't be read, is no regular file, is too large, is no UTF-8 (nor UTF-16 with its mark), or holds
            a NUL.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Mistake(0, "cannot be read: it is no regular file")
            raw = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise Mistake(0, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(raw) > most:
        raise Mistake(0, f"has over {most // 1024} KiB, the most that is read")
    return decoded(raw)


def given(path: Path) -> str:
    """The text of a file that an option names: also of a pipe, `<(pass show token)` say.

    Raises:
        Mistake: as `read` does, or nobody writes into the pipe, or not to the end in time.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode):
                return read(path)
            raw = _written(file.fileno())
    except (OSError, ValueError) as error:
        raise Mistake(0, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not raw and stat.S_ISFIFO(mode):
        raise Mistake(0, "cannot be read: nobody writes into the pipe")
    if len(raw) > MAX_BYTES:
        raise Mistake(0, f"has over {MAX_BYTES // 1024} KiB, the most that is read")
    return decoded(raw)


def _written(pipe: int) -> bytes:
    """What is written into a pipe, to its end or just over the bound; nothing where nobody opens it to write.

    It is read before it is waited for: `select` does not tell that a pipe has no writer, a read does.
    """
    raw = b""
    begin = time.monotonic()
    while len(raw) <= MAX_BYTES:
        seconds = time.monotonic() - begin
        try:
            more = os.read(pipe, BEGINNING_BYTES)
        except BlockingIOError:
            if not select.select([pipe], [], [], max(0.0, PIPE_SECONDS - seconds))[0]:
                raise Mistake(0, f"cannot be read: the pipe has no end after {PIPE_SECONDS:g} s") from None
            continue
        if not more and (raw or seconds > WRITER_SECONDS or not stat.S_ISFIFO(os.fstat(pipe).st_mode)):
            break
        if not more:
            time.sleep(0.01)
        raw += more
    return raw


def beginning(path: Path) -> str:
    """The start of a file that is no text, to see what it was meant to be; empty where nothing can be read."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file.read(BEGINNING_BYTES).decode("latin-1").replace("\r\n", "\n") if is_file else ""
    except (OSError, ValueError):
        return ""


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
