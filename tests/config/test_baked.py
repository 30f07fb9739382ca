"""Configurations and rules that a Dockerfile copies into an image, or a stack's `configs` bring, are those that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.baked import image
from promproof.config.folder import find_prometheus, read_folder
from promproof.config.mounted import configuration, files, grafana

pytestmark = pytest.mark.unit
RULES = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]\n"


def written(root: Path, **texts: str) -> Path:
    """Files by name, `__` for `/`."""
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def copies(tmp_path: Path, text: str) -> dict[str, str]:
    """Where in the image what is in the context comes to."""
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    found = image(tmp_path / "Dockerfile", tmp_path)
    assert found is not None
    return {target: str(source.relative_to(tmp_path)) for source, target in found.copies}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("COPY a.yml /etc/prometheus/b.yml", {"/etc/prometheus/b.yml": "a.yml"}),
        ("COPY a.yml /etc/prometheus/", {"/etc/prometheus/a.yml": "a.yml"}),
        ("ADD a.yml /etc/prometheus", {"/etc/prometheus/a.yml": "a.yml"}),
        (
            "COPY --chown=nobody:nobody a.yml b.yml /conf/",
            {"/conf/a.yml": "a.yml", "/conf/b.yml": "b.yml"},
        ),
        ("COPY *.yml /conf/", {"/conf/a.yml": "a.yml", "/conf/b.yml": "b.yml"}),
        ("COPY rules/ /etc/prometheus/rules/", {"/etc/prometheus/rules": "rules"}),
        ("COPY . /etc/prometheus", {"/etc/prometheus": "."}),
        ('COPY ["a.yml", "/etc/prometheus/"]', {"/etc/prometheus/a.yml": "a.yml"}),
        ("copy a.yml \\\n  # which file\n  /conf/b.yml", {"/conf/b.yml": "a.yml"}),
        ("WORKDIR /etc/prometheus\nCOPY a.yml .", {"/etc/prometheus/a.yml": "a.yml"}),
        ("ARG PLACE=/conf\nCOPY a.yml ${PLACE}/b.yml", {"/conf/b.yml": "a.yml"}),
        ("COPY --from=builder /a.yml /etc/prometheus/", {}),
        ("ADD https://example.org/a.yml /etc/prometheus/", {}),
        ("ADD rootfs", {}),
    ],
)
def test_a_copy_is_read_as_docker_does(line: str, found: dict[str, str], tmp_path: Path) -> None:
    written(tmp_path, a_yml="{}", b_yml="{}", rules__x_yml=RULES)
    assert copies(tmp_path, f"FROM prom/prometheus\n{line}\n") == found


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("ARG VERSION=v3.2.1\nFROM prom/prometheus:${VERSION}\n", "prom/prometheus:v3.2.1"),
        ("FROM --platform=linux/amd64 prom/prometheus AS p\n", "prom/prometheus"),
        ("FROM prom/prometheus AS base\nFROM alpine AS other\nFROM base\n", "prom/prometheus"),
        ("FROM golang AS build\nFROM prom/alertmanager\n", "prom/alertmanager"),
    ],
)
def test_an_image_begins_with_that_of_its_last_stage(text: str, base: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    found = image(tmp_path / "Dockerfile", tmp_path)
    assert found is not None
    assert found.base == base


def test_rules_of_an_image_that_compose_builds_are_read(tmp_path: Path) -> None:
    written(
        tmp_path,
        mon__prometheus_yml="rule_files: [/etc/prometheus/rules/*.yml]\n",
        alerts__x_yml=RULES,
    )
    (tmp_path / "docker-compose.yml").write_text(
        "services: {server: {build: {context: ., dockerfile: mon/Dockerfile}, image: own/name}}\n",
        encoding="utf-8",
    )
    (tmp_path / "mon" / "Dockerfile").write_text(
        "FROM prom/prometheus\nCOPY mon/prometheus.yml /etc/prometheus/\nCOPY alerts /etc/prometheus/rules\n",
        encoding="utf-8",
    )
    found = read_folder(tmp_path / "mon")
    assert [document.path for document in found.rules] == [tmp_path / "alerts" / "x.yml"]
    assert not found.findings


def test_the_configuration_that_an_image_names_is_found_without_compose(tmp_path: Path) -> None:
    written(tmp_path, prom_yml="rule_files: [/etc/prometheus/a.yml]\n", a_yml=RULES)
    (tmp_path / "Dockerfile").write_text(
        'FROM prom/prometheus\nCOPY prom.yml a.yml /etc/prometheus/\nCMD ["--config.file=/etc/prometheus/prom.yml"]\n',
        encoding="utf-8",
    )
    assert find_prometheus(tmp_path) == tmp_path / "prom.yml"
    assert [document.path for document in read_folder(tmp_path).rules] == [tmp_path / "a.yml"]


def test_an_image_in_the_folder_of_its_program_tells_too(tmp_path: Path) -> None:
    written(tmp_path, prometheus__prom_yml="{}")
    (tmp_path / "prometheus" / "Dockerfile").write_text(
        "FROM prom/prometheus\nCOPY prom.yml /etc/prometheus/prometheus.yml\n", encoding="utf-8"
    )
    assert find_prometheus(tmp_path) == tmp_path / "prometheus" / "prom.yml"


def test_what_a_volume_mounts_hides_what_the_image_has(tmp_path: Path) -> None:
    written(tmp_path, baked_yml="{}", mounted_yml="{}")
    (tmp_path / "Dockerfile").write_text(
        "FROM prom/prometheus\nCOPY baked.yml /etc/prometheus/prometheus.yml\n", encoding="utf-8"
    )
    (tmp_path / "compose.yaml").write_text(
        "services: {p: {build: ., volumes: ['./mounted.yml:/etc/prometheus/prometheus.yml']}}\n",
        encoding="utf-8",
    )
    assert configuration(tmp_path, "prometheus") == tmp_path / "mounted.yml"


@pytest.mark.parametrize(
    "text",
    [
        "FROM python:3\nCOPY prom.yml /etc/prometheus/prometheus.yml\n",
        "FROM prom/prometheus AS p\nCOPY prom.yml /etc/prometheus/prometheus.yml\nFROM scratch\n",
        "FROM prom/prometheus\nCOPY gone.yml /etc/prometheus/prometheus.yml\n",
        "COPY prom.yml /etc/prometheus/prometheus.yml\n",
    ],
    ids=["another program", "another stage", "not here", "no image"],
)
def test_no_other_dockerfile_tells_a_configuration(text: str, tmp_path: Path) -> None:
    written(tmp_path, prom_yml="{}")
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    assert configuration(tmp_path, "prometheus") is None


STACK = """
configs:
  server: {file: conf/server.yml}
  rules: {file: ./conf/node.rules.yml}
  elsewhere: {external: true}
services:
  p:
    image: prom/prometheus
    command: --config.file=/etc/prometheus/own.yml
    configs:
      - {source: server, target: /etc/prometheus/own.yml}
      - {source: rules, target: /etc/prometheus/rules/node.yml}
      - elsewhere
"""


def test_the_configs_of_a_swarm_stack_are_mounts(tmp_path: Path) -> None:
    written(tmp_path, conf__server_yml="rule_files: [rules/*.yml]\n")
    (tmp_path / "conf" / "node.rules.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "docker-compose.yml").write_text(STACK, encoding="utf-8")
    assert find_prometheus(tmp_path) == tmp_path / "conf" / "server.yml"
    assert files(tmp_path / "conf" / "server.yml", "rules/*.yml") == (tmp_path / "conf" / "node.rules.yml",)


def test_dashboards_of_an_image_that_is_built_here_are_grafanas(tmp_path: Path) -> None:
    written(tmp_path, grafana__provisioning__dashboards__x_yml="{}")
    (tmp_path / "grafana" / "Dockerfile").write_text(
        "FROM grafana/grafana:11.0.0\nCOPY provisioning /etc/grafana/provisioning\n", encoding="utf-8"
    )
    (tmp_path / "docker-compose.yml").write_text(
        "services: {g: {build: ./grafana, image: own/g}}\n", encoding="utf-8"
    )
    assert grafana(tmp_path) == ((tmp_path / "grafana" / "provisioning", "/etc/grafana/provisioning"),)
