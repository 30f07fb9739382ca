"""A gauge that must read at rest what it read before the traffic."""

from __future__ import annotations

import pytest

from promproof.checks.base import Claim, judge
from promproof.checks.metric_moves import CHECK as MOVES
from promproof.checks.metric_rest import CHECK
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
        "target": {"job": "shop"},
        "metrics": [{"name": "open_now", "type": "gauge", "truth": {"kind": "rest"}}],
    }
)
GET, PUT = '{method="GET"}', '{method="PUT"}'


def judged(
    before: dict[str, float], rest: dict[str, float], later: dict[str, float] | None = None
) -> Verdict:
    history = History("by hand", 0.0, 0.0)
    readings = {"baseline": before, "rest": rest, "rest-later": rest if later is None else later}
    for number, (label, rows) in enumerate(readings.items()):
        lines = ["# TYPE open_now gauge", *(f"open_now{labels} {value:g}" for labels, value in rows.items())]
        data = {"label": label, "begin": float(number), "end": number + 0.1, "text": "\n".join([*lines, ""])}
        history.records.append(record(number, float(number), "exposition", data))
    return judge(CHECK, Claim("metric/open_now/back", "open_now"), Evidence(CONTRACT, history))


@pytest.mark.parametrize(
    ("before", "rest", "later"),
    [
        ({"": 0}, {"": 0}, None),
        ({"": 3}, {"": 3}, None),
        ({}, {GET: 0}, None),
        ({GET: 0}, {}, None),
        ({"": 0}, {"": 1}, {"": 0}),
    ],
    ids=["back at 0", "back where it was", "born at 0", "gone at 0", "somebody else at one reading"],
)
def test_a_gauge_that_is_back_passes(
    before: dict[str, float], rest: dict[str, float], later: dict[str, float] | None
) -> None:
    assert judged(before, rest, later).outcome == "pass"


@pytest.mark.parametrize(
    ("before", "rest"), [({"": 0}, {"": 120}), ({}, {GET: 7}), ({"": 3}, {"": 0}), ({GET: 2}, {})]
)
def test_one_that_is_not_back_fails(before: dict[str, float], rest: dict[str, float]) -> None:
    found = judged(before, rest)
    assert found.outcome == "fail"
    assert "at rest, and was" in found.reason


def test_one_that_was_away_with_other_series_each_time_is_unknown() -> None:
    assert judged({}, {GET: 1}, {PUT: 1}).outcome == "unknown"


def test_one_that_no_scrape_met_away_from_its_rest_is_no_finding() -> None:
    history = History("by hand", 0.0, 0.0)
    series = {
        "name": "open_now",
        "labels": {"job": "shop", "instance": "a:1"},
        "samples": [[1.0, 0.0], [2.0, 0.0]],
    }
    rows = [("stored", {"selector": "open_now", "series": [series]})]
    for number, (kind, data) in enumerate(rows):
        history.records.append(record(number, 3.0, kind, data))
    found = judge(MOVES, Claim("metric/open_now/moves", "open_now"), Evidence(CONTRACT, history))
    assert found.outcome == "not verified", found.reason
