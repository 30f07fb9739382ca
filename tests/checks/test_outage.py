"""What is said of an outage of the database, from records by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import outage
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "target": {"job": "shop", "health": "/health", "outage": {"fault": "database", "health": 503}},
        "metrics": [
            {"name": "orders_total", "type": "counter"},
            {"name": "stock", "type": "gauge", "truth": {"kind": "rows", "query": "SELECT 1"}},
        ],
    }
)
OUT, BACK = (
    "# TYPE orders_total counter\norders_total 3\n",
    "# TYPE orders_total counter\norders_total 3\nstock 7\n",
)


def verdict(
    claim: str,
    *,
    during: str = OUT,
    after: str = BACK,
    status: int = 200,
    error: str | None = None,
    stored: tuple[float, ...] = (1.0, 9.0),
    orders: tuple[float, ...] = (1.0, 9.0),
    **given: Any,
) -> Verdict:
    said = {"begin": 4.0, "end": 6.0, "amount": 2.0, "health_during": 503, "health_after": 200, **given}
    labels = {"job": "shop", "instance": "i"}
    times = (1.0, 5.0, 9.0)
    stored_series = {
        "up": [(t, 1.0) for t in times],
        "scrape_duration_seconds": [(t, 0.01) for t in times],
        "stock": [(t, 7.0) for t in stored],
        "orders_total": [(t, 3.0) for t in orders],
    }
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 4.0, "managed": True, "instance": "i"}),
        ("clock_offset", {"low": 0.0, "high": 0.0}),
        ("stimulus_outage", said),
        (
            "exposition",
            {"label": "outage", "begin": 5.0, "end": 5.1, "text": during, "status": status, "error": error},
        ),
        ("exposition", {"label": "recovered", "begin": 7.0, "end": 7.1, "text": after, "status": 200}),
        *(
            ("stored", {"selector": name, "series": [{"name": name, "labels": labels, "samples": samples}]})
            for name, samples in stored_series.items()
        ),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    check, subject = (outage.TARGET, "") if claim == "target/outage" else (outage.METRIC, "stock")
    return judge(check, Claim(claim, subject), Evidence(CONTRACT, history))


TARGET, STOCK = "target/outage", "metric/stock/outage"


@pytest.mark.parametrize("claim", [TARGET, STOCK])
def test_an_outage_that_is_told_as_documented_passes(claim: str) -> None:
    assert verdict(claim).outcome == "pass", verdict(claim)


@pytest.mark.parametrize(
    ("claim", "changes", "words"),
    [
        (TARGET, {"health_during": 200}, "/health answered 200 while its database was out, documented 503"),
        (TARGET, {"health_after": 503}, "/health answered 503 afterwards, documented 200"),
        (TARGET, {"during": ""}, "orders_total was not there while the database was out"),
        (
            TARGET,
            {"after": BACK.replace("orders_total 3", "orders_total 1")},
            "orders_total fell from 3 to 1",
        ),
        (TARGET, {"status": 500, "error": "500"}, "/metrics answered 500 while the database was out"),
        (STOCK, {"during": BACK}, "stock is 7 without a database"),
        (STOCK, {"stored": (1.0, 5.0, 9.0)}, "at 5.00 s stock was stored as 7 without a database"),
        (STOCK, {"after": OUT}, "stock did not come back with the database"),
    ],
)
def test_what_an_outage_breaks_is_named(claim: str, changes: dict[str, Any], words: str) -> None:
    found = verdict(claim, **changes)
    assert (found.outcome, found.reason) == ("fail", words)


@pytest.mark.parametrize(
    ("claim", "changes", "outcome"),
    [
        (TARGET, {"unavailable": "no fault port"}, "not verified"),
        (STOCK, {"unavailable": "no fault port"}, "not verified"),
        (TARGET, {"health_during": None}, "unknown"),
        (TARGET, {"during": "", "status": None, "error": "no answer in time"}, "unknown"),
        (STOCK, {"during": "", "status": None, "error": "no answer in time"}, "unknown"),
    ],
)
def test_an_outage_that_was_not_seen_is_no_failure(claim: str, changes: dict[str, Any], outcome: str) -> None:
    assert verdict(claim, **changes).outcome == outcome


def test_a_metric_that_is_born_after_the_outage_passes() -> None:
    assert verdict(TARGET, during="", orders=(9.0,)).outcome == "pass"


def test_a_contract_without_an_outage_makes_no_claim_about_one() -> None:
    target = CONTRACT.target.model_copy(update={"outage": None})
    without = CONTRACT.model_copy(update={"target": target})
    assert [*outage.TARGET.claims(without), *outage.METRIC.claims(without)] == []
    assert [claim.id for claim in outage.METRIC.claims(CONTRACT)] == [STOCK]
