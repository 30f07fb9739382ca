"""The configuration that a compose file mounts is found under any name; what leaves a doubt is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.folder import find_prometheus, read_folder
from promproof.config.mounted import configuration

pytestmark = pytest.mark.unit
SERVER = "image: prom/prometheus"


def folder(root: Path, service: str, *files: str, compose: str = "docker-compose.yml") -> Path:
    (root / compose).write_text(f"services:\n  server: {{{service}}}\n", encoding="utf-8")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("service", "file"),
    [
        (f"{SERVER}, volumes: ['./prom-config.yml:/etc/prometheus/prometheus.yml:ro']", "prom-config.yml"),
        (f"{SERVER}:v2.42.0, volumes: ['./configs/:/etc/prometheus/']", "configs/prometheus.yml"),
        (f"{SERVER}, volumes: ['./c:/c'], command: ['--config.file=/c/own.yml']", "c/own.yml"),
        (f"{SERVER}, volumes: ['./c:/c'], command: --config.file /c/own.yml --log.level=debug", "c/own.yml"),
        (
            f"{SERVER}, volumes: [{{type: bind, source: ./x.yml, target: /etc/prometheus/prometheus.yml}}]",
            "x.yml",
        ),
        (
            f"{SERVER}, volumes: ['./a:/etc/prometheus', './b.yml:/etc/prometheus/prometheus.yml']",
            "b.yml",
        ),
    ],
)
def test_a_configuration_is_found_where_the_compose_file_mounts_it(
    service: str, file: str, tmp_path: Path
) -> None:
    assert find_prometheus(folder(tmp_path, service, file)) == tmp_path / file


@pytest.mark.parametrize(
    "service",
    [
        "image: my/app, volumes: ['./prom.yml:/etc/prometheus/prometheus.yml']",
        "image: prom/prometheus-webhook-dingtalk, volumes: ['./prom.yml:/etc/prometheus/prometheus.yml']",
        f"{SERVER}, volumes: ['./gone.yml:/etc/prometheus/prometheus.yml']",
        f"{SERVER}, volumes: ['data:/etc/prometheus']",
        f"{SERVER}, command: '\"unclosed'",
        SERVER,
    ],
)
def test_no_other_file_is_taken_for_one(service: str, tmp_path: Path) -> None:
    assert configuration(folder(tmp_path, service, "prom.yml"), "prometheus") is None


def test_a_usual_name_goes_before_a_mount(tmp_path: Path) -> None:
    root = folder(
        tmp_path, f"{SERVER}, volumes: ['./b.yml:/etc/prometheus/prometheus.yml']", "b.yml", "prometheus.yml"
    )
    assert find_prometheus(root) == tmp_path / "prometheus.yml"


def test_the_file_of_alertmanager_is_found_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n"
        "  p: {image: prom/prometheus, volumes: ['./configs/:/etc/prometheus/']}\n"
        "  a: {image: prom/alertmanager, volumes: ['./configs/:/config'], command: --config.file=/config/am.yml}\n",
        encoding="utf-8",
    )
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    (tmp_path / "configs" / "am.yml").write_text(
        "{route: {receiver: r}, receivers: [{name: r}]}\n", encoding="utf-8"
    )
    assert read_folder(tmp_path).receivers == ["r"]


def test_a_broken_compose_file_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: [", encoding="utf-8")
    root = folder(tmp_path, f"{SERVER}, volumes: ['./b.yml:/etc/prometheus/prometheus.yml']", "b.yml")
    assert find_prometheus(root) == tmp_path / "b.yml"
