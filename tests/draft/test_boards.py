"""Which panels of a dashboard get a truth: those whose query is exactly a rate, a share or a quantile."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from promproof.draft.boards import Known, panels
from promproof.draft.recognise import recognise
from promproof.grafana.queries import quantity
from promproof.grafana.read import read
from tests.draft.readings import recorded

pytestmark = pytest.mark.unit
COUNTING = recognise(recorded("fastapi")).counting
R, D = "http_requests_total", "http_request_duration_seconds"


def board(*queries: str | list[str], variables: list[dict[str, Any]] | None = None, **keys: Any) -> str:
    made = [
        {
            "id": number,
            "type": "timeseries",
            "title": f"P{number}",
            "targets": [
                {"refId": chr(65 + place), "expr": text}
                for place, text in enumerate([query] if isinstance(query, str) else query)
            ],
            **keys,
        }
        for number, query in enumerate(queries)
    ]
    return json.dumps({"uid": "a", "title": "A", "panels": made, "templating": {"list": variables or []}})


def told(query: str | list[str], **keys: Any) -> Any:
    [row] = panels(read("a.json", board(query, **keys)), Known(COUNTING))
    return row.get("truth")


@pytest.mark.parametrize(
    ("query", "truth"),
    [
        (f"sum(rate({R}[5m]))", {"kind": "rate", "metric": R}),
        (f"sum by (handler) (rate({R}[$__rate_interval]))", {"kind": "rate", "metric": R, "by": ["handler"]}),
        (
            f'sum(increase({R}{{job="x",method="GET"}}[1h])) by (status)',
            {"kind": "increase", "metric": R, "by": ["status"], "where": {"method": "GET"}},
        ),
        (
            f'sum(rate({R}{{status="4xx"}}[5m])) / sum(rate({R}[5m]))',
            {"kind": "ratio", "metric": R, "part": {"status": "4xx"}},
        ),
        (
            f"histogram_quantile(0.9, sum by (le, handler) (rate({D}_bucket[5m])))",
            {"kind": "quantile", "metric": D, "by": ["handler"], "quantiles": [0.9]},
        ),
        (f"sum(rate({D}_count[5m]))", {"kind": "rate", "metric": D}),
    ],
    ids=["rate", "by a label", "increase", "share", "quantile", "count of a histogram"],
)
def test_a_query_of_a_known_kind_has_its_truth(query: str, truth: dict[str, Any]) -> None:
    assert told(query) == truth


@pytest.mark.parametrize(
    "query",
    [
        f"rate({R}[5m])",
        f"2 * sum(rate({R}[5m]))",
        f"avg(rate({R}[5m]))",
        f"sum without (handler) (rate({R}[5m]))",
        f"sum by (pod) (rate({R}[5m]))",
        f'sum(rate({R}{{method!="GET"}}[5m]))',
        f'sum(rate({R}{{method="$verb"}}[5m]))',
        f"sum(rate({R}[5m] offset 1d))",
        "sum(rate(other_total[5m]))",
        f'sum(rate({R}{{status="4xx"}}[5m])) / sum(rate({D}_count[5m]))',
        f'sum by (method) (rate({R}{{status="4xx"}}[5m])) / sum(rate({R}[5m]))',
        f'sum(rate({R}[5m])) / sum(rate({R}{{status="4xx"}}[5m]))',
        f"histogram_quantile(0.9, rate({D}_bucket[5m]))",
        f"sum(rate({D}_sum[5m])) / sum(rate({D}_count[5m]))",
        f'sum(rate({R}{{status="5xx"}}[5m])) / sum(rate({R}[5m]))',
    ],
)
def test_any_other_query_has_no_truth(query: str) -> None:
    assert told(query) is None


def test_several_quantiles_of_one_query_are_one_truth_and_of_two_queries_none() -> None:
    text = f"histogram_quantile(0.5, sum by (le) (rate({D}_bucket[5m])))"
    assert told([text, text.replace("0.5", "0.99")])["quantiles"] == [0.5, 0.99]
    assert told([text, text.replace("(le)", "(le, handler)")]) is None


def test_a_variable_at_all_keeps_the_truth_and_one_at_a_value_loses_it() -> None:
    query = f'sum(rate({R}{{handler=~"$route"}}[5m]))'
    every = [{"name": "route", "type": "query", "includeAll": True, "current": {"value": "$__all"}}]
    fixed = [{"name": "route", "type": "custom", "query": "/a,/b", "current": {"value": "/a"}}]
    assert told(query, variables=every) == {"kind": "rate", "metric": R}
    assert told(query, variables=fixed) is None


@pytest.mark.parametrize(
    ("query", "quiet"),
    [
        ("sum(rate(orders_total[5m]))", True),
        (f'sum(rate({R}{{status="5xx"}}[5m])) / sum(rate({R}[5m]))', True),
        (f'sum(rate({D}_count{{method="PATCH"}}[5m]))', True),
        ('count(ALERTS{alertstate="firing"} == 1)', True),
        ("up == 0", True),
        ("absent(up)", True),
        ("up == bool 0", None),
        ("sum(rate(bills_total[5m]))", None),
        (f'sum(rate({R}{{status="4xx"}}[5m]))', None),
        (f'sum(rate({R}{{status!="4xx"}}[5m]))', None),
    ],
)
def test_a_panel_of_what_no_request_caused_may_be_empty(query: str, quiet: bool | None) -> None:
    known = Known(COUNTING, frozenset({"orders_total"}))
    [first, other] = panels(read("a.json", board(query, "up")), known)
    assert (first.get("quiet"), other.get("quiet")) == (quiet, None)
    assert not (quiet and first.get("truth"))


RECORDED = (
    ("job:errors:ratio", f'sum(rate({R}{{status="5xx"}}[5m])) / sum(rate({R}[5m]))'),
    ("job:errors:worst", "max(job:errors:ratio)"),
    ("job:requests:rate", f"sum(rate({R}[5m]))"),
    ("itself", "itself + 1"),
    ("torn", "sum("),
)


@pytest.mark.parametrize(
    ("query", "quiet"),
    [
        ("job:errors:ratio", True),
        ("job:errors:worst * 100", True),
        ("job:requests:rate", None),
        ("itself", None),
        ("torn", None),
    ],
)
def test_a_panel_of_what_a_rule_records_may_be_empty_where_its_expression_may(
    query: str, quiet: bool | None
) -> None:
    known = Known(COUNTING, recordings=RECORDED)
    assert panels(read("a.json", board(query)), known)[0].get("quiet") is quiet


def test_a_panel_with_a_window_of_its_own_says_so_unless_an_alert_has_it() -> None:
    query = f"sum(rate({R}[5m]))"
    limits = {"Busy": (quantity(f"{query} > 9"), 9.0)}
    drawn: dict[str, Any] = {
        "fieldConfig": {
            "defaults": {
                "thresholds": {"mode": "absolute", "steps": [{"value": None}, {"value": 9}]},
                "custom": {"thresholdsStyle": {"mode": "line"}},
            }
        }
    }
    known = Known(COUNTING, frozenset(), limits)
    [plain] = panels(read("a.json", board(query)), known)
    [carrying] = panels(read("a.json", board(query, **drawn)), known)
    assert (plain.get("fixed_window"), plain.get("alert")) == (True, None)
    assert (carrying.get("fixed_window"), carrying.get("alert")) == (None, "Busy")


def test_a_panel_by_a_label_that_may_be_anything_has_no_truth() -> None:
    counting = {**COUNTING, R: replace(COUNTING[R], sources={**COUNTING[R].sources, "handler": "anything"})}
    by_handler, whole = (
        panels(read("a.json", board(query)), Known(counting))[0].get("truth")
        for query in (f"sum by (handler) (rate({R}[5m]))", f"sum(rate({R}[5m]))")
    )
    assert (by_handler, whole) == (None, {"kind": "rate", "metric": R})


@pytest.mark.parametrize(
    ("query", "quiet"),
    [
        (f'sum(rate({R}{{class="5xx"}}[5m])) / sum(rate({R}[5m]))', True),
        (f'sum(rate({R}{{shard="7"}}[5m])) / sum(rate({R}[5m]))', None),
        (f"sum by (class) (rate({R}[5m]))", None),
    ],
    ids=["a label that relabelling writes", "another label", "summed by it"],
)
def test_what_relabelling_writes_may_have_any_value(query: str, quiet: bool | None) -> None:
    known = Known(COUNTING, written=frozenset({"class"}))
    assert panels(read("a.json", board(query)), known)[0].get("quiet") is quiet
