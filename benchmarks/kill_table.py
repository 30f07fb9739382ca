"""The tables of the kill campaign: a line for each kill, and a line for each command and signal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kill:
    """One kill and what came of it. at, seconds, gone: seconds from the start, from the kill to the end of nox, and to
    the end of all processes; status: None when it was overdue."""

    number: int
    command: str
    victim: str
    signal: str
    at: float
    status: int | None
    seconds: float
    gone: float
    left: list[str]
    wrong: str

    def row(self) -> str:
        """Its line of the table."""
        ended = "overdue" if self.status is None else str(self.status)
        left = "; ".join(self.left) or "0"
        cells = (
            self.number,
            self.command,
            self.victim,
            self.signal,
            f"{self.at:.1f}",
            ended,
            f"{self.seconds:.1f}",
            f"{self.gone:.1f}",
            left,
            self.wrong,
        )
        return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


HEAD = """\
| # | command | to | signal | at (s) | status | nox ended (s) | all gone (s) | left | wrong |
|--:|---|---|---|--:|--:|--:|--:|---|---|"""


def summary(kills: Sequence[Kill]) -> str:
    """The table of all kills by command and signal."""
    lines = [
        "",
        "| command | signal | kills | statuses | longest end when told to (s) | left-overs | wrong passes |",
        "|---|---|--:|---|--:|--:|--:|",
    ]
    groups: dict[tuple[str, str], list[Kill]] = {}
    for kill in kills:
        groups.setdefault((kill.command, kill.signal), []).append(kill)
    for (command, what), mine in sorted(groups.items()):
        told = [
            kill.gone for kill in mine if what not in ("STOP", "KILL") and kill.victim in ("nox", "command")
        ]
        statuses = Counter("overdue" if kill.status is None else str(kill.status) for kill in mine)
        cells = (
            command,
            what,
            len(mine),
            ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())),
            f"{max(told):.1f}" if told else "",
            sum(len(kill.left) for kill in mine),
            sum("WRONG PASS" in kill.wrong for kill in mine),
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    bad = [kill for kill in kills if kill.left or kill.wrong or kill.status is None]
    lines.append(f"\n{len(kills)} kills, {len(bad)} with something wrong")
    return "\n".join(lines)
