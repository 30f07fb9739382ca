"""Colours for findings on a terminal: the place, the severity and the kind stand out, the labels step back.

They are put into the finished text, so that they change no line: what is copied is what a pipe gets.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

_RESET = "\x1b[0m"
_SEVERITY = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m", "hint": "\x1b[1;34m"}
_BOLD, _DIM, _GREEN, _YELLOW = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m"
_FIRST = re.compile(
    r"^(?P<place>[^\s:][^\n]*?)(?P<gap>\s+)(?P<severity>error|warning|info|hint)(?P<next>\s+)(?P<kind>[a-z]+/[a-z0-9-]+)(?=\s)",
    re.MULTILINE,
)
_LABEL = re.compile(r"^(?P<indent> {4})(?P<label>at|effect|to do|see):", re.MULTILINE)
_UNVERIFIED = re.compile(r"^not verified:", re.MULTILINE)
_NOTHING = re.compile(r"^no findings\b", re.MULTILINE)


def are_wanted(stream: TextIO) -> bool:
    """Whether a stream is to have colours: a terminal that has them, and NO_COLOR is not set (no-color.org).

    FORCE_COLOR asks for them in a pipe too, for the log of a CI that shows them.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def coloured(text: str) -> str:
    """The text form of findings with colours."""
    text = _FIRST.sub(
        lambda found: (
            f"{_BOLD}{found['place']}{_RESET}{found['gap']}{_SEVERITY[found['severity']]}{found['severity']}"
            f"{_RESET}{found['next']}{_BOLD}{found['kind']}{_RESET}"
        ),
        text,
    )
    text = _LABEL.sub(lambda found: f"{found['indent']}{_DIM}{found['label']}:{_RESET}", text)
    text = _UNVERIFIED.sub(f"{_YELLOW}not verified:{_RESET}", text)
    return _NOTHING.sub(f"{_GREEN}no findings{_RESET}", text)
