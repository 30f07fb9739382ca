"""All checks: pure functions from a claim and the evidence of a run to a verdict."""

from __future__ import annotations

from promproof.checks.base import CHECKS, Check, Claim, claims_of, judge_each
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.verdict import Verdict

__all__ = ["CHECKS", "claims", "judge_all"]


def claims(contract: Contract) -> list[tuple[Check, Claim]]:
    """Every claim that the contract makes, with the check that judges it: known before anything runs."""
    return [pair for check in CHECKS for pair in claims_of(check, contract)]


def judge_all(evidence: Evidence) -> list[Verdict]:
    """A verdict for every claim, each with the run's time scale."""
    return list(judge_each(claims(evidence.contract), evidence))
