"""The verdicts of `promproof prove`, as a table and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from promproof.config.durations import format_duration
from promproof.proofs.outcome import OPEN, PROVEN, Outcome

if TYPE_CHECKING:  # a check has neither
    from promproof.proofs.routes import Destination
    from promproof.proofs.tested import Tested

VERSION = 1
LEAST = 12
"""Columns that receivers, and then names, have at least on a terminal that is too narrow; numbers are never cut."""
OPEN_LABEL = "?: it depends on labels that the series may have; without them the first is told"


@dataclass(frozen=True)
class Beside:
    """What else is known of the alerts, in their order, and lines about files that could not be read."""

    destinations: Sequence[Destination] = ()
    tested: Tested | None = None
    mutants: Sequence[str] = ()
    """Of each alert, how many of its mutants are killed, `9/14`; `-` without any."""
    problems: Sequence[str] = field(default=())
    undecided: Sequence[str] = ()
    """Inhibitions of which labels that no rule fixes decide, a line each."""

    def lines(self, place: int) -> list[str]:
        """What is said below the line of an alert."""
        found = list(self.destinations[place].notes) if self.destinations else []
        if self.tested and self.tested.missing[place]:
            found.append(f"tests: {self.tested.missing[place]}")
        return found


def text(
    outcomes: Sequence[Outcome],
    beside: Beside,
    columns: int | None = None,
    fitted: Callable[[str], str] = str,
) -> str:
    """One line for each alert, what stands beside a verdict below it, and the sums.

    columns: of the terminal; in a pipe, None, no name is cut.
    fitted: breaks a line of words to the terminal; as it stands, the line is whole.
    """
    names = ["alert", "verdict", "flips at", "for"]
    names += ["reaches"] if beside.destinations else []
    names += ["tests"] if beside.tested else []
    names += ["mutants"] if beside.mutants else []
    rows = [names, *(_row(outcome, place, beside) for place, outcome in enumerate(outcomes))]
    widths = _widths(names, rows, columns)
    lines = []
    for place, row in enumerate(rows):
        cells = (_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
        if place:
            cut = [row[0]] if len(row[0]) > widths[0] else []
            cut += _receivers_cut(names, row, widths)
            below = [*cut, *_beside(outcomes[place - 1]), *beside.lines(place - 1)]
            lines += [fitted(f"  {_line(words)}") for words in below]
    noticed = [str(noticed) for noticed in beside.tested.noticed] if beside.tested else []
    lines.append("")
    is_open = any(destination.perhaps for destination in beside.destinations)
    for words in (*beside.problems, *noticed, *beside.undecided, *([OPEN_LABEL] if is_open else [])):
        lines.append(fitted(_line(words)))
    lines.append(sums(outcomes))
    agreed = [found.agreed for found in beside.destinations if found.agreed is not None]
    if agreed:
        lines.append(f"routes: a real Alertmanager says the same of {sum(agreed)} of {len(agreed)} alerts")
    if beside.tested:
        lines.append(f"tests: {beside.tested.percent:.0f} % of the alerts have a firing and a silent case")
    return "\n".join(lines) + "\n"


def _row(outcome: Outcome, place: int, beside: Beside) -> list[str]:
    held = format_duration(outcome.alert.hold) if outcome.alert.hold else "-"
    row = [outcome.alert.name, outcome.verdict, outcome.flips, held]
    row += [beside.destinations[place].cell] if beside.destinations else []
    row += [beside.tested.cells[place]] if beside.tested else []
    return [*row, beside.mutants[place]] if beside.mutants else row


def _widths(names: Sequence[str], rows: Sequence[Sequence[str]], columns: int | None) -> list[int]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    if columns is None:
        return widths
    for column in [names.index("reaches"), 0] if "reaches" in names else [0]:
        over = sum(widths) + 2 * (len(widths) - 1) - columns
        widths[column] -= max(0, min(over, widths[column] - LEAST))
    return widths


def _receivers_cut(names: Sequence[str], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """The receivers in full, where their cell is too narrow."""
    if "reaches" not in names:
        return []
    place = names.index("reaches")
    return [f"reaches {row[place]}"] if len(row[place]) > widths[place] else []


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _beside(outcome: Outcome) -> list[str]:
    texts = [outcome.reason] if outcome.reason else []
    if outcome.verdict != PROVEN and outcome.alert.where:
        texts.append(outcome.alert.where)
    return [*texts, *outcome.notes]


def _line(words: str) -> str:
    """On one line, also where an expression has several."""
    return " ".join(words.split())


def sums(outcomes: Sequence[Outcome]) -> str:
    """How many of each verdict."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no alert"
    decided = len(outcomes) - counts[OPEN]
    return f"{shown}; {decided} of {len(outcomes)} decided"


def data(outcomes: Sequence[Outcome], beside: Beside) -> dict[str, Any]:
    """The same for a program."""
    made: dict[str, Any] = {
        "version": VERSION,
        "alerts": [_alert(outcome, place, beside) for place, outcome in enumerate(outcomes)],
        "not_read": list(beside.problems),
        "undecided": list(beside.undecided),
    }
    if beside.tested:
        made["coverage"] = beside.tested.percent
        made["noticed"] = [
            {"where": noticed.where, "alert": noticed.alert, "what": noticed.what, "todo": noticed.todo}
            for noticed in beside.tested.noticed
        ]
    return made


def _alert(outcome: Outcome, place: int, beside: Beside) -> dict[str, Any]:
    made: dict[str, Any] = {
        "alert": outcome.alert.name,
        "group": outcome.alert.group,
        "where": outcome.alert.where,
        "verdict": outcome.verdict,
        "flips": outcome.flips,
        "for": outcome.alert.hold,
        "reason": outcome.reason,
        "notes": outcome.notes,
        "boundaries": outcome.compared,
    }
    if outcome.course:
        made["seconds_to_firing"] = outcome.course.latency
    if beside.destinations:
        found = beside.destinations[place]
        made["reaches"] = {
            "receivers": list(found.receivers),
            "perhaps": list(found.perhaps),
            "notes": list(found.notes),
            "groups": [asdict(group) for group in found.groups],
            "muted_by": list(found.muted_by),
            "perhaps_muted_by": list(found.perhaps_muted_by),
            "alertmanager_agrees": found.agreed,
        }
    if beside.mutants:
        made["mutants"] = beside.mutants[place]
    if beside.tested:
        made["tests"] = int(beside.tested.cells[place])
        made["tests_missing"] = beside.tested.missing[place]
    return made
