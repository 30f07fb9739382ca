"""The verdict of one aspect of a drill, made from what was found."""

from __future__ import annotations

from collections.abc import Iterable

from promproof.checks.base import Claim, findings
from promproof.drills.case import Case
from promproof.drills.membership import Finding
from promproof.verdict import Verdict


def verdict_of(
    claim: Claim, case: Case, found: Iterable[Finding], *, good: str, expected: str, tolerance: str
) -> Verdict:
    return findings(
        claim,
        [str(finding) for finding in found],
        good=good,
        expected=expected,
        tolerance=tolerance,
        evidence=case.records,
    )
