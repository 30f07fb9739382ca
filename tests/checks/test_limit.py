"""How many ids have series of their own, from records by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_limit
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
LIMIT: dict[str, Any] = {"variable": "SHOP_SERIES", "of": 3}
TRUTH = {
    "kind": "tally",
    "tally": "orders",
    "subject": "shop_id",
    "ids": "SELECT id FROM shops",
    "born_at_zero": {"status": ["good", "bad"]},
    "limit": LIMIT,
}
METRIC = {"name": "orders_total", "type": "counter", "labels": {"shop_id": {}, "status": {}}, "truth": TRUTH}
CONTRACT = Contract.model_validate({"contract": 1, "service": "shop", "metrics": [METRIC]})


def text_of(shown: tuple[str, ...]) -> str:
    lines = [
        f'orders_total{{shop_id="{shop}",status="{status}"}} 0'
        for shop in shown
        for status in ("good", "bad")
    ]
    return "\n".join(["# TYPE orders_total counter", *lines, ""])


def counted(text: str, value: int) -> str:
    """The exposition with so many good events of the others."""
    return text.replace('shop_id="other",status="good"} 0', f'shop_id="other",status="good"}} {value}')


def verdict(
    shown: tuple[str, ...],
    alive: tuple[str, ...] = ("8", "9", "10", "11"),
    contract: Contract = CONTRACT,
    later: tuple[str, ...] = (),
    made: str = "",
    used: str = "",
    others: int = 0,
    freed: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    **run: Any,
) -> Verdict:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": True, "database": True, "instance": "i", "backend": "processes", **run}),
        ("rows", {"what": "ids of shop_id", "label": "restart", "values": alive}),
        ("exposition", {"label": "restart", "begin": 8.0, "end": 8.1, "text": text_of(shown), "status": 200}),
        ("rows", {"what": "ids of shop_id", "label": "beyond", "values": (*alive, made)}),
        (
            "exposition",
            {"label": "beyond", "begin": 8.2, "end": 8.3, "text": used or text_of(later), "status": 200},
        ),
        ("rows", {"what": "ids of shop_id", "label": "freed", "values": freed[0]}),
        (
            "exposition",
            {
                "label": "freed",
                "begin": 8.4,
                "end": 8.5,
                "text": counted(text_of(freed[1]), others),
                "status": 200,
            },
        ),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(
        metric_limit.CHECK, Claim("metric/orders_total/limit", "orders_total"), Evidence(contract, history)
    )


def test_the_first_ids_have_series_and_the_others_share_one() -> None:
    assert verdict(("8", "9", "10", "other")).outcome == "pass"
    assert metric_limit.variables(CONTRACT) == {"SHOP_SERIES": "3"}


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (("8", "9", "10", "11", "other"), "shop_id=11 has series beyond the limit"),
        (("8", "9", "other"), "shop_id=10 has no series within the limit"),
        (("8", "9", "10"), 'orders_total{shop_id="other",status="good"} is not there for the others'),
        (("10", "11", "9", "other"), "shop_id=11 has series beyond the limit"),
    ],
    ids=["no limit", "one too few", "no shared one", "the last ones"],
)
def test_series_that_break_the_limit_are_named(shown: tuple[str, ...], words: str) -> None:
    found = verdict(shown)
    assert found.outcome == "fail"
    assert words in found.reason


LATER = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "metrics": [{**METRIC, "truth": {**TRUTH, "limit": {**LIMIT, "create": {"path": "/shops"}}}}],
    }
)


@pytest.mark.parametrize(
    ("later", "made", "outcome"),
    [
        (("8", "9", "10"), "12", "pass"),
        (("8", "9", "10", "12"), "12", "fail"),
        (("8", "9", "10"), "11", "unknown"),
    ],
    ids=["it shares", "it has its own", "nothing was made"],
)
def test_what_is_made_beyond_the_limit_shares_the_series_of_the_others(
    later: tuple[str, ...], made: str, outcome: str
) -> None:
    found = verdict(("8", "9", "10", "other"), contract=LATER, later=(*later, "other"), made=made)
    assert found.outcome == outcome
    assert ("shop_id=12, made when the limit was reached" in found.reason) is (outcome == "fail")


USED = {**LIMIT, "create": {"path": "/shops"}, "use": {"path": "/shops/{id}/orders"}}
USE = Contract.model_validate(
    {"contract": 1, "service": "shop", "metrics": [{**METRIC, "truth": {**TRUTH, "limit": USED}}]}
)


@pytest.mark.parametrize(("value", "outcome"), [(1, "pass"), (0, "fail")], ids=["for the others", "nowhere"])
def test_an_event_of_what_is_made_beyond_the_limit_counts_for_the_others(value: int, outcome: str) -> None:
    text = counted(text_of(("8", "9", "10", "other")), value)
    found = verdict(("8", "9", "10", "other"), contract=USE, made="12", used=text)
    assert found.outcome == outcome
    assert ("shop_id=other went from 0 to 0 when 12" in found.reason) is (outcome == "fail")


LIMIT_AND_DELETE = {**LIMIT, "create": {"path": "/shops"}, "delete": "/shops/{id}"}
FREED = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "metrics": [{**METRIC, "truth": {**TRUTH, "limit": LIMIT_AND_DELETE}}],
    }
)


@pytest.mark.parametrize(
    ("alive", "shown", "outcome", "words"),
    [
        (("9", "10", "11", "12", "13"), ("9", "10", "13"), "pass", ""),
        (
            ("9", "10", "11", "12", "13"),
            ("9", "10"),
            "fail",
            "13, made after 8 was deleted, has no series of its own",
        ),
        (
            ("9", "10", "11", "12", "13"),
            ("8", "9", "10", "13"),
            "fail",
            "shop_id=8 was deleted and has series",
        ),
        (("8", "9", "10", "11", "12"), ("8", "9", "10"), "pass", ""),
        (("8", "9", "10", "12", "13"), ("8", "9", "10"), "pass", ""),
    ],
    ids=[
        "it has the place",
        "the place is lost",
        "the deleted one has it",
        "none was deleted",
        "one without a place",
    ],
)
def test_who_is_made_after_one_with_a_place_was_deleted_gets_it(
    alive: tuple[str, ...], shown: tuple[str, ...], outcome: str, words: str
) -> None:
    later = ("8", "9", "10", "other")
    found = verdict(later, contract=FREED, later=later, made="12", freed=(alive, (*shown, "other")))
    assert found.outcome == outcome, found
    assert words in found.reason


def test_a_limit_that_nothing_reaches_or_nobody_can_set_is_not_verified() -> None:
    assert verdict(("8", "other"), ("8",)).outcome == "not verified"
    assert verdict(("8", "9", "10", "other"), managed=False).outcome == "not verified"
    assert verdict(("8", "9", "10", "other"), database=False).outcome == "not verified"


def test_ids_without_an_order_are_judged_by_their_number() -> None:
    alive = ("red", "green", "blue", "yellow")
    assert verdict(("green", "yellow", "red", "other"), alive).outcome == "pass"
    assert "beyond the limit" in verdict((*alive, "other"), alive).reason
    assert "no series within the limit" in verdict(("green", "other"), alive).reason


def test_ids_that_are_born_with_their_first_event_are_held_to_the_limit() -> None:
    truth = {key: value for key, value in TRUTH.items() if key != "born_at_zero"}
    metrics = [{**METRIC, "truth": truth}]
    contract = Contract.model_validate({"contract": 1, "service": "shop", "metrics": metrics})
    assert verdict((), contract=contract).outcome == "not verified"
    assert verdict(("8", "9", "10"), contract=contract).outcome == "pass"
    assert verdict(("8", "9", "10", "11"), contract=contract).outcome == "fail"


def test_a_limit_of_a_container_that_keeps_its_environment_is_not_verified() -> None:
    beyond = verdict(("8", "9", "10", "11", "other"), backend="containers")
    assert (beyond.outcome, "--stack processes" in beyond.reason) == ("not verified", True)


@pytest.mark.parametrize(("others", "outcome"), [(1, "pass"), (0, "fail")], ids=["they stay", "they go"])
def test_the_events_of_the_others_stay_when_one_of_them_is_deleted(others: int, outcome: str) -> None:
    limit = {**LIMIT_AND_DELETE, "use": {"path": "/shops/{id}/orders"}}
    contract = Contract.model_validate(
        {"contract": 1, "service": "shop", "metrics": [{**METRIC, "truth": {**TRUTH, "limit": limit}}]}
    )
    shown = ("8", "9", "10", "other")
    found = verdict(
        shown,
        contract=contract,
        made="12",
        used=counted(text_of(shown), 1),
        freed=(("9", "10", "11", "13"), ("9", "10", "13", "other")),
        others=others,
    )
    assert found.outcome == outcome
    assert ("shop_id=other fell from 1 to 0 when 12, 8 were deleted" in found.reason) is (outcome == "fail")
