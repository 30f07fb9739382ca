"""Suite: configuration, deployment, target and traffic."""

from __future__ import annotations

import pytest

from promproof.report.outcome import demand
from promproof.verdict import Verdict

KIND = ("address", "check", "config", "deployment", "job", "setting", "target", "traffic")


@pytest.mark.claim
def test_claim(claim: str, verdict: Verdict) -> None:
    """One test for each claim; the id of the test is the id of the claim."""
    demand(verdict)
