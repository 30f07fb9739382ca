"""What asks for a label that only a discovery gives is not verified in a run; for one of a static job it is red."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.checks import lacking_labels, panel_data, panel_legend
from promproof.checks.base import Check, judge
from promproof.config.discovered import ANY, lacking
from promproof.config.rules import Rule
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.checks.drilled import ENDED, RAISED, at, changed, verdicts
from tests.records import record

pytestmark = pytest.mark.unit
POD = {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"}
PODS: dict[str, Any] = {
    "job_name": "shop",
    "kubernetes_sd_configs": [{"role": "pod"}],
    "relabel_configs": [POD],
}
QUERY = 'sum(rate(orders_total{job="shop",namespace="eu"}[5m]))'
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "target": {"job": "shop"},
        "metrics": [{"name": "orders_total", "type": "counter", "labels": {"kind": {"values": ["a"]}}}],
        "dashboards": [{"uid": "a", "title": "A", "panels": [{"title": "Orders"}]}],
    }
)


def evidence(names: tuple[str, ...], backend: str = "processes", query: str = QUERY) -> Evidence:
    target = {"refId": "A", "expr": query, "legendFormat": "orders"}
    board = {
        "uid": "a",
        "title": "A",
        "panels": [{"id": 1, "type": "timeseries", "title": "Orders", "targets": [target]}],
    }
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": True, "instance": "i", "backend": backend}),
        ("files_judged", {"facts": {"jobs": {"shop": {"lacking": list(names)}}}}),
        ("dashboards", {"files": {"a.json": json.dumps(board)}, "scrape_intervals": {"shop": 15000}}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(number, 9.0, name, data) for number, (name, data) in enumerate(rows))
    return Evidence(CONTRACT, history)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("namespace",)),
        ({"kubernetes_sd_configs": [], "static_configs": [{"targets": ["a:1"]}]}, ()),
        ({"relabel_configs": [{"action": "labelmap", "regex": "__meta_kubernetes_pod_label_(.+)"}]}, (ANY,)),
        ({"relabel_configs": [{**POD, "target_label": "job"}]}, ("job",)),
        ({"kubernetes_sd_configs": [], "http_sd_configs": [{"url": "http://sd"}]}, (ANY, "namespace")),
        ({"kubernetes_sd_configs": [], "file_sd_configs": [{"files": ["none/*.yml"]}]}, (ANY, "namespace")),
        ({"relabel_configs": None}, ()),
        ({"static_configs": 5, "relabel_configs": [{"target_label": "env", "replacement": "eu"}]}, ()),
    ],
)
def test_what_a_job_lacks_without_its_discovery(
    changes: dict[str, Any], names: tuple[str, ...], tmp_path: Path
) -> None:
    assert lacking({**PODS, **changes}, tmp_path / "prometheus.yml") == names


@pytest.mark.parametrize(
    "query", [QUERY, QUERY.replace("orders_total", "others_total"), QUERY.replace('job="shop",', "")]
)
@pytest.mark.parametrize("names", [("namespace",), (ANY,)])
def test_a_query_for_such_a_label_may_give_nothing(query: str, names: tuple[str, ...]) -> None:
    assert "may give namespace" in lacking_labels.asked(query, evidence(names))


@pytest.mark.parametrize(
    ("names", "query", "backend"),
    [
        ((), QUERY, "processes"),
        (("pod",), QUERY, "processes"),
        (("namespace",), QUERY, "external"),
        (("namespace",), QUERY.replace('"eu"', '""'), "processes"),
        (("namespace",), QUERY.replace('"shop"', '"other"'), "processes"),
        ((ANY,), QUERY.replace("namespace", "kind"), "processes"),
    ],
    ids=["static", "another label", "running stack", "without it", "another job", "the metric's own"],
)
def test_nothing_else_excuses_a_query(names: tuple[str, ...], query: str, backend: str) -> None:
    assert not lacking_labels.asked(query, evidence(names, backend))


def test_files_without_a_run_are_judged_alike() -> None:
    known = evidence(("namespace",))
    known.history.records[:] = [each for each in known.history.records if each.data.kind != "run"]
    assert lacking_labels.asked(QUERY, Evidence(CONTRACT, known.history))


def test_a_legend_and_a_variable_and_a_text_may_lack_it_as_well() -> None:
    known, plain = evidence(("namespace",)), QUERY.replace(',namespace="eu"', "")
    assert lacking_labels.named("{{namespace}}", plain, known)
    assert not lacking_labels.named("{{kind}}", plain, known)
    assert lacking_labels.of_variable("label_values(orders_total, namespace)", known)
    assert lacking_labels.of_variable('label_values(orders_total{namespace="eu"}, kind)', known)
    assert lacking_labels.of_variable("label_values(namespace)", known)
    assert not lacking_labels.of_variable("label_values(orders_total, kind)", known)
    rule = Rule("A", f"{plain} > 1", 0.0, annotations={"summary": "{{ $labels.namespace }} sells nothing"})
    assert lacking_labels.of_rule(rule, known)
    assert not lacking_labels.of_rule(Rule("A", f"{plain} > 1", 0.0), known)


def panel(names: tuple[str, ...], check: Check = panel_data.CHECK, asked: str = QUERY) -> Verdict:
    known = evidence(names)
    path = "$.panels[0].targets[0]"
    more: list[tuple[str, dict[str, Any]]] = [
        ("metadata", {"types": {"orders_total": "counter"}}),
        (
            "panel",
            {
                "dashboard": "a.json",
                "panel": "Orders",
                "path": path,
                "zoom": "hour",
                "expanded": asked,
                "begin": 1,
                "end": 2,
                "step": 1,
                "series": [],
            },
        ),
        (
            "panel_cause",
            {
                "dashboard": "a.json",
                "panel": "Orders",
                "path": path,
                "cause": "the label of orders_total{namespace} is missing",
            },
        ),
    ]
    known.history.records.extend(record(10 + n, 9.0, name, data) for n, (name, data) in enumerate(more))
    (claim,) = check.claims(CONTRACT)
    return judge(check, claim, known)


def test_a_panel_of_such_a_label_is_not_verified_and_one_of_a_static_job_is_red() -> None:
    assert (panel(("namespace",)).outcome, panel(()).outcome) == ("not verified", "fail")
    legend = panel_legend.CHECK
    assert (panel(("namespace",), legend).outcome, panel((), legend).outcome) == ("not verified", "unknown")


def test_a_variable_that_has_no_value_is_asked_for_as_it_stands() -> None:
    chosen = QUERY.replace('namespace="eu"', 'namespace=~"$namespace"')
    assert panel(("namespace",), asked=chosen).outcome == "not verified"


@pytest.mark.parametrize(
    ("names", "outcome"), [(["namespace"], "not verified"), ([], "fail")], ids=["discovered", "static"]
)
def test_an_alert_that_asks_for_such_a_label_and_stays_silent_is_not_verified(
    names: list[str], outcome: str
) -> None:
    asks = 'node_memory_used{job="node",namespace="eu"} > 0.85'
    rows = [
        *changed("poll", at(RAISED, ENDED, lambda data: {**data, "alerts": []})),
        (0.0, "files_judged", {"facts": {"jobs": {"node": {"lacking": names}}}}),
        (0.0, "rendered_rules", {"rules": [{"name": "HighMemoryUsage", "expression": asks}]}),
    ]
    found = verdicts(rows)
    assert found["fires-above"].outcome == outcome
    assert found["silent-below"].outcome == "pass"
