"""How a verdict becomes the outcome of a test."""

from __future__ import annotations

import pytest

from verification.verdict import Outcome, Verdict


def demand(verdict: Verdict, *, strict: bool) -> None:
    """Turn a verdict into the outcome of its test."""
    if verdict.outcome is Outcome.NOT_VERIFIED and not strict:
        pytest.skip(f"not verified: {verdict.reason}")
    if verdict.outcome is not Outcome.PASS:
        pytest.fail(f"{verdict.outcome}: {verdict.reason}\npromised: {verdict.expected}", pytrace=False)
