"""Nothing that is shipped moves by itself: exact versions everywhere, and digests only as a registry has told them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from promproof.errors import EvidenceError
from promproof.places import REPOSITORY
from promproof.stack import pinning

pytestmark = pytest.mark.unit
DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "f" * 64
COMPOSE = """services:
  prometheus:
    image: ${PROMETHEUS_IMAGE:-prom/prometheus:v3.5.3}
    user: "${API_USER:-65534:65534}"
  api:
    image: ${API_IMAGE:-promptpilot:local}
    environment: {URL: "${URL:-sqlite:////data/x.db}", WINDOW: "${WINDOW:-5m}"}
  cadvisor: {image: "${CADVISOR_IMAGE:-gcr.io/cadvisor/cadvisor:v0.53.0@OLD}"}
""".replace("OLD", OTHER)
WORKFLOW = (REPOSITORY / ".github/workflows/verify.yml").read_text(encoding="utf-8")
SHIPPED = [path.relative_to(REPOSITORY).as_posix() for path in pinning.files(REPOSITORY)]


def test_images_are_found_and_nothing_else_is() -> None:
    assert pinning.images(COMPOSE) == ["gcr.io/cadvisor/cadvisor:v0.53.0", "prom/prometheus:v3.5.3"]
    assert pinning.images("ARG PYTHON_IMAGE=python:3.13.7-slim\nFROM ${PYTHON_IMAGE}\n") == [
        "python:3.13.7-slim"
    ]
    assert len(SHIPPED) >= 6


def test_only_a_digest_that_a_registry_told_is_written(tmp_path: Path) -> None:
    file = tmp_path / "docker-compose.yml"
    said: list[str] = []
    file.write_text(COMPOSE, encoding="utf-8")

    def ask(image: str) -> str:
        if image.startswith("prom/"):
            return DIGEST
        raise EvidenceError(image, "the registry does not answer")

    assert pinning.pin([file], ask, said.append) == 1
    text = file.read_text(encoding="utf-8")
    assert text == COMPOSE.replace("v3.5.3}", f"v3.5.3@{DIGEST}}}")
    assert "1 of 2 images have no digest: no registry answered for them" in said
    assert pinning.pin([file], lambda image: DIGEST, said.append) == 0
    assert file.read_text(encoding="utf-8") == text.replace(OTHER, DIGEST)


def test_without_a_registry_no_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    said: list[str] = []
    file.write_text("ARG PYTHON_IMAGE=python:3.13.7-slim\n", encoding="utf-8")

    def ask(image: str) -> str:
        raise EvidenceError(image, "the registry does not answer: no such host")

    assert pinning.pin([file], ask, said.append) == 1
    assert file.read_text(encoding="utf-8") == "ARG PYTHON_IMAGE=python:3.13.7-slim\n"
    assert said[0] == "python:3.13.7-slim: not pinned, the registry does not answer: no such host"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_image_has_an_exact_version(name: str) -> None:
    for image in pinning.images((REPOSITORY / name).read_text(encoding="utf-8")):
        tag = image.rpartition(":")[2]
        assert re.match(r"v?\d+\.\d+\.\d+", tag), f"{image}: expected an exact version"


def test_every_action_has_an_exact_version() -> None:
    uses = re.findall(r"uses: (\S+)", WORKFLOW)
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w/-]+@(v\d+\.\d+\.\d+|[0-9a-f]{40})", use)] == []


def test_the_workflow_may_only_read_the_repository() -> None:
    workflow = yaml.safe_load(WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    assert not [name for name, job in workflow["jobs"].items() if "permissions" in job]
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            if step.get("uses", "").startswith("actions/upload-artifact@"):
                assert "!reports/**/private/**" in step["with"]["path"].split()


def test_nox_has_one_exact_version_everywhere() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in (
            REPOSITORY / "README.md",
            REPOSITORY / ".ci/run",
            REPOSITORY / ".github/workflows/verify.yml",
        )
    ]
    installed = [found for text in texts for found in re.findall(r"install .*?\b(nox\b\S*)", text)]
    assert len(installed) >= 4
    assert len(set(installed)) == 1, installed
    assert re.fullmatch(r"nox==\d+\.\d+\.\d+", installed[0])


def test_the_script_of_ci_is_valid_bash() -> None:
    subprocess.run(["bash", "-n", str(REPOSITORY / ".ci/run")], check=True)


def test_cadvisor_cannot_reach_the_engine_and_has_only_what_it_needs() -> None:
    service = yaml.safe_load((REPOSITORY / "monitoring/docker-compose.yml").read_text(encoding="utf-8"))[
        "services"
    ]["cadvisor"]
    assert service["user"] == "65534:65534"
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "devices", "cap_add", "pid", "network_mode"} & set(service)
    assert service["volumes"] == ["/:/rootfs:ro", "/sys:/sys:ro"]
