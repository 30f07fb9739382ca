"""What requests have caused whose sender ended before their answer came, from records by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_durations, metric_during, metric_exact, metric_window
from promproof.checks.base import Check, Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
TRUTH = {"kind": "tally", "tally": "orders", "subject": "shop_id", "ids": "SELECT 1"}
METRIC = {"name": "orders_total", "type": "counter", "labels": {"shop_id": {}}, "truth": TRUTH}
CONTRACT = Contract.model_validate({"contract": 1, "service": "shop", "metrics": [METRIC]})


def verdict(check: Check, value: int, left: int = 0) -> Verdict:
    ledger = Ledger(lambda: 5.0, 0.1)
    token = ledger.open("POST", "/orders", at=1.0)
    ledger.close(token, 200, at=2.0)
    ledger.tally("orders", {"shop_id": "7"}, token)
    for _ in range(left):
        ledger.open("POST", "/orders", at=3.0)
    labels = {"job": "shop", "instance": "i", "shop_id": "7"}
    times = (6.0, 7.0, 8.0)
    series = {
        "up": [(t, 1.0) for t in times],
        "scrape_duration_seconds": [(t, 0.01) for t in times],
        "orders_total": [(t, value) for t in times],
    }
    text = f'# TYPE orders_total counter\norders_total{{shop_id="7"}} {value}\n'
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "run", {"scrape_interval": 1.0, "managed": True, "instance": "i"}),
        (0.0, "clock_offset", {"low": 0.0, "high": 0.0}),
        (0.5, "phase", {"name": "traffic", "edge": "begin"}),
        (8.5, "phase", {"name": "traffic", "edge": "end"}),
        (9.0, "exposition", {"label": "rest", "begin": 9.0, "end": 9.1, "text": text, "status": 200}),
        (9.0, "rows", {"what": "ids of shop_id", "label": "rest", "values": ("7",)}),
        (9.0, "ledger", {"source": "reconcile", "complete": True, "view": ledger.snapshot().to_json()}),
        *(
            (
                9.0,
                "stored",
                {"selector": name, "series": [{"name": name, "labels": labels, "samples": samples}]},
            )
            for name, samples in series.items()
        ),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    return judge(check, Claim("by hand", "orders_total"), Evidence(CONTRACT, history))


@pytest.mark.parametrize("check", [metric_exact.CHECK, metric_during.CHECK], ids=["exact", "during"])
def test_what_open_requests_have_caused_is_unknown(check: Check) -> None:
    assert verdict(check, 1).outcome == "pass", verdict(check, 1)
    assert verdict(check, 2).outcome == "fail"
    found = verdict(check, 2, left=3)
    assert found.outcome == "unknown"
    assert "3 requests were still open at the end" in found.reason


SCALED = {"time_scale": 1.0, "target_scale": 1.0}
USERS = {
    "name": "active_users",
    "type": "gauge",
    "truth": {"kind": "distinct_users", "window": "5s"},
}
VISITED = Contract.model_validate({"contract": 1, "service": "shop", "metrics": [USERS]})


@pytest.mark.parametrize("check", [metric_window.CHECK, metric_during.CHECK], ids=["window", "during"])
@pytest.mark.parametrize(
    ("left", "shown", "outcome"), [(0, 0, "pass"), (0, 1, "fail"), (1, 1, "unknown"), (1, 0, "unknown")]
)
def test_when_a_user_arrived_whose_request_is_still_open_is_not_known(
    check: Check, left: int, shown: int, outcome: str
) -> None:
    ledger = Ledger(lambda: 40.0, 0.1)
    ledger.close(ledger.open("GET", "/", "a", at=1.0), 200, at=2.0)
    for _ in range(left):
        ledger.open("GET", "/", "b", at=3.0)
    labels = {"job": "shop", "instance": "i"}
    times = (4.0, 5.0, 6.0, 12.0, 13.0, 14.0)
    series = {
        "up": [(t, 1.0) for t in times],
        "scrape_duration_seconds": [(t, 0.01) for t in times],
        "active_users": [(t, 1.0 if t < 10 else float(shown)) for t in times],
    }
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "run", {"scrape_interval": 1.0, "managed": True, "instance": "i", **SCALED}),
        (0.0, "clock_offset", {"low": 0.0, "high": 0.0}),
        (0.5, "phase", {"name": "traffic", "edge": "begin"}),
        (14.5, "phase", {"name": "traffic", "edge": "end"}),
        (15.0, "exposition", {"label": "rest", "begin": 15.0, "end": 15.1, "text": "", "status": 200}),
        (15.0, "ledger", {"source": "reconcile", "complete": True, "view": ledger.snapshot().to_json()}),
        *(
            (
                15.0,
                "stored",
                {"selector": name, "series": [{"name": name, "labels": labels, "samples": samples}]},
            )
            for name, samples in series.items()
        ),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    found = judge(check, Claim("by hand", "active_users"), Evidence(VISITED, history))
    assert found.outcome == outcome, found


TOOK = {"name": "took_seconds", "type": "summary", "truth": {"kind": "durations"}}
TOLD = Contract.model_validate({"contract": 1, "service": "shop", "metrics": [TOOK]})


@pytest.mark.parametrize(
    ("seconds", "left", "outcome"),
    [(1.0, 0, "pass"), (30.0, 0, "fail"), (1.0, 1, "pass"), (30.0, 1, "unknown")],
    ids=["all ended", "too long", "no longer than those that ended", "one that was open for longer"],
)
def test_how_long_a_request_took_that_is_still_open_is_not_known(
    seconds: float, left: int, outcome: str
) -> None:
    ledger = Ledger(lambda: 40.0, 0.1)
    ledger.close(ledger.open("GET", "/", at=1.0), 200, at=2.0)
    for _ in range(left):
        ledger.open("GET", "/", at=3.0)
    text = f"# TYPE took_seconds summary\ntook_seconds_sum {seconds}\ntook_seconds_count {1 + left}\n"
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "managed": True, "instance": "i"}),
        ("clock_offset", {"low": 0.0, "high": 0.0}),
        ("exposition", {"label": "rest", "begin": 41.0, "end": 41.1, "text": text, "status": 200}),
        ("ledger", {"source": "reconcile", "complete": True, "view": ledger.snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 42.0, kind, data) for number, (kind, data) in enumerate(rows))
    found = judge(metric_durations.SUM, Claim("by hand", "took_seconds"), Evidence(TOLD, history))
    assert found.outcome == outcome, found
