"""docs/tolerances.md is about the claims that there are: a row of one that is gone, or a kind without a row, is old."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from benchmarks.tolerances import CHANGES, kind_of
from promproof.checks import claims
from promproof.contract.model import load
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
PAGE = REPOSITORY / "docs" / "tolerances.md"


def test_the_page_is_about_the_claims_of_the_shipped_contract() -> None:
    text = PAGE.read_text(encoding="utf-8")
    contract = load(REPOSITORY / "monitoring" / "contract.yaml")
    known = {claim.id for _, claim in claims(contract)}
    measured = {claim for claim in known if any(re.match(wanted, claim) for _, wanted in CHANGES.values())}
    named = {
        claim
        for claim in re.findall(r"`([a-z]+/[^`\s]+)`", text)
        if "NAME" not in claim and "PANEL" not in claim
    }
    assert named <= measured, "python -m benchmarks.tolerances RUN --page > docs/tolerances.md"
    counted = {kind: int(count) for kind, count in re.findall(r"\| `([^`]+)` \| \w+ \| (\d+) \|", text)}
    there = Counter(map(kind_of, measured))
    shown = Counter(map(kind_of, named)) + Counter(counted)
    assert set(shown) == set(there), "python -m benchmarks.tolerances RUN --page > docs/tolerances.md"
    assert all(shown[kind] <= there[kind] for kind in there)
