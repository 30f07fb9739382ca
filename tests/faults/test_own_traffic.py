"""A share of requests that the service fails anyway: how many are sent, what is answered, what is judged of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from promproof.contract.model import Contract
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.faults.kind import FAULTS
from promproof.faults.ledgers import Agreement, Held, Phase
from promproof.faults.own_traffic import Traffic
from promproof.faults.site import Site
from promproof.load.ledger import Ledger
from tests.records import record

pytestmark = pytest.mark.unit
REQUEST = {"request": "GET /nowhere", "endpoint": "unmatched", "status": 404}


def fault(**keys: Any) -> Traffic:
    return Traffic.model_validate({"kind": "traffic", **REQUEST, **keys})


def site(send: Callable[[str, str, str], int | None] | None, rate: float = 200.0) -> Site:
    book: Any = SimpleNamespace(open=())
    return Site(book, book, None, None, None, "shop", None, 1.0, send=send, rates={"drill": rate})


def test_the_dose_is_the_share_of_all_requests_and_what_was_sent_is_counted() -> None:
    sent = []

    def send(method: str, endpoint: str, path: str) -> int:
        sent.append((method, endpoint, path))
        return 404

    place, told = site(send), fault()
    told.hold(place, "drill", 0.5)
    assert place.state["traffic"][0].rate == 200, "half of everything is as much as the scenario sends"
    deadline = time.monotonic() + 30
    while len(sent) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    told.hold(place, "drill", 0.2)
    assert place.state["traffic"][0].rate == 50
    told.heal(place, "drill")
    first, second = place.counts
    assert set(sent) == {("GET", "unmatched", "/nowhere")}
    assert first["seen"] + second["seen"] == len(sent)
    assert first["injected"] == first["seen"] >= 3
    assert (first["rate"], first["ended"], second["rate"], second["ended"]) == (
        0.5,
        "replaced",
        0.2,
        "deleted",
    )
    assert not place.state
    assert fault().rescue(place) == ""


@pytest.mark.parametrize(
    ("keys", "answer"),
    [({}, 200), ({}, None), ({"takes": "1s"}, 404)],
    ids=["another status", "no answer", "sooner than it takes"],
)
def test_an_answer_that_the_drill_does_not_expect_is_not_counted_as_hit(
    keys: dict[str, Any], answer: int | None
) -> None:
    asked = []

    def send(*words: str) -> int | None:
        asked.append(words)
        return answer

    place, told = site(send), fault(**keys)
    told.hold(place, "drill", 0.5)
    deadline = time.monotonic() + 30
    while not asked and time.monotonic() < deadline:
        time.sleep(0.005)
    assert told.rescue(place) == "the drill's failing or slow requests have ended"
    told.hold(place, "drill", 0.5)
    told.heal(place, "drill")
    assert sum(count["injected"] for count in place.counts) == 0


def test_nothing_can_be_sent_where_nobody_knows_the_rate_of_the_scenario() -> None:
    with pytest.raises(EvidenceError, match="nobody sends"):
        fault().hold(site(lambda *words: 404, rate=0.0), "drill", 0.5)


def test_a_request_that_neither_fails_nor_is_slow_is_no_fault() -> None:
    with pytest.raises(ValueError, match="must fail"):
        fault(status=200)
    assert fault(status=200, takes="2s").hold_back == "2s"


def test_the_share_is_of_the_scenarios_traffic_and_both_sides_blur_it() -> None:
    assert FAULTS.get("traffic") is Traffic
    assert fault().decided(None, 20.0) == 20.0
    assert fault().decided(40.0, 20.0) == 40.0
    assert fault().accumulators == 2
    assert fault().lag(1.0, 1.0) == 0.0
    assert fault(takes="2s").lag(1.0, 1.0) == 2.0


def agreement(sent: dict[float, int], good: int | None = None) -> Agreement:
    """Of 20 requests a second for 20 s. sent: how many of the fault were answered in each second."""
    now = 0.0
    ledger = Ledger(lambda: now, 0.025)
    for second in range(20):
        now = float(second)
        for _ in range(20):
            ledger.close(ledger.open("GET", "/items"), 200)
        for _ in range(sent.get(second, 0)):
            ledger.close(ledger.open("GET", "unmatched"), 404)
    alert = {"name": "A", "comparator": ">", "threshold": 0.1, "window": "5s", "for": "5s"}
    contract = Contract.model_validate({"contract": 1, "service": "s", "alerts": [alert]})
    total = sum(sent.values())
    state = {"rate": 0.2, "routes": {"GET unmatched": 0.2}, "seen": total, "ended": "deleted"}
    history = History("by hand", 0.0, 0.0)
    history.records.append(record(0, 0.0, "prepared", {"time_scale": 1.0}))
    history.records.append(
        record(1, 20.0, "ledger", {"source": "drill", "view": ledger.snapshot().to_json()})
    )
    injected = total if good is None else good
    told = {"drill": "drill", "fault": "traffic", **state, "injected": injected}
    history.records.append(record(2, 20.0, "fault", told))
    held = Held(
        "drill", "A", 0.0, 20.0, [Phase(0.0, 10.0, 0.05), Phase(10.0, 19.9, 0.2)], 0.05, 0.2, 20.0, False
    )
    return fault().ledger(Evidence(contract, history), held)


def doses(below: int, above: int) -> dict[float, int]:
    return {second: below if second < 10 else above for second in range(20)}


def test_a_share_on_its_side_in_every_window_agrees() -> None:
    assert agreement(doses(1, 5)).troubles == ()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (doses(3, 5), "the share was 13.04% for a while, 5.00% were wanted"),
        (doses(1, 2), "20.00% were wanted"),
        ({}, "nothing was sent"),
    ],
    ids=["too many below", "too few above", "none"],
)
def test_a_share_on_the_wrong_side_leaves_the_dose_in_doubt(sent: dict[float, int], said: str) -> None:
    assert any(said in trouble for trouble in agreement(sent).troubles), agreement(sent)


def test_answers_of_another_status_leave_the_dose_in_doubt() -> None:
    assert agreement(doses(1, 5), good=50).troubles == ("10 of 60 GET /nowhere were not answered 404",)
