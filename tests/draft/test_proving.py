"""What a draft says of the proofs of rules."""

from __future__ import annotations

import pytest

from promproof.draft.proving import told
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, PROVEN, Alert, Outcome

pytestmark = pytest.mark.unit


def outcome(name: str, verdict: str, flips: str = "-", reason: str = "") -> Outcome:
    return Outcome(Alert(name, "up == 0", 0.0, {}), verdict, flips, reason)


def test_a_proven_alert_says_where_it_flips_and_a_dead_one_why() -> None:
    assert told(
        [
            outcome("Errors", PROVEN, "0.05"),
            outcome("Never", DEAD, reason="a share is never above 1"),
            outcome("Odd", CONTRADICTED, "0.5", "fires below"),
            outcome("Open", OPEN, reason="topk"),
        ]
    ) == {
        "Errors": "proven (promproof prove): flips at 0.05",
        "Never": "Look at this rule (promproof prove), dead: a share is never above 1",
        "Odd": "Look at this rule (promproof prove), contradicted: fires below",
    }


def test_nothing_is_said_of_a_name_that_two_alerts_have() -> None:
    assert told([outcome("Twice", PROVEN, "1"), outcome("Twice", PROVEN, "2")]) == {}
