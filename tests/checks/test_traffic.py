"""traffic/complete, from records written by hand: a sender that did not keep its promise says why."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import traffic
from promproof.checks.base import Claim, judge
from promproof.contract import model as contracts
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.places import DEFAULT_CONTRACT
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
LATE = "1 % of the arrivals were sent 0.14 s late or more, 0.1 s are allowed"


def verdict(fault: str = "", **sender: Any) -> Verdict:
    view = Ledger(lambda: 1.0, 0.1).snapshot().to_json()
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (1.0, "phase", {"name": "traffic", "edge": "begin"}),
        (2.0, "phase", {"name": "traffic", "edge": "end"}),
        (3.0, "ledger", {"source": "reconcile", "complete": True, "view": view, **sender}),
    ]
    if fault:
        rows.append((4.0, "drill", {"name": "d", "plan": {"fault": {"kind": fault, "status": 503}}}))
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    claim = Claim("traffic/complete")
    return judge(traffic.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


def test_a_sender_that_ended_with_2_is_unknown_with_its_own_reason() -> None:
    found = verdict(status=2, problems=[LATE])
    assert (found.outcome, found.reason) == ("unknown", f"reconcile ended with status 2: {LATE}")


def test_a_sender_that_gave_no_reason_has_its_log_named() -> None:
    assert (
        verdict(status=3).reason
        == "reconcile ended with status 3: see locust-reconcile.log in the run's folder"
    )


def test_a_sender_that_ended_with_0_passes_whatever_it_says_of_itself() -> None:
    assert verdict(status=0, problems=[LATE]).outcome == "pass"


REFUSED = {"method": "GET", "endpoint": "/", "what": "could not be sent", "count": 40}


@pytest.mark.parametrize(
    ("fault", "source", "outcome"),
    [("killed", "drill", "pass"), ("errors", "drill", "unknown"), ("killed", "reconcile", "unknown")],
)
def test_no_answer_is_expected_of_a_target_that_the_drill_has_killed(
    fault: str, source: str, outcome: str
) -> None:
    assert verdict(fault, source=source, status=1, surprises=[REFUSED]).outcome == outcome


def test_a_pool_that_could_not_be_filled_leaves_the_traffic_unknown() -> None:
    pool = "the pool 'things' can't be filled: POST /things: answered 404, expected 201 (/things)"
    found = verdict(status=1, problems=[pool], surprises=[REFUSED])
    assert (found.outcome, pool in found.reason) == ("unknown", True)
