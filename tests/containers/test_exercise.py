"""The exercise of a deployment on real containers: what is right stays green, a broken file turns its claims red."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from promproof.checks import CHECKS
from promproof.checks.base import judge
from promproof.config.timescale import TimeScale
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.observe import recording
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.prometheus import Prometheus
from promproof.run import exercises
from promproof.run.clock import SystemClock
from promproof.stack import compose
from promproof.stack.containers import ContainerStack
from promproof.stack.journal import Journal
from promproof.stack.project import ContainerProject
from promproof.stack.waiting import wait_until
from promproof.verdict import Outcome
from tests.containers import bench
from tests.containers.bench import MONITORING
from tests.records import filled

pytestmark = [pytest.mark.containers, pytest.mark.whole_run, pytest.mark.takes(25)]
SCALE = TimeScale(60)
LIVE = ("deployment/survives/", "deployment/down", "deployment/retention-in-force", "deployment/isolation")


def exercised(
    journal: Journal, tmp_path: Path, *changes: tuple[str, str]
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """Outcome and reason of the live claims on the shipped compose file with these texts replaced."""
    folder = tmp_path / "monitoring"
    shutil.copytree(MONITORING, folder)
    file = folder / "docker-compose.yml"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    contract = load(MONITORING / "contract.yaml")
    history = Recorder(tmp_path / "history.jsonl", "run", SystemClock())
    history.add(filled("prepared", {"time_scale": 60}))
    history.add(filled("run", {"backend": "containers"}))
    project = ContainerProject(file, tmp_path / "stack", journal)
    configure = bench.configuration(tmp_path / "rendered", SCALE)
    stack = ContainerStack(project, bench.deployment(), bench.images(), configure, SCALE)
    with project, stack:
        prometheus = Prometheus(stack.endpoints.prometheus)

        def scraped() -> str:
            return "" if prometheus.query('count(up{job="prometheus"})') else "no scrape yet"

        wait_until(scraped, 60)
        time.sleep(3 * 15 / SCALE.factor)  # three scrapes, so that there is something to lose
        recording.server(history, prometheus)
        observer = Alertmanager(str(stack.endpoints.alertmanager))
        exercises.edit_and_reload(
            stack.rendered, stack.reload, prometheus, lambda: recording.receivers(observer.url), history
        )
        assert stack.deployed is not None
        exercises.exercise(stack.deployed, prometheus, history, 1.0, lambda text: None)
        prometheus.close()
        observer.close()
    history.close()
    evidence = Evidence(contract, history)
    verdicts = [
        judge(check, claim, evidence)
        for check in CHECKS
        for claim in check.claims(contract)
        if claim.id.startswith((*LIVE, "config/reload"))
    ]
    return {verdict.claim: verdict.outcome for verdict in verdicts}, {
        verdict.claim: verdict.reason for verdict in verdicts
    }


@pytest.mark.nightly  # every day the main job in containers makes these claims of it (.ci/run)
def test_the_shipped_deployment_keeps_its_data_is_isolated_and_leaves_nothing(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    outcomes, reasons = exercised(journal, tmp_path)
    assert set(outcomes.values()) == {Outcome.PASS}, reasons
    assert compose.contents(client, compose.project_name(journal.run)) == []


def test_a_wrong_volume_and_another_retention_fail(client: Any, journal: Journal, tmp_path: Path) -> None:
    outcomes, reasons = exercised(
        journal,
        tmp_path,
        ("prometheus-data:/prometheus", "prometheus-data:/elsewhere"),
        ("TIME:-15d", "TIME:-2d"),
    )
    assert outcomes["deployment/survives/down-and-up"] is Outcome.FAIL, reasons
    assert outcomes["deployment/retention-in-force"] is Outcome.FAIL, reasons
    assert outcomes["deployment/survives/restart"] is Outcome.PASS, reasons
    assert outcomes["deployment/isolation"] is Outcome.PASS, reasons
