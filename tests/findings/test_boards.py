"""Folders as people have them, each with one trouble or with something that only looks like one."""

# ruff: noqa: E501  (tables: one shape, one line)

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.findings.discover import discover
from promproof.findings.judging import judge
from promproof.findings.setup import Knowledge

pytestmark = pytest.mark.unit
FOLDERS = Path(__file__).parent / "boards"
PROMETHEUS = {"type": "prometheus", "uid": "prom"}


def board(*targets: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A dashboard with a panel of these queries."""
    return {"title": "A", "panels": [{"type": "timeseries", "title": "T", "targets": list(targets)}], **keys}


EXPECTED: dict[str, list[str]] = {
    "auto-interval-variable": [],
    "queries-without-refid": [],
    "dashboard-with-an-id": [],
    "quantile-of-recording-rule": [],
    "native-histogram": [],
    "log-panel-with-named-source": [],
    "dashboard-with-bom": ["grafana/byte-order-mark at $"],
    "library-panel": ["grafana/library-panel at $.panels[1].libraryPanel"],
    "v2-dashboard": [
        "grafana/window-too-short at $.spec.elements.panel-1.spec.data.spec.queries[0].spec.expr"
    ],
    "window-interval-macro": ["grafana/window-too-short at $.panels[0].targets[0].expr"],
    "unknown-data-source-variable": ["grafana/undeclared-source at $.panels[0].targets[0].datasource"],
    "grafana-managed-alert": [
        "grafana/alert-condition at groups[0].rules[0].condition",
        "grafana/alert-silent-on-errors at groups[0].rules[0].noDataState",
        "grafana/alert-source at groups[0].rules[0].data[0].datasourceUid",
        "grafana/alert-expression at groups[0].rules[0].data[1].model",
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_folder_has_the_findings_that_it_should_have_and_no_others(name: str) -> None:
    judged = judge(discover([FOLDERS / name], FOLDERS), lambda rule: rule.startswith("grafana/"))
    assert not judged.unjudged
    assert [f"{finding.rule} at {finding.path}" for finding in judged.findings] == EXPECTED[name]
    assert all(finding.line for finding in judged.findings)


TEMPO = {"type": "tempo", "uid": "t"}
NO_MISTAKES: dict[str, dict[str, Any]] = {
    "a data source without uid has the one that is made of its name": {
        "p/datasources/s.yml": "apiVersion: 1\ndatasources: [{name: Prometheus, type: prometheus}, {name: Loki, type: loki}]",
        "a.json": board({"expr": "up", "datasource": {"type": "prometheus", "uid": "PBFA97CFB590B2093"}}),
    },
    "queries of Loki and Tempo are no PromQL": {
        "p/datasources/s.yml": "apiVersion: 1\ndatasources: [{name: Loki, uid: l, type: loki}, {name: T, uid: t, type: tempo}]",
        "a.json": board(
            {"expr": "rate({app='a'} |= `x` [1m])", "datasource": "Loki"},
            {"query": "{ span.http.status = 500 }", "queryType": "traceql", "datasource": TEMPO},
        ),
    },
    "one title in two folders": {
        "p/provisioning/dashboards/p.yml": "apiVersion: 1\nproviders: [{name: a, options: {path: /a}}]",
        "a/a.json": board(uid="a"),
        "b/a.json": board(uid="b"),
    },
    "variables of other data sources": {
        "a.json": board(
            {"expr": "up{app='$app'}", "datasource": PROMETHEUS},
            templating={
                "list": [
                    {"name": "app", "type": "query", "query": "SELECT $x", "datasource": {"type": "mysql"}}
                ]
            },
        )
    },
    "metrics of recording rules and of the server itself": {
        "rules.yml": "groups: [{name: g, rules: [{record: 'job:a:rate5m', expr: vector(1)}]}]",
        "a.json": board({"expr": "job:a:rate5m + up", "datasource": PROMETHEUS}),
    },
    "panels that Grafana migrates when it loads them": {
        "a.json": {
            "title": "A",
            "schemaVersion": 16,
            "rows": [
                {"panels": [{"type": kind, "targets": [{"expr": "up", "intervalFactor": 2}]}]}
                for kind in (
                    "graph",
                    "singlestat",
                    "table-old",
                    "grafana-piechart-panel",
                    "grafana-worldmap-panel",
                )
            ],
        }
    },
    "hidden queries that an expression reads": {
        "a.json": board(
            {"refId": "A", "expr": "up", "hide": True, "datasource": PROMETHEUS},
            {
                "refId": "B",
                "expression": "$A * 2",
                "type": "math",
                "datasource": {"type": "__expr__", "uid": "__expr__"},
            },
        )
    },
    "ids that are there twice, which Grafana makes unique": {
        "a.json": {"title": "A", "id": 81, "panels": [{"id": 1, "type": "stat"}, {"id": 1, "type": "stat"}]}
    },
}


@pytest.mark.parametrize("name", NO_MISTAKES)
def test_what_only_looks_like_a_mistake_is_no_finding(name: str, tmp_path: Path) -> None:
    for file, content in NO_MISTAKES[name].items():
        place = tmp_path / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    setup = replace(
        discover([tmp_path], tmp_path), knowledge=Knowledge("http://p", {"a": "gauge"}, complete=True)
    )
    judged = judge(setup, lambda rule: rule.startswith("grafana/"))
    assert not judged.unjudged
    assert judged.findings == ()


def test_every_folder_is_looked_at() -> None:
    assert {folder.name for folder in FOLDERS.iterdir()} == set(EXPECTED)
