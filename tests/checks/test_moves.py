"""Whether a gauge moved, from records written by hand: it can only move where a scrape met something."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_moves
from promproof.checks.base import Claim, judge
from promproof.contract import model as contracts
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.load.ledger import Ledger
from promproof.places import DEFAULT_CONTRACT
from promproof.verdict import Verdict

pytestmark = pytest.mark.unit
METRIC = "http_requests_in_progress"


def verdict(opened: float, closed: float) -> Verdict:
    """Of a gauge that stood still at 0 through scrapes at 1 s, 2 s and 3 s, with one request open meanwhile."""
    now = [opened]
    ledger = Ledger(lambda: now[0], 0.1)
    token = ledger.open("GET", "/health")
    now[0] = closed
    ledger.close(token, 200, floor_seconds=closed - opened)
    series = {METRIC: 0.0, "up": 1.0, "scrape_duration_seconds": 0.01}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("ledger", {"view": ledger.snapshot().to_json()}),
        ("stored", {"series": [
            {"name": name, "labels": {}, "samples": [[t, value] for t in (1.0, 2.0, 3.0)]}
            for name, value in series.items()
        ]}),
    ]  # fmt: skip
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(Record(number, 4.0, kind, data) for number, (kind, data) in enumerate(rows))
    claim = Claim(f"metric/{METRIC}/moves", METRIC)
    return judge(metric_moves.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


def test_a_gauge_that_no_scrape_could_see_moving_fails() -> None:
    found = verdict(1.3, 1.7)
    assert (found.outcome, found.reason) == ("unknown", "no scrape met an open request")


def test_a_gauge_that_stood_still_under_a_scrape_is_unknown() -> None:
    found = verdict(1.3, 2.7)
    assert (found.outcome, "stood still at 0" in found.reason) == ("fail", True)
