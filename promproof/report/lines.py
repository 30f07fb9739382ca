"""Lines of text for a terminal or a pipe: broken only between words, with control characters written out.

A pipe has no width: its lines are whole, so that they can be searched. On a terminal only a word that is longer than a
line is broken, behind a character at which paths and ids have their parts; a number is never cut.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO

_COMMANDS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, half surrogates, and those that turn the direction of what follows."""
_WORDS = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""")
"""of a shell command; what stands between quotes is never broken"""
FURTHER = "  "
BROKEN = " \\"
WIDEST = 120
"""Columns; longer lines are hard to read."""
LEAST = 20
"""columns that a text has, however narrow the terminal is"""
_FOLDERS = re.compile(r"[^/]*/?")
_PARTS = re.compile(r"[^/._,;:=&?})\]|-]*[/._,;:=&?})\]|-]?")


def cell_len(text: str) -> int:
    """The columns that a text takes. Most are ASCII: rich, which takes long to import, is for the others."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len as columns

    return columns(text)


def plain(text: str) -> str:
    """The text on one line, with control characters written out."""
    return _COMMANDS.sub(_written, " ".join(text.split()))


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def width_of(stream: TextIO) -> int | None:
    """The columns of a terminal, those of COLUMNS where it is set; None for a pipe and a file."""
    if not (os.environ.get("COLUMNS", "").isdecimal() or stream.isatty()):
        return None
    return min(shutil.get_terminal_size().columns, WIDEST)


def wrapped(text: str, width: int | None) -> list[str]:
    """The lines of a text, each of at most `width` columns unless a single part is longer; one for a pipe (None)."""
    if width is None or cell_len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        for number, piece in enumerate(_pieces(word, width)):
            joined = f"{line} {piece}" if line and number == 0 else line + piece
            if line and cell_len(joined) > width:
                lines.append(line)
                line = piece
            else:
                line = joined
    return [*lines, line]


def fitted(text: str, width: int | None) -> str:
    """A text of several lines, each broken between words where it is too long; what follows stands further right."""
    if width is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        start = line[: len(line) - len(line.lstrip(" "))]
        if cell_len(line) <= width:
            lines.append(line)
            continue
        first, *more = wrapped(line.lstrip(" "), max(width - len(start) - len(FURTHER), LEAST))
        lines += [start + first, *(start + FURTHER + one for one in more)]
    return "\n".join(lines)


def tell(text: str) -> None:
    """Write a text to the standard output at once: a pipe has its lines whole, a terminal breaks them between words."""
    sys.stdout.write(f"{fitted(text, width_of(sys.stdout))}\n")
    sys.stdout.flush()


def beside(head: str, text: str, width: int | None) -> str:
    """A text beside its head, in a column of its own where there is room for one."""
    room = None if width is None else width - cell_len(head)
    if room is not None and room < LEAST:
        return fitted(head + text, width)
    return head + f"\n{' ' * cell_len(head)}".join(wrapped(text, room))


def continued(command: str, width: int | None) -> list[str]:
    """The lines of a shell command, broken between words with a backslash, so that it can be copied as it stands.

    An option stays with its value, and a pipe with what it leads to.
    """
    words = _WORDS.findall(command)
    if width is None or cell_len(command) <= width or " ".join(words) != command:
        return [command]
    parts: list[str] = []
    for word in words:
        last = parts[-1].rpartition(" ")[2] if parts else ""
        if last == "|" or (last.startswith("-") and not word.startswith("-")):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    lines = [parts[0]]
    for part in parts[1:]:
        if cell_len(f"{lines[-1]} {part}{BROKEN}") > width:
            lines.append(FURTHER + part)
        else:
            lines[-1] += f" {part}"
    return [*(line + BROKEN for line in lines[:-1]), lines[-1]]


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word, or its parts when it is longer than a line: the name of a file is broken only if it is that itself."""
    if cell_len(word) <= width:
        yield word
        return
    parts = [
        part
        for folder in filter(None, _FOLDERS.findall(word))
        for part in ([folder] if cell_len(folder) <= width else filter(None, _PARTS.findall(folder)))
    ]
    piece = ""
    for part in parts:
        # between two digits a mark belongs to a number
        if piece and cell_len(piece + part) > width and not (piece[-2:-1].isdigit() and part[:1].isdigit()):
            yield piece
            piece = ""
        piece += part
    yield piece


def cut(text: str, width: int | None) -> str:
    """A text in one line, as much of it as there is room for; what is left out is told by dots, no number is cut."""
    if width is None or cell_len(text) <= width:
        return text
    room, line = width - cell_len(" ..."), ""
    for word in text.split(" "):
        for number, piece in enumerate(_pieces(word, 1)):
            joined = f"{line} {piece}" if line and number == 0 else line + piece
            if cell_len(joined) > room:
                return f"{line} ..."
            line = joined
    return line


def limited(lines: list[str], most: int) -> list[str]:
    """The first lines, the last of which says that there are more."""
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1].rsplit(' ', 1)[0]} ..."]
