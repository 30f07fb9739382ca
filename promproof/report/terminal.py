"""What people read at the end of a run: causes first, then counts; with --verbose every claim.

A run that is green fits on one screen, and so do the first causes of a red one. A pipe has no screen: its lines are
whole, and every red claim is told.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from promproof.evidence.evidence import Evidence
from promproof.report.blocktext import brief, told
from promproof.report.causes.fold import BROKEN, DEAD, blocks_of
from promproof.report.causes.model import Block
from promproof.report.counting import joined, kinds, open_by_reason, summary
from promproof.report.everyclaim import show_every
from promproof.report.lines import limited, wrapped
from promproof.report.output import Moment, Report, register
from promproof.report.phases import phases
from promproof.report.styles import STYLE
from promproof.run.ending import Ending, by_kind
from promproof.verdict import Outcome, Verdict

CAME_TO_ITS_END = Ending()
MOST_DETAILS = 8
"""lines of a cause's details, of which the last ones are the newest of a log"""
SCREEN = 24
"""lines of the smallest terminal in use"""
AROUND = 8
"""of them, for what stands before and behind the causes, and for what pytest and a shell add"""
DETAILED = 20
"""causes that a pipe tells with their details; the others in a line each"""
SLOWEST = 3


@register("terminal", Moment.SHOWN, order=100)
def write(report: Report) -> None:
    """Print the findings to standard output, and where the rest of the report is."""
    console = console_of(sys.stdout, least=report.width)
    base = str(Path.cwd())
    show(console, report.verdicts, report.ending, evidence=report.evidence, verbose=report.verbose, base=base)
    if report.ending.crashes:
        sys.stdout.write(f"tracebacks of the harness: {report.folder / 'tracebacks.txt'}\n")


def console_of(stream: TextIO, least: int) -> Console:
    """A console as wide as the terminal; in a pipe or a file, which has no width, lines have `least` columns."""
    console = Console(file=stream)
    return console if console.is_terminal else Console(file=stream, width=max(least, console.width))


def show(
    console: Console,
    verdicts: Sequence[Verdict],
    ending: Ending = CAME_TO_ITS_END,
    *,
    evidence: Evidence | None = None,
    verbose: bool = False,
    base: str = "",
) -> None:
    """Print what broke the run off, the causes of what is red, and the counts. base: where paths are told from.

    verbose: a line for each claim, and every one that is not a pass once more with its whole reason.
    """
    if verbose:
        show_every(console, verdicts, ending)
    blocks = blocks_of(verdicts, evidence, ending.trouble)
    if ending.trouble is not None:
        _cause(console, verdicts, ending)
        console.print(_counts(verdicts))
        blocks = [block for block in blocks if block.kind not in (BROKEN, DEAD)]
    if blocks:
        _print(console, _causes(blocks, verdicts, console, base))
    width = console.width if console.is_terminal else None
    if ending.trouble is None:
        _print(console, _folded(verdicts, evidence, width, bool(blocks)))
    console.print(summary(verdicts), highlight=False, soft_wrap=True)


def _print(console: Console, lines: Iterator[Text]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def _causes(
    blocks: Sequence[Block], verdicts: Sequence[Verdict], console: Console, base: str
) -> Iterator[Text]:
    """The causes, the first ones with their details: as many as a screen holds, and always the first."""
    yield _headline(blocks, verdicts)
    width = console.width if console.is_terminal else None
    left = SCREEN - AROUND if console.is_terminal else None
    for number, block in enumerate(blocks, 1):
        lines = told(block, number, width, base)
        waiting = len(blocks) - number
        if left is None:
            yield from lines if number <= DETAILED else [brief(block, number, width, base)]
        elif number == 1 or len(lines) + min(waiting, 2) <= left:
            yield from lines
            left -= len(lines)
        elif left > 1 or not waiting:
            yield brief(block, number, width, base)
            left -= 1
        else:
            claims = sum(len(block.claims) for block in blocks[number - 1 :])
            yield Text(f"and {waiting + 1} more, of {claims} claims: --verbose tells them")
            return


def _headline(blocks: Sequence[Block], verdicts: Sequence[Verdict]) -> Text:
    line = Text()
    for outcome, verb in ((Outcome.FAIL, "fail"), (Outcome.UNKNOWN, "unknown")):
        claims = sum(verdict.outcome is outcome and not verdict.symptom for verdict in verdicts)
        reasons = sum(any(verdict.outcome is outcome for verdict in block.claims) for block in blocks)
        if claims:
            line.append(", " if line else "").append(f"{claims} {verb}", STYLE[outcome])
            line.append(f" for {reasons} reason{'' if reasons == 1 else 's'}")
    return line.append(f", of {len(verdicts)} claims")


def _folded(
    verdicts: Sequence[Verdict], evidence: Evidence | None, width: int | None, red: bool
) -> Iterator[Text]:
    """What passed by kind, what is not verified by reason, and where the time went."""
    yield from (Text(line) for line in joined(kinds(verdicts), width))
    rows = open_by_reason(verdicts)
    if red and rows:
        reasons = f"{len(rows)} reason{'' if len(rows) == 1 else 's'}"
        total = sum(count for count, *_ in rows)
        yield Text(f"not verified: {total} claim{'' if total == 1 else 's'}, for {reasons}")
        return
    for count, reason, claims in rows:
        text = f"{count} not verified: {reason} ({claims})"
        lines = [text] if width is None else limited(wrapped(text, width - 2), 2)
        yield from (Text(f"{'  ' if row else ''}{line}") for row, line in enumerate(lines))
    took = sorted(phases(evidence), key=lambda phase: -phase.seconds)[:SLOWEST]
    if took and not red:
        yield Text(f"slowest: {' · '.join(f'{phase.name} {phase.seconds:.0f} s' for phase in took)}")


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
