"""Requests whose answer never came: whatever the target counted of them lies inside the bounds, and no more does.

Their label sets may be seen nowhere else: the status of an execution comes with its answer.
"""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.checks import metric_durations
from promproof.checks.base import Claim, compare, judge
from promproof.contract import model as contracts
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.exposition import Labels, label_set
from promproof.grafana.dashboard import Target
from promproof.load.ledger import Ledger
from promproof.places import DEFAULT_CONTRACT
from promproof.truth.increase import IncreaseTruth
from promproof.truth.metrics import Interval, at_rest, between
from promproof.truth.views import Answered, Views
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = contracts.load(DEFAULT_CONTRACT)
REQUESTS, DURATIONS = (CONTRACT.metric(f"http_request{name}") for name in ("s_total", "_duration_seconds"))
RUNS = CONTRACT.metric("pipeline_executions_total")
ROUTE = "/api/v1/pipelines/{pipeline_id}/execute"
PIPELINES, OUTCOMES = ("1", "2", "3"), ("success", "failed")
Fate = tuple[str, str, bool, bool]
"""pipeline, how its execution ended, whether the client heard of it, whether the target counted it"""


def ran(fates: list[Fate]) -> tuple[Ledger, dict[Labels, float]]:
    """The ledger of these executions, one each 0.1 s from 1 s on, and what the target counted."""
    now = [1.0]
    ledger = Ledger(lambda: now[0], 0.025)
    seen: dict[Labels, float] = {label_set({"pipeline_id": "1", "status": "success"}): 0.0}
    for pipeline, outcome, heard, was_counted in fates:
        labels = {"pipeline_id": pipeline, "status": outcome}
        token = ledger.open("POST", ROUTE)
        now[0] += 0.1
        if heard:
            ledger.close(token, 200)
            ledger.tally("pipeline_executions", labels, token)
        else:
            ledger.close_unknown(token)
            ledger.tally_unknown("pipeline_executions", {"pipeline_id": pipeline}, token)
        if heard or was_counted:
            seen[label_set(labels)] = seen.get(label_set(labels), 0.0) + 1
    return ledger, seen


FATES = st.lists(
    st.tuples(st.sampled_from(PIPELINES), st.sampled_from(OUTCOMES), st.booleans(), st.booleans()),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(FATES)
def test_what_the_target_counted_lies_inside_the_bounds(fates: list[Fate]) -> None:
    ledger, seen = ran(fates)
    assert compare(RUNS.name, seen, at_rest(RUNS, ledger.snapshot(), seen)) == []


@settings(deadline=None, max_examples=60)
@given(FATES, st.sampled_from(PIPELINES), st.sampled_from(OUTCOMES))
def test_an_execution_that_nobody_sent_is_found(fates: list[Fate], pipeline: str, outcome: str) -> None:
    ledger, seen = ran(fates)
    labels = label_set({"pipeline_id": pipeline, "status": outcome})
    possible = sum(name == pipeline and (not heard or how == outcome) for name, how, heard, _ in fates)
    seen[labels] = possible + 1
    assert compare(RUNS.name, seen, at_rest(RUNS, ledger.snapshot(), seen)) != []


@pytest.mark.parametrize(("endpoint", "agree"), [(ROUTE, True), ("/health", False)])
def test_a_lost_request_may_have_had_any_status_of_its_route_only(endpoint: str, agree: bool) -> None:
    view = ran([("1", "success", False, True)])[0].snapshot()
    counts = {label_set({"method": "POST", "endpoint": endpoint, "status": "500"}): 1.0}
    times = {label_set({"method": "POST", "endpoint": endpoint}): 1.0}
    assert (compare("x", counts, at_rest(REQUESTS, view, counts)) == []) is agree
    assert (compare("x", times, at_rest(DURATIONS, view, times)) == []) is agree
    assert between(REQUESTS, view, 0.0, 0.5, inf, counts).get(next(iter(counts)), Interval(0, 0)).high == 0


EXPOSED = """# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_sum{{{labels}}} {seconds}
http_request_duration_seconds_count{{{labels}}} {count}
"""


@pytest.mark.parametrize(
    ("fates", "count", "seconds", "outcome"),
    [
        ([False], 1, 4.9, "pass"),
        ([False], 0, 0.0, "pass"),
        ([True, False], 2, 5.0, "pass"),
        ([True], 1, 4.9, "fail"),
        ([True], 0, 0.0, "fail"),
        ([False], 1, 9.9, "fail"),
    ],
    ids=["lost, counted", "lost, not counted", "one of two lost", "none lost", "not counted", "too long"],
)
def test_a_request_whose_answer_was_lost_took_as_long_as_a_handler_may(
    fates: list[bool], count: int, seconds: float, outcome: str
) -> None:
    ledger, _ = ran([("1", "success", heard, True) for heard in fates])
    labels = f'endpoint="{ROUTE}",method="POST"'
    text = EXPOSED.format(labels=labels, count=count, seconds=seconds) if count else ""
    history = History("by hand", 0.0, 0.0)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": True}),
        ("exposition", {"label": "rest", "begin": 9.0, "end": 9.1, "text": text}),
        ("ledger", {"source": "traffic", "view": ledger.snapshot().to_json()}),
    ]
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    evidence, claim = Evidence(CONTRACT, history), Claim("by hand", DURATIONS.name)
    found = judge(metric_durations.SUM, claim, evidence)
    assert found.outcome == outcome, found.reason
    if not count:
        assert judge(metric_durations.BUCKETS, claim, evidence).outcome == outcome


@pytest.mark.parametrize(("more", "inside"), [(0, True), (1, True), (2, False)])
def test_a_panel_may_show_an_execution_whose_answer_was_lost_and_no_other(more: int, inside: bool) -> None:
    ledger, heard = ran([("1", "success", True, True), ("2", "success", False, False)])
    labels = label_set({"pipeline_id": "2", "status": "success"})
    scrapes = [float(t) for t in range(10)]
    series = [
        {
            "name": RUNS.name,
            "labels": dict(label_set),
            "samples": [[t, value if t > 4 else 0.0] for t in scrapes],
        }
        for label_set, value in {**heard, labels: float(more)}.items()
    ]
    one_target = {"job": CONTRACT.target.job, "instance": "api:1"}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"instance": "api:1", "managed": True, "scrape_interval": 1.0}),
        ("clock_offset", {"low": 0.0, "high": 0.0}),
        ("prometheus", {"version": "3.0.0"}),
        ("stored", {"series": series}),
        *(
            (
                "all_scrapes",
                {"name": name, "series": [{"labels": one_target, "samples": [[t, value] for t in scrapes]}]},
            )
            for name, value in (("up", 1.0), ("scrape_duration_seconds", 0.01))
        ),
        ("ledger", {"source": "traffic", "view": ledger.snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    views = Views(Evidence(CONTRACT, history))
    truth = IncreaseTruth(kind="increase", metric=RUNS.name, by=("status",))
    target = Target("A", f"sum by (status) (increase({RUNS.name}[20s]))", "$", instant=True)
    answer = Answered(target, "whole", target.expression, 1.0, (), (9.0,), 0)
    bounds = truth.bounds(views, answer, 0, "")(9.0)[(("status", "success"),)]
    assert bounds is not None
    # ten samples reach half an interval further to the window's begin: the counters were 0 there
    assert ((1 + more) in bounds) is inside, bounds
