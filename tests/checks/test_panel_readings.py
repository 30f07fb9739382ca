"""What of a plain panel can't be read is told, and a panel that says the same in another way is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promproof.checks.panel_readings import opening_departures, reading_departures
from promproof.contract.model import Contract
from promproof.contract.panels import PanelClaim
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.truth.views import views
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "metrics": [
            {
                "name": "orders_total",
                "type": "counter",
                "labels": {"kind": {"values": ["a", "b"]}, "place": {"values": ["c", "d"]}},
            }
        ],
    }
)
CHOSEN = 'sum by (kind) (rate(orders_total{kind=~"${kind}"}[$__rate_interval]))'
RATE = "sum by (kind) (rate(orders_total[$__rate_interval]))"


def told(
    title: str = "Orders",
    unit: str = "reqps",
    query: str = RATE,
    legend: str = "{{kind}}",
    defaults: dict[str, Any] | None = None,
    begin: str = "now-1h",
    panel: dict[str, Any] | None = None,
    variable: dict[str, Any] | None = None,
    intervals: dict[str, float] | None = None,
) -> list[str]:
    """What can't be read of a panel and of the opening of its dashboard."""
    field = {"defaults": {"unit": unit, **(defaults or {})}}
    target = {"refId": "A", "expr": query, "legendFormat": legend}
    one = {"id": 1, "type": "timeseries", "title": title, "targets": [target], "fieldConfig": field}
    board = {"uid": "a", "title": "A", "panels": [{**one, **(panel or {})}], "time": {"from": begin}}
    if variable is not None:
        board["templating"] = {"list": [{"name": "kind", "type": "custom", "query": "a,b", **variable}]}
    history = History("by hand", 0.0, 0.0)
    data = {"files": {"a.json": json.dumps(board)}, "scrape_intervals": intervals or {"shop": 15000.0}}
    history.records.append(record(0, 0.0, "dashboards", data))
    seen = views(Evidence(CONTRACT, history))
    dashboard = seen.folder.dashboards[0]
    claim = PanelClaim(title=title)
    return [
        *reading_departures(seen, dashboard, dashboard.panels[0], claim),
        *opening_departures(seen, dashboard),
    ]


def limits(value: float) -> dict[str, Any]:
    return {"thresholds": {"mode": "absolute", "steps": [{"value": None}, {"value": value}]}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": "Slowest of 95 % of the orders", "unit": "s"},
        {"title": "99% of orders are faster than", "unit": "s"},
        {"title": "Failed (%)", "unit": "percentunit"},
        {"title": "Failed (%)", "unit": "percent"},
        {"title": "Failed (%)", "unit": "short", "query": f"100 * {RATE}"},
        {"title": "Failed (%)", "unit": "suffix: %"},
        {"unit": "percent", "defaults": {"max": 3200, **limits(2800)}},
        {"unit": "percentunit", "defaults": {"max": 1, **limits(0.9)}},
        {"query": CHOSEN, "legend": "orders", "variable": {}},
        {"query": CHOSEN.replace("=~", "="), "legend": "orders", "variable": {"multi": False}},
        {"query": CHOSEN, "legend": "orders", "variable": {"multi": True}, "panel": {"repeat": "kind"}},
        {"query": RATE.replace("orders_total", 'orders_total{kind="a"}'), "legend": "orders"},
        {"query": "sum(rate(orders_total[$__rate_interval]))", "legend": "orders"},
        {"query": "sum(increase(orders_total[$__range]))", "legend": "orders"},
        {"query": "sum(rate(orders_total[$__interval]))", "legend": "orders"},
        {"begin": "now-5m"},
        {"begin": "now/d"},
        {"begin": "now-15m", "intervals": {"shop": 15000.0, "slow": 300000.0}},
    ],
)
def test_what_is_said_in_another_way_is_no_finding(changes: dict[str, Any]) -> None:
    assert told(**changes) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"title": "CPU (%)", "unit": "short"}, "says per cent, and the unit is short"),
        ({"title": "Failed, in %", "unit": "reqps"}, "says per cent"),
        ({"unit": "percentunit", "defaults": {"max": 100}}, "the axis ends at 10000 %"),
        ({"unit": "percentunit", "defaults": limits(25)}, "the limit 25 is 2500 %"),
        ({"legend": "orders"}, "leaves out kind: several series have one name"),
        ({"legend": "orders", "query": CHOSEN, "variable": {"multi": True}}, "leaves out kind"),
        ({"legend": "orders", "query": CHOSEN, "variable": {"includeAll": True}}, "leaves out kind"),
        (
            {"query": RATE.replace("by (kind)", "by (kind, place)"), "legend": "{{ kind }}"},
            "leaves out place",
        ),
        ({"query": RATE.replace("$__rate_interval", "1h30m")}, "looks back 1h30m"),
        ({"begin": "now-1m"}, "opens with now-1m: 4 scrapes"),
    ],
)
def test_what_cannot_be_read_is_told(changes: dict[str, Any], text: str) -> None:
    [found] = told(**changes)
    assert text in found
