"""The proofs that `promproof check --prove` adds: which alerts can't fire, or do otherwise than written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import InputError
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, Outcome
from promproof.proofs.provetable import Beside, data, sums, text
from promproof.proofs.rulefiles import read
from promproof.proofs.run import Settings, proven
from promproof.run.options import binaries
from promproof.stack.binaries import find_binary

FORMATS = ("text", "json")


@dataclass(frozen=True)
class Proofs:
    """The outcomes of all alerts, and what could not be read."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]

    @property
    def status(self) -> int:
        """1 when an alert can't fire or does otherwise; what is not covered is no finding."""
        return 1 if any(outcome.verdict in (CONTRADICTED, DEAD) for outcome in self.outcomes) else 0

    def added(self, rendered: str, form: str) -> str:
        """What a check says, and the proofs: those of a healthy alert are a number."""
        if form == "json":
            whole = json.loads(rendered)
            return json.dumps({**whole, "proofs": data(self.outcomes, Beside())}, indent=2) + "\n"
        wrong = [outcome for outcome in self.outcomes if outcome.verdict in (CONTRADICTED, DEAD)]
        table = text(wrong, Beside()).rpartition("\n\n")[0] + "\n\n" if wrong else ""
        left = sum(outcome.verdict == OPEN for outcome in self.outcomes)
        more = " (promproof prove says why the others are not)" if left else ""
        return f"{rendered}\n{table}proofs: {sums(self.outcomes)}{more}\n"


def proofs(paths: tuple[Path, ...], form: str, programs: Sequence[str] = ()) -> Proofs:
    """The proofs of all alerts of the rule files there. programs: what --binary names.

    Raises:
        InputError: the format has no room for proofs.
        EvidenceError: promtool did not answer.
    """
    if form not in FORMATS:
        raise InputError(
            what=f"proofs have no place in the format {form}",
            where="--prove",
            expected=f"--format {' or '.join(FORMATS)}",
            todo="ask for them with promproof prove --format json",
        )
    rules = read([path for path in paths if path.exists()])
    return Proofs(
        tuple(proven(rules, Settings(find_binary("promtool", binaries(programs))))), tuple(rules.problems)
    )
