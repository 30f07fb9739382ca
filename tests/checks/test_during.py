"""Samples during a run against the truth, from records written by hand: what a running target had counted before."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_during
from promproof.checks.base import Claim, judge
from promproof.contract import model as contracts
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.places import DEFAULT_CONTRACT
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
METRIC = "http_requests_total"
LABELS = {"endpoint": "/health", "method": "GET", "status": "200"}
EXPOSED = '# TYPE http_requests_total counter\nhttp_requests_total{endpoint="/health",method="GET",status="200"} 1\n'


def verdict(*values: float, wait: float = 0.0, sent: float | None = None) -> Verdict:
    """Of a counter with these values in scrapes at 1 s, 2 s and so on; its baseline of 1 was read until 1.5 s.

    wait: how long (s) the machine made an arrival wait. sent: when one request was sent, and answered 0.01 s later.
    """
    ledger = Ledger(lambda: 1.6, 0.1)
    if wait:
        ledger.lag(wait)
    if sent is not None:
        ledger.close(ledger.open("GET", "/health", at=sent), 200, at=sent + 0.01)
    samples = {
        METRIC: (LABELS, values),
        "up": ({}, [1.0] * len(values)),
        "scrape_duration_seconds": ({}, [0.01] * len(values)),
    }
    rest = {"begin": 7.0, "end": 7.1, "text": EXPOSED}
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "run", {"scrape_interval": 1.0, "managed": False}),
        (1.5, "exposition", {"label": "baseline", "begin": 1.4, "end": 1.5, "text": EXPOSED}),
        (1.6, "phase", {"name": "traffic", "edge": "begin"}),
        (6.9, "phase", {"name": "traffic", "edge": "end"}),
        (7.1, "exposition", {"label": "rest", **rest}),
        (7.2, "clock_offset", {"low": -0.001, "high": 0.001}),
        (7.2, "ledger", {"view": ledger.snapshot().to_json()}),
        (
            7.2,
            "stored",
            {
                "series": [
                    {"name": name, "labels": labels, "samples": [[t, v] for t, v in enumerate(numbers, 1)]}
                    for name, (labels, numbers) in samples.items()
                ]
            },
        ),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    claim = Claim(f"metric/{METRIC}/during", METRIC)
    return judge(metric_during.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


def test_a_scrape_before_the_baseline_owes_nothing_to_it() -> None:
    found = verdict(0, 1, 1, 1, 1, 1)
    assert found.outcome == "pass", found.reason


def test_a_scrape_after_the_baseline_has_at_least_its_value() -> None:
    found = verdict(0, 0, 1, 1, 1, 1)
    assert (found.outcome, "at 2.00 s" in found.reason) == ("fail", True), found.reason


def test_a_request_that_a_late_scrape_may_have_seen_leaves_it_open_and_no_other_does() -> None:
    assert verdict(0, 1, 1, 2, 2, 2, sent=3.5).outcome == "pass"
    # counted by the scrape of 3 s, half a second before it was sent
    early = (0, 1, 2, 2, 2, 2)
    assert verdict(*early, sent=3.5).outcome == "fail"
    assert verdict(*early, sent=3.5, wait=0.05).outcome == "fail"
    starved = verdict(*early, sent=3.5, wait=2.0)
    assert (starved.outcome, "made an arrival wait, 2 s" in starved.reason) == ("unknown", True), (
        starved.reason
    )


@pytest.mark.parametrize("values", [(0, 1, 3, 3, 3, 3), (0, 1, 1, 1, 1, 1)], ids=["one more", "one missing"])
def test_a_count_that_no_late_scrape_explains_is_red_on_a_starved_machine_too(
    values: tuple[float, ...],
) -> None:
    assert verdict(*values, sent=3.5, wait=2.0).outcome == "fail"
