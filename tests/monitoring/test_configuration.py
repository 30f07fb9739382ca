"""The shipped configuration as its tools and readers see it: valid, complete, routed as documented."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.contract.documentation import parse

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring" / "prometheus"
ALERTMANAGER = ROOT / "monitoring" / "alertmanager" / "alertmanager.yml"


def _run(*command: str | Path) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
        for group in _load(path)["groups"]
        for rule in group["rules"]
    ]


def test_prometheus_would_refuse_its_configuration_or_load_no_rules(promtool: Path) -> None:
    said = _run(promtool, "check", "config", PROMETHEUS / "prometheus.yml")
    files = len(list((PROMETHEUS / "rules").glob("*.yml")))
    assert f"{files} rule files found" in said, said


def test_a_rule_file_has_a_lint_finding(promtool: Path) -> None:
    _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *(PROMETHEUS / "rules").glob("*.yml"))


def test_a_rule_file_is_not_covered_by_the_pattern_in_the_configuration() -> None:
    (pattern,) = _load(PROMETHEUS / "prometheus.yml")["rule_files"]
    assert set(PROMETHEUS.glob(pattern)) == set(PROMETHEUS.glob("rules/*"))


def test_a_scrape_target_is_the_containers_own_localhost() -> None:
    jobs = _load(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    assert targets.pop("prometheus") == ["localhost:9090"]
    assert targets == {
        "promptpilot-api": ["api:8000"],
        "node": ["node-exporter:9100"],
        "cadvisor": ["cadvisor:8080"],
        "alertmanager": ["alertmanager:9093"],
    }


def test_alertmanager_would_refuse_its_configuration(amtool: Path) -> None:
    _run(amtool, "check-config", ALERTMANAGER)


def _receivers(amtool: Path, configuration: Path, alert: str) -> set[str]:
    said = _run(
        amtool,
        "config",
        "routes",
        "test",
        f"--config.file={configuration}",
        f"alertname={alert}",
        "job=promptpilot-api",
    )
    return set(said.splitlines()[-1].split(","))


@pytest.mark.parametrize("alert", [rule["alert"] for rule in _rules()])
def test_an_alert_reaches_the_wrong_receivers(alert: str, amtool: Path) -> None:
    wanted = {"webhook", "operator"} if alert == "ServiceDown" else {"webhook"}
    assert _receivers(amtool, ALERTMANAGER, alert) == wanted


def test_a_route_that_stops_at_the_operator_goes_unnoticed(amtool: Path, tmp_path: Path) -> None:
    document = _load(ALERTMANAGER)
    document["route"]["routes"][0]["continue"] = False
    changed = tmp_path / "alertmanager.yml"
    changed.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert _receivers(amtool, changed, "ServiceDown") == {"operator"}


def test_a_receiver_is_not_told_that_an_alert_resolved() -> None:
    for receiver in _load(ALERTMANAGER)["receivers"]:
        for webhook in receiver["webhook_configs"]:
            assert webhook["send_resolved"] is True, receiver["name"]


def test_an_alert_lacks_its_annotations_or_points_to_a_missing_runbook() -> None:
    for rule in _rules():
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, rule["alert"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor in parse(ROOT / page).anchors, rule["annotations"]["runbook"]
