"""Variables: a value that is not offered, a choice that is not kept or gives nothing, a name that nobody declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.checks.base import Claim, judge
from promproof.checks.panel_variables import CHECK
from promproof.contract.model import Contract, load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.grafana.provisioning import Texts
from promproof.observe import panels
from promproof.run.clock import SystemClock
from promproof.verdict import Outcome, Verdict
from tests.grafana.twins import ROOT
from tests.records import filled

pytestmark = pytest.mark.unit
QUERY = 'label_values(http_requests_total{job="api"}, endpoint)'
EXPOSED = """# TYPE http_requests_total counter
http_requests_total{endpoint="/a"} 1
http_requests_total{endpoint="/b"} 1
"""
CHOICE = {
    "dashboard": "a.json",
    "path": "$.panels[0].targets[0]",
    "variable": "endpoint",
    "chosen": ["/a"],
    "labels": ["endpoint"],
    "series": [{"endpoint": "/a", "method": "GET"}],
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(ROOT / "monitoring" / "contract.yaml")


def judged(
    contract: Contract,
    folder: Path,
    *,
    query: str = QUERY,
    choice: dict[str, Any] | None = None,
    variable: dict[str, Any] | None = None,
    dashboard: dict[str, Any] | None = None,
) -> Verdict:
    """The verdict on a dashboard with one variable; the arguments change what was seen of it."""
    listed = {"name": "endpoint", "type": "query", "query": query, "multi": True, "includeAll": True}
    shown = {"uid": "a", "title": "A", "panels": [], "templating": {"list": [listed]}, **(dashboard or {})}
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    panels.files(history, Texts({"a.json": json.dumps(shown)}, (), (), ()), {})
    seen = {"dashboard": "a.json", "name": "endpoint", "values": ["/a", "/b", "/gone"], "chosen": [".*"]}
    history.add(filled("variable", {**seen, **(variable or {})}))
    history.add(filled("choice", {**CHOICE, **(choice or {})}))
    history.add(filled("exposition", {"label": "rest", "begin": 0.0, "end": 0.0, "text": EXPOSED}))
    history.close()
    return judge(CHECK, Claim("dashboards/variables"), Evidence(contract, history))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variable": {"values": []}}, "gives no value"),
        ({"variable": {"values": ["/a"]}}, "$endpoint: does not offer /b, which the target exposes"),
        ({"variable": {"chosen": []}}, "nothing is chosen when the dashboard opens"),
        ({"variable": {"error": "bad_data: parse error"}}, "bad_data: parse error"),
        ({"query": "label_values(x{a='$b'}, c)"}, "$b is no variable"),
        ({"choice": {"series": []}}, "$.panels[0].targets[0] with $endpoint at /a: gives nothing"),
        ({"choice": {"series": [{"endpoint": "/b"}]}}, "with $endpoint at /a: shows /b as well"),
        ({"choice": {"error": "parse error"}}, "with $endpoint at /a: parse error"),
        (
            {"dashboard": {"panels": [{"type": "stat", "repeat": "x"}]}},
            "repeats for $x, which is no variable",
        ),
        (
            {"dashboard": {"annotations": {"list": [{"expr": "up{a='$x'}"}]}}},
            "$.annotations.list[0]: $x is no variable",
        ),
    ],
)
def test_a_broken_variable_is_red(
    changes: dict[str, Any], says: str, contract: Contract, tmp_path: Path
) -> None:
    verdict = judged(contract, tmp_path, **changes)
    assert verdict.outcome is Outcome.FAIL, verdict
    assert says in verdict.reason


@pytest.mark.parametrize(
    "kind", ["datasource", "custom", "interval", "textbox", "constant", "adhoc", "groupby", "switch"]
)
def test_a_variable_that_asks_no_server_passes(kind: str, contract: Contract, tmp_path: Path) -> None:
    listed = {"name": "endpoint", "type": kind, "query": "5m,10m"}
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    made = {"uid": "a", "title": "A", "panels": [], "templating": {"list": [listed]}}
    panels.files(history, Texts({"a.json": json.dumps(made)}, (), (), ()), {})
    chosen = [] if kind in ("adhoc", "groupby") else ["5m"]
    seen = {"dashboard": "a.json", "name": "endpoint", "query": "5m,10m", "options": []}
    history.add(filled("variable", {**seen, "chosen": chosen}))
    history.close()
    verdict = judge(CHECK, Claim("dashboards/variables"), Evidence(contract, history))
    assert verdict.outcome is Outcome.PASS, verdict


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"choice": {"labels": [], "series": [{"job": "api"}]}},  # summed away: it tells nothing
        {"choice": {"chosen": ["/a", "/b"], "series": [{"endpoint": "/a"}, {"endpoint": "/b"}]}},
        {
            "query": 'label_values(http_requests_total{status="500"}, endpoint)',
            "variable": {"values": ["/a"]},
        },
        {"query": "label_values(node_cpu_seconds_total, mode)"},
    ],
)
def test_a_sound_variable_passes(changes: dict[str, Any], contract: Contract, tmp_path: Path) -> None:
    assert judged(contract, tmp_path, **changes).outcome is Outcome.PASS
