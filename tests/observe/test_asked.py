"""Asking and drawing: a variable or a panel that cannot be asked, read or drawn costs its own claims, no other's."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promproof.config.timescale import TimeScale
from promproof.contract.model import load
from promproof.contract.panels import DashboardClaim, PanelClaim
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import ObservationFailed, PanelAsked, Phase, VariableAsked
from promproof.grafana.provisioning import GrafanaFolder, Texts, read_all
from promproof.observe import panels as record
from promproof.observe.prometheus import Prometheus
from promproof.report.drawings import drawings
from promproof.report.panels import write
from promproof.run.clock import SystemClock
from tests.checks.test_dashboards import LOKI, PROMETHEUS, RATE, STEP, dashboard, expr, panel
from tests.grafana.twins import ROOT

pytestmark = pytest.mark.unit
VARIABLES = [
    STEP,
    {"name": "ds", "type": "datasource", "query": "prometheus"},
    {"name": "logs", "type": "datasource", "query": "loki", "regex": "/^L/"},
    {"name": "none", "type": "datasource", "query": "tempo"},
    {"name": "size", "type": "custom", "query": "small : 1\\,5, large : 9"},
    {"name": "text", "type": "textbox", "query": "x"},
    {"name": "whole", "type": "custom", "query": "a,b", "current": {"value": {"text": "b", "value": "b"}}},
    {"name": "fixed", "type": "constant", "query": "7", "current": None},
    {"name": "filters", "type": "adhoc"},
    {"name": "by", "type": "groupby"},
    {"name": "on", "type": "switch", "current": {"value": "true"}},
    {
        "name": "app",
        "type": "query",
        "query": {"label": "app"},
        "datasource": {"type": "loki", "uid": "loki"},
    },
    {"name": "job", "type": "query", "query": "label_values(up, job)", "regex": "/(?<value>ap).*/i"},
    {"name": "bad", "type": "query", "query": "label_values(up, job)", "regex": "/(/"},
]


class Answers(Prometheus):
    """A server that refuses one query, answers another in no known shape, and breaks on a third."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        text = (params or {}).get("query", "")
        if "refused" in text:
            raise EvidenceError("prometheus", "bad_data: 400")
        if "odd" in text:
            return {"resultType": "matrix", "result": 7}
        if path.endswith("/values"):
            return ["API", "node"]
        point = [0.0, "1e308"]
        return {"resultType": "matrix", "result": [{"metric": {"job": "a"}, "values": [point, [1.0, "NaN"]]}]}

    def metadata(self) -> dict[str, list[dict[str, str]]]:
        return {"up": [{"type": "gauge"}], "a": [], "b": [{}]}

    def query(self, expression: str, *, at: float | None = None) -> Any:
        return []


def asked(folder: Path, made: dict[str, Any], scale: float = 1) -> Recorder:
    """The records of a dashboard whose variables and panels were asked."""
    sources = (PROMETHEUS, LOKI)
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    files = {"a.json": json.dumps(made)}
    record.files(history, Texts(files, sources, (), ()), {"api": 15_000})
    read = GrafanaFolder(read_all(files, sources), sources, (), ())
    look = [record.Zoom("whole", 3600 / scale)]
    record.panels(history, Answers("http://127.0.0.1:1"), read, TimeScale(scale), (-3600 / scale, 0.0), look)
    history.close()
    return history


def test_every_type_of_variable_has_the_value_it_has_in_grafana(tmp_path: Path) -> None:
    history = asked(tmp_path, dashboard(templating={"list": VARIABLES}))
    chosen = {row.data.name: list(row.data.chosen) for row in history.of(VariableAsked)}
    assert chosen == {
        "step": ["$__auto_interval_step"],
        "ds": ["prom"],
        "logs": ["loki"],
        "none": [],
        "size": ["1,5"],
        "text": ["x"],
        "whole": ["b"],
        "fixed": ["7"],
        "filters": [],
        "by": [],
        "on": ["true"],
        "app": [],
        "job": ["AP"],
        "bad": [],
    }
    (failed,) = history.of(ObservationFailed)
    assert "the regular expression '/(/' cannot be read here" in failed.data.error


@pytest.mark.parametrize("scale", [1, 60])
def test_one_query_that_breaks_leaves_the_others_asked(scale: float, tmp_path: Path) -> None:
    queries = ["refused", "odd", "(" * 5000, "rate(x[$step])", RATE, "up{a='$none'}"]
    panels = [panel(title=f"P{n}", id=n, targets=[expr(query)]) for n, query in enumerate(queries)]
    history = asked(tmp_path, dashboard(*panels, templating={"list": VARIABLES[:4]}), scale)
    rows = {row.data.panel: row.data for row in history.of(PanelAsked)}
    assert rows["P0"].error == "bad_data: 400"
    # As it is written it goes to the server, which may read it; to be scaled it must be taken apart.
    too_large = {"P2"} if scale == 1 else set()
    assert {"P3", "P4", "P5"} | too_large == {name for name, row in rows.items() if row.series is not None}
    assert "x[2m]" in rows["P3"].expanded if scale == 1 else "x[2s]" in rows["P3"].expanded
    assert rows["P5"].expanded == "up{a='$none'}" if scale == 1 else "$none" in rows["P5"].expanded
    failed = {row.data.what for row in history.of(ObservationFailed) if "query" in row.data.what}
    assert failed == {f"query $.panels[{n}].targets[0] of a.json" for n in ((1,) if scale == 1 else (1, 2))}


def test_a_panel_that_cannot_be_drawn_leaves_the_others_on_the_page(tmp_path: Path) -> None:
    """Numbers too large for a double, a threshold that is none, half a character in a title."""
    steps = {"steps": [{"value": None}, {"value": 1e308}]}
    shown = panel(title="Size \ud800", fieldConfig={"defaults": {"unit": "gbytes", "thresholds": steps}})
    made = dashboard(shown, panel(title="Requests", id=2))
    history = asked(tmp_path, made)
    claims = (
        PanelClaim(title="Size �", unit="gbytes", alert="HighErrorRate"),
        PanelClaim(title="Requests", unit="reqps"),
        PanelClaim(title="Gone \ud800", unit="s"),
    )
    contract = load(ROOT / "monitoring" / "contract.yaml")
    claim = DashboardClaim(title="A", uid="a", panels=claims)
    promised = contract.model_copy(update={"dashboards": (claim,)})
    found = drawings(Evidence(promised, history), [])
    assert [len(drawing.curves) for drawing in found] == [1, 1, 0]
    assert (found[0].line, found[0].curves[0].values) == (None, (None, None))
    write(tmp_path / "panels.html", "t", found)
    assert (tmp_path / "panels.html").read_text(encoding="utf-8").count("<section") == 3


class Traffic(Answers):
    """A server whose rates are 0/0 once the traffic is over, as `idle` says."""

    idle: str = "NaN"
    over = 0.0

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        moment = float((params or {}).get("time", 0.0))
        value = self.idle if moment > self.over else "2.5"
        return {"resultType": "vector", "result": [{"metric": {}, "value": [moment, value]}]}


@pytest.mark.parametrize(
    ("idle", "is_moved", "shown"), [("NaN", True, 2.5), ("0", True, 2.5), ("7", True, 7.0), ("0", False, 0.0)]
)
def test_a_query_for_one_moment_that_shows_nothing_at_rest_is_asked_for_one_with_traffic(
    idle: str, is_moved: bool, shown: float, tmp_path: Path
) -> None:
    with closing(Recorder(tmp_path / "history.jsonl", "test", SystemClock())) as history:
        if is_moved:
            history.add(Phase("traffic", "begin"))
            history.add(Phase("traffic", "end"))
        target = {"expr": "sum(rate(x[1m]))", "refId": "A", "instant": True}
        files = {"a.json": json.dumps(dashboard(panel(targets=[target])))}
        record.files(history, Texts(files, (PROMETHEUS,), (), ()), {"api": 15_000})
        read = GrafanaFolder(read_all(files, (PROMETHEUS,)), (PROMETHEUS,), (), ())
        server = Traffic("http://127.0.0.1:1")
        server.idle, server.over = idle, history.epoch + 50
        record.panels(history, server, read, TimeScale(1), (-60.0, 100.0))
        rows = [row.data for row in history.of(PanelAsked)]
        assert len(rows) == 4
        assert {row.series[0].points[0][1] for row in rows if row.series} == {shown}
        assert {row.end < (history.epoch + 50) * 1000 for row in rows} == {shown == 2.5}
        assert all(row.begin >= (history.epoch - 60) * 1000 - 1 for row in rows)
