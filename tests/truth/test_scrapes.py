"""A target that counts the requests for its own metrics: Prometheus' scrapes and our readings are in the ledger."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from promproof.checks import metric_exact
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract, Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.scrapes import UNKNOWN, Asked, as_ledger, between_readings
from promproof.load.ledger import Ledger
from promproof.truth.requests import may_count
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
METRICS = ("GET", "/metrics")


def test_scrapes_between_two_readings_count_and_those_that_meet_one_may() -> None:
    asked = [Asked(t, t + 0.1, 200) for t in (0.0, 1.0, 2.0, 3.0)]
    met = between_readings(asked, since=(0.95, 1.05), until=(3.05, 3.2))
    assert [request.status for request in met] == [UNKNOWN, 200, UNKNOWN]
    view = as_ledger([Asked(1.0, 1.1, 200), Asked(2.0, 2.1, UNKNOWN)], METRICS, 0.025)
    assert view.bounds((*METRICS, 200)) == (1, 2)
    assert view.open_interval(*METRICS, 1.05, 1.06) == (0, 1)
    assert view.latency_sum(METRICS) == pytest.approx(0.1, abs=1e-6)
    assert view.completed_before(METRICS, inf) == 1


def judged(text: str, *, scrapes: bool = True) -> Verdict:
    """A service that was asked once for a page, scraped at 1, 2 and 3 s, and read at 2.5 s."""
    about = {"name": "hits_total", "type": "counter", "labels": {"path": {"from": "route"}}}
    told = {**about, "truth": {"kind": "requests", "scrapes": scrapes}}
    contract = Contract.model_validate(
        {"contract": 1, "service": "s", "target": {"job": "s"}, "metrics": [told]}
    )
    ledger = Ledger(lambda: 1.0, 0.025)
    ledger.close(ledger.open("GET", "/"), 200)
    times = (1.0, 2.0, 3.0)
    labels = {"job": "s", "instance": "i"}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "managed": True, "instance": "i"}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("exposition", {"label": "rest", "begin": 2.5, "end": 2.6, "text": text, "status": 200}),
        (
            "stored",
            {
                "selector": "up",
                "series": [{"name": "up", "labels": labels, "samples": [(t, 1.0) for t in times]}],
            },
        ),
        (
            "stored",
            {
                "selector": "scrape_duration_seconds",
                "series": [
                    {
                        "name": "scrape_duration_seconds",
                        "labels": labels,
                        "samples": [(t, 0.01) for t in times],
                    }
                ],
            },
        ),
        ("ledger", {"view": ledger.snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 8.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(
        metric_exact.CHECK, Claim("metric/hits_total/exact", "hits_total"), Evidence(contract, history)
    )


def exposed(scrapes: int) -> str:
    return f'# TYPE hits_total counter\nhits_total{{path="/"}} 1\nhits_total{{path="/metrics"}} {scrapes}\n'


@pytest.mark.parametrize(("scrapes", "outcome"), [(1, "fail"), (2, "pass"), (3, "pass"), (4, "fail")])
def test_two_scrapes_are_certain_and_the_reading_itself_may_be_counted(scrapes: int, outcome: str) -> None:
    assert judged(exposed(scrapes)).outcome == outcome


def test_scrapes_that_are_counted_and_not_promised_are_found() -> None:
    assert "(nobody sent that)" in judged(exposed(2), scrapes=False).reason


def test_only_series_of_the_metrics_route_or_of_all_routes_may_move_with_scrapes() -> None:
    def metric(labels: dict[str, Any]) -> Metric:
        return Metric.model_validate(
            {"name": "m", "type": "counter", "labels": labels, "truth": {"kind": "requests", "scrapes": True}}
        )

    by_route = metric({"view": {"from": "route", "as": {"/metrics": "own"}}})
    assert may_count(by_route, {"view": "own"}, "/metrics")
    assert not may_count(by_route, {"view": "/"}, "/metrics")
    assert may_count(metric({"code": {"from": "status"}}), {"code": "404"}, "/metrics")
