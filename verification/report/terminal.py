"""The table of claims and verdicts, as people read it at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from verification.verdict import Outcome, Verdict

STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.UNKNOWN: "yellow",
    Outcome.NOT_VERIFIED: "cyan",
}


def show(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Print the table, then every verdict that is not a pass once more with its whole reason."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("claim", no_wrap=True, min_width=max((len(one.claim) for one in verdicts), default=0))
    table.add_column("verdict", no_wrap=True, min_width=len(Outcome.NOT_VERIFIED))
    table.add_column("seen", overflow="ellipsis", no_wrap=True)
    for verdict in verdicts:
        style = STYLE[verdict.outcome]
        table.add_row(
            escape(verdict.claim), f"[{style}]{verdict.outcome}[/]", escape(verdict.reason[: console.width])
        )
    console.print(table)
    for verdict in verdicts:
        if verdict.outcome is not Outcome.PASS:
            _explain(console, verdict)
    console.print(summary(verdicts))


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
