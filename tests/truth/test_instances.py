"""Panels over several instances: sums, averages and extremes of what each has counted, or a line for each of them."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks.panel_values import bounds_of, told_apart
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, NotShown
from promproof.evidence.history import History, Record
from promproof.evidence.records import OfInstance
from promproof.evidence.sums import merge
from promproof.exposition import Labels
from promproof.grafana.dashboard import Target
from promproof.load.ledger import Ledger
from promproof.truth.counted import Counted
from promproof.truth.increase import IncreaseTruth
from promproof.truth.metrics import Interval
from promproof.truth.rate import RateTruth
from promproof.truth.ratio import RatioTruth
from promproof.truth.siblings import read_alike
from promproof.truth.views import Answered, Views
from tests.records import filled, record

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "target": {"job": "shop"},
        "metrics": [
            {"name": "hits", "type": "counter", "labels": {"status": {}}, "truth": {"kind": "requests"}}
        ],
    }
)
SENT = {"a:1": {200: 6, 500: 2}, "b:1": {200: 3, 500: 1}}
"""What each instance was sent, all between the fifth and the sixth of ten scrapes, a second apart."""
SCRAPES = {"a:1": [float(t) for t in range(10)], "b:1": [t + 0.4 for t in range(10)]}
INCREASE = "sum(increase(hits[20s]))"


def ledger(counts: dict[int, int]) -> Ledger:
    now = [4.45]
    found = Ledger(lambda: now[0], 0.01)
    for status, number in counts.items():
        for _ in range(number):
            token = found.open("GET", "/")
            now[0] += 0.01
            found.close(token, status)
    return found


def seen(*, balanced: bool = False) -> Views:
    """A run over both instances."""
    stored: list[dict[str, Any]] = []
    scraped: dict[str, list[dict[str, Any]]] = {"up": [], "scrape_duration_seconds": []}
    for name, counts in SENT.items():
        labels = {"job": "shop", "instance": name}
        for status, number in counts.items():
            samples = [[t, float(number) if t > 5 else 0.0] for t in SCRAPES[name]]
            stored.append({"name": "hits", "labels": {**labels, "status": str(status)}, "samples": samples})
        for series, value in (("up", 1.0), ("scrape_duration_seconds", 0.01)):
            scraped[series].append({"labels": labels, "samples": [[t, value] for t in SCRAPES[name]]})
    views = {name: ledger(counts).snapshot() for name, counts in SENT.items()}
    run = {"instance": "a:1", "instances": list(SENT), "balanced": balanced, "managed": True}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {**run, "scrape_interval": 1.0}),
        ("clock_offset", {"low": 0.0, "high": 0.0}),
        ("prometheus", {"version": "3.0.0"}),
        ("stored", {"selector": "hits{}", "series": stored}),
        *(("all_scrapes", {"name": name, "series": series}) for name, series in scraped.items()),
        ("ledger", {"source": "traffic", "view": merge(views.values()).to_json()}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    for name, view in views.items() if not balanced else ():
        data = OfInstance.of(name, filled("ledger", {"source": "traffic", "view": view.to_json()}))
        history.records.append(Record(len(history.records), 9.0, data))
    return Views(Evidence(CONTRACT, history))


def shown(
    truth: Counted,
    expression: str = INCREASE,
    *drawn: dict[str, str],
    balanced: bool = False,
    views: Views | None = None,
    number: int = 0,
) -> dict[Labels, Interval | None]:
    """What the truth allows at 9.5 s; drawn: the labels of the series that the panel draws.

    views: of a run that other panels were judged of as well. number: of the answer's record.
    """
    target = Target("A", expression, "$", instant=True)
    series = tuple((tuple(sorted(labels.items())), ()) for labels in drawn)
    answer = Answered(target, "whole", expression, 1.0, series, (9.5,), number)
    return bounds_of(views or seen(balanced=balanced), truth, answer, 0, "")[9.5]


def test_a_sum_is_that_of_all_instances() -> None:
    found = shown(IncreaseTruth(kind="increase", metric="hits", by=("status",)))
    good, failed = found[(("status", "200"),)], found[(("status", "500"),)]
    assert good is not None
    assert failed is not None
    assert 9.0 in Interval(good.low - 1, good.high + 1)
    assert 3.0 in Interval(failed.low - 1, failed.high + 1)
    assert 6.0 not in good, "one instance's alone"


@pytest.mark.parametrize(("over", "value"), [("avg", 6.0), ("max", 8.0), ("min", 4.0)])
def test_instances_are_put_together_as_the_contract_says(over: str, value: float) -> None:
    truth = IncreaseTruth.model_validate({"kind": "increase", "metric": "hits", "over": over})
    found = shown(truth)[()]
    assert found is not None
    # eleven samples of a window of 20 s reach half an interval further on either side
    assert value <= found.low <= found.high <= value * 1.2
    assert 12.0 not in found, "the sum"


def test_a_query_that_keeps_instances_apart_is_judged_line_by_line() -> None:
    truth = IncreaseTruth(kind="increase", metric="hits")
    lines = [{"instance": name, "job": "shop"} for name in SENT]
    found = shown(truth, "sum by (instance, job) (increase(hits[20s]))", *lines)
    assert set(found) == {(("instance", "a:1"),), (("instance", "b:1"),)}
    first, second = found[(("instance", "a:1"),)], found[(("instance", "b:1"),)]
    assert first is not None
    assert second is not None
    assert 8.0 <= first.low <= first.high <= 9.6
    assert 4.0 <= second.low <= second.high <= 4.8


def test_a_query_of_one_instance_is_judged_by_that_one() -> None:
    found = shown(IncreaseTruth(kind="increase", metric="hits"), 'sum(increase(hits{instance="b:1"}[20s]))')[
        ()
    ]
    assert found is not None
    assert 4.0 <= found.low <= found.high <= 4.8


def test_a_share_is_that_of_the_sums_and_not_a_mean_of_shares() -> None:
    truth = RatioTruth(kind="ratio", metric="hits", part={"status": "5.."})
    found = shown(truth, 'sum(rate(hits{status="500"}[20s])) / sum(rate(hits[20s]))')[()]
    assert found is not None
    assert 0.25 in Interval(found.low - 0.01, found.high + 0.01)


def test_parts_of_a_query_that_read_different_instances_are_not_verified() -> None:
    with pytest.raises(NotShown, match="its parts read different instances of 2"):
        shown(
            IncreaseTruth(kind="increase", metric="hits"),
            'sum(increase(hits{instance="b:1"}[20s])) / sum(hits)',
        )


def test_behind_a_balancer_no_window_is_known() -> None:
    with pytest.raises(NotShown, match="nobody tells"):
        shown(IncreaseTruth(kind="increase", metric="hits"), balanced=True)


def test_a_truth_of_one_instance_knows_nothing_of_lines_for_each() -> None:
    truth = IncreaseTruth(kind="increase", metric="hits")
    target = Target("A", INCREASE, "$")
    answer = Answered(target, "whole", INCREASE, 1.0, (((("instance", "a:1"),), ()),), (), 0)
    assert told_apart(truth, answer, ("a:1",)) is truth
    assert told_apart(truth, answer, ("a:1", "b:1")).by == ("instance",)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("sum(rate(x_total[1m]))", ("a:1", "b:1")),
        ('x_total{instance="b:1"} / x_total{instance=~"b.*"}', ("b:1",)),
        ('x_total{instance="a:1"} / on () sum(x_total)', None),
        ('rate(x_total[1m]) * on () group_left () up{job="node"}', ("a:1", "b:1")),
        ("x_total{", None),
    ],
)
def test_the_instances_that_all_parts_of_a_query_read(expression: str, read: tuple[str, ...] | None) -> None:
    assert read_alike(expression, "shop", ("a:1", "b:1")) == read


def test_what_panels_share_is_the_same_as_for_each_of_them_alone() -> None:
    share = {"kind": "ratio", "metric": "hits", "part": {"status": "5.."}}
    truths: list[Counted] = [
        IncreaseTruth(kind="increase", metric="hits"),
        IncreaseTruth(kind="increase", metric="hits", by=("status",)),
        IncreaseTruth(kind="increase", metric="hits", where={"status": "2.."}),
        IncreaseTruth(kind="increase", metric="hits", over="max"),
        RateTruth(kind="rate", metric="hits"),
        RatioTruth.model_validate(share),
        RatioTruth.model_validate({**share, "complement": True}),
    ]
    asked = [
        (truth, expression)
        for truth in truths
        for expression in (INCREASE, "sum(increase(hits[6s]))", 'sum(increase(hits{instance="b:1"}[20s]))')
    ]
    apart = [shown(truth, expression) for truth, expression in asked]
    views = seen()
    shared = [shown(truth, expression, views=views, number=n) for n, (truth, expression) in enumerate(asked)]
    assert shared == apart
    assert len({str(found) for found in apart}) > len(truths), "they differ, or nothing could be mixed up"
