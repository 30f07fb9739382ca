"""Drills of a service of two instances: a fault at one of them, and the alert of this one alone."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.environment import HERE
from tests.services.test_services import told

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run]
FOLDER = HERE / "replicas"
BY = "sum by (instance) (rate(shop_requests_total%s[1m]))"
FAILED = BY % '{status="404"}'
RULES: list[dict[str, Any]] = [
    {"alert": "InstanceDown", "expr": 'up{job="shop"} == 0', "for": "1m", "labels": {"severity": "critical"}},
    {
        "alert": "NotFound",
        "expr": f"{FAILED} / {BY % ''} > 0.1",
        "for": "1m",
        "labels": {"severity": "warning"},
    },
]
ALERTS: list[dict[str, Any]] = [
    {
        "name": "InstanceDown",
        "comparator": "==",
        "threshold": 0,
        "unit": "state",
        "for": "1m",
        "metrics": ["up"],
    },
    {
        "name": "NotFound",
        "comparator": ">",
        "threshold": 0.1,
        "unit": "ratio",
        "window": "1m",
        "for": "1m",
        "metrics": ["shop_requests_total"],
    },
]
SCENARIO = """
scenario: 1
name: steady
mix: [{name: list, steps: [{request: GET /items}]}]
arrival: {model: open, rate: 20/s}
duration: 10s
"""
DRILLS = (
    {
        "name": "NotFound",
        "scenario": "../steady.yaml",
        "rate": 40.0,
        "fault": {"kind": "traffic", "request": "GET /nowhere", "endpoint": "unmatched", "status": 404},
        "below": 0.05,
        "above": 0.2,
    },
    {"name": "InstanceDown", "scenario": "../steady.yaml", "rate": 40.0, "fault": {"kind": "killed"}},
)
ROUTES = {
    "route": {"receiver": "ops", "group_by": ["alertname"], "group_wait": "10s", "group_interval": "30s"},
    "receivers": [{"name": "ops", "webhook_configs": [{"url": "http://127.0.0.1:9/"}]}],
}


def folder(where: Path, rules: list[dict[str, Any]]) -> Path:
    """The service's files with alerts, and drills of them."""
    out = where / "replicas"
    shutil.copytree(FOLDER, out)
    contract = yaml.safe_load((out / "contract.yaml").read_text(encoding="utf-8"))
    contract["traffic"] = {}
    contract["dashboards"] = []
    contract["alerts"] = [{**alert, "receivers": ["ops"]} for alert in ALERTS]
    prometheus = yaml.safe_load((out / "prometheus.yml").read_text(encoding="utf-8"))
    prometheus["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]}
    files = {
        "contract.yaml": contract,
        "prometheus.yml": prometheus,
        "rules.yml": {"groups": [{"name": "shop", "rules": rules}]},
        "alertmanager.yml": ROUTES,
        **{f"drills/{drill['name']}.yaml": {"drill": 1, "alert": drill["name"], **drill} for drill in DRILLS},
    }
    (out / "drills").mkdir()
    shutil.rmtree(out / "grafana")
    for name, data in files.items():
        (out / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    (out / "steady.yaml").write_text(SCENARIO, encoding="utf-8")
    return out


def drilled(
    where: Path, rules: list[dict[str, Any]], *names: str, status: set[int]
) -> dict[str, dict[str, Any]]:
    """What is said of each claim."""
    out = folder(where, rules)
    words = [
        "--contract",
        str(out / "contract.yaml"),
        "--monitoring",
        str(out),
        "--drills",
        str(out / "drills"),
    ]
    words += ["--time-scale", "15", "--reports", str(where / "reports")]
    words += ["--app", f"{sys.executable} {FOLDER / 'app.py'} {{port}}"]
    told(["drill", *names, *words], where, status=status)
    (report,) = (where / "reports").glob("[d0-9]*/report.json")
    return {row["claim"]: row for row in json.loads(report.read_text(encoding="utf-8"))["verdicts"]}


def test_the_alert_of_the_instance_with_the_fault_fires_and_no_other(tmp_path: Path) -> None:
    found = drilled(tmp_path, RULES, "NotFound", "InstanceDown", status={0, 2})
    assert {row["outcome"] for row in found.values()} <= {"pass", "not verified", "unknown"}
    for name in ("NotFound", "InstanceDown"):
        assert found[f"drill/{name}/fires-above"]["outcome"] == "pass", found
