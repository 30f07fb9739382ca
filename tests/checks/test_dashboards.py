"""Shapes that Grafana takes are read right and are no finding; wrong types cost the part that holds them, no run."""

# ruff: noqa: E501  (tables: one shape, one line)

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from promproof.checks import panel_form, panel_inventory, panel_legend, panel_zoom
from promproof.checks.base import Check, judge
from promproof.checks.panel_findings import beyond, carries, form, metrics_of, zooms
from promproof.checks.panel_plain import dashboard_departures
from promproof.contract.model import Contract, load
from promproof.contract.panels import DashboardClaim, PanelClaim
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import Metadata, RuleFiles
from promproof.grafana.dashboard import slug
from promproof.grafana.expand import substitute, with_auto
from promproof.grafana.origins import DataSource
from promproof.grafana.provisioning import Texts, read_all
from promproof.grafana.zoom import everything
from promproof.observe import panels as record
from promproof.run.clock import SystemClock
from promproof.truth.views import Views, views
from promproof.verdict import Outcome, Verdict
from tests.grafana.twins import ROOT

pytestmark = pytest.mark.unit
Json = dict[str, Any]
DATA = {"type": "prometheus", "uid": "prom"}
PROMETHEUS = DataSource("Prometheus", "prom", "prometheus", "", "15s", True, "ds.yml: datasources[0]")
LOKI = DataSource("Loki", "loki", "loki", "", "", False, "ds.yml: datasources[1]")
RATE = "sum by (job) (rate(http_requests_total[$__rate_interval]))"
STEP = {
    "name": "step", "type": "interval", "query": "1m,5m,1h", "auto": True, "auto_count": 30, "auto_min": "10s",
    "current": {"text": "auto", "value": "$__auto_interval_step"},
}  # fmt: skip  # a table: one case, one row


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(ROOT / "monitoring" / "contract.yaml")


def panel(**changes: Any) -> Json:
    target = {"refId": "A", "expr": RATE, "legendFormat": "{{job}}", "datasource": DATA}
    return {
        "id": 1, "type": "timeseries", "title": "Requests", "description": "d", "datasource": DATA,
        "fieldConfig": {"defaults": {"unit": "reqps"}}, "targets": [target], **changes,
    }  # fmt: skip  # a table: one case, one row


def dashboard(*panels: Any, **changes: Any) -> Json:
    return {"uid": "a", "title": "A", "panels": list(panels or (panel(),)), **changes}


def judged(
    contract: Contract,
    folder: Path,
    check: Check,
    data: Json | str,
    sources: tuple[DataSource, ...] = (PROMETHEUS, LOKI),
) -> Verdict:
    """The first verdict of a check on one dashboard whose panel `Requests` is documented; nothing was asked."""
    claim = DashboardClaim(title="A", uid="a", panels=(PanelClaim(title="Requests", unit="reqps"),))
    promised = contract.model_copy(update={"dashboards": (claim,)})
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    text = data if isinstance(data, str) else json.dumps(data)
    record.files(history, Texts({"a.json": text}, sources, (), ()), {"api": 15_000})
    history.close()
    (first, *_) = check.claims(promised)
    return judge(check, first, Evidence(promised, history))


def judged_files(
    contract: Contract, folder: Path, check: Check, files: Json, recorded: tuple[str, ...] = ()
) -> str:
    """What a check says of dashboards by file name, where the server knows no metric but those of rules."""
    promised = contract.model_copy(update={"dashboards": ()})
    history = Recorder(folder / f"{len(list(folder.iterdir()))}.jsonl", "test", SystemClock())
    written = {name: json.dumps(data) for name, data in files.items()}
    record.files(history, Texts(written, (PROMETHEUS, LOKI), (), ()), {"api": 15_000})
    history.add(Metadata({}))
    history.add(RuleFiles((), (), recorded))
    history.close()
    (first, *_) = check.claims(promised)
    return judge(check, first, Evidence(promised, history)).reason


READABLE, INVENTORY, METRICS = panel_inventory.CHECKS[:3]
FORM, ZOOM, LEGEND = panel_form.CHECK, panel_zoom.CHECK, panel_legend.CHECK


def expr(text: str, **changes: Any) -> Json:
    return {"expr": text, "legendFormat": "{{job}}", **changes}


@pytest.mark.parametrize("check", [READABLE, FORM, ZOOM, INVENTORY], ids=lambda check: check.name)
@pytest.mark.parametrize(
    "data",
    [
        dashboard(),
        dashboard(id=81),
        dashboard(panel(targets=[expr(RATE), expr("sum(rate(http_requests_total[$__rate_interval]))")])),
        dashboard(panel(targets=[expr(RATE, refId="B"), expr(RATE), expr(RATE, refId=None)])),
        dashboard(panel(datasource=None, targets=[expr(RATE)])),
        dashboard(panel(datasource="Prometheus", targets=[expr(RATE)])),
        dashboard(panel(datasource="default", targets=[expr(RATE)])),
        dashboard(panel(datasource={"type": "prometheus"}, targets=[expr(RATE)])),
        dashboard(panel(datasource="-- Mixed --", targets=[expr(RATE, datasource=DATA), expr("{a=`b`} |= `c`", datasource="Loki")])),
        dashboard(
            panel(targets=[expr("sum by (job) (rate(http_requests_total[$step]))", interval="$step")]),
            templating={"list": [STEP]},
        ),
        dashboard(
            panel(targets=[expr("sum by (job) (rate(http_requests_total[$step]))", interval="$step")]),
            templating={"list": [{**STEP, "current": None, "options": None}]},
        ),
        dashboard(
            panel(datasource="$ds", targets=[expr(RATE)]),
            templating={"list": [{"name": "ds", "type": "datasource", "query": "prometheus"}]},
        ),
        dashboard(panel(id="7", maxDataPoints="100", gridPos=None, options=None, transformations=None, links=None)),
        dashboard(panel(fieldConfig={"defaults": {"unit": "reqps", "thresholds": {"steps": [{"value": None}, {"value": "80"}]}}})),
        dashboard(panel(interval="30"), templating=None, annotations=None, schemaVersion="39"),
        dashboard(panel(interval=">10s"), templating={"list": None}, links=None),
        dashboard(panel(), {"type": "text", "title": None}, {"type": "text", "title": None, "targets": None}),
        dashboard(panel(targets=[expr("sum by (job) (increase(http_requests_total[10m:]))")], fieldConfig={"defaults": {"unit": "reqpm"}})),
        dashboard(__inputs=[{"name": "DS_PROM", "type": "datasource"}]),
        dashboard(panel(description="")),
        dashboard(panel(targets=[expr(RATE), expr("sum by (job) (ceph_pg_total)")])),
        dashboard(panel(targets=[expr(f"{RATE} or vector(0)")])),
        dashboard(panel(targets=[expr(RATE, hide=True, refId="A"), expr("$A * 2", datasource={"type": "__expr__", "uid": "__expr__"}), expr(RATE)])),
        dashboard(panel(fieldConfig={"defaults": {"unit": "reqps"}, "overrides": [{"matcher": {"id": "byName", "options": "total"}, "properties": [{"id": "unit", "value": "short"}]}]})),
        dashboard({"type": "row", "collapsed": True, "title": "More", "panels": [panel()]}),
        dashboard(panel(), panel(targets=[expr("sum(rate(http_requests_total[5m]))")])),
    ],
    ids=[
        "plain", "id", "no refId", "some refId", "default source", "by name", "default by name", "type only",
        "mixed", "auto interval", "auto interval without a value", "source variable", "numbers as text",
        "threshold as text", "seconds", "at least", "untitled texts",
        "per minute", "inputs of nothing", "no description", "a gauge that ends in total", "zero for a metric that lives",
        "a hidden query that is read", "another unit for one series", "in a closed row", "two of one title",
    ],
)  # fmt: skip  # a table: one case, one row
def test_a_shape_that_grafana_takes_is_no_finding(
    check: Check, data: Json, contract: Contract, tmp_path: Path
) -> None:
    verdict = judged(contract, tmp_path, check, data)
    if "reqpm" in json.dumps(data) and check is not READABLE:  # not the documented unit, and a fixed window
        assert "a total of its window" not in verdict.reason
    elif "$step" in json.dumps(data) and check is ZOOM:  # the window is what the reader chooses
        assert verdict.outcome is Outcome.NOT_VERIFIED, verdict.reason
    else:
        assert verdict.outcome is Outcome.PASS, verdict.reason


@pytest.mark.parametrize(
    ("check", "data", "words"),
    [
        (READABLE, "\ufeff" + json.dumps(dashboard()), "a.json: $: begins with a byte order mark"),
        (READABLE, '{"uid": NaN}', "$: not JSON: NaN is no number of JSON"),
        (READABLE, dashboard(panel(datasource={"type": 7})), "$.panels[0].datasource.type: found a number"),
        (FORM, dashboard(panel(targets=[expr(RATE, refId="A"), expr("up", refId="A")])), "targets[1].refId: 'A' is there twice"),
        (FORM, dashboard(panel(targets=[expr("rate(http_requests_total[$step])")])), "$step is no variable"),
        (FORM, dashboard(panel(targets=[expr("{a='b'} |= 'c'")])), "cannot be parsed"),
        (FORM, dashboard(panel(datasource="Other", targets=[expr(RATE)])), "'Other' is not provisioned"),
        (FORM, dashboard(panel(datasource={"type": "prometheus", "uid": "${DS_PROM}"}, targets=[expr(RATE)])), "datasource: $DS_PROM is no variable"),
        (READABLE, dashboard(panel(datasource="${DS_PROM}"), __inputs=[{"name": "DS_PROM", "type": "datasource"}]), "does not fill in ${DS_PROM}"),
        (FORM, dashboard(panel(targets=[expr("sum(http_request_total) or vector(0)")])), "`or vector(...)` shows a number"),
        (FORM, dashboard(panel(targets=[expr(RATE), expr("up", hide=True)])), "a hidden query"),
        (FORM, dashboard(panel(targets=[expr(RATE), expr("")])), "empty: Grafana does not send it"),
        (FORM, dashboard(panel(fieldConfig={"defaults": {"unit": "reqps"}, "overrides": [{"matcher": {"id": "byType", "options": "number"}, "properties": [{"id": "unit", "value": "ops"}]}]})), "is 'ops', documented 'reqps'"),
        (INVENTORY, dashboard(panel(), panel()), "2 panels are called 'requests' and ask the same"),
        (FORM, dashboard(panel(targets=[expr("rate(http_requests_total[$step])")]), templating={"list": [{**STEP, "auto_min": "x"}]}), "'x' is no duration"),
        (ZOOM, dashboard(panel(targets=[expr("rate(http_requests_total[$step])")]), templating={"list": [{"name": "step", "type": "interval", "query": "10s,5m"}]}), "empty windows"),
    ],
    ids=["byte order mark", "NaN", "type of a source", "refId twice", "no variable", "no PromQL", "unknown source", "unknown source variable", "unfilled input", "zero for a dead metric", "hidden query", "empty query", "another unit for all", "twice", "auto of no length", "interval too short"],
)  # fmt: skip  # a table: one case, one row
def test_each_mistake_beside_such_a_shape_is_a_finding(
    check: Check, data: Json | str, words: str, contract: Contract, tmp_path: Path
) -> None:
    verdict = judged(contract, tmp_path, check, data)
    assert verdict.outcome is Outcome.FAIL, verdict.reason
    assert words in verdict.reason


def test_a_panel_without_a_source_is_a_finding_where_none_is_the_default(
    contract: Contract, tmp_path: Path
) -> None:
    data = dashboard(panel(datasource=None, targets=[expr(RATE)]))
    verdict = judged(contract, tmp_path, READABLE, data, (LOKI,))
    assert (
        "targets[0].datasource: no data source is named, and none is provisioned as the default"
        in verdict.reason
    )


def test_one_title_in_two_folders_is_no_finding_and_twice_in_one_is(
    contract: Contract, tmp_path: Path
) -> None:
    first, second = dashboard(), dashboard(uid="b")
    assert "title" not in judged_files(contract, tmp_path, READABLE, {"x/a.json": first, "y/a.json": second})
    assert "title 'A' is there 2 times: x/a.json, x/b.json" in judged_files(
        contract, tmp_path, READABLE, {"x/a.json": first, "x/b.json": second}
    )


def test_a_metric_that_a_recording_rule_writes_is_known(contract: Contract, tmp_path: Path) -> None:
    data = {"a.json": dashboard(panel(targets=[expr("job:kiosk_orders:rate5m"), expr("kiosk_oders")]))}
    reason = judged_files(contract, tmp_path, METRICS, data, recorded=("job:kiosk_orders:rate5m",))
    assert "asks for kiosk_oders, which is not documented" in reason
    assert "job:kiosk_orders:rate5m" not in reason


@pytest.mark.parametrize("check", [FORM, ZOOM, LEGEND], ids=lambda check: check.name)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"datasource": "Loki", "targets": [expr('{app="kiosk"} |= "refused"')]}, "go to loki"),
        ({"datasource": {"type": "tempo", "uid": "t"}, "targets": [{"query": "{}"}]}, "go to tempo"),
        ({"datasource": "$ds", "targets": [expr('{a="b"} |= "c"')]}, "go to loki"),
        ({"datasource": "Logs of ours", "type": "logs", "targets": [expr('{a="b"} |= "c"')]}, "does not tell"),
        ({"datasource": {"uid": "-- Dashboard --"}, "targets": [{"panelId": 2}]}, "go to -- Dashboard --"),
        ({"type": None, "targets": None, "libraryPanel": {"uid": "x", "name": "Shared"}}, "a library panel (Shared)"),
        ({"type": "text", "targets": None}, "asks nothing"),
    ],
    ids=["loki", "tempo", "variable", "logs", "other panel", "library", "text"],
)  # fmt: skip  # a table: one case, one row
def test_a_panel_of_another_source_is_not_verified(
    check: Check, changes: Json, words: str, contract: Contract, tmp_path: Path
) -> None:
    variables = {"list": [{"name": "ds", "type": "datasource", "query": "loki"}]}
    verdict = judged(contract, tmp_path, check, dashboard(panel(**changes), templating=variables))
    assert verdict.outcome is Outcome.NOT_VERIFIED, verdict
    assert words in verdict.reason


def test_a_query_too_large_to_take_apart_is_unknown(contract: Contract, tmp_path: Path) -> None:
    """The parser would end the process at so many brackets."""
    data = dashboard(panel(targets=[expr("(" * 5000 + "1" + ")" * 5000)]))
    for check in (FORM, ZOOM):
        (tmp_path / check.name).mkdir()
        verdict = judged(contract, tmp_path / check.name, check, data)
        assert verdict.outcome is Outcome.UNKNOWN, verdict
        assert "5000 levels of brackets" in verdict.reason


@pytest.mark.parametrize(
    ("length", "changes", "value"),
    [(3_600_000, {}, "2m"), (300_000, {}, "10s"), (60_000, {}, "10s"), (604_800_000, {"auto_count": 50}, "3h"), (1000, {"auto_min": ""}, "20ms")],
)  # fmt: skip  # a table: one case, one row
def test_an_interval_variable_at_auto_follows_the_range(length: int, changes: Json, value: str) -> None:
    made = dashboard(templating={"list": [{**STEP, **changes}]})
    (read,) = read_all({"a.json": json.dumps(made)}, ())
    values = with_auto(everything(read), read.variables, length)
    assert substitute("x[$step] y[${step}] [[step]]", values) == f"x[{value}] y[{value}] {value}"


def test_words_of_other_alphabets_are_kept_in_ids() -> None:
    assert slug("Größe der Warteschlange_2") == "größe-der-warteschlange-2"
    assert slug("請求") != slug("錯誤")


WRONG: tuple[Any, ...] = (None, True, 7, -1.5, 10**400, "x", "", [], {}, [None, 7], {"a": [{}]}, "\ud800\x00")
FULL: Json = dashboard(
    panel(
        interval="1m", maxDataPoints=100, repeat="endpoint", options={"reduceOptions": {"calcs": ["last"]}},
        fieldConfig={
            "defaults": {"unit": "reqps", "thresholds": {"mode": "absolute", "steps": [{"value": None}, {"value": 5}]}, "custom": {"thresholdsStyle": {"mode": "line"}}},
            "overrides": [{"matcher": {"id": "byName"}, "properties": [{"id": "unit", "value": "s"}]}],
        },
        targets=[expr("rate(x[$step])", refId="A", interval="$step", intervalFactor=2, instant=False, range=True, hide=False, format="table", datasource={"type": "prometheus", "uid": "$ds"})],
    ),
    {"type": "row", "collapsed": True, "title": "r", "panels": [panel(id=2, libraryPanel={"uid": "u", "name": "n"})]},
    schemaVersion=39, rows=[{"collapse": True, "panels": [panel(id=3)]}],
    annotations={"list": [{"name": "n", "expr": "up{job='$endpoint'}", "datasource": "Prometheus"}]},
    templating={"list": [
        STEP,
        {"name": "ds", "type": "datasource", "query": "prometheus", "regex": "/P/", "current": {"value": "prom"}},
        {"name": "endpoint", "type": "query", "query": {"query": "label_values(up, job)"}, "multi": True, "includeAll": True, "allValue": ".*", "datasource": DATA, "options": [{"value": "a"}], "current": {"value": ["a"]}},
    ]},
)  # fmt: skip  # a table: one case, one row
V2: Json = {
    "apiVersion": "dashboard.grafana.app/v2beta1", "metadata": {"name": "a"},
    "spec": {
        "title": "A", "variables": [{"kind": "QueryVariable", "spec": {"name": "v", "query": {"group": "prometheus", "spec": {"query": "label_values(a, b)"}}}}],
        "elements": {"up": {"kind": "Panel", "spec": {
            "id": 1, "title": "Up", "vizConfig": {"kind": "VizConfig", "group": "stat", "spec": {"fieldConfig": {"defaults": {"unit": "s"}}}},
            "data": {"spec": {"queryOptions": {"interval": "1m", "maxDataPoints": 5}, "queries": [{"spec": {"refId": "A", "hidden": False, "query": {"group": "prometheus", "datasource": {"name": "prom"}, "spec": {"expr": "up"}}}}]}},
        }}},
    },
}  # fmt: skip  # a table: one case, one row


def swapped(data: Any, whole: Callable[[Any], Any] = lambda value: value) -> Iterator[Any]:
    """The data with each value of every level in turn in place of a wrong one, and with it missing."""
    for wrong in WRONG:
        yield whole(wrong)
    places = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for place, value in places:

        def around(new: Any, place: Any = place) -> Any:
            made = copy.copy(data)
            made[place] = new
            return whole(made)

        yield from swapped(value, around)
        if isinstance(data, dict):
            yield whole({key: kept for key, kept in data.items() if key != place})


@pytest.mark.parametrize("full", [FULL, V2], ids=["classic", "v2"])
def test_a_wrong_type_anywhere_ends_in_no_traceback(full: Json, contract: Contract, tmp_path: Path) -> None:
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    record.files(history, Texts({}, (PROMETHEUS, LOKI), (), ()), {"api": 15_000})
    history.close()
    views = Views(Evidence(contract, history))
    count = 0
    for made in islice(swapped(full), None, None, 3):
        text = json.dumps(made)
        (read,) = read_all({"a.json": text}, (PROMETHEUS, LOKI))
        for shown in read.panels:
            assert isinstance(beyond(shown), str)
            form(views, read, shown)
            metrics_of(views, read, shown)
            if count % 10 == 0:
                zooms(views, read, shown, alert=False)
        count += 1
    assert count > 100


RULED = 'sum by (job) (rate(http_requests_total{status=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))'


@pytest.mark.parametrize(
    ("shown", "carried"),
    [
        (RULED, True),
        (f"1 - {RULED}", True),
        (RULED.replace("[5m]", "[10m]"), False),
        (RULED.replace("5..", "4.."), False),
        ("not a query (", False),
    ],
    ids=["the quantity", "one minus it", "another window", "another part", "no query"],
)
def test_a_panel_carries_an_alert_by_the_quantity_that_it_shows(
    shown: str, carried: bool, contract: Contract, tmp_path: Path
) -> None:
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    record.files(history, Texts({}, (PROMETHEUS,), (), ()), {"api": 15_000})
    history.close()
    (read,) = read_all({"a.json": json.dumps(dashboard(panel(targets=[expr(shown)])))}, (PROMETHEUS,))
    views = Views(Evidence(contract, history))
    expressions = ["up == 0", f"{RULED} > 0.05"]
    assert carries(views, read, read.panels[0], expressions) is carried


def test_a_byte_order_mark_costs_no_judgement_of_what_is_plain(contract: Contract, tmp_path: Path) -> None:
    claim = DashboardClaim(
        title="A", uid="a", plain=True, panels=(PanelClaim(title="Requests", unit="reqps"),)
    )
    promised = contract.model_copy(update={"dashboards": (claim,)})
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    text = "\ufeff" + json.dumps(dashboard())
    record.files(history, Texts({"a.json": text}, (PROMETHEUS,), (), ()), {"api": 15_000})
    history.close()
    seen = views(Evidence(promised, history))
    read = seen.dashboard(claim)
    assert read is not None
    assert dashboard_departures(seen, read, promised) == []
