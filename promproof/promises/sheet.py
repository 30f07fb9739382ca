"""A page taken apart for reading: its sentences, rows and blocks, each with the line where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it.token import Token

from promproof.config.markdown import Heading, line_of, parsed
from promproof.contract.documentation import Block, Page, page_of

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`\"(<*])")
_PAST = re.compile(
    r"\b(corrections?|changelog|changes|history|migrat\w+|upgrad\w+|release notes)\b", re.IGNORECASE
)
_HEDGED = re.compile(
    r"\b(was|were|used to|formerly|renamed|instead of|no longer|deprecated|would|e\.g\.|for example|such as|"
    r"for instance)\b",
    re.IGNORECASE,
)


_MIGHT = re.compile(
    r"\b(instead|stricter|looser|change|replace|override|could|might|would|e\.g\.|for example|such as|another)\b",
    re.IGNORECASE,
)
"""Words of a sentence before a block that is no copy of what ships."""


@dataclass(frozen=True)
class Passage:
    """A sentence, or a row of a table with ` | ` between its cells. Code stands in backticks, other markup is gone."""

    text: str
    line: int
    headings: tuple[str, ...]
    is_row: bool = False

    def line_at(self, offset: int) -> int:
        """The line of a place in the text."""
        return self.line + self.text.count("\n", 0, offset)

    @cached_property
    def flat(self) -> str:
        """The text on one line; offsets are those of `text`."""
        return self.text.replace("\n", " ")

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.flat.lower()

    @property
    def is_past(self) -> bool:
        """Whether it stands under a heading that tells of earlier times."""
        return any(_PAST.search(heading) for heading in self.headings)

    @property
    def is_hedged(self) -> bool:
        """Whether it speaks of what was, is not, or might be."""
        return self.is_past or _HEDGED.search(self.text) is not None


@dataclass(frozen=True)
class Sheet:
    """A page and its passages in the order of the file."""

    page: Page
    passages: tuple[Passage, ...]

    @cached_property
    def _above(self) -> dict[int, tuple[str, ...]]:
        return {}

    def headings_at(self, line: int) -> tuple[str, ...]:
        """The headings that a line stands under, outermost first."""
        if line not in self._above:
            self._above[line] = under(self.page.headings, line)
        return self._above[line]

    def is_past(self, line: int) -> bool:
        """Whether a line stands under a heading that tells of earlier times."""
        return any(_PAST.search(heading) for heading in self.headings_at(line))

    def is_example(self, line: int) -> bool:
        """Whether a block at this line shows what might be, by its heading or by the sentence before it."""
        if self.is_past(line):
            return True
        before = [passage for passage in self.passages if passage.line < line and not passage.is_row]
        return (
            bool(before)
            and _MIGHT.search(before[-1].flat) is not None
            and before[-1].headings == self.headings_at(line)
        )

    def blocks_of(self, *languages: str) -> Iterator[Block]:
        """The code blocks in these languages."""
        return (block for block in self.page.blocks if block.language.lower() in languages)


def sheet_of(text: str, path: Path) -> Sheet:
    """Take a page apart.

    Raises:
        InputError: a table names a column twice.
    """
    tokens = parsed(text)
    page = page_of(tokens, path)
    return Sheet(page, tuple(_passages(tokens, page.headings)))


def under(headings: Sequence[Heading], line: int) -> tuple[str, ...]:
    """The headings that a line stands under, outermost first."""
    found: list[Heading] = []
    for heading in headings:
        if heading.line > line:
            break
        found = [outer for outer in found if outer.level < heading.level] + [heading]
    return tuple(heading.text for heading in found)


def _passages(tokens: list[Token], headings: Sequence[Heading]) -> Iterator[Passage]:
    cells: list[str] = []
    row = line = 0
    for token in tokens:
        line = line_of(token) or line
        if token.type == "tr_open":
            cells, row = [], line
        elif token.type == "tr_close":
            yield Passage(" | ".join(cells), row, under(headings, row), is_row=True)
            row = 0
        elif token.type == "inline" and row:
            cells.append(_written(token).replace("\n", " "))
        elif token.type == "inline":
            yield from _sentences(_written(token), line, headings)


def _sentences(text: str, line: int, headings: Sequence[Heading]) -> Iterator[Passage]:
    begin = 0
    above = under(headings, line)
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        sentence = text[begin:end]
        if sentence.strip():
            yield Passage(sentence.rstrip(), line + text.count("\n", 0, begin), above)
        begin = end


def _written(token: Token) -> str:
    """Text of an inline token with its code in backticks."""
    parts = []
    for child in token.children or []:
        if child.type == "code_inline":
            parts.append(f"`{child.content}`")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type in ("text", "image"):
            parts.append(child.content)
    return "".join(parts)
