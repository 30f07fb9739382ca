"""Panels of an exporter whose scrapes the scaled time-out cut off, from records by hand: unknown, with the figures.

The same panels fail when the exporter is dead, and when the run was not scaled.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from promproof.checks import panel_data, panel_inventory, panel_values, panel_variables
from promproof.checks.base import Check, Claim, judge
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.grafana.twins import ROOT
from tests.records import record

pytestmark = pytest.mark.unit
PATH, INSTANCE = "$.panels[0].targets[0]", {"job": "node", "instance": "node:9100"}
DEADLINE, REFUSED = "Get: context deadline exceeded", "dial tcp: connection refused"
EXPRESSION = 'node_load1{job="node"}'
CONTRACT = load(ROOT / "monitoring" / "contract.yaml")
SUBJECT = "system-overview/cpu-usage"
CLAIMS = {
    "data": (panel_data.CHECK, SUBJECT),
    "values": (panel_values.CHECK, SUBJECT),
    "metrics": (panel_inventory.CHECKS[2], ""),
    "others": (panel_inventory.CHECKS[3], ""),
    "variables": (panel_variables.CHECK, ""),
}


def _dashboard(expression: str) -> dict[str, Any]:
    """Two panels that ask the same, and a variable that asks the exporter."""
    query = expression.replace("node_load1", "label_values(node_load1") + ", instance)"
    panel = {
        "id": 1,
        "type": "timeseries",
        "title": "CPU Usage",
        "fieldConfig": {"defaults": {"unit": "percentunit"}},
        "targets": [{"refId": "A", "expr": expression, "legendFormat": "{{instance}}"}],
    }
    shown = {
        "uid": "system-overview",
        "title": "System Overview",
        "panels": [panel, {**panel, "id": 2, "title": "Other"}],
        "templating": {"list": [{"name": "instance", "type": "query", "query": query}]},
    }
    shown["panels"][1]["targets"] = panel["targets"]  # type: ignore[index]
    return shown


def _asked(expression: str) -> dict[str, Any]:
    return {
        "dashboard": "a.json",
        "zoom": "whole",
        "width": 1000,
        "instant": False,
        "step": 1000,
        "begin": 0,
        "end": 9000,
        "expanded": expression,
        "series": [],
    }


def _target(error: str, took: float) -> dict[str, Any]:
    return {
        "labels": INSTANCE,
        "health": "down",
        "lastError": error,
        "lastScrapeDuration": took,
        "scrapeTimeout": "167ms",
        "scrapeInterval": "250ms",
    }


def _scrapes(took: float, good: int) -> list[tuple[str, dict[str, Any]]]:
    """The records of so many scrapes that came, and of a last one that took too long."""
    lost = {"up": 0.0, "scrape_duration_seconds": took}
    kept = {"up": 1.0, "scrape_duration_seconds": 0.01}
    samples = {
        name: [*([0.1 * number, kept[name]] for number in range(good)), [1.0, value]]
        for name, value in lost.items()
    }
    return [
        ("all_scrapes", {"name": name, "series": [{"labels": INSTANCE, "samples": pairs}]})
        for name, pairs in samples.items()
    ]


def verdict(
    check: Check,
    subject: str,
    *,
    error: str,
    scale: float = 60.0,
    expression: str = EXPRESSION,
    took: float = 0.178,
    good: int = 0,
    cause: str = "nothing there",
    beside: tuple[str, ...] = ("api",),
) -> Verdict:
    """Of a dashboard that asks the exporter and got nothing; `error` is what Prometheus says of its last scrape."""
    shown = _dashboard(expression)
    asked = _asked(expression)
    target = _target(error, took)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("prepared", {"time_scale": scale}),
        ("run", {"instance": "api:1", "scrape_interval": 0.25, "scrape_timeout": 10 / 60, "managed": True}),
        (
            "dashboards",
            {
                "files": {"a.json": json.dumps(shown)},
                "sources": [],
                "providers": [],
                "problems": [],
                "scrape_intervals": {"node": 15_000, "api": 15_000},
            },
        ),
        ("targets", {"targets": [target, *({"labels": {"job": job}, "health": "up"} for job in beside)]}),
        ("metadata", {"types": {}}),
        ("machine", {"readings": [{}], "process_started": None}),
        *_scrapes(took, good),
        *(("panel", {**asked, "path": f"$.panels[{index}].targets[0]"}) for index in (0, 1)),
        *(
            (
                "panel_cause",
                {"dashboard": "a.json", "path": f"$.panels[{index}].targets[0]", "cause": cause},
            )
            for index in (0, 1)
        ),
        ("variable", {"dashboard": "a.json", "name": "instance", "values": [], "chosen": [".*"]}),
        ("exposition", {"label": "rest", "begin": 0.0, "end": 0.0, "text": ""}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(check, Claim("by hand", subject), Evidence(CONTRACT, history))


@pytest.mark.parametrize(("check", "subject"), CLAIMS.values(), ids=CLAIMS)
def test_what_a_scaled_time_out_cut_off_is_unknown_with_the_figures(check: Check, subject: str) -> None:
    found = verdict(check, subject, error=DEADLINE)
    assert found.outcome == "unknown", found
    told = "a scrape of job node took 0.178 s, its time-out at time scale 60 is 0.167 s, documented 10 s"
    assert told in found.reason
    assert "use a smaller time scale" in found.reason


@pytest.mark.parametrize(("check", "subject"), CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize(
    "changes",
    [
        {"error": REFUSED, "took": 0.001},
        {"error": REFUSED},
        {"error": DEADLINE, "scale": 1.0},
        {"error": DEADLINE, "expression": EXPRESSION.replace("node", "api")},
        {"error": DEADLINE, "good": 4},
    ],
    ids=["dead", "dead after scrapes that were cut off", "not scaled", "another job", "one of five cut off"],
)
def test_what_no_scaled_time_out_explains_fails(check: Check, subject: str, changes: dict[str, Any]) -> None:
    found = verdict(check, subject, **changes)
    assert found.outcome == "fail", found
