"""What Prometheus is asked for the curves of the page, as the contract says how a service counts its requests."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.contract.model import Contract
from promproof.live.charts import _queries

pytestmark = pytest.mark.unit


def asked(*metrics: dict[str, Any]) -> dict[str, str]:
    contract = Contract.model_validate(
        {
            "contract": 1,
            "service": "shop",
            "target": {"job": "shop"},
            "metrics": [
                {
                    "name": "http_requests_total",
                    "type": "counter",
                    **metric,
                    "truth": {"kind": "requests", **metric["truth"]},
                }
                for metric in metrics
            ],
        }
    )
    return _queries(contract, 5.0)


def errors(**label: Any) -> str | None:
    return asked({"labels": {"how": label}, "truth": {}}).get("Prometheus errors")


@pytest.mark.parametrize(
    ("label", "matched"),
    [
        ({"from": "status"}, 'how=~"5.."'),
        ({"from": "status_class"}, 'how=~"5xx"'),
        ({"from": "status_class", "case": "upper"}, 'how=~"5XX"'),
        (
            {"from": "status_class", "as": {"4xx": "CLIENT_ERROR", "5xx": "SERVER_ERROR"}},
            'how=~"SERVER_ERROR"',
        ),
        ({"from": "status", "as": {"503": "busy"}}, 'how=~"busy|5.."'),
    ],
)
def test_errors_are_what_the_contract_says_of_5xx(label: dict[str, Any], matched: str) -> None:
    assert errors(**label) == f'sum(rate(http_requests_total{{job="shop",{matched}}}[5000ms]))'


@pytest.mark.parametrize(
    "label",
    [
        {"from": "status_class", "as": {"4xx": "error", "5xx": "error"}},
        {"from": "route"},
        {"values": ["a"], "from": "constant"},
    ],
)
def test_errors_that_nothing_tells_from_other_answers_have_no_curve(label: dict[str, Any]) -> None:
    assert errors(**label) is None


def test_a_counter_of_nothing_but_errors_is_theirs_and_not_the_rate() -> None:
    whole = {"name": "all_total", "labels": {}, "truth": {}}
    failed = {"name": "failed_total", "labels": {}, "truth": {"where": {"status": "5.."}}}
    for metrics in ((whole, failed), (failed, whole)):
        found = asked(*metrics)
        assert found["Prometheus rate"] == 'sum(rate(all_total{job="shop"}[5000ms]))'
        assert found["Prometheus errors"] == 'sum(rate(failed_total{job="shop"}[5000ms]))'


def test_a_counter_of_some_errors_has_no_curve_of_all() -> None:
    some = {"labels": {}, "truth": {"where": {"status": "503"}}}
    assert "Prometheus errors" not in asked({"name": "all_total", "labels": {}, "truth": {}}, some)


def test_a_counter_without_a_route_will_do() -> None:
    found = asked({"labels": {"how": {"from": "status"}}, "truth": {"except": {"route": "/health"}}})
    assert set(found) == {"Prometheus rate", "Prometheus errors"}
