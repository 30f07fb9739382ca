"""The containers backend with a real engine: it comes up, is really isolated, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from promproof.config.timescale import TimeScale
from promproof.errors import EvidenceError
from promproof.observe.webhook import Receiver
from promproof.stack import compose
from promproof.stack.containers import ContainerStack
from promproof.stack.journal import Journal
from promproof.stack.protocol import ALERTMANAGER, PROMETHEUS, Status
from promproof.stack.waiting import loopback_session, wait_until
from tests.containers.bench import MONITORING, ROOT, configuration, deployment, images, parts, stack_of

pytestmark = [pytest.mark.containers, pytest.mark.whole_run, pytest.mark.takes(6)]
SCALE = TimeScale(60)
# Where every job must be up, the exporter meets its scaled time-out on a busy machine too.
PATIENT = TimeScale(15)


def get(url: str) -> Any:
    with loopback_session() as session:
        return session.get(url, timeout=5).json()


def test_the_stack_scrapes_every_job_loads_the_rules_and_stays_on_loopback(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    project, app = parts(journal, tmp_path, PATIENT)
    stack = stack_of(project, tmp_path, PATIENT)
    with project, app, stack:
        base = stack.endpoints.prometheus

        def unmet() -> str:
            active = get(f"{base}/api/v1/targets")["data"]["activeTargets"]
            seen = {target["labels"]["job"]: target["health"] for target in active}
            jobs = ("prometheus", "promptpilot-api", "node", "alertmanager")
            return "" if seen == dict.fromkeys(jobs, "up") else str(seen)

        wait_until(unmet, 60)
        assert get(f"{base}/api/v1/rules")["data"]["groups"]
        flags = get(f"{base}/api/v1/status/flags")["data"]
        assert flags["storage.tsdb.retention.time"] == "15d"
        for service in ("prometheus", "alertmanager", "node-exporter", "api"):
            bound = project.container(service).attrs["NetworkSettings"]["Ports"]
            hosts = {port["HostIp"] for some in bound.values() for port in some or ()}
            assert hosts == {"127.0.0.1"}, (service, bound)
        stack.reload(PROMETHEUS)
        stack.reload(ALERTMANAGER)
        name = project.name
    assert compose.contents(client, name) == []


def test_a_stopped_a_killed_and_a_started_component_are_told_apart(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    project, app = parts(journal, tmp_path, SCALE)
    stack = stack_of(project, tmp_path, SCALE)
    with project, app, stack:
        stack.stop(ALERTMANAGER)
        assert stack.states()[ALERTMANAGER].status is Status.STOPPED
        stack.start(ALERTMANAGER)
        assert stack.states()[ALERTMANAGER].status is Status.RUNNING
        stack.raise_if_dead()
        project.container("prometheus").kill()  # by somebody else
        with pytest.raises(EvidenceError, match=r"(?s)prometheus: died with signal 9.*last log lines:\n"):
            stack.raise_if_dead()


@pytest.mark.nightly  # every day: test_exercise.py
def test_a_prompt_survives_the_restart_of_the_target(client: Any, journal: Journal, tmp_path: Path) -> None:
    project, app = parts(journal, tmp_path, SCALE)
    with project, app, loopback_session() as session:
        made = session.post(f"{app.url}/api/v1/prompts", json={"name": "a", "template": "b"}, timeout=5)
        assert made.status_code == 201
        app.restart()
        assert get(f"{app.url}/api/v1/prompts")["total"] == 1
        assert app.pid is not None


def test_alertmanager_in_its_container_reaches_the_recorder_on_the_bridge(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    receiver = Receiver(time.monotonic)
    project, app = parts(journal, tmp_path, SCALE)
    try:
        with project, app:
            receiver.listen(project.gateway())
            stack = stack_of(project, tmp_path, SCALE, receiver.add("webhook"))
            with stack, loopback_session() as session:
                alert = [{"labels": {"alertname": "Test", "severity": "warning"}}]
                session.post(f"{stack.endpoints.alertmanager}/api/v2/alerts", json=alert, timeout=5)
                wait_until(lambda: "" if receiver.deliveries() else "no delivery", 60)
            assert receiver.deliveries()[0].status == 200
    finally:
        receiver.close()


def test_a_refused_configuration_is_reported_with_the_log_of_the_container(
    client: Any, journal: Journal, tmp_path: Path
) -> None:
    project, _ = parts(journal, tmp_path, SCALE)
    configure = configuration(tmp_path / "rendered", SCALE)

    def broken(addresses: Any) -> Any:
        rendered = configure(addresses)
        rendered.prometheus_config.write_text("nonsense: 1\n", encoding="utf-8")
        return rendered

    stack = ContainerStack(project, deployment(), images(), broken, SCALE)
    with project, pytest.raises(EvidenceError, match="nonsense"), stack:
        pass
    assert compose.contents(client, project.name) == []


def test_two_runs_at_once_do_not_disturb_each_other(client: Any, tmp_path: Path) -> None:
    with Journal(tmp_path / "runs") as one, Journal(tmp_path / "runs") as two:
        first, app = parts(one, tmp_path / "1", SCALE)
        second, other = parts(two, tmp_path / "2", SCALE)
        with first, app:
            with second, other:
                assert compose.clear_containers(client, tmp_path / "runs") == []
                assert app.url != other.url
                reach = "import urllib.request as u; u.urlopen('http://%s:8000/metrics', timeout=2)"
                networks = second.container("api").attrs["NetworkSettings"]["Networks"]
                address = next(iter(networks.values()))["IPAddress"]
                status, _ = first.container("api").exec_run(
                    ["/opt/promptpilot/bin/python", "-c", reach % address]
                )
                assert status != 0, "a service is reached from another run's network"
            with loopback_session() as session:
                assert session.get(f"{app.url}/health", timeout=5).status_code == requests.codes.ok


CRASHING = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.containers.bench import parts
from promproof.stack.journal import Journal
from promproof.config.timescale import TimeScale
with Journal(Path({folder!r}) / "runs") as journal:
    project, app = parts(journal, Path({folder!r}), TimeScale(60))
    with project, app:
        print(project.name, flush=True)
        time.sleep(600)
"""


def test_the_next_run_clears_what_a_killed_run_left(client: Any, tmp_path: Path) -> None:
    script = CRASHING.format(root=str(ROOT), folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        name = process.stdout.readline().strip()
        os.kill(process.pid, signal.SIGKILL)
    assert any(thing.startswith("container") for thing in compose.contents(client, name))
    cleared = compose.clear_containers(client, tmp_path / "runs")
    assert cleared
    assert all(entry.cleared for entry in cleared)
    assert compose.contents(client, name) == []


def test_the_documented_file_publishes_ports_on_loopback_and_pins_its_images(
    client: Any, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.env"
    empty.touch()
    profiles = ["api", "grafana", "cadvisor"]
    project = compose.Project("verify-config", [MONITORING / "docker-compose.yml"], empty, profiles)
    config = json.loads(project.run("config", "--format", "json"))
    published = {
        name: [(port["host_ip"], port["published"]) for port in service["ports"]]
        for name, service in config["services"].items()
    }
    assert published == {
        "prometheus": [("127.0.0.1", "9090")],
        "grafana": [("127.0.0.1", "3001")],
        "node-exporter": [("127.0.0.1", "9100")],
        "alertmanager": [("127.0.0.1", "9093")],
        "cadvisor": [("127.0.0.1", "8080")],
        "api": [("127.0.0.1", "8000")],
    }
    assert not [s["image"] for s in config["services"].values() if s["image"].endswith(":latest")]
