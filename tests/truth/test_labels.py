"""A metric without a label that others have: its series are the sums over that label's values."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_durations
from promproof.checks.base import Claim, compare, judge
from promproof.contract.model import Contract, Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.exposition import Labels, label_set
from promproof.load.ledger import Ledger
from promproof.truth.metrics import Interval, at_rest
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
SENT = [("GET", "/a", 200), ("GET", "/a", 500), ("POST", "/a", 200), ("GET", "/b", 200), ("GET", "/b", 0)]
"""Requests; of the one with status 0 the answer was lost."""


def ledger() -> Ledger:
    now = [1.0]
    found = Ledger(lambda: now[0], 0.025)
    for method, endpoint, status in SENT:
        token = found.open(method, endpoint)
        now[0] += 0.1
        if status:
            found.close(token, status)
        else:
            found.close_unknown(token)
    return found


def metric(*labels: str, kind: str = "requests") -> Metric:
    about: dict[str, Any] = {"name": "hits", "type": "counter", "unit": "requests", "help": "Requests"}
    if kind == "durations":
        about |= {"type": "histogram", "buckets": [1.0]}
    return Metric.model_validate({**about, "labels": {name: {} for name in labels}, "truth": {"kind": kind}})


def expected(*labels: str, seen: list[dict[str, str]], kind: str = "requests") -> dict[Labels, Interval]:
    return at_rest(metric(*labels, kind=kind), ledger().snapshot(), [label_set(each) for each in seen])


@pytest.mark.parametrize("kind", ["requests", "durations", "open_requests"])
def test_a_metric_by_endpoint_alone_counts_all_methods_and_statuses(kind: str) -> None:
    found = expected("endpoint", seen=[{"endpoint": "/a"}, {"endpoint": "/b"}], kind=kind)
    if kind == "open_requests":
        assert set(found) == {label_set({"endpoint": "/a"}), label_set({"endpoint": "/b"})}
        return
    assert found == {
        label_set({"endpoint": "/a"}): Interval(3, 3),
        label_set({"endpoint": "/b"}): Interval(1, 2),
    }


def test_a_metric_without_labels_counts_all_requests() -> None:
    assert expected(seen=[{}]) == {(): Interval(4, 5)}


def test_a_metric_by_status_alone_may_have_counted_the_lost_answer_under_any_that_is_seen() -> None:
    seen = [{"status": status} for status in ("200", "500", "503")]
    assert expected("status", seen=seen) == {
        label_set({"status": "200"}): Interval(3, 4),
        label_set({"status": "500"}): Interval(1, 2),
        label_set({"status": "503"}): Interval(0, 1),
    }


def test_a_count_too_many_is_found() -> None:
    seen = {label_set({"endpoint": "/a"}): 4.0, label_set({"endpoint": "/b"}): 2.0}
    [difference] = compare("hits", seen, expected("endpoint", seen=[dict(labels) for labels in seen]))
    assert difference == 'hits{endpoint="/a"} is 4, truth 3'


def durations(text: str, check: str) -> Verdict:
    about = {"contract": 1, "service": "s", "target": {"job": "s"}}
    contract = Contract.model_validate(
        {**about, "metrics": [metric("endpoint", kind="durations").model_dump()]}
    )
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0}),
        ("exposition", {"label": "baseline", "begin": 0.0, "end": 0.1, "text": ""}),
        ("exposition", {"label": "rest", "begin": 7.0, "end": 7.1, "text": text}),
        ("ledger", {"view": ledger().snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 4.0, kind, data) for number, (kind, data) in enumerate(rows))
    kinds = {"buckets": metric_durations.BUCKETS, "sum": metric_durations.SUM}
    return judge(kinds[check], Claim(f"metric/hits/{check}", "hits"), Evidence(contract, history))


EXPOSED = """\
# TYPE hits histogram
hits_bucket{endpoint="/a",le="1.0"} 3
hits_bucket{endpoint="/a",le="+Inf"} 3
hits_sum{endpoint="/a"} 0.2
hits_count{endpoint="/a"} 3
hits_bucket{endpoint="/b",le="1.0"} 2
hits_bucket{endpoint="/b",le="+Inf"} 2
hits_sum{endpoint="/b"} 0.1
hits_count{endpoint="/b"} 2
"""


@pytest.mark.parametrize("check", ["buckets", "sum"])
def test_durations_by_endpoint_alone_are_those_of_all_methods(check: str) -> None:
    found = durations(EXPOSED, check)
    assert found.outcome == "pass", found.reason


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        ("buckets", '/a",le="1.0"} 3', '/a",le="1.0"} 2'),
        ("sum", '_sum{endpoint="/a"} 0.2', '_sum{endpoint="/a"} 0.4'),
    ],
)
def test_a_wrong_bucket_or_sum_of_several_methods_fails(check: str, right: str, wrong: str) -> None:
    assert right in EXPOSED
    found = durations(EXPOSED.replace(right, wrong), check)
    assert (found.outcome, "/a" in found.reason) == ("fail", True), found.reason
