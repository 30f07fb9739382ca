"""The configuration that a compose file mounts is found under any name; what leaves a doubt is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.folder import find_prometheus, read_folder
from promproof.config.mounted import configuration, files

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


RULES = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]\n"


def deployed(root: Path, volumes: str, pattern: str, *rules: str) -> Path:
    """A folder `monitoring` with its configuration, rule files, and a compose file beside it that mounts them."""
    monitoring = root / "monitoring"
    monitoring.mkdir()
    (monitoring / "prometheus.yml").write_text(f"rule_files: ['{pattern}']\n", encoding="utf-8")
    for name in rules:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(RULES, encoding="utf-8")
    where = monitoring if "../" in volumes else root
    text = f"services: {{server: {{image: prom/prometheus, volumes: [{volumes}]}}}}\n"
    (where / "docker-compose.yml").write_text(text, encoding="utf-8")
    return monitoring


@pytest.mark.parametrize(
    ("volumes", "pattern", "rules"),
    [
        (
            "'./prometheus.yml:/etc/prometheus/prometheus.yml', '../ops/rules.yml:/etc/prometheus/rules/x.yml'",
            "/etc/prometheus/rules/*.yml",
            ("ops/rules.yml",),
        ),
        (
            "'./prometheus.yml:/etc/prometheus/prometheus.yml', '../ops/rules.yml:/etc/prometheus/x.yml:ro'",
            "x.yml",
            ("ops/rules.yml",),
        ),
        (
            "'./monitoring/prometheus.yml:/etc/prometheus/prometheus.yml', './ops:/etc/prometheus/rules'",
            "rules/*.yml",
            ("ops/a.yml", "ops/b.yml"),
        ),
        (
            "'./monitoring:/etc/prometheus', './ops/x.yml:/etc/prometheus/x.yml'",
            "*.yml",
            ("ops/x.yml", "monitoring/prometheus.yml"),
        ),
    ],
    ids=[
        "a file under another name",
        "a relative pattern",
        "a folder, from above",
        "hidden by a mount of its own",
    ],
)
def test_rule_files_of_another_folder_are_those_that_are_mounted(
    volumes: str, pattern: str, rules: tuple[str, ...], tmp_path: Path
) -> None:
    monitoring = deployed(tmp_path, volumes, pattern, *rules[:1])
    for name in rules[1:]:
        if not (tmp_path / name).exists():
            (tmp_path / name).write_text(RULES, encoding="utf-8")
    found = files(monitoring / "prometheus.yml", pattern)
    assert {str(path.relative_to(tmp_path)) for path in found} == set(rules)


def test_a_mounted_rule_file_is_read_and_is_no_pattern_that_matches_nothing(tmp_path: Path) -> None:
    volumes = (
        "'./prometheus.yml:/etc/prometheus/prometheus.yml', '../ops/rules.yml:/etc/prometheus/rules/x.yml'"
    )
    found = read_folder(deployed(tmp_path, volumes, "/etc/prometheus/rules/*.yml", "ops/rules.yml"))
    assert [document.path for document in found.rules] == [tmp_path / "ops" / "rules.yml"]
    assert found.patterns[0].is_mounted
    assert not [finding for finding in found.findings if "matches no file" in str(finding)]


@pytest.mark.parametrize(
    "volumes",
    [
        "'./prometheus.yml:/etc/prometheus/prometheus.yml', '../ops/rules.yml:/etc/elsewhere/x.yml'",
        "'./prometheus.yml:/etc/prometheus/prometheus.yml', '../ops/gone.yml:/etc/prometheus/rules/x.yml'",
        "'../other.yml:/etc/prometheus/prometheus.yml', '../ops/rules.yml:/etc/prometheus/rules/x.yml'",
    ],
    ids=["mounted elsewhere", "not there", "another configuration"],
)
def test_what_is_not_mounted_where_the_pattern_looks_is_no_rule_file(volumes: str, tmp_path: Path) -> None:
    found = read_folder(deployed(tmp_path, volumes, "/etc/prometheus/rules/*.yml", "ops/rules.yml"))
    assert found.rules == ()
    assert [finding for finding in found.findings if "matches no file" in str(finding)]


MOUNTS = "'./mon/prometheus.yml:/etc/prometheus/prometheus.yml', './mon/alerts.yml:/etc/prometheus/a/x.yml'"


@pytest.mark.parametrize(
    "name", ["docker-compose.monitoring.yml", "compose-prod.yaml", "mon/docker-compose.mon.yml"]
)
def test_a_compose_file_of_another_name_is_read_from_where_its_paths_count(name: str, tmp_path: Path) -> None:
    (tmp_path / "mon").mkdir()
    folder(tmp_path, f"{SERVER}, volumes: [{MOUNTS}]", "mon/prometheus.yml", "mon/alerts.yml", compose=name)
    assert files(tmp_path / "mon" / "prometheus.yml", "a/*.yml") == (tmp_path / "mon" / "alerts.yml",)


def test_two_compose_files_of_other_names_that_disagree_leave_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "mon").mkdir()
    folder(
        tmp_path,
        f"{SERVER}, volumes: [{MOUNTS}]",
        "mon/prometheus.yml",
        "mon/alerts.yml",
        compose="compose.a.yml",
    )
    other = MOUNTS.replace("alerts", "others")
    folder(tmp_path, f"{SERVER}, volumes: [{other}]", "mon/others.yml", compose="compose.b.yml")
    assert files(tmp_path / "mon" / "prometheus.yml", "a/*.yml") == ()
    folder(tmp_path, f"{SERVER}, volumes: [{other}]")
    assert files(tmp_path / "mon" / "prometheus.yml", "a/*.yml") == (tmp_path / "mon" / "others.yml",), (
        "the usual name"
    )


def test_the_configuration_too_is_found_by_a_compose_file_of_another_name(tmp_path: Path) -> None:
    mount = "volumes: ['./{}:/etc/prometheus/prometheus.yml']"
    folder(tmp_path, f"{SERVER}, {mount.format('a.yml')}", "a.yml", "b.yml", compose="docker-compose.dev.yml")
    assert configuration(tmp_path, "prometheus") == tmp_path / "a.yml"
    folder(tmp_path, f"{SERVER}, {mount.format('b.yml')}", compose="docker-compose.prod.yml")
    assert configuration(tmp_path, "prometheus") is None
