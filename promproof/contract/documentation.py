"""Reading a documentation page: its tables, code blocks, headings and links, each with its line.

A page is read, never judged: what a table promises is compared with the contract elsewhere. Cells come as
plain text without markup: 5m in backticks and 5m without them are the same promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from markdown_it.token import Token

from promproof.config.durations import EXPECTED, parse_duration
from promproof.config.inputs import read_text
from promproof.config.markdown import Heading, headings_in, html_anchors, line_of, parsed, plain_text
from promproof.errors import InputError


@dataclass(frozen=True)
class Row:
    """One row of a table: plain text by column name."""

    cells: Mapping[str, str]
    line: int


@dataclass(frozen=True)
class Table:
    """A table; `headings` are the headings it stands under, outermost first.

    Of several columns of one name, as the empty one, a row has the last one's cell.
    """

    headings: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int

    @property
    def heading(self) -> str:
        """The nearest heading above the table; empty when there is none."""
        return self.headings[-1] if self.headings else ""


@dataclass(frozen=True)
class Block:
    """A code block. `info` is all that follows the opening fence; `line` is the line of that fence."""

    info: str
    text: str
    line: int

    @property
    def language(self) -> str:
        """The first word of `info`; empty when there is none."""
        return self.info.partition(" ")[0]

    @property
    def name(self) -> str:
        """What follows the language, such as `custom-alert`; empty when there is nothing."""
        return self.info.partition(" ")[2].strip()


@dataclass(frozen=True)
class Link:
    """A link or an image, its target as written."""

    text: str
    target: str
    line: int


@dataclass(frozen=True)
class Page:
    """All that was read from one file, in the order of the file."""

    path: Path
    headings: tuple[Heading, ...]
    tables: tuple[Table, ...]
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    anchors: frozenset[str]
    """Every fragment that a link to this page can name."""

    def where(self, line: int) -> str:
        """The place of a line, as messages name it: `docs/monitoring.md:12`."""
        return f"{self.path}:{line}"

    def tables_with(self, *columns: str) -> tuple[Table, ...]:
        """The tables that have exactly these columns, in this order."""
        return tuple(table for table in self.tables if table.columns == columns)

    def block(self, name: str) -> Block:
        """The only code block of this name.

        Raises:
            InputError: none or several have it.
        """
        found = [block for block in self.blocks if block.name == name]
        if len(found) != 1:
            raise InputError(
                what=f"{len(found)} code blocks are named {name!r}",
                where=", ".join(self.where(block.line) for block in found) or str(self.path),
                expected=f"one block that opens with ```LANGUAGE {name}",
            )
        return found[0]


@dataclass(frozen=True)
class Quantity:
    """A number in base units: `ratio` (5 % is 0.05), `seconds`, `bytes`, `cores`; a plain number has none."""

    value: float
    unit: str


@dataclass(frozen=True)
class Threshold:
    """`> 5 %`, or `up == 0 or absent`: then `subject` is `up` and `or_absent` is true."""

    comparator: str
    quantity: Quantity
    subject: str = ""
    or_absent: bool = False


def parse(path: Path) -> Page:
    """Read a Markdown page (CommonMark with tables).

    Raises:
        InputError: the file can't be read as UTF-8 text.
    """
    return parse_text(read_text(path, "a Markdown file in UTF-8"), path)


def parse_text(text: str, path: Path) -> Page:
    """The same from the text of the file."""
    return page_of(parsed(text), path)


def page_of(tokens: Sequence[Token], path: Path) -> Page:
    """The same from its tokens."""
    headings = tuple(headings_in(tokens))
    return Page(
        path=path,
        headings=headings,
        tables=tuple(_tables(tokens, headings)),
        blocks=tuple(
            Block(token.info.strip(), token.content, line_of(token))
            for token in tokens
            if token.type in ("fence", "code_block")
        ),
        links=tuple(_links(tokens)),
        anchors=frozenset(heading.anchor for heading in headings) | frozenset(html_anchors(tokens)),
    )


def names(cell: str) -> tuple[str, ...]:
    """The names of a comma-separated cell; `none` and an empty cell name nothing."""
    listed = tuple(name.strip() for name in cell.split(",") if name.strip())
    return () if listed == ("none",) else listed


_UNITS: Mapping[str, tuple[Decimal, str]] = {
    "": (Decimal(1), ""),
    "%": (Decimal("0.01"), "ratio"),
    "s": (Decimal(1), "seconds"),
    "kB": (Decimal(10**3), "bytes"),
    "MB": (Decimal(10**6), "bytes"),
    "GB": (Decimal(10**9), "bytes"),
    "cores": (Decimal(1), "cores"),
}
_QUANTITY = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z%]*)")
_THRESHOLD = re.compile(r"(?P<subject>[A-Za-z_]\w*)?\s*(?P<comparator>>=|<=|==|!=|>|<)\s*(?P<rest>.+)")


def quantity(cell: str, where: str = "") -> Quantity:
    """`5 %`, `1 s`, `5m`, `1h30m`, `500 MB` or `3` in base units; a MB has a million bytes.

    Raises:
        InputError: no number, or an unknown unit.
    """
    match = _QUANTITY.fullmatch(cell.strip())
    if match is not None and match["unit"] in _UNITS:
        factor, kind = _UNITS[match["unit"]]
        return Quantity(float(Decimal(match["number"]) * factor), kind)
    try:
        return Quantity(parse_duration("".join(cell.split())), "seconds")
    except ValueError:
        units = ", ".join(unit for unit in _UNITS if unit)
        raise _unreadable(cell, where, f"a number with one of the units {units}, or {EXPECTED}") from None


def duration(cell: str, where: str = "") -> float:
    """A duration such as `5m` in seconds.

    Raises:
        InputError: not a duration.
    """
    found = quantity(cell, where)
    if found.unit != "seconds":
        raise _unreadable(cell, where, EXPECTED)
    return found.value


def threshold(cell: str, where: str = "") -> Threshold:
    """A threshold such as `> 5 %`, `> 1 s`, `up == 0` or `up == 0 or absent`.

    Raises:
        InputError: not a comparison with a quantity.
    """
    text, separator, rest = cell.strip().partition(" or ")
    match = _THRESHOLD.fullmatch(text)
    if match is None or (separator and rest.strip() != "absent"):
        raise _unreadable(cell, where, "a threshold such as > 5 %, > 1 s or up == 0 or absent")
    return Threshold(
        match["comparator"], quantity(match["rest"], where), match["subject"] or "", bool(separator)
    )


def _unreadable(cell: str, where: str, expected: str) -> InputError:
    return InputError(what=f"{cell!r} can't be read", where=where, expected=expected)


def _under(headings: tuple[Heading, ...], line: int) -> tuple[str, ...]:
    path: list[Heading] = []
    for heading in headings:
        if heading.line > line:
            break
        path = [outer for outer in path if outer.level < heading.level] + [heading]
    return tuple(heading.text for heading in path)


def _tables(tokens: Sequence[Token], headings: tuple[Heading, ...]) -> Iterator[Table]:
    for start, opening in enumerate(tokens):
        if opening.type != "table_open":
            continue
        (columns, line), *rows = _rows(tokens, start)
        yield Table(
            headings=_under(headings, line),
            columns=columns,
            rows=tuple(Row(dict(zip(columns, cells, strict=True)), number) for cells, number in rows),
            line=line,
        )


def _rows(tokens: Sequence[Token], start: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Cells and line of each row of the table that opens at `start`, its header row first."""
    cells: list[str] = []
    line = 0
    for token in tokens[start:]:
        if token.type == "tr_open":
            cells, line = [], line_of(token)
        elif token.type == "inline":
            cells.append(plain_text(token))
        elif token.type == "tr_close":
            yield tuple(cells), line
        elif token.type == "table_close":
            return


def _links(tokens: Sequence[Token]) -> Iterator[Link]:
    line = 0
    for token in tokens:
        line = line_of(token) or line  # cells have no line of their own: the row's holds for them
        target, text, number = "", "", line
        for child in token.children or []:
            if child.type in ("softbreak", "hardbreak"):
                number += 1
            elif child.type == "image":
                yield Link(child.content, str(child.attrs["src"]), number)
            elif child.type == "link_open":
                target, text = str(child.attrs["href"]), ""
            elif child.type == "link_close":
                yield Link(text, target, number)
            elif child.type in ("text", "code_inline"):
                text += child.content
