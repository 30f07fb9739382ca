"""Alerts that a drill did not ask for: which of them must be silent."""

from __future__ import annotations

import pytest

from tests.checks.drilled import LABELS, body, good, verdicts

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("folder", "outcome"), [(True, "fail"), (False, "pass")])
def test_a_busy_machine_is_a_finding_only_of_a_drill_that_writes_its_figures(
    folder: bool, outcome: str
) -> None:
    busy = {"labels": {"alertname": "HighCPUUsage", "instance": "node:1", "job": "node"}, "state": "firing"}
    rows = [row for row in good() if folder or row[1] != "proc_folder"]
    for t, kind, data in rows:
        if kind == "poll" and 25 <= t <= 26:
            data["alerts"] = [busy]
    assert str(verdicts(rows)["others-silent"].outcome) == outcome


@pytest.mark.parametrize(
    ("name", "expression", "outcome"),
    [
        ("TargetDown", 'up{job="node"} == 0', "pass"),
        ("TargetDown", 'up{job!="promptpilot-api"} == 0', "pass"),
        ("ServiceDown", 'up{job="promptpilot-api"} == 0', "fail"),
        ("Watchdog", "vector(1)", "pass"),
        ("DiskWillFill", "node_filesystem_avail_bytes < 1", "pass"),
    ],
)
def test_only_an_alert_whose_truth_is_known_must_be_silent(name: str, expression: str, outcome: str) -> None:
    active = {"labels": {"alertname": name, "job": "node"}, "state": "firing"}
    rule = {"name": name, "expression": expression, "hold": 60.0}
    rows = [*good(), (0.0, "rule_files", {"files": ["rules.yml"], "rules": [rule]})]
    for t, kind, data in rows:
        if kind == "poll" and 25 <= t <= 26:
            data["alerts"] = [active]
    found = verdicts(rows)["others-silent"]
    assert found.outcome == outcome, found.reason


@pytest.mark.parametrize(
    ("failed", "name", "outcome"),
    [(True, "ServiceDown", "unknown"), (False, "ServiceDown", "fail"), (True, "SlowResponses", "fail")],
    ids=["after failed scrapes", "no scrape failed", "not on up"],
)
def test_a_notification_of_an_alert_on_up_is_judged_where_no_scrape_failed(
    failed: bool, name: str, outcome: str
) -> None:
    up = [[9 + n / 4, 0.0 if failed and 60 < n < 66 else 1.0] for n in range(74)]
    scrapes = [{"name": "up", "labels": {}, "samples": up}]
    told = body("firing", labels={**LABELS, "alertname": name})
    rows = [*good(), (28.0, "stored", {"series": scrapes}), (26.0, "delivery", told)]
    found = verdicts(rows)["others-silent"]
    assert found.outcome == outcome, found.reason
