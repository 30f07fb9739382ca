"""Regular expressions as Go reads them (RE2 syntax), for Python's own engine.

Only whether a whole text matches is asked, and on that the engines agree once the spelling is translated: flags in
the middle, POSIX and Unicode classes, `\\z`, `\\Q...\\E`, ASCII's digits and words. What can't be translated is told.
Source: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PERL = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
_PLAIN_ESCAPES = "abBfnrtv"
_FLAGS = re.compile(r"\(\?([ims]*(?:-[ims]+)?)([:)])")
_NAMED = re.compile(r"\(\?P?<(\w+)>")
_POSIX_CLASS = re.compile(r"\[:(\^?)(\w+):\]")
_UNICODE_CLASS = re.compile(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))")
_HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")


@cache
def whole(pattern: str) -> re.Pattern[str]:
    """The pattern for Python, to be used with fullmatch.

    Raises:
        ValueError: it is no RE2, or holds what Python's engine has no word for.
    """
    try:
        return re.compile(_Translation(pattern).text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{pattern!r} can't be read as a regular expression: {error}") from error


class _Translation:
    """One walk over a pattern; `_open` holds, for each group, the flags that were set in its middle."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._open: list[list[str]] = [[]]
        parts = []
        while self._at < len(pattern):
            parts.append(self._next())
        if len(self._open) > 1:
            raise self._refusal("a group does not end")
        self.text = "".join(parts) + ")" * len(self._open[0])

    def _next(self) -> str:
        char = self._pattern[self._at]
        if char == "\\":
            return self._escape(inside=False)
        if char == "[":
            return self._class()
        if char == "(":
            return self._group()
        self._at += 1
        if char == ")":
            if len(self._open) == 1:
                raise self._refusal("a group ends that has not begun")
            return ")" * len(self._open.pop()) + ")"
        if char == "|":
            flags = self._open[-1]
            return ")" * len(flags) + "|" + "".join(f"(?{flag}:" for flag in flags)
        return "\\Z" if char == "$" else char

    def _group(self) -> str:
        flags = _FLAGS.match(self._pattern, self._at)
        if flags is not None:
            self._at = flags.end()
            if flags[2] == ":":
                self._open.append([])
                return flags[0]
            if not flags[1]:
                return ""
            self._open[-1].append(flags[1])
            return f"(?{flags[1]}:"
        self._open.append([])
        named = _NAMED.match(self._pattern, self._at)
        if named is not None:
            self._at = named.end()
            return f"(?P<{named[1]}>"
        if self._pattern.startswith("(?", self._at):
            raise self._refusal(f"{self._pattern[self._at : self._at + 3]!r} is not known")
        self._at += 1
        return "("

    def _class(self) -> str:
        self._at += 1
        parts = ["["]
        if self._pattern.startswith("^", self._at):
            self._at += 1
            parts.append("^")
        first = True
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            if char == "]" and not first:
                self._at += 1
                return "".join(parts) + "]"
            first = False
            posix = _POSIX_CLASS.match(self._pattern, self._at)
            if posix is not None and posix[2] in _POSIX and not posix[1]:
                self._at = posix.end()
                parts.append(_POSIX[posix[2]])
            elif posix is not None:
                raise self._refusal(f"{posix[0]} is not known")
            elif char == "\\":
                parts.append(self._escape(inside=True))
            else:
                self._at += 1
                parts.append(f"\\{char}" if char in "[]&|~" else char)
        raise self._refusal("a class does not end")

    def _escape(self, *, inside: bool) -> str:
        unicode = _UNICODE_CLASS.match(self._pattern, self._at)
        if unicode is not None:
            self._at = unicode.end()
            return self._unicode_class(unicode, inside)
        number = _HEX.match(self._pattern, self._at)
        if number is not None:
            self._at = number.end()
            code = int(number[1] or number[2], 16)
            if code > sys.maxunicode:
                raise self._refusal(f"{number[0]} is no character")
            return f"\\U{code:08x}"
        char = self._pattern[self._at + 1 : self._at + 2]
        self._at += 2
        if char == "Q" and not inside:
            end = self._pattern.find("\\E", self._at)
            literal = self._pattern[self._at : end if end >= 0 else None]
            self._at = len(self._pattern) if end < 0 else end + 2
            return re.escape(literal)
        if char.lower() in _PERL and char:
            return self._perl(char, inside)
        if char == "z" and not inside:
            return "\\Z"
        if char == "A" and not inside:
            return "\\A"
        if char in _PLAIN_ESCAPES and char:
            return f"\\{char}"
        if not char or char.isalnum():
            raise self._refusal(f"\\{char} is not known")
        return re.escape(char)

    def _perl(self, char: str, inside: bool) -> str:
        ranges = _PERL[char.lower()]
        if char.islower():
            return ranges if inside else f"[{ranges}]"
        return f"\\{char}" if inside else f"[^{ranges}]"

    def _unicode_class(self, match: re.Match[str], inside: bool) -> str:
        negated = (match[1] == "P") != (match[2] == "^")
        ranges = _category(match[3] or match[4])
        if not ranges or (negated and inside):
            raise self._refusal(f"{match[0]} is not known")
        return ranges if inside else f"[{'^' if negated else ''}{ranges}]"

    def _refusal(self, reason: str) -> ValueError:
        return ValueError(f"{self._pattern!r} can't be read as a regular expression: {reason}")


@cache
def _category(name: str) -> str:
    """The characters of a general category of Unicode (`L`, `Lu`) as ranges; empty for a script's name."""
    ranges: list[tuple[int, int]] = []
    if len(name) > 2:
        return ""
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
