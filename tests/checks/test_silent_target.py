"""target/up at a time scale, where the scaled time-out cuts scrapes off: what is silent at the end is not called up."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import target
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.observe.recording import told_targets
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate({"contract": 1, "service": "s", "target": {"job": "web"}})
TIMES = [0.25 * number for number in range(1, 13)]
UP = {
    "labels": {"job": "web", "instance": "a:1"},
    "scrapeUrl": "http://a:1/metrics",
    "health": "up",
    "lastError": "",
    "scrapeInterval": "250ms",
    "scrapeTimeout": "167ms",
}
LATE = {**UP, "health": "down", "lastError": "Get: context deadline exceeded"}
REFUSED = {**UP, "health": "down", "lastError": "dial tcp: connect: connection refused"}


def verdict(last: dict[str, Any], lost: int) -> Verdict:
    """Of twelve scrapes at a scale of 60, of which the last `lost` ended at the time-out."""
    kept = len(TIMES) - lost
    values = {
        "up": [1.0] * kept + [0.0] * lost,
        "scrape_duration_seconds": [0.01] * kept + [0.18] * lost,
    }
    series = [
        {"name": name, "labels": {}, "samples": list(zip(TIMES, found, strict=True))}
        for name, found in values.items()
    ]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 0.25, "scrape_timeout": 10 / 60, "instance": "a:1"}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("prepared", {"time_scale": 60.0}),
        ("targets", {"targets": [last]}),
        ("stored", {"series": series}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(target.UP, Claim("target/up"), Evidence(CONTRACT, history))


@pytest.mark.parametrize(
    ("last", "lost", "outcome", "said"),
    [
        (LATE, 6, "unknown", "use a smaller time scale"),
        (LATE, 12, "unknown", "use a smaller time scale"),
        (LATE, 1, "pass", "1 cut off"),
        (UP, 6, "pass", "6 cut off"),
        (REFUSED, 6, "fail", "is the service running?"),
    ],
    ids=["silent at the end", "silent ever", "late once", "it came back", "gone"],
)
def test_a_target_that_is_silent_at_the_end_is_not_called_up(
    last: dict[str, Any], lost: int, outcome: str, said: str
) -> None:
    found = verdict(last, lost)
    assert found.outcome == outcome, found.reason
    assert said in found.reason


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([LATE, REFUSED], 2),
        ([LATE, UP], 2),
        ([REFUSED], 1),
        ([UP], 1),
        ([{**LATE, "scrapeInterval": "15s"}], 1),
        ([{**LATE, "scrapeInterval": None}], 1),
    ],
    ids=["then it is refused", "then it is up", "refused", "up", "the next one is far", "nobody knows when"],
)
def test_a_target_whose_scrape_was_cut_off_is_asked_again(answers: list[dict[str, Any]], asked: int) -> None:
    left = list(answers)
    assert told_targets(lambda: [left.pop(0)]) == (answers[-1],)
    assert len(answers) - len(left) == asked
