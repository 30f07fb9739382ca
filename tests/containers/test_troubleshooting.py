"""The page's troubleshooting section: each listed problem is caused for real, and the verdict names the listed cause.

An empty dashboard is the business of the panels' tests, a receiver that refuses that of the drills.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promproof.checks import CHECKS
from promproof.checks.base import judge
from promproof.config.inputs import Document
from promproof.config.rules import read
from promproof.config.timescale import TimeScale
from promproof.config.yamlfile import load as load_yaml
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.observe import recording
from promproof.observe.prometheus import Prometheus
from promproof.render.monitoring import render
from promproof.run.clock import SystemClock
from promproof.stack.container_app import ContainerApp
from promproof.stack.containers import ContainerStack
from promproof.stack.journal import Journal
from promproof.stack.project import ContainerProject
from promproof.stack.waiting import wait_until
from promproof.verdict import Outcome, Verdict
from tests.containers import bench
from tests.containers.bench import MONITORING
from tests.records import filled

pytestmark = [pytest.mark.containers, pytest.mark.whole_run, pytest.mark.takes(15)]
SCALE = TimeScale(60)
API = "api:8000"
ELSEWHERE = """
networks:
  elsewhere: {driver: bridge}
"""


def _changed(tmp_path: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """The shipped folder with one text of each named file replaced."""
    folder = tmp_path / "monitoring"
    shutil.copytree(MONITORING, folder)
    for name, (old, new) in changes.items():
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    if "docker-compose.yml" in changes:
        file = folder / "docker-compose.yml"
        file.write_text(
            file.read_text(encoding="utf-8").replace("\nnetworks:\n", ELSEWHERE, 1), encoding="utf-8"
        )
    return folder


def _begun(tmp_path: Path) -> Recorder:
    """A history of a run in containers."""
    history = Recorder(tmp_path / "history.jsonl", "run", SystemClock())
    history.add(filled("prepared", {"time_scale": 60}))
    history.add(
        filled(
            "run",
            {"instance": API, "scrape_timeout": 10 / 60, "scrape_interval": 0.25, "backend": "containers"},
        )
    )
    return history


def _promised_rules(folder: Path) -> Any:
    """What the folder says, whether Prometheus was told to load it or not."""
    shipped = [load_yaml(path, "rules") for path in sorted((folder / "prometheus/rules").glob("*.yml"))]
    rules = read(
        Document(document.path, SCALE.rule_file(document.data), document.lines) for document in shipped
    )
    return filled("rendered_rules", {"rules": [vars(rule) for rule in rules]})


def _rendered(folder: Path, copy: Path, addresses: Any) -> Any:
    """The run copy of the folder."""
    return render(
        folder,
        copy,
        scale=SCALE,
        receivers={},
        alertmanager=addresses["alertmanager"],
        addresses={"prometheus": addresses["prometheus"], "promptpilot-api": API},
    )


def _record_configuration(history: Recorder, prometheus: Prometheus, alertmanager: str | None) -> None:
    """Write down what the two servers say of themselves."""
    receivers = ["webhook", "operator", "deadman"]
    recording.server(history, prometheus)
    recording.alertmanager(history, prometheus, alertmanager, receivers, "http://alertmanager:9093")


def verdicts(
    journal: Journal,
    tmp_path: Path,
    changes: dict[str, tuple[str, str]],
    then: Callable[[ContainerApp], None] = lambda app: None,
    *,
    wanted: str = "down",
) -> dict[str, Verdict]:
    """Bring the shipped folder up with one text of each named file replaced, and judge configuration and target.

    then: what happens when all is up. wanted: the target's health that is waited for.
    """
    folder = _changed(tmp_path, changes)
    contract = load(MONITORING / "contract.yaml")
    project = ContainerProject(folder / "docker-compose.yml", tmp_path / "stack", journal)
    app = ContainerApp(
        project,
        bench.deployment().target,
        tmp_path / "target",
        env={
            "PROMPTPILOT_FAULT_TOKEN": "{token}",
            "PROMPTPILOT_DATABASE_URL": "sqlite:///{workdir}/promptpilot.db",
        },
    )

    def configure(addresses: Any) -> Any:
        return _rendered(folder, tmp_path / "rendered", addresses)

    history = _begun(tmp_path)
    with project, app, ContainerStack(project, bench.deployment(), bench.images(), configure, SCALE) as stack:
        prometheus = Prometheus(stack.endpoints.prometheus)
        then(app)

        def scraped() -> str:
            # a busy machine's name server may answer later than the scaled time-out: then another scrape tells why
            seen = [
                (target["health"], target["lastError"])
                for target in prometheus.targets()
                if target["labels"]["instance"] == API and "deadline exceeded" not in target["lastError"]
            ]
            return "" if [health for health, _ in seen] == [wanted] else f"the target is {seen}, not {wanted}"

        wait_until(scraped, 60)
        _record_configuration(history, prometheus, stack.endpoints.alertmanager)
        recording.stored(history, prometheus, contract, [f'instance="{API}"'])
        history.add(_promised_rules(folder))
        prometheus.close()
    history.close()
    return _judged(Evidence(contract, history))


def _judged(evidence: Evidence) -> dict[str, Verdict]:
    """The verdicts of configuration and target."""
    return {
        claim.id: judge(check, claim, evidence)
        for check in CHECKS
        for claim in check.claims(evidence.contract)
        if claim.id in ("target/up", "config/rules-loaded", "config/alertmanager-connected")
    }


def test_a_stack_without_a_problem_passes(client: Any, journal: Journal, tmp_path: Path) -> None:
    found = verdicts(journal, tmp_path, {}, wanted="up")
    assert {verdict.outcome for verdict in found.values()} == {Outcome.PASS}, found


@pytest.mark.nightly
def test_without_metrics_a_stopped_api_is_named(client: Any, journal: Journal, tmp_path: Path) -> None:
    def kill(app: ContainerApp) -> None:
        app.kill()

    up = verdicts(journal, tmp_path, {}, kill)["target/up"]
    assert up.outcome is Outcome.FAIL
    assert "is the service running?" in up.reason or "the name is unknown" in up.reason


@pytest.mark.nightly
def test_without_metrics_a_wrong_scrape_configuration_is_named(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    changes = {"prometheus/prometheus.yml": ("metrics_path: /metrics", "metrics_path: /metricz")}
    up = verdicts(journal, tmp_path, changes)["target/up"]
    assert up.outcome is Outcome.FAIL
    assert "is metrics_path of the scrape configuration right?" in up.reason
    assert "documented path /metrics" in up.reason


@pytest.mark.nightly
def test_without_metrics_a_separate_network_is_named(client: Any, journal: Journal, tmp_path: Path) -> None:
    changes = {
        "docker-compose.yml": ("    profiles: [api]\n", "    profiles: [api]\n    networks: [elsewhere]\n")
    }
    up = verdicts(journal, tmp_path, changes)["target/up"]
    assert up.outcome is Outcome.FAIL
    assert "are both in the same network?" in up.reason


def test_a_wrong_path_and_missing_rules_and_alertmanager_are_each_named(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    """One folder with all three: each has a claim of its own."""
    text = (MONITORING / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    shipped = (
        text[text.index("  - rules/*.yml") : text.index("metrics_path: /metrics")] + "metrics_path: /metrics"
    )
    alerting = shipped[shipped.index("alerting:") : shipped.index("scrape_configs:")]
    broken = shipped.replace(alerting, "").replace("rules/*.yml", "rule/*.yml") + "x"
    found = verdicts(journal, tmp_path, {"prometheus/prometheus.yml": (shipped, broken)})
    assert {verdict.outcome for verdict in found.values()} == {Outcome.FAIL}, found
    assert "is metrics_path of the scrape configuration right?" in found["target/up"].reason
    assert "is in " in found["config/rules-loaded"].reason
    assert "and not loaded" in found["config/rules-loaded"].reason
    assert "sends to no Alertmanager" in found["config/alertmanager-connected"].reason


@pytest.mark.nightly
def test_without_alerts_a_prometheus_that_knows_no_alertmanager_is_named(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    text = (MONITORING / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    block = text[text.index("alerting:") : text.index("scrape_configs:")]
    found = verdicts(journal, tmp_path, {"prometheus/prometheus.yml": (block, "")}, wanted="up")
    connected = found["config/alertmanager-connected"]
    assert connected.outcome is Outcome.FAIL
    assert "sends to no Alertmanager" in connected.reason
