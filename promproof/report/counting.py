"""Claims without a line of their own: passed ones are counted by kind, not verified ones by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from promproof.report.lines import plain
from promproof.run.ending import by_kind
from promproof.verdict import Outcome, Verdict

PLURAL = {
    "alert": "alerts",
    "metric": "metrics",
    "panel": "panels",
    "drill": "drills",
    "dashboards": "dashboards",
    "config": "configuration",
    "docs": "documentation",
    "page": "page",
}
"""How people call the claims of a kind; others by the kind itself."""


def kinds(verdicts: Sequence[Verdict]) -> list[str]:
    """`metrics 74/74`: how many of each kind passed, of how many."""
    return [
        f"{plain(PLURAL.get(kind, kind))} {counts[Outcome.PASS]}/{counts.total()}"
        for kind, counts in by_kind(verdicts).items()
    ]


def joined(parts: Sequence[str], width: int | None) -> list[str]:
    """Parts on as few lines as they need; none is broken."""
    lines: list[str] = []
    for part in parts:
        if lines and (width is None or len(lines[-1]) + 3 + len(part) <= width):
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return lines


def open_by_reason(verdicts: Sequence[Verdict]) -> list[tuple[int, str, str]]:
    """How many claims are not verified, why, and which; the most frequent reason first."""
    claims: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.outcome is Outcome.NOT_VERIFIED:
            claims.setdefault(verdict.reason, []).append(verdict.claim)
    rows = [
        (len(ids), plain(reason), plain(ids[0]) + (f" and {len(ids) - 1} more" if len(ids) > 1 else ""))
        for reason, ids in claims.items()
    ]
    return sorted(rows, key=lambda row: -row[0])


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line: how many claims, and how many of each outcome."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    parts = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]]
    return f"{len(verdicts)} claims: {', '.join(parts) or 'none'}"
