"""Verdicts: what a check says about a claim.

One vocabulary for every output (terminal, JUnit, JSON): a check returns verdicts and nothing else, and the run
merges them by worst. A gap in the observation is unknown, never pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a verdict says; `NOT_VERIFIED` means this machine or target cannot show it."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_VERIFIED = "not verified"


@dataclass(frozen=True)
class Verdict:
    """One judgement of one claim, with what was promised, what was seen, and where to look.

    `evidence` holds record numbers of the run's history (`Record.number`). `symptom`: it is unknown because the run
    broke off, for the one cause that the report says once.
    """

    claim: str
    outcome: Outcome
    reason: str
    expected: str = ""
    observed: str = ""
    tolerance: str = ""
    evidence: tuple[int, ...] = field(default=())
    time_scale: float = 1.0
    symptom: bool = False

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain data, for the JSON report."""
        return {**asdict(self), "outcome": str(self.outcome), "evidence": list(self.evidence)}


def exit_status(verdicts: Iterable[Verdict], *, strict: bool = False, incomplete: bool = False) -> int:
    """The status scripts rely on: 1 when a claim failed, else 2 when one is unknown or none was judged, else 0.

    Under `strict` a claim that this machine cannot verify is an error like an unknown one. `incomplete`: the run broke
    off or something of our own crashed, whichever claims are asked about.
    """
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.FAIL in outcomes:
        return 1
    if incomplete or not outcomes & {Outcome.PASS} or Outcome.UNKNOWN in outcomes:
        return 2
    return 2 if strict and Outcome.NOT_VERIFIED in outcomes else 0
