"""What a draft only saw, and nobody relies on, is not promised: a change of it is no finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from promproof.config.folder import read_folder
from promproof.config.rules import read as read_rules
from promproof.contract.model import Contract
from promproof.draft import folder as monitoring
from promproof.draft.merge import merge
from promproof.draft.metrics import metrics
from promproof.draft.recognise import recognise
from promproof.grafana.read import read
from tests.draft.readings import recorded

pytestmark = pytest.mark.unit
D = "http_request_duration_seconds"


def board(expression: str, title: str = "Traffic") -> str:
    panel = {"id": 1, "type": "timeseries", "title": "P", "targets": [{"refId": "A", "expr": expression}]}
    return json.dumps({"uid": "a", "title": title, "panels": [panel]})


def promised(read: frozenset[str] | None) -> dict[str, list[float] | None]:
    seen = recorded("fastapi")
    text = "\n".join(metrics(seen, recognise(seen), "/metrics", frozenset(), "", read))
    told = yaml.safe_load(text)["metrics"]
    return {metric["name"]: metric.get("buckets") for metric in told if metric["type"] == "histogram"}


def test_buckets_that_nobody_reads_are_not_promised() -> None:
    everything = promised(None)
    assert all(everything.values())
    assert not any(promised(frozenset()).values())
    assert promised(frozenset({D}))[D] == everything[D]


def test_a_metric_whose_buckets_are_left_out_says_how_to_promise_them() -> None:
    seen = recorded("fastapi")
    assert "`buckets` promises them" in "\n".join(
        metrics(seen, recognise(seen), "/metrics", frozenset(), "", frozenset())
    )
    assert "`buckets`" not in "\n".join(metrics(seen, recognise(seen), "/metrics", frozenset()))


@pytest.mark.parametrize(
    ("rule", "panel", "found"),
    [
        (f"histogram_quantile(0.9, sum by (le) (rate({D}_bucket[5m]))) > 1", "up", {D}),
        ("up == 0", f"sum by (le) (increase({D}_bucket[1m]))", {D}),
        (f"rate({D}_sum[5m]) / rate({D}_count[5m]) > 1", "up", set()),
        ("up == 0", "sum by (le) (increase(${metric}_bucket[1m]))", None),
        ("up == 0", 'sum({__name__=~"http.*"})', None),
    ],
)
def test_rules_recording_rules_and_panels_read_buckets(
    rule: str, panel: str, found: set[str] | None, tmp_path: Path
) -> None:
    (tmp_path / "prometheus.yml").write_text("rule_files: [rules.yml]\n", encoding="utf-8")
    rules = [{"alert": "A", "expr": rule}, {"record": "r", "expr": "rate(queue_bucket[5m])"}]
    groups = {"groups": [{"name": "g", "rules": rules}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    folder = read_folder(tmp_path)
    told = monitoring.read_buckets(folder, read_rules(folder.rules), [read("a.json", board(panel))])
    assert told == (None if found is None else {"queue", *found})


def dashboards(title: str) -> str:
    return "\n".join(monitoring.dashboards([read("a.json", board("up", title))], {})) + "\n"


def test_a_dashboard_that_is_called_otherwise_is_the_same_in_a_new_draft() -> None:
    base = dashboards("Traffic")
    merged = merge(base, base + "    described: true\n", dashboards("Traffic and errors"))
    assert yaml.safe_load(merged.text) == {
        "dashboards": [{"title": "Traffic", "uid": "a", "described": True}]
    }
    merged = merge(base, base, dashboards("Traffic and errors"))
    assert yaml.safe_load(merged.text) == {"dashboards": [{"title": "Traffic and errors", "uid": "a"}]}


def test_several_dashboards_may_go_without_a_title() -> None:
    """Then one that is called otherwise is no finding."""
    found = Contract.model_validate(
        {"contract": 1, "service": "s", "dashboards": [{"uid": "a"}, {"uid": "b"}]}
    )
    assert [dashboard.title for dashboard in found.dashboards] == ["", ""]
