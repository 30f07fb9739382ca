"""What a run's report says first: the one cause, if something broke the run off, and how many claims it left open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from promproof.verdict import Outcome, Verdict

SHOWN = 3


@dataclass(frozen=True)
class Ending:
    """How a run ended. trouble: what broke it off, with its details; crashes: exceptions that nobody expected."""

    trouble: str | None = None
    interrupted: bool = False
    crashes: int = 0

    @property
    def incomplete(self) -> bool:
        """Whether the run proves less than it should, whatever the verdicts say."""
        return self.trouble is not None or self.crashes > 0

    @property
    def cause(self) -> str | None:
        """What broke the run off, in one line."""
        return None if self.trouble is None else next(iter(self.trouble.splitlines()), "")


def doubt(verdicts: Sequence[Verdict], ending: Ending, *, strict: bool) -> str | None:
    """Why the run proves less than it should, in one line that counts the claims; None when it does not."""
    symptoms = sum(verdict.symptom for verdict in verdicts)
    if ending.cause is not None:
        return f"{_claims(symptoms)} unknown: {ending.cause}" if symptoms else ending.cause
    open_outcomes = (Outcome.UNKNOWN, *([Outcome.NOT_VERIFIED] if strict else []))
    left = [verdict for verdict in verdicts if verdict.outcome in open_outcomes]
    if left:
        words = " or ".join(outcome for outcome in open_outcomes if any(v.outcome is outcome for v in left))
        named = "; ".join(f"{verdict.claim}: {verdict.reason}" for verdict in left[:SHOWN])
        more = f"; and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        return f"{_claims(len(left))} {words}: {named}{more}"
    if ending.crashes:
        return f"{ending.crashes} exceptions of the harness itself, in tracebacks.txt"
    return None


def by_kind(verdicts: Sequence[Verdict]) -> dict[str, Counter[Outcome]]:
    """Counts of outcomes by the first part of the claims' ids, in the order of the claims."""
    counts: dict[str, Counter[Outcome]] = {}
    for verdict in verdicts:
        counts.setdefault(verdict.claim.partition("/")[0], Counter())[verdict.outcome] += 1
    return counts


def _claims(number: int) -> str:
    return f"{number} claim{'' if number == 1 else 's'}"
