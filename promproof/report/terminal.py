"""The table of claims and verdicts, as people read it at the end of a run."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from promproof.report.output import Moment, Report, register
from promproof.run.ending import Ending, by_kind
from promproof.verdict import Outcome, Verdict

STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.UNKNOWN: "yellow",
    Outcome.NOT_VERIFIED: "cyan",
}

CAME_TO_ITS_END = Ending()
GAPS = 6
"""columns between three columns"""
LEAST_SEEN = 26
"""columns for what was seen; a terminal that is too narrow for them shows claims and verdicts alone"""
MOST_DETAILS = 8
"""lines of a cause's details, of which the last ones are the newest of a log"""


@register("terminal", Moment.SHOWN, order=100)
def write(report: Report) -> None:
    """Print the table to standard output, and where its details are."""
    show(console_of(sys.stdout, least=report.width), report.verdicts, report.ending)
    if report.ending.crashes:
        sys.stdout.write(f"tracebacks of the harness: {report.folder / 'tracebacks.txt'}\n")


def console_of(stream: TextIO, least: int) -> Console:
    """A console as wide as the terminal; in a pipe or a file, which has no width, lines have `least` columns."""
    console = Console(file=stream)
    return console if console.is_terminal else Console(file=stream, width=max(least, console.width))


def show(console: Console, verdicts: Sequence[Verdict], ending: Ending = CAME_TO_ITS_END) -> None:
    """Print what broke the run off, the table, and every verdict that is not a pass once more with its whole reason.

    Of a run that broke off the table has counts, and its symptoms are not told one by one: the cause is said once.
    """
    if ending.trouble is not None:
        _cause(console, verdicts, ending)
        console.print(_counts(verdicts))
    else:
        console.print(_table(console, verdicts))
    for verdict in verdicts:
        told = verdict.symptom or (ending.trouble is not None and verdict.outcome is Outcome.NOT_VERIFIED)
        if verdict.outcome is not Outcome.PASS and not told:
            _explain(console, verdict)
    console.print(summary(verdicts))


def _cause(console: Console, verdicts: Sequence[Verdict], ending: Ending) -> None:
    assert ending.trouble is not None
    head, *details = ending.trouble.splitlines() or [""]
    console.print(f"\n[{STYLE[Outcome.UNKNOWN]}]the run broke off[/]: {escape(head)}", soft_wrap=True)
    shown = details if len(details) <= MOST_DETAILS else [details[0], "    ...", *details[2 - MOST_DETAILS :]]
    for line in shown:
        console.print(escape(line), soft_wrap=True)
    symptoms = sum(verdict.symptom for verdict in verdicts)
    if symptoms:
        console.print(f"{symptoms} of {len(verdicts)} claims are unknown for that reason alone\n")


def _counts(verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("claims", no_wrap=True)
    for outcome in Outcome:
        table.add_column(str(outcome), justify="right", no_wrap=True)
    for kind, counts in by_kind(verdicts).items():
        cells = [f"[{STYLE[outcome]}]{counts[outcome]}[/]" if counts[outcome] else "" for outcome in Outcome]
        table.add_row(f"{escape(kind)}/", *cells)
    return table


def _narrow(table: Table, verdicts: Sequence[Verdict]) -> Table:
    table.add_column("verdict", no_wrap=True, min_width=len(Outcome.NOT_VERIFIED))
    table.add_column("claim", overflow="fold")
    for verdict in verdicts:
        table.add_row(f"[{STYLE[verdict.outcome]}]{verdict.outcome}[/]", escape(verdict.claim))
    return table


def _table(console: Console, verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    longest = max((len(verdict.claim) for verdict in verdicts), default=0)
    seen = console.width - longest - len(Outcome.NOT_VERIFIED) - GAPS
    if seen < LEAST_SEEN:
        return _narrow(table, verdicts)
    table.add_column("claim", no_wrap=True, width=longest)
    table.add_column("verdict", no_wrap=True, width=len(Outcome.NOT_VERIFIED))
    # all widths are said and fill the line: rich would shrink whatever column it likes, the verdicts' to nothing
    table.add_column("seen", overflow="ellipsis", no_wrap=True, width=seen)
    for verdict in verdicts:
        style = STYLE[verdict.outcome]
        table.add_row(
            escape(verdict.claim), f"[{style}]{verdict.outcome}[/]", escape(verdict.reason[: console.width])
        )
    return table


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line: how many claims, and how many of each outcome."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    parts = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]]
    return f"{len(verdicts)} claims: {', '.join(parts) or 'none'}"


def _explain(console: Console, verdict: Verdict) -> None:
    console.print(f"\n[{STYLE[verdict.outcome]}]{verdict.outcome}[/] [bold]{escape(verdict.claim)}[/]")
    lines = [("seen", verdict.reason), ("promised", verdict.expected), ("tolerance", verdict.tolerance)]
    for name, text in lines:
        if (text and verdict.outcome is not Outcome.NOT_VERIFIED) or name == "seen":
            console.print(f"  {name:<9} {escape(text)}", soft_wrap=True)
    if verdict.evidence:
        numbers = ", ".join(map(str, verdict.evidence[:8]))
        console.print(f"  {'records':<9} {numbers} of history.jsonl")
