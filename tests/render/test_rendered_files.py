"""The files of a run copy: which are copied, wherever they are, and which stay away."""

import shutil
from pathlib import Path

import pytest

from promproof.config.timescale import TimeScale
from promproof.errors import InputError
from promproof.render.monitoring import render
from tests.render.bench import ALL_JOBS, Render, job, prometheus, replace

pytestmark = pytest.mark.unit


def test_a_pattern_that_matches_nothing_is_a_finding(folder: Path, rendered: Render) -> None:
    replace(folder / "prometheus/prometheus.yml", "rules/*.yml", "rulez/*.yml")
    result = rendered()
    assert result.rule_files == ()
    assert [str(f) for f in result.findings] == [
        "prometheus/prometheus.yml, rule_files[0]: rulez/*.yml matches no file"
    ]
    assert prometheus(result)["rule_files"] == ["rulez/*.yml"]


@pytest.mark.parametrize("pattern", ["/etc/prometheus/rules/*.yml", "{root}/prometheus/rules/shop.yml"])
def test_a_rule_file_at_an_absolute_path_is_copied(folder: Path, rendered: Render, pattern: str) -> None:
    replace(folder / "prometheus/prometheus.yml", "rules/*.yml", pattern.replace("{root}", str(folder)))
    result = rendered(scale=TimeScale(60))
    assert prometheus(result)["rule_files"] == [str(result.rule_files[0])]
    assert "for: 5s" in result.rule_files[0].read_text()


def test_a_rule_file_outside_of_the_folder_is_copied(folder: Path, rendered: Render) -> None:
    shutil.move(folder / "prometheus/rules/shop.yml", folder.parent / "elsewhere.yml")
    replace(folder / "prometheus/prometheus.yml", "rules/*.yml", "../../elsewhere.yml")
    result = rendered(scale=TimeScale(60))
    assert [str(file) for file in result.rule_files] == prometheus(result)["rule_files"]
    assert result.rule_files[0].is_relative_to(folder.parent / "out")


def test_a_path_beside_the_configuration_is_found(folder: Path, rendered: Render) -> None:
    (folder / "prometheus/password").write_text("x")
    replace(
        folder / "prometheus/prometheus.yml",
        "password: hunter2",
        "password_file: password\n    tls_config: {ca_file: /etc/prometheus/password, cert_file: missing}",
    )
    result = rendered()
    shop = job(result, "shop")
    assert shop["basic_auth"]["password_file"] == str(folder / "prometheus/password")
    assert shop["tls_config"]["ca_file"] == str(folder / "prometheus/password")
    assert [f.message for f in result.findings] == ["missing is not on this machine"]


def test_jobs_in_files_of_their_own_are_taken_in(folder: Path, rendered: Render) -> None:
    (folder / "prometheus/more.yml").write_text(
        "scrape_configs: [{job_name: m, static_configs: [{targets: ['a:1']}]}]"
    )
    with (folder / "prometheus/prometheus.yml").open("a") as file:
        file.write("scrape_config_files: [more.yml, none/*.yml]\n")
    result = rendered(addresses={**ALL_JOBS, "m": "127.0.0.1:5"})
    assert job(result, "m")["static_configs"] == [{"targets": ["127.0.0.1:5"]}]
    assert "scrape_config_files" not in prometheus(result)
    assert [f.message for f in result.findings] == ["none/*.yml matches no file"]


def test_a_folder_with_the_configuration_at_its_top_is_rendered(tmp_path: Path) -> None:
    monitoring = tmp_path / "m"
    monitoring.mkdir()
    (monitoring / "prometheus.yml").write_text("rule_files: ['*.rules']\n")
    (monitoring / "a.rules").write_text("groups: []\n")
    result = render(
        monitoring,
        tmp_path / "out",
        scale=TimeScale(60),
        addresses={},
        alertmanager="127.0.0.1:1",
        receivers={},
    )
    assert result.prometheus_config == tmp_path / "out/prometheus.yml"
    assert result.rule_files == (tmp_path / "out/a.rules",)
    assert result.alertmanager_config is None


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not empty"):
        render(folder, folder, scale=TimeScale(1), addresses={}, alertmanager=None, receivers={})
    assert (folder / "prometheus/prometheus.yml").is_file()


def test_a_file_of_an_earlier_run_copy_is_removed(folder: Path, rendered: Render) -> None:
    first = rendered()
    shutil.move(folder / "prometheus/rules/shop.yml", folder / "prometheus/rules/other.yml")
    second = rendered()
    assert not first.rule_files[0].exists()
    assert second.rule_files[0].exists()
