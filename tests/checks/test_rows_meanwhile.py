"""Numbers of the database that are right at rest and were not before, or wrong in rows and counter alike; by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_rows, metric_sums
from promproof.checks.base import Check, Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
RUN = {"scrape_interval": 1.0, "managed": True, "instance": "i", "database": "sqlite:///shop.db"}
ROWS = {"kind": "rows", "query": "SELECT 1", "created": "shops_opened", "deleted": "shops_closed"}


def judged(
    check: Check, metric: dict[str, Any], ledger: Ledger, text: str, more: list[tuple[str, dict[str, Any]]]
) -> Verdict:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", RUN),
        ("clock_offset", {"low": 0.0, "high": 0.0}),
        ("exposition", {"label": "rest", "begin": 9.0, "end": 9.1, "text": text, "status": 200}),
        ("ledger", {"source": "reconcile", "complete": True, "view": ledger.snapshot().to_json()}),
        *more,
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 10.0, kind, data) for number, (kind, data) in enumerate(rows))
    contract = Contract.model_validate({"contract": 1, "service": "shop", "metrics": [metric]})
    return judge(check, Claim("by hand", metric["name"]), Evidence(contract, history))


def rows_verdict(seen: list[float], rest: int = 2, truth: dict[str, str] | None = None) -> Verdict:
    """Shops are opened at 1, 2 and 3 s, one is closed at 5 s; scraped at 0.5, 2.5, 4 and 6 s."""
    ledger = Ledger(lambda: 9.0, 0.1)
    for shop in (1, 2, 3):
        token = ledger.open("POST", "/shops", at=float(shop))
        ledger.close(token, 201, at=shop + 0.1)
        ledger.tally("shops_opened", {"shop_id": str(shop)}, token)
    token = ledger.open("DELETE", "/shops/{shop_id}", at=5.0)
    ledger.close(token, 204, at=5.1)
    ledger.tally("shops_closed", {"shop_id": "1"}, token)
    times = (0.5, 2.5, 4.0, 6.0)
    labels = {"job": "shop", "instance": "i"}
    series = {
        "up": [(t, 1.0) for t in times],
        "scrape_duration_seconds": [(t, 0.01) for t in times],
        "shops": list(zip(times, seen, strict=True)),
    }
    more: list[tuple[str, dict[str, Any]]] = [
        (
            "stored",
            {"selector": name, "series": [{"name": name, "labels": labels, "samples": samples}]},
        )
        for name, samples in series.items()
    ]
    more.append(("rows", {"what": "shops", "label": "rest", "values": (rest,)}))
    metric = {"name": "shops", "type": "gauge", "truth": {**ROWS, **(truth or {})}}
    return judged(metric_rows.REST, metric, ledger, f"# TYPE shops gauge\nshops {rest}\n", more)


def test_a_number_of_rows_that_follows_them_is_right() -> None:
    assert rows_verdict([0, 2, 3, 2]).outcome == "pass", rows_verdict([0, 2, 3, 2])


def test_a_number_of_rows_that_lags_is_wrong_though_it_is_right_at_rest() -> None:
    found = rows_verdict([0, 0, 3, 3])
    assert found.outcome == "fail"
    assert found.reason == "at 2.50 s shops is 0, there were 2 rows; at 6.00 s shops is 3, there were 2 rows"


@pytest.mark.parametrize(
    ("rest", "truth"),
    [(5, {}), (2, {"created": "", "deleted": ""})],
    ids=["somebody else made rows", "no event is named"],
)
def test_what_the_scenario_does_not_explain_is_judged_at_rest_alone(rest: int, truth: dict[str, str]) -> None:
    assert rows_verdict([0, 0, 0, 0], rest, truth=truth).outcome == "pass"


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [(1.5, "pass"), (1.0, "pass"), (0.0015, "fail"), (1500.0, "fail")],
    ids=["what it took", "its floor", "a thousandth", "milliseconds"],
)
def test_a_time_is_no_longer_than_its_requests_and_no_shorter_than_their_floors(
    seconds: float, outcome: str
) -> None:
    ledger = Ledger(lambda: 9.0, 0.1)
    ledger.close(ledger.open("POST", "/orders", at=1.0), 200, 1.0, at=3.0)
    metric = {
        "name": "order_seconds_total",
        "type": "counter",
        "unit": "seconds",
        "labels": {"shop_id": {}},
        "truth": {
            "kind": "rows_sum",
            "subject": "shop_id",
            "query": "SELECT 1, 2",
            "within": ["POST /orders", "POST /never-sent"],
        },
    }
    text = f'# TYPE order_seconds_total counter\norder_seconds_total{{shop_id="7"}} {seconds}\n'
    more: list[tuple[str, dict[str, Any]]] = [
        ("sums", {"what": "order_seconds_total", "label": "rest", "rows": ((7, seconds),)})
    ]
    found = judged(metric_sums.CHECK, metric, ledger, text, more)
    assert found.outcome == outcome, found
