"""Texts that are written from right to left, on a page of which all else goes from left to right.

A browser orders a line by its characters: digits and punctuation behind a name in Arabic stand before it, and one
U+202E turns `100, truth 0` into `0 hturt ,001`. So each run of such letters is put between isolates, which keep their
order to themselves, and characters that command a direction are written out, as on the terminal.
"""

from __future__ import annotations

import re

BEGIN, END = "\u2068", "\u2069"
"""FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (https://www.unicode.org/reports/tr9/)."""
_LETTERS = "\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_COMMANDS = "\u202a-\u202e\u2066-\u2069"
_TURNED = re.compile(f"(?:[{_COMMANDS}]|[{_LETTERS}]+(?: +[{_LETTERS}]+)*)(?=[^<>]*<)")
"""In the texts of elements alone: behind one in a tag's attribute comes the end of the tag, for all else is escaped."""


def in_order(html: str) -> str:
    """A page whose texts stand in the order in which they are written, whatever letters they have."""
    return _TURNED.sub(_readable, html)


def _readable(found: re.Match[str]) -> str:
    text = found[0]
    written = re.fullmatch(f"[{_COMMANDS}]", text) is not None
    return f"\\u{ord(text):04x}" if written else f"{BEGIN}{text}{END}"
