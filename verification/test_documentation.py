"""Suite: the documentation page against the contract and the files."""

from __future__ import annotations

import pytest

from promproof.report.outcome import demand
from promproof.verdict import Verdict

KIND = ("docs", "page")


@pytest.mark.claim
def test_claim(claim: str, verdict: Verdict) -> None:
    """One test for each claim; the id of the test is the id of the claim."""
    demand(verdict)
