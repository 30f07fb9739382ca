"""Reading a monitoring folder: any that Prometheus would take, and the place of every mistake."""

import shutil
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.errors import InputError

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop's folder that a test may break."""
    return Path(shutil.copytree(shop, tmp_path / "monitoring"))


def test_a_folder_without_a_configuration_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Prometheus configuration is there") as caught:
        read_folder(tmp_path)
    assert "prometheus/prometheus.yml" in caught.value.expected


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("prometheus/prometheus.yml", "global: [\n", "prometheus/prometheus.yml:2"),
        ("prometheus/prometheus.yml", "scrape_configs: 5\n", "prometheus/prometheus.yml:1: scrape_configs"),
        (
            "prometheus/prometheus.yml",
            "scrape_configs:\n- 5\n",
            "prometheus/prometheus.yml:2: scrape_configs[0]",
        ),
        ("alertmanager/alertmanager.yml", "receivers: {}\n", "alertmanager/alertmanager.yml:1: receivers"),
        ("prometheus/rules/shop.yml", "groups:\n- 1\n", "prometheus/rules/shop.yml:2: groups[0]"),
        ("prometheus/prometheus.yml", "\nrule_files: rules\n", "prometheus/prometheus.yml:2: rule_files"),
        ("prometheus/rules/shop.yml", "a: 1\na: 2\n", "prometheus/rules/shop.yml:2"),
        ("alertmanager/alertmanager.yml", "route: {\n", "alertmanager/alertmanager.yml:2"),
    ],
)
def test_a_broken_file_is_reported_with_file_and_line(folder: Path, file: str, text: str, place: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(InputError) as caught:
        read_folder(folder)
    assert str(caught.value).startswith(f"{folder}/{place}")


def test_the_names_of_jobs_and_receivers_are_read(shop: Path) -> None:
    folder = read_folder(shop)
    assert list(folder.jobs) == ["shop", "hosts", "itself", "containers"]
    assert folder.jobs["shop"].metrics_path == "/stats"
    assert folder.jobs["shop"].targets == ("shop.example:8000",)
    assert folder.receivers == ["people", "pager", "hook", "quiet"]


@pytest.mark.parametrize(("mount", "is_read"), [("alertmanager.yml", True), ("template.yml", False)])
def test_a_file_of_comments_alone_is_alertmanagers_where_it_is_mounted(
    mount: str, is_read: bool, tmp_path: Path
) -> None:
    """Beside a template that the container fills in, it is none: Alertmanager would end the run."""
    (tmp_path / "prometheus.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text("# see template.yml\n", encoding="utf-8")
    (tmp_path / "docker-compose.yml").write_text(
        f"services: {{a: {{image: prom/alertmanager, volumes: ['./{mount}:/etc/alertmanager/alertmanager.yml']}}}}\n",
        encoding="utf-8",
    )
    assert (read_folder(tmp_path).alertmanager is not None) is is_read
