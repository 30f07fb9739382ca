"""target/up: scrapes that a drill makes fail are planned; any other one is a failure."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import target
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate({"contract": 1, "service": "s", "target": {"job": "web"}})
TOLD = {
    "labels": {"job": "web", "instance": "a:1"},
    "scrapeUrl": "http://a:1/metrics",
    "health": "up",
    "lastError": "",
}


def verdict(
    fault: str = "", failed: tuple[float, ...] = (4.0, 5.0), url: str = "http://a:1/metrics"
) -> Verdict:
    """Of scrapes at 1 s to 8 s, some of which failed; the drill took from 3.5 s to 6.5 s."""
    times = [float(t) for t in range(1, 9)]
    up = [[t, 0.0 if t in failed else 1.0] for t in times]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "scrape_timeout": 10.0, "instance": "a:1"}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("prepared", {"time_scale": 1.0}),
        ("targets", {"targets": [{**TOLD, "scrapeUrl": url}]}),
        (
            "stored",
            {
                "series": [
                    {"name": "up", "labels": {}, "samples": up},
                    {"name": "scrape_duration_seconds", "labels": {}, "samples": [[t, 0.01] for t in times]},
                ]
            },
        ),
    ]
    if fault:
        rows.append(("drill", {"begun": 3.5, "ended": 6.5, "plan": {"fault": {"kind": fault}}}))
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(target.UP, Claim("target/up"), Evidence(CONTRACT, history))


@pytest.mark.parametrize(
    ("fault", "failed", "outcome"),
    [
        ("killed", (4.0, 5.0), "pass"),
        ("killed", (4.0, 8.0), "fail"),
        ("errors", (4.0, 5.0), "fail"),
        ("", (4.0,), "fail"),
        ("", (), "pass"),
    ],
)
def test_only_scrapes_that_a_drill_makes_fail_are_excused(
    fault: str, failed: tuple[float, ...], outcome: str
) -> None:
    found = verdict(fault, failed)
    assert found.outcome == outcome, found.reason


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://a:1/behind/metrics?x=1", "pass"),
        ("http://a:1/stats", "fail"),
        ("http://a:1/othermetrics", "fail"),
        ("http://b:1/metrics", "fail"),
    ],
)
def test_behind_a_prefix_the_documented_path_is_the_end_of_the_real_one(url: str, outcome: str) -> None:
    assert verdict(failed=(), url=url).outcome == outcome
