"""The verdicts of `promproof prove`, as a table of 80 columns and as data."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

from promproof.config.durations import format_duration
from promproof.proofs.prove import OPEN, PROVEN, Outcome

WIDTH = 80
VERSION = 1


def text(
    outcomes: Sequence[Outcome], problems: Sequence[str], reaches: Sequence[str], tests: Sequence[str]
) -> str:
    """One line for each alert, what stands beside a verdict below it, and the sums."""
    rows = [
        (
            "alert",
            "verdict",
            "flips at",
            "for",
            *(["reaches"] if reaches else []),
            *(["tests"] if tests else []),
        )
    ]
    for place, outcome in enumerate(outcomes):
        further = [column[place] for column in (reaches, tests) if column]
        rows.append((outcome.alert.name, outcome.verdict, outcome.flips, _held(outcome), *further))
    widths = [
        min(limit, max(len(row[i]) for row in rows))
        for i, limit in zip(range(len(rows[0])), LIMITS, strict=False)
    ]
    lines = []
    for place, row in enumerate(rows):
        lines.append(
            "  ".join(
                _cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)
            ).rstrip()
        )
        if place and (outcomes[place - 1].reason or outcomes[place - 1].notes):
            lines += _beside(outcomes[place - 1])
    lines += [
        "",
        *(line for problem in problems for line in textwrap.wrap(problem, WIDTH, subsequent_indent="  ")),
    ]
    return "\n".join([*lines, sums(outcomes)]) + "\n"


LIMITS = (30, 12, 14, 6, 8, 5)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _held(outcome: Outcome) -> str:
    return format_duration(outcome.alert.hold) if outcome.alert.hold else "-"


def _beside(outcome: Outcome) -> list[str]:
    texts = [outcome.reason] if outcome.reason else []
    if outcome.verdict != PROVEN and outcome.alert.where:
        texts.append(outcome.alert.where)
    texts += outcome.notes
    return [
        line
        for words in texts
        for line in textwrap.wrap(
            words, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        )
    ]


def sums(outcomes: Sequence[Outcome]) -> str:
    """How many of each verdict."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no alert"
    decided = len(outcomes) - counts[OPEN]
    return f"{shown}; {decided} of {len(outcomes)} decided"


def data(
    outcomes: Sequence[Outcome], problems: Sequence[str], reaches: Sequence[str], tests: Sequence[str]
) -> dict[str, Any]:
    """The same for a program."""
    return {
        "version": VERSION,
        "alerts": [
            {
                "alert": outcome.alert.name,
                "group": outcome.alert.group,
                "where": outcome.alert.where,
                "verdict": outcome.verdict,
                "flips": outcome.flips,
                "for": outcome.alert.hold,
                "reason": outcome.reason,
                "notes": outcome.notes,
                "boundaries": [
                    found.comparison.text if found.comparison is not None else "presence"
                    for found in (outcome.plan.boundaries if outcome.plan else ())
                ],
                **({"seconds_to_firing": outcome.course.latency} if outcome.course else {}),
                **({"reaches": reaches[place]} if reaches else {}),
                **({"tests": tests[place]} if tests else {}),
            }
            for place, outcome in enumerate(outcomes)
        ],
        "not_read": list(problems),
    }
