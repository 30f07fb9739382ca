"""What is shipped for other machines: manifests, compose file, scrape job and dashboard, as their tools read them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from promproof.cli.program import parse
from promproof.contract.model import load
from promproof.load.export import LoadCollector
from promproof.load.options import Options, read
from promproof.stack.binaries import find_binaries
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session
from tests.load.conftest import LoadSessions
from tests.load.processes import DEADLINE_SECONDS, ROOT, wait_for

MONITORING = ROOT / "monitoring"
KUBERNETES = MONITORING / "kubernetes"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(KUBERNETES.glob("load-*.yaml")):
        for number, document in enumerate(yaml.safe_load_all(path.read_text(encoding="utf-8"))):
            yield f"{path.name}-{number}", document


MANIFESTS = dict(documents())


def session(words: list[str]) -> Options:
    """What a container's command asks for."""
    chosen = parse(words[1:])
    assert not isinstance(chosen, int)
    return read(chosen.given)


def pods() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each workload with its one container."""
    for document in MANIFESTS.values():
        if document["kind"] in ("Deployment", "Job"):
            (container,) = document["spec"]["template"]["spec"]["containers"]
            yield document, container


@pytest.mark.unit
@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_takes_each_manifest(name: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], kubernetes_validate.latest_version(), strict=True)


@pytest.mark.unit
def test_the_schema_check_of_manifests_refuses_a_misspelt_key() -> None:
    broken = json.loads(json.dumps(MANIFESTS["load-workers.yaml-0"]))
    broken["spec"]["replica"] = broken["spec"].pop("replicas")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.unit
def test_workers_look_for_a_master_that_a_service_names() -> None:
    services = {
        manifest["metadata"]["name"]: manifest
        for manifest in MANIFESTS.values()
        if manifest["kind"] == "Service"
    }
    masters = set()
    for _, container in pods():
        for argument in container["args"]:
            if argument.startswith("--master-host="):
                masters.add(argument.removeprefix("--master-host="))
    assert masters == set(services)
    for service in services.values():
        selected = [
            container
            for workload, container in pods()
            if service["spec"]["selector"].items()
            <= workload["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert len(selected) == 1
        ports = {port["name"]: port["containerPort"] for port in selected[0]["ports"]}
        assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports


@pytest.mark.unit
def test_the_master_waits_for_as_many_workers_as_are_started() -> None:
    jobs = {
        manifest["metadata"]["name"]: manifest for manifest in MANIFESTS.values() if manifest["kind"] == "Job"
    }
    (master,) = jobs["load"]["spec"]["template"]["spec"]["containers"]
    options = session(master["args"])
    assert master["args"][:2] == ["promproof", "load"]
    assert options.sharing.await_workers == jobs["load-workers"]["spec"]["parallelism"]
    assert options.sharing.listen == ("0.0.0.0", 5557)
    assert options.output.serve_metrics == ("0.0.0.0", 9646)


@pytest.mark.stack
def test_compose_starts_the_load_profile_only_when_asked() -> None:
    def config(*options: str) -> dict[str, Any]:
        command = [
            str(Path(sys.executable).parent / "docker-compose"),
            "-f",
            "docker-compose.yml",
            "-f",
            "load/docker-compose.yml",
            *options,
            "config",
            "--format",
            "json",
        ]
        done = subprocess.run(
            command, cwd=MONITORING, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    assert not [name for name in config()["services"] if name.startswith("load")]
    services = config("--profile", "load")["services"]
    options = session(services["load-master"]["command"])
    assert options.sharing.await_workers == services["load-worker"]["deploy"]["replicas"]
    assert "--master-host=load-master" in services["load-worker"]["command"]
    for name in ("load-master", "load-worker"):
        assert Path(services[name]["build"]["context"]) == ROOT
        assert (ROOT / services[name]["build"]["dockerfile"]).is_file()
        assert list(services[name]["networks"]) == ["monitoring"]


@pytest.mark.stack
def test_prometheus_takes_its_configuration_with_the_scrape_job(tmp_path: Path) -> None:
    whole = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    added = yaml.safe_load((MONITORING / "load" / "scrape.yml").read_text(encoding="utf-8"))
    whole["scrape_configs"] += added["scrape_configs"]
    whole.pop("rule_files")
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    promtool = find_binaries().promtool.path
    done = subprocess.run(
        [str(promtool), "check", "config", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def exported(text: str) -> set[str]:
    """Names of series that an exposition can have."""
    names = set()
    for family in text_string_to_metric_families(text):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        names |= {family.name + suffix for suffix in suffixes}
    return names


@pytest.mark.unit
def test_the_dashboard_asks_only_for_metrics_that_are_exported_or_promised() -> None:
    registry = CollectorRegistry()
    registry.register(LoadCollector(lambda: None))
    contract = load(MONITORING / "contract.yaml")
    promised = {
        name
        for metric in contract.metrics
        for name in (metric.name, *(metric.name + suffix for suffix in ("_bucket", "_count", "_sum")))
    }
    known = exported(generate_latest(registry).decode()) | promised
    dashboard = json.loads((MONITORING / "load" / "dashboard.json").read_text(encoding="utf-8"))
    asked = set()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            promql_parser.parse(expression)
            asked |= set(re.findall(r"\b(?:load|http)_[a-z_]+", expression))
    assert asked <= known
    assert {"load_requests_total", "http_requests_total", "load_lag_seconds"} <= asked


SHORT = """
scenario: 1
name: short
mix: [{name: list, steps: [{request: GET /things}]}]
arrival: {model: open, rate: 50/s}
duration: 10m
generator: {lag: 10s, cpu: 100%}
"""


@pytest.mark.stack
def test_the_load_is_exported_while_it_runs(sessions: LoadSessions) -> None:
    (port,) = allocate_ports(1)
    session = sessions.start(SHORT, "--serve-metrics", str(port))
    session.ledger_has("arrivals-started")

    def sent() -> float:
        with loopback_session() as asking:
            text = asking.get(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE_SECONDS).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        assert {sample.value for sample in samples if sample.name == "load_running"} == {1.0}
        return sum(sample.value for sample in samples if sample.name == "load_requests_total")

    first = wait_for(sent, "answers")
    wait_for(lambda: sent() > first, "more answers")
    session.process.terminate()
    session.end()
