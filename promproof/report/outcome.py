"""How a verdict becomes the outcome of a test.

Unknown is not a failure of the service: its test is skipped, with the reason, and never green, because the status of
the run is 2 and its JUnit file has one error that says why.
"""

from __future__ import annotations

import pytest

from promproof.verdict import Outcome, Verdict


def demand(verdict: Verdict) -> None:
    """Turn a verdict into the outcome of its test."""
    if verdict.outcome in (Outcome.UNKNOWN, Outcome.NOT_VERIFIED):
        pytest.skip(f"{verdict.outcome}: {verdict.reason}")
    if verdict.outcome is Outcome.FAIL:
        pytest.fail(f"{verdict.outcome}: {verdict.reason}\npromised: {verdict.expected}", pytrace=False)
