"""The deployment claims on the shipped compose file, and the smallest broken file that turns each red."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.containers.bench import MONITORING
from verification.checks.deployment import unpinned_images, wrong_ports, wrong_storage
from verification.errors import InputError
from verification.stack import compose

pytestmark = pytest.mark.containers
Look = Callable[[dict[str, Any]], list[str]]


def services(tmp_path: Path, old: str = "", new: str = "") -> dict[str, Any]:
    """The services of the shipped file with one text replaced, as Compose resolves them."""
    try:
        compose.compose_binary()
    except InputError as error:
        pytest.skip(f"containers: {error}")
    text = (MONITORING / "docker-compose.yml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "docker-compose.yml"
    file.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    empty = tmp_path / "empty.env"
    empty.touch()
    project = compose.Project("verify-config", [file], empty, ["api", "grafana", "cadvisor"])
    found: dict[str, Any] = json.loads(project.run("config", "--format", "json"))["services"]
    return found


@pytest.mark.parametrize("look", [wrong_ports, unpinned_images, wrong_storage])
def test_the_shipped_file_breaks_none_of_its_promises(look: Look, tmp_path: Path) -> None:
    assert look(services(tmp_path)) == []


@pytest.mark.parametrize(
    ("look", "old", "new", "said"),
    [
        (wrong_ports, "127.0.0.1:${PROMETHEUS_PORT", "${PROMETHEUS_PORT", "publishes 9090 on all addresses"),
        (wrong_ports, "GRAFANA_PORT:-3001", "GRAFANA_PORT:-3000", "grafana is not on port 3001"),
        (unpinned_images, "prom/prometheus:v3.5.3", "prom/prometheus:latest", "prom/prometheus:latest"),
        (unpinned_images, "prom/alertmanager:v0.33.1", "prom/alertmanager", "not pinned"),
        (wrong_storage, "TIME:-15d", "TIME:-2d", "retention.time=15d"),
        (wrong_storage, "./prometheus:/etc/prometheus:ro", "./prometheus:/etc/other:ro", "not mounted"),
        (
            wrong_storage,
            "./alertmanager:/etc/alertmanager:ro",
            "./alertmanager:/etc/alertmanager",
            "may write",
        ),
        (wrong_storage, "prometheus-data:/prometheus", "prometheus-data:/data", "no named volume"),
    ],
)
def test_a_broken_file_turns_its_claim_red(look: Look, old: str, new: str, said: str, tmp_path: Path) -> None:
    assert said in "; ".join(look(services(tmp_path, old, new)))
