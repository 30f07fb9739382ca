"""Any JSON gives a dashboard and clear problems, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.grafana.dashboard import Dashboard
from promproof.grafana.provisioning import parsed, texts
from promproof.grafana.read import read

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[2]
DATA = {"type": "prometheus", "uid": "prometheus"}


def panel(**changes: Any) -> dict[str, Any]:
    target = {"refId": "A", "expr": "up", "datasource": DATA}
    return {"id": 1, "type": "stat", "title": "Up", "datasource": DATA, "targets": [target], **changes}


def dashboard(*panels: Any, **changes: Any) -> Dashboard:
    return read("a.json", json.dumps({"uid": "a", "title": "A", "panels": list(panels), **changes}))


def said(dashboard: Dashboard) -> str:
    return "\n".join(map(str, dashboard.problems))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "$: not JSON"),
        ("{", "$: not JSON"),
        ("[" * 100_000, "nested in over 64 levels"),
        ("[]", "found a list, expected a dashboard object"),
        ("null", "found null"),
        ("3", "found a number"),
        ("{}", "has neither panels nor rows"),
        ('{"title": "A", "panels": {}}', "$.panels: found an object, expected a list"),
        ('{"title": "A", "panels": [3]}', "$.panels[0]: found a number, expected an object"),
        ('{"title": 5, "panels": []}', "$.title: found a number, expected text"),
        ('{"title": "A", "panels": [{}]}', "$.panels[0].type: missing"),
        ('{"title": "A", "schemaVersion": "x", "panels": []}', "$.schemaVersion"),
        ('{"title": "A", "uid": "' + "u" * 41 + '", "panels": []}', "41 characters"),
        (
            '{"title": "A", "__inputs": [{"name": "DS"}], "panels": [{"datasource": "${DS}"}]}',
            "an export for sharing",
        ),
        ('{"title": "A", "panels": [], "templating": []}', "$.templating: found a list"),
        (
            '{"title": "A", "panels": [], "templating": {"list": [{"type": "odd"}]}}',
            "unknown type of variable 'odd'",
        ),
    ],
)
def test_a_broken_file_is_explained(text: str, words: str) -> None:
    assert words in said(read("a.json", text))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "one"}, "$.panels[0].id: is 'one'"),
        ({"datasource": 3}, "$.panels[0].datasource: found a number"),
        ({"targets": "up"}, "$.panels[0].targets: found text, expected a list"),
        ({"targets": [{"refId": "A", "expr": 7}]}, "$.panels[0].targets[0].expr: found a number"),
        ({"targets": [{"refId": "A", "datasource": DATA}]}, "without an expression"),
        (
            {"targets": [{"refId": "A", "expr": "a"}, {"refId": "A", "expr": "b"}]},
            "$.panels[0].targets[1].refId: 'A' is there twice",
        ),
        (
            {"fieldConfig": {"defaults": {"thresholds": {"steps": [{"value": "high"}]}}}},
            "$.panels[0].fieldConfig.defaults.thresholds.steps[0].value: is 'high'",
        ),
        ({"type": "row", "collapsed": False, "panels": [panel()]}, "an open row holds panels"),
    ],
)
def test_a_broken_panel_is_named_with_its_path(changes: dict[str, Any], words: str) -> None:
    assert words in said(dashboard(panel(**changes)))


def test_a_file_wrapped_by_the_api_is_unwrapped() -> None:
    inner = {"uid": "a", "title": "A", "panels": [panel()]}
    board = read("a.json", json.dumps({"dashboard": inner, "meta": {}}))
    assert (board.uid, board.panels[0].path, board.form) == ("a", "$.dashboard.panels[0]", "wrapped")
    assert "wrapped in `dashboard`" in said(board)


def test_a_resource_around_the_classic_model_is_unwrapped() -> None:
    inner = {"title": "A", "panels": [panel()]}
    board = read(
        "a.json",
        json.dumps(
            {
                "apiVersion": "dashboard.grafana.app/v1",
                "kind": "Dashboard",
                "metadata": {"name": "a"},
                "spec": inner,
            }
        ),
    )
    assert (board.uid, board.panels[0].title) == ("a", "Up")


def test_panels_of_a_v2_resource_are_found() -> None:
    query = {"kind": "prometheus", "spec": {"expr": "up", "legendFormat": "{{job}}"}}
    element = {
        "kind": "Panel",
        "spec": {
            "id": 1,
            "title": "Up",
            "data": {
                "kind": "QueryGroup",
                "spec": {
                    "queries": [
                        {
                            "kind": "PanelQuery",
                            "spec": {"refId": "A", "hidden": False, "datasource": DATA, "query": query},
                        }
                    ],
                    "queryOptions": {"maxDataPoints": 300},
                },
            },
            "vizConfig": {"kind": "stat", "spec": {"fieldConfig": {"defaults": {"unit": "s"}}}},
        },
    }
    spec = {"title": "A", "elements": {"up": element}, "layout": {}, "variables": []}
    board = read(
        "a.json",
        json.dumps({"apiVersion": "dashboard.grafana.app/v2beta1", "metadata": {"name": "a"}, "spec": spec}),
    )
    (shown,) = board.panels
    assert (shown.type, shown.unit, shown.max_data_points, shown.path) == (
        "stat",
        "s",
        300,
        "$.spec.elements.up.spec",
    )
    assert shown.sent[0].expression == "up"
    assert shown.sent[0].path == "$.spec.elements.up.spec.data.spec.queries[0].spec"
    assert "file provisioning wants the classic model" in said(board)


def test_panels_inside_of_rows_are_found() -> None:
    folded = {"type": "row", "title": "More", "collapsed": True, "panels": [panel(id=2)]}
    board = dashboard(panel(), folded, rows=[{"title": "Old", "panels": [panel(id=3)]}])
    assert [(shown.id, shown.row, shown.path) for shown in board.panels] == [
        (1, "", "$.panels[0]"),
        (2, "More", "$.panels[1].panels[0]"),
        (3, "", "$.rows[0].panels[0]"),
    ]


def test_a_hidden_or_empty_query_does_not_count_as_sent() -> None:
    targets = [
        {"refId": "A", "expr": "up", "hide": True},
        {"refId": "B", "expr": " "},
        {"refId": "C", "expr": "up"},
        {"refId": "D", "datasource": {"type": "__expr__", "uid": "__expr__"}, "expr": "A"},
    ]
    assert [target.ref for target in dashboard(panel(targets=targets)).panels[0].sent] == ["C"]


def test_a_query_that_is_not_instant_is_a_range_query() -> None:
    flags = [{}, {"instant": True}, {"instant": True, "range": True}, {"instant": False, "range": False}]
    targets = [{"refId": str(n), "expr": "up", **flag} for n, flag in enumerate(flags)]
    found = dashboard(panel(targets=targets)).panels[0].targets
    assert [(target.instant, target.range) for target in found] == [
        (False, True),
        (True, False),
        (True, True),
        (False, True),
    ]


WORDS = [
    "panels",
    "rows",
    "targets",
    "templating",
    "list",
    "type",
    "title",
    "id",
    "uid",
    "datasource",
    "expr",
    "fieldConfig",
    "defaults",
    "thresholds",
    "steps",
    "dashboard",
    "spec",
    "elements",
    "apiVersion",
    "variables",
    "current",
    "value",
    "options",
    "annotations",
    "overrides",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_json_gives_a_dashboard(value: Any) -> None:
    assert read("a.json", json.dumps(value)).file == "a.json"


def test_the_shipped_files_have_no_problem() -> None:
    folder = parsed(texts(ROOT / "monitoring"))
    assert [board.uid for board in folder.dashboards] == [
        "http-performance",
        "pipeline-metrics",
        "prompt-analytics",
        "resource-utilization",
        "system-overview",
    ]
    assert not folder.problems
    assert not [problem for board in folder.dashboards for problem in board.problems]
    assert folder.source_interval == "15s"


@pytest.mark.parametrize(
    "volume",
    [
        "./grafana/dashboards:/shown/:ro",
        {"type": "bind", "source": "./grafana/dashboards", "target": "/shown"},
    ],
)
@pytest.mark.parametrize(("path", "count"), [("/shown", 0), ("/shown/team/", 0), ("/elsewhere", 1)])
def test_a_provider_that_reads_a_folder_that_is_not_mounted_is_a_problem(
    volume: Any, path: str, count: int, tmp_path: Path
) -> None:
    providers = tmp_path / "grafana" / "provisioning" / "dashboards"
    providers.mkdir(parents=True)
    provider = {"name": "P", "type": "file", "options": {"path": path}}
    (providers / "a.yml").write_text(json.dumps({"providers": [provider]}), encoding="utf-8")
    services = {"grafana": {"volumes": ["data:/var", volume]}, "other": None}
    (tmp_path / "docker-compose.yml").write_text(json.dumps({"services": services}), encoding="utf-8")
    found = [str(problem) for problem in parsed(texts(tmp_path)).problems]
    assert len(found) == count
    assert all("providers[0].options.path: reads /elsewhere" in problem for problem in found)


def test_a_data_source_without_an_interval_is_one_that_grafana_loads(tmp_path: Path) -> None:
    sources = tmp_path / "grafana" / "provisioning" / "datasources"
    sources.mkdir(parents=True)
    (sources / "a.yml").write_text("datasources: [{name: P, type: prometheus, uid: p}]", encoding="utf-8")
    assert not parsed(texts(tmp_path)).problems


def test_mistakes_in_provisioning_files_are_named(tmp_path: Path) -> None:
    sources = tmp_path / "grafana" / "provisioning" / "datasources"
    sources.mkdir(parents=True)
    source = "datasources: [{name: P, type: prometheus, uid: p, jsonData: {timeInterval: often}}]"
    (sources / "a.yml").write_text(source, encoding="utf-8")
    (sources / "b.yml").write_text("datasources: [", encoding="utf-8")
    (tmp_path / "grafana" / "dashboards").mkdir()
    (tmp_path / "grafana" / "dashboards" / "x.json").write_bytes(b"\xff\xfe{")
    found = "\n".join(map(str, parsed(texts(tmp_path)).problems))
    assert "datasources[0].jsonData.timeInterval: 'often' is no duration" in found
    assert "b.yml: $: not YAML" in found
    assert "it is not UTF-8 text" in found


EXPORT = {
    "__inputs": [
        {"name": "DS_METRICS", "type": "datasource", "pluginId": "prometheus"},
        {"name": "DS_LOGS", "type": "datasource", "pluginId": "loki"},
        {"name": "VAR_JOB", "type": "constant", "value": "shop"},
    ],
    "uid": "a",
    "title": "A",
    "panels": [
        panel(
            datasource={"type": "prometheus", "uid": "${DS_METRICS}"},
            targets=[{"refId": "A", "expr": 'up{job="${VAR_JOB}"}', "datasource": {"uid": "${DS_METRICS}"}}],
        ),
        panel(id=2, datasource="${DS_METRICS}", targets=[{"refId": "A", "expr": "up"}]),
        panel(id=3, datasource="${DS_LOGS}", targets=[{"refId": "A", "expr": "up"}]),
    ],
}


def written(folder: Path, provisioned: str = "") -> Path:
    (folder / "dashboards").mkdir()
    (folder / "dashboards" / "a.json").write_text(json.dumps(EXPORT), encoding="utf-8")
    if provisioned:
        place = folder / "provisioning" / provisioned
        place.mkdir(parents=True)
        (place / "all.yml").write_text(PROVISIONED[provisioned], encoding="utf-8")
    return folder


PROVISIONED = {
    "datasources": "datasources: [{name: P, uid: p, type: prometheus, url: 'http://p:9090'}]",
    "dashboards": "providers: [{name: all, type: file, options: {path: /dashboards}}]",
}


def test_an_export_is_imported_where_nothing_is_provisioned(tmp_path: Path) -> None:
    (board,) = parsed(texts(written(tmp_path))).dashboards
    assert not board.problems
    first, second, logs = (panel.targets[0] for panel in board.panels)
    assert first.expression == 'up{job="shop"}'
    assert (first.source.is_prometheus, second.source.is_prometheus, logs.source.is_prometheus) == (
        True,
        True,
        False,
    )
    assert not any("$" in target.source.reference for target in (first, second, logs))


@pytest.mark.parametrize("provisioned", PROVISIONED)
def test_provisioning_does_not_fill_in_an_export(provisioned: str, tmp_path: Path) -> None:
    (board,) = parsed(texts(written(tmp_path, provisioned))).dashboards
    assert "provisioning does not fill in ${DS_METRICS}" in said(board)


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ('[{"targets": ["a:1"], "labels": {"team": "care"}}]', False),
        ('[{"targets": []}, {"targets": ["b:1"]}]', False),
        ('[{"title": "A", "panels": []}]', True),
        ("[]", True),
        ("{", True),
    ],
)
def test_a_file_of_targets_beside_the_dashboards_is_none(text: str, is_read: bool, tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "a.json").write_text(text, encoding="utf-8")
    assert bool(texts(tmp_path).dashboards) is is_read
