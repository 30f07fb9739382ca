"""Every claim in a line, and each that is not a pass once more with its whole reason: what --verbose adds."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from promproof.report.blocktext import LABEL
from promproof.report.lines import cut, plain, wrapped
from promproof.report.styles import STYLE
from promproof.run.ending import Ending
from promproof.verdict import Outcome, Verdict

GAPS = 6
"""columns between three columns"""
LEAST_SEEN = 26
"""columns for what was seen; a terminal that is too narrow for them shows claims and verdicts alone"""


def show_every(console: Console, verdicts: Sequence[Verdict], ending: Ending) -> None:
    """A line for each claim; of a run that broke off its symptoms are not told one by one: the cause is said once."""
    if ending.trouble is None:
        console.print(_table(console, verdicts))
    for verdict in verdicts:
        told = verdict.symptom or (ending.trouble is not None and verdict.outcome is Outcome.NOT_VERIFIED)
        if verdict.outcome is not Outcome.PASS and not told:
            _explain(console, verdict)
    console.print()


def _narrow(table: Table, verdicts: Sequence[Verdict], width: int) -> Table:
    """Claims and verdicts alone; an id that is too long is broken between its parts."""
    table.add_column("verdict", no_wrap=True, min_width=len(Outcome.NOT_VERIFIED))
    table.add_column("claim", overflow="fold")
    for verdict in verdicts:
        claim = "\n".join(wrapped(plain(verdict.claim), width - len(Outcome.NOT_VERIFIED) - GAPS // 2))
        table.add_row(f"[{STYLE[verdict.outcome]}]{verdict.outcome}[/]", escape(claim))
    return table


def _table(console: Console, verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    longest = max((cell_len(plain(verdict.claim)) for verdict in verdicts), default=0)
    seen = console.width - longest - len(Outcome.NOT_VERIFIED) - GAPS
    if seen < LEAST_SEEN:
        return _narrow(table, verdicts, console.width)
    table.add_column("claim", no_wrap=True, width=longest)
    table.add_column("verdict", no_wrap=True, width=len(Outcome.NOT_VERIFIED))
    # all widths are said and fill the line: rich would shrink whatever column it likes, the verdicts' to nothing
    table.add_column("seen", no_wrap=True, width=seen)
    for verdict in verdicts:
        style = STYLE[verdict.outcome]
        table.add_row(
            escape(plain(verdict.claim)),
            f"[{style}]{verdict.outcome}[/]",
            escape(cut(plain(verdict.reason), seen)),
        )
    return table


def _explain(console: Console, verdict: Verdict) -> None:
    console.print(
        f"\n[{STYLE[verdict.outcome]}]{verdict.outcome}[/] [bold]{escape(plain(verdict.claim))}[/]",
        soft_wrap=True,
        highlight=False,
    )
    lines = [("seen", verdict.reason), ("promised", verdict.expected), ("tolerance", verdict.tolerance)]
    for name, text in lines:
        if (text and verdict.outcome is not Outcome.NOT_VERIFIED) or name == "seen":
            _row(console, name, plain(text))
    if verdict.evidence:
        numbers = ", ".join(map(str, verdict.evidence[:8]))
        _row(console, "records", f"{numbers} of history.jsonl")


def _row(console: Console, name: str, text: str) -> None:
    """A whole text beside its name, its lines in one column. Nothing in it is made bold: `grafana:12` is one word."""
    width = console.width - LABEL if console.is_terminal else None
    for number, line in enumerate(wrapped(text, width)):
        console.print(Text(f"  {'' if number else name:<9} {line}"), soft_wrap=True, highlight=False)
