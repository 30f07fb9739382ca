"""The claims of a page: each with what was promised and seen, its tolerance, its records, and how to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Inputs
from promproof.report.counting import PLURAL
from promproof.report.page.subject import Subject
from promproof.verdict import Outcome, Verdict

WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_VERIFIED, Outcome.PASS)
CLASSES = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_VERIFIED: "open",
}
"""The style classes of outcomes; those of a page are not called by their words, which have spaces."""
BARE = "none: nothing in the history stands behind this verdict"
MOST_RECORDS = 12
"""record numbers that are named; the rest is counted"""


@dataclass(frozen=True)
class Line:
    """A field of a claim."""

    name: str
    text: str
    code: bool = False


@dataclass(frozen=True)
class Row:
    """A claim as the page has it."""

    id: str
    kind: str
    outcome: Outcome
    style: str
    reason: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Kind:
    """The claims of a kind, counted."""

    name: str
    counts: Sequence[tuple[Outcome, int]]
    total: int

    @property
    def label(self) -> str:
        """How people call its claims, as the terminal does."""
        return PLURAL.get(self.name, self.name)

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return dict(self.counts).get(Outcome.PASS, 0)


def rows(subject: Subject) -> list[Row]:
    """All claims, the worst first; within an outcome in the order of the run."""
    rerun = Rerun(subject.evidence)
    told = subject.evidence is not None
    found = [_row(verdict, rerun, told=told) for verdict in subject.verdicts]
    return sorted(found, key=lambda row: WORST_FIRST.index(row.outcome))


def kinds(verdicts: Sequence[Verdict]) -> list[Kind]:
    """Counts by the first part of the claims' ids, in the order of the claims."""
    found = []
    for name in dict.fromkeys(kind_of(verdict.claim) for verdict in verdicts):
        mine = [verdict.outcome for verdict in verdicts if kind_of(verdict.claim) == name]
        counts = [(outcome, mine.count(outcome)) for outcome in WORST_FIRST if outcome in mine]
        found.append(Kind(name, counts, len(mine)))
    return found


def kind_of(claim: str) -> str:
    """The first part of a claim's id."""
    return claim.partition("/")[0]


class Rerun:
    """The command that runs one claim again, with the inputs that the run had."""

    def __init__(self, evidence: Evidence | None) -> None:
        record = evidence.history.last(Inputs) if evidence is not None else None
        self._inputs = record.data if record is not None else None

    def of(self, claim: str) -> str:
        """The command line; empty where the run does not say what it was given."""
        if self._inputs is None:
            return ""
        words = ["promproof", "verify", "--claim", claim]
        if self._inputs.job == "drills":
            words = ["promproof", "drill", claim.split("/")[1] if claim.count("/") > 1 else claim]
        for name in ("contract", "monitoring"):
            given = self._inputs.options.get(name)
            words += [f"--{name}", str(given)] if given else []
        scale = self._inputs.options.get("time_scale")
        words += ["--time-scale", f"{scale:g}"] if isinstance(scale, int | float) else []
        return shlex.join(words)


def _row(verdict: Verdict, rerun: Rerun, *, told: bool) -> Row:
    """A claim. told: whether the run kept a history, in which a pass or a fail must have its records."""
    bare = told and not verdict.evidence and verdict.outcome in (Outcome.PASS, Outcome.FAIL)
    lines = [Line("promised", verdict.expected)]
    if verdict.observed and verdict.observed != verdict.reason:
        lines.append(Line("seen", verdict.observed))
    lines.append(Line("tolerance", verdict.tolerance))
    if verdict.time_scale != 1:
        lines.append(Line("time scale", f"{verdict.time_scale:g}"))
    lines += [
        Line("records", BARE if bare else _records(verdict.evidence)),
        Line("run again", rerun.of(verdict.claim), code=True),
    ]
    return Row(
        verdict.claim,
        kind_of(verdict.claim),
        verdict.outcome,
        CLASSES[verdict.outcome],
        verdict.reason,
        [line for line in lines if line.text],
    )


def _records(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    shown = ", ".join(map(str, numbers[:MOST_RECORDS]))
    more = f" and {len(numbers) - MOST_RECORDS} more" if len(numbers) > MOST_RECORDS else ""
    return f"{shown}{more} of history.jsonl"
