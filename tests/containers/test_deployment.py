"""The deployment claims on the shipped compose file, and the smallest broken file that turns each red."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from promproof.checks import deployment_file as file
from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import DeploymentRead
from promproof.run.static import data_sources
from promproof.stack import compose
from promproof.stack.supply import resolve
from promproof.verdict import Outcome, exit_status
from tests.containers.bench import MONITORING, deployment

pytestmark = pytest.mark.containers

COMPOSE = "docker-compose.yml"
PROMETHEUS = "prometheus/prometheus.yml"
SOURCES = "grafana/provisioning/datasources/prometheus.yml"
DEFAULT = """\
  - name: Another
    type: prometheus
    url: http://prometheus:9090
    isDefault: true
"""


def record(tmp_path: Path, name: str = "", old: str = "", new: str = "", **variables: str) -> DeploymentRead:
    """The record `deployment` of the shipped folder with one text of one file replaced; an empty one is appended to."""
    try:
        compose.compose_command()
    except InputError as error:
        pytest.skip(f"needs a container engine: {error}")
    folder = tmp_path / "monitoring"
    shutil.copytree(MONITORING, folder)
    if name:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        changed = text.replace(old, new, 1) if old else text + new
        (folder / name).write_text(changed, encoding="utf-8")
    config = resolve(folder / COMPOSE, variables=variables)
    targets = {job: tuple(scraped.targets) for job, scraped in read_folder(folder).jobs.items()}
    return DeploymentRead(config, targets, tuple(data_sources(config, deployment())))


LOOKS = [
    file.wrong_ports,
    file.unpinned_images,
    file.wrong_storage,
    file.wrong_retention,
    file.unreachable_targets,
    file.wrong_data_sources,
]


@pytest.mark.parametrize("look", LOOKS)
def test_the_shipped_file_keeps_its_promises(look: file.Look, tmp_path: Path) -> None:
    assert look(deployment(), record(tmp_path)) == []


@pytest.mark.parametrize(
    ("look", "name", "old", "new", "said"),
    [
        (
            file.wrong_ports,
            COMPOSE,
            "127.0.0.1:${PROMETHEUS_PORT",
            "${PROMETHEUS_PORT",
            "9090 on all addresses",
        ),
        (
            file.wrong_ports,
            COMPOSE,
            "GRAFANA_PORT:-3001",
            "GRAFANA_PORT:-3000",
            "grafana is not on port 3001",
        ),
        (file.unpinned_images, COMPOSE, "prom/prometheus:v3.5.3", "prom/prometheus:latest", ":latest"),
        (file.unpinned_images, COMPOSE, "prom/alertmanager:v0.33.1", "prom/alertmanager", "not pinned"),
        (file.wrong_retention, COMPOSE, "TIME:-15d", "TIME:-2d", "2d"),
        (
            file.wrong_retention,
            COMPOSE,
            "      - --storage.tsdb.retention.size=",
            "      - --x=",
            "not given",
        ),
        (file.wrong_storage, COMPOSE, "./prometheus:/etc/prometheus:ro", "./prometheus:/x:ro", "not mounted"),
        (
            file.wrong_storage,
            COMPOSE,
            "./alertmanager:/etc/alertmanager:ro",
            "./alertmanager:/etc/alertmanager",
            "may write",
        ),
        (
            file.wrong_storage,
            COMPOSE,
            "prometheus-data:/prometheus",
            "prometheus-data:/data",
            "no named volume",
        ),
        (file.unreachable_targets, PROMETHEUS, "api:8000", "localhost:8000", "is Prometheus itself"),
        (file.unreachable_targets, PROMETHEUS, "node-exporter:9100", "node:9100", "no service node"),
        (file.wrong_data_sources, SOURCES, "", DEFAULT, "2 default data sources"),
        (file.wrong_data_sources, SOURCES, "prometheus:9090", "localhost:9090", "no service 'localhost'"),
    ],
)
def test_a_broken_file_is_told_what_is_wrong(
    look: file.Look, name: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    assert said in "; ".join(look(deployment(), record(tmp_path, name, old, new)))


@pytest.mark.parametrize(
    ("variables", "outcome", "strict"),
    [
        ({}, Outcome.NOT_VERIFIED, 2),
        ({"GRAFANA_ADMIN_PASSWORD": "a-better-one"}, Outcome.PASS, 0),
        ({"GRAFANA_ADMIN_USER": "somebody"}, Outcome.PASS, 0),
    ],
)
def test_a_default_password_is_not_verified_and_a_changed_one_passes(
    variables: dict[str, str], outcome: Outcome, strict: int, tmp_path: Path
) -> None:
    contract = load(MONITORING / "contract.yaml")
    history = History("run", 0.0, 0.0, [Record(1, 0.0, record(tmp_path, **variables))])
    check = next(check for check in file.CHECKS if check.name == "deployment-account")
    (claim,) = check.claims(contract)
    verdict = check.judge(claim, Evidence(contract, history))
    assert verdict.outcome is outcome
    assert exit_status([verdict], strict=True) == strict
