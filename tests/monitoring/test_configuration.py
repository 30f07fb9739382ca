"""The shipped configuration as its tools and readers see it: valid, complete, routed as documented."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from promproof.contract.documentation import parse
from promproof.contract.model import load
from promproof.places import DEFAULT_CONTRACT

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring" / "prometheus"
DASHBOARDS = ROOT / "monitoring" / "grafana" / "dashboards"
ALERTMANAGER = ROOT / "monitoring" / "alertmanager" / "alertmanager.yml"


def _run(*command: str | Path) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _alerts() -> list[dict[str, Any]]:
    return [
        rule
        for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
        for group in _load(path)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


def test_prometheus_takes_its_configuration_and_loads_its_rules(promtool: Path) -> None:
    said = _run(promtool, "check", "config", PROMETHEUS / "prometheus.yml")
    files = len(list((PROMETHEUS / "rules").glob("*.yml")))
    assert f"{files} rule files found" in said, said


def test_the_rule_files_have_no_lint_finding(promtool: Path) -> None:
    _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *(PROMETHEUS / "rules").glob("*.yml"))


def test_every_rule_file_is_covered_by_the_pattern_in_the_configuration() -> None:
    (pattern,) = _load(PROMETHEUS / "prometheus.yml")["rule_files"]
    assert set(PROMETHEUS.glob(pattern)) == set(PROMETHEUS.glob("rules/*"))


def test_no_scrape_target_but_prometheus_is_localhost() -> None:
    jobs = _load(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    assert targets.pop("prometheus") == ["localhost:9090"]
    assert targets == {
        "promptpilot-api": ["api:8000"],
        "node": ["node-exporter:9100"],
        "cadvisor": ["cadvisor:8080"],
        "alertmanager": ["alertmanager:9093"],
    }


def test_alertmanager_takes_its_configuration(amtool: Path) -> None:
    _run(amtool, "check-config", ALERTMANAGER)


def _receivers(amtool: Path, configuration: Path, alert: str, severity: str) -> set[str]:
    said = _run(
        amtool,
        "config",
        "routes",
        "test",
        f"--config.file={configuration}",
        f"alertname={alert}",
        f"severity={severity}",
        "job=promptpilot-api",
    )
    return set(said.splitlines()[-1].split(","))


RECEIVERS = {"critical": {"webhook", "operator"}, "warning": {"webhook"}, "none": {"deadman"}}


@pytest.mark.parametrize("rule", _alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_reaches_the_receivers_of_its_severity(rule: dict[str, Any], amtool: Path) -> None:
    severity = rule["labels"]["severity"]
    assert _receivers(amtool, ALERTMANAGER, rule["alert"], severity) == RECEIVERS[severity]


def test_a_route_that_stops_at_the_operator_is_noticed(amtool: Path, tmp_path: Path) -> None:
    document = _load(ALERTMANAGER)
    document["route"]["routes"][1]["continue"] = False
    changed = tmp_path / "alertmanager.yml"
    changed.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert _receivers(amtool, changed, "ServiceDown", "critical") == {"operator"}


def test_every_receiver_but_the_dead_mans_switch_is_told_the_resolution() -> None:
    for receiver in _load(ALERTMANAGER)["receivers"]:
        for webhook in receiver["webhook_configs"]:
            # an end is no sign of life to a dead man's switch
            assert webhook["send_resolved"] is (receiver["name"] != "deadman"), receiver["name"]


TEXTS = {"summary", "description", "runbook", "runbook_url", "dashboard_url"}


def test_an_alert_links_its_runbook_and_a_dashboard_that_exist() -> None:
    anchors = parse(ROOT / "docs" / "monitoring.md").anchors
    dashboards = {
        board["uid"]: {panel["id"] for panel in board["panels"]}
        for board in (json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS.glob("*.json"))
    }
    deployment = load(DEFAULT_CONTRACT).deployment
    assert deployment is not None
    port = deployment.services["grafana"].port
    for rule in _alerts():
        texts = rule["annotations"]
        assert set(texts) == TEXTS, rule["alert"]
        assert texts["runbook"] == "docs/monitoring.md#" + rule["alert"].lower()
        assert texts["runbook_url"] == "{{ $externalURL }}/user/monitoring.md#" + rule["alert"].lower()
        assert rule["alert"].lower() in anchors
        link = urlsplit(texts["dashboard_url"])
        assert link.netloc == f"localhost:{port}"
        uid = link.path.removeprefix("/d/")
        wanted = {int(number) for number in parse_qs(link.query).get("viewPanel", [])}
        assert wanted <= dashboards[uid], texts["dashboard_url"]


def test_prometheus_serves_the_page_that_its_alerts_link() -> None:
    service = _load(ROOT / "monitoring" / "docker-compose.yml")["services"]["prometheus"]
    assert "--web.user-assets=/usr/share/runbooks" in service["command"]
    assert "../docs/monitoring.md:/usr/share/runbooks/monitoring.md:ro" in service["volumes"]
    assert any(flag.startswith("--web.external-url=") for flag in service["command"])
