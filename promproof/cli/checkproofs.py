"""The proofs that `promproof check --prove` adds: which alerts can't fire, or do otherwise than written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.proofs.outcome import Outcome
from promproof.proofs.rulefiles import read
from promproof.proofs.run import Settings, proven
from promproof.report.findings.proven import added, wrong
from promproof.run.options import binaries
from promproof.stack.binaries import find_binaries


@dataclass(frozen=True)
class Proofs:
    """The outcomes of all alerts, and what could not be read."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]

    @property
    def status(self) -> int:
        """1 when an alert can't fire or does otherwise; what is not covered is no finding."""
        return 1 if wrong(self.outcomes) else 0

    def added(self, rendered: str, form: str) -> str:
        """What a check says in a format, and the proofs."""
        return added(form, rendered, self.outcomes)


def proofs(paths: tuple[Path, ...], programs: Sequence[str] = ()) -> Proofs:
    """The proofs of all alerts of the rule files there. programs: what --binary names.

    Raises:
        EvidenceError: promtool did not answer.
    """
    rules = read([path for path in paths if path.exists()])
    return Proofs(
        tuple(proven(rules, Settings(find_binaries(binaries(programs)).promtool))), tuple(rules.problems)
    )
