"""A block as people read it on a terminal: what was promised, what was seen, what to do, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from promproof.report.causes.model import ALONE, Block
from promproof.report.lines import continued, cut, limited, plain, wrapped
from promproof.report.styles import STYLE
from promproof.verdict import Verdict

LABEL = 12
"""columns before a text that stands beside its name"""
FEW = 3
"""symptoms that need not be counted"""
MOST = {"promised": 2, "seen": 4, "so also": 2}
"""lines of a text on a terminal; a pipe has all of it"""


def told(block: Block, number: int, width: int | None, base: str = "") -> list[Text]:
    """The lines of a block. width: columns of a terminal, None for a pipe. base: left out of paths."""
    head = Text()
    head.append(f"{block.outcome} ", STYLE[block.outcome])
    first, *more = wrapped(f"{number}. {_shown(block.title, base)}", _less(width, len(block.outcome) + 1))
    lines = [head.append(first, "bold"), *(Text(" " * LABEL + line, "bold") for line in more)]
    for name, text in _rows(block, base):
        lines += labelled(name, text, width)
    return lines


def brief(block: Block, number: int, width: int | None, base: str = "") -> Text:
    """A block in one line."""
    size = len(block.claims)
    count = f" ({size} claims)" if size > 1 else ""
    title = f"{number}. {_shown(block.title, base)}"
    if block.kind == ALONE:
        title += f": {_shown(block.seen, base)}"
    line = cut(title, _less(width, len(block.outcome) + 1 + len(count)))
    return Text.assemble((f"{block.outcome} ", STYLE[block.outcome]), line, count)


def labelled(name: str, text: str, width: int | None) -> list[Text]:
    """A text beside its name; commands are broken so that they can be copied."""
    broken = continued if name in ("look", "again") else wrapped
    lines = broken(text, _less(width, LABEL))
    if width is not None and name in MOST:
        lines = limited(lines, MOST[name])
    return [
        Text.assemble((f"  {name if row == 0 else '':<{LABEL - 3}} ", "dim"), line)
        for row, line in enumerate(lines)
    ]


def _rows(block: Block, base: str) -> Iterator[tuple[str, str]]:
    said = block.causes[0]
    if block.promised:
        yield "promised", _shown(block.promised, base)
    if block.seen != block.title:
        yield "seen", _shown(block.seen, base)
    if said.tolerance and said.tolerance != "exact":
        yield "tolerance", _shown(said.tolerance, base)
    for name, text in (("to do", block.todo), ("look", block.look), ("again", block.again)):
        if text:
            yield name, _shown(text, base)
    yield "claim" if len(block.causes) == 1 else "claims", ids(block.causes)
    if block.symptoms:
        count = f"{len(block.symptoms)} claims: " if len(block.symptoms) > FEW else ""
        yield "so also", count + ids(block.symptoms)


def ids(verdicts: Sequence[Verdict]) -> str:
    """Ids of claims; what those that follow each other have in common is told once: `alert/A/live/fires, notified`."""
    said: list[str] = []
    before = ""
    for verdict in verdicts:
        claim = plain(verdict.claim)
        common = claim.rpartition("/")[0]
        said.append(claim.rpartition("/")[2] if common and common == before else claim)
        before = common
    return ", ".join(said)


def _shown(text: str, base: str) -> str:
    return plain(text.replace(f"{base}/", "") if base else text)


def _less(width: int | None, columns: int) -> int | None:
    return None if width is None else max(width - columns, 20)
