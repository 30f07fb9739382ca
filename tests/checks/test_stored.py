"""What Prometheus stored between two readings at rest, from records by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_stored
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit


def verdict(before: float, stored: float, after: float, kind: str = "counter") -> Verdict:
    truth = {"kind": "requests"} if kind == "counter" else {"kind": "open_requests"}
    metric = {"name": "hits_total", "type": kind, "labels": {}, "truth": truth}
    contract = Contract.model_validate({"contract": 1, "service": "shop", "metrics": [metric]})
    series = {"hits_total": stored, "up": 1.0, "scrape_duration_seconds": 0.01}
    text = f"# TYPE hits_total {kind}\nhits_total "
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "managed": True}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        (
            "exposition",
            {"label": "rest", "begin": 1.0, "end": 1.1, "text": f"{text}{before}\n", "status": 200},
        ),
        (
            "exposition",
            {"label": "rest-later", "begin": 3.0, "end": 3.1, "text": f"{text}{after}\n", "status": 200},
        ),
        (
            "stored",
            {
                "series": [
                    {"name": name, "labels": {}, "samples": [[2.0, value]]} for name, value in series.items()
                ]
            },
        ),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, name, data) for number, (name, data) in enumerate(rows))
    return judge(
        metric_stored.CHECK, Claim("metric/hits_total/stored", "hits_total"), Evidence(contract, history)
    )


def test_a_counter_that_a_notification_moves_twice_was_between_the_readings() -> None:
    assert verdict(10, 11, 12).outcome == "pass"


@pytest.mark.parametrize(("before", "stored", "after"), [(10, 11, 10), (10, 9, 12), (10, 13, 12)])
def test_another_value_than_the_readings_allow_is_a_failure(
    before: float, stored: float, after: float
) -> None:
    assert verdict(before, stored, after).outcome == "fail"


def test_a_gauge_between_two_readings_is_a_failure() -> None:
    assert verdict(10, 11, 12, "gauge").outcome == "fail"
