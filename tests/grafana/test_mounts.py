"""Dashboards and provisioning that a compose file mounts from beside `grafana/` are read, and served in a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.config.timescale import TimeScale
from promproof.grafana.provisioning import parsed, provisioning_files, texts
from promproof.render.grafana import render_grafana
from promproof.stack.containers import grafana_volumes

pytestmark = pytest.mark.unit
BOARD = {"uid": "a", "title": "A", "panels": [{"id": 1, "targets": [{"expr": "rate(x_total[5m])"}]}]}
SOURCES = "datasources: [{name: P, uid: p, type: prometheus, url: 'http://p:9090', jsonData: {timeInterval: 15s}}]\n"
PROVIDERS = "providers: [{name: all, type: file, options: {path: /boards}}]\n"
SINGLE = (
    "./ds.yml:/etc/grafana/provisioning/datasources/ds.yml:ro",
    "./all.yaml:/etc/grafana/provisioning/dashboards/all.yaml",
    "./shop.json:/boards/shop.json",
)
FOLDERS = ("./conf:/etc/grafana/provisioning", "${PWD}/boards:/boards/")
FILES = {
    SINGLE: {"ds.yml": SOURCES, "all.yaml": PROVIDERS, "shop.json": json.dumps(BOARD)},
    FOLDERS: {
        "conf/datasources/ds.yml": SOURCES,
        "conf/dashboards/all.yaml": PROVIDERS,
        "boards/team/shop.json": json.dumps(BOARD),
    },
}


def set_up(
    root: Path, volumes: list[str], files: dict[str, str], image: str = "grafana/grafana:11.2.0"
) -> Path:
    monitoring = root / "monitoring"
    everything = {
        **files,
        "monitoring/prometheus.yml": "scrape_configs: [{job_name: shop, static_configs: [{targets: ['shop:80']}]}]\n",
        "monitoring/grafana/dashboards/own.json": json.dumps({**BOARD, "uid": "own"}),
        "elsewhere.json": json.dumps({**BOARD, "uid": "elsewhere"}),
    }
    for name, text in everything.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    services = {
        "grafana": {"image": image, "volumes": volumes},
        "prometheus": {"image": "prom/prometheus", "volumes": ["./monitoring:/etc/prometheus"]},
    }
    (root / "docker-compose.yml").write_text(json.dumps({"services": services}), encoding="utf-8")
    return monitoring


@pytest.mark.parametrize("volumes", FILES)
def test_what_is_mounted_from_beside_the_folder_is_read(volumes: tuple[str, ...], tmp_path: Path) -> None:
    found = texts(set_up(tmp_path, list(volumes), FILES[volumes]))
    assert not found.problems
    assert [board.uid for board in parsed(found).dashboards] == ["own", "a"]
    assert [(source.uid, source.interval) for source in found.sources] == [("p", "15s")]
    assert [provider.path for provider in found.providers] == ["/boards"]
    assert [name for name in found.dashboards if not name.startswith("grafana/")] == [
        "../shop.json" if volumes is SINGLE else "../boards/team/shop.json"
    ]


@pytest.mark.parametrize("volumes", FILES)
def test_the_run_copy_and_its_container_have_them_scaled(volumes: tuple[str, ...], tmp_path: Path) -> None:
    monitoring = set_up(tmp_path, list(volumes), FILES[volumes])
    changes, _ = render_grafana(read_folder(monitoring), tmp_path / "run", TimeScale(60))
    copy = tmp_path / "run" / "grafana"
    served = texts(copy.parent)
    assert [source.interval for source in served.sources] == ["250ms"]
    assert sum("[5s]" in text for text in served.dashboards.values()) == 2
    assert {change.file for change in changes} > {"grafana/dashboards/own.json"}
    parts = [volume.removesuffix(":ro").split(":") for volume in volumes]
    binds = [{"type": "bind", "source": f"/m/{here}", "target": there.rstrip("/")} for here, there in parts]
    given = grafana_volumes({"volumes": binds}, copy)
    assert given == [f"{copy}/mounted{bind['target']}:{bind['target']}:ro" for bind in binds]
    assert all(Path(volume.partition(":")[0]).exists() for volume in given)


@pytest.mark.parametrize(
    ("volumes", "image"),
    [
        (["./elsewhere.json:/certificates/elsewhere.json"], "grafana/grafana"),  # no provider reads it
        (list(SINGLE), "my/app"),  # no Grafana
        (["boards:/boards", *SINGLE[:2]], "grafana/grafana"),  # a volume, whatever is in it
        ([*SINGLE[:2], "./gone.json:/boards/gone.json"], "grafana/grafana"),
    ],
)
def test_no_other_file_is_taken_for_a_dashboard(volumes: list[str], image: str, tmp_path: Path) -> None:
    found = texts(set_up(tmp_path, volumes, FILES[SINGLE], image))
    assert list(found.dashboards) == ["grafana/dashboards/own.json"]
    assert not found.problems


def test_a_compose_file_above_that_mounts_nothing_of_the_folder_is_anothers(tmp_path: Path) -> None:
    monitoring = set_up(tmp_path, list(SINGLE), FILES[SINGLE])
    services = {"grafana": {"image": "grafana/grafana", "volumes": list(SINGLE)}}
    (tmp_path / "docker-compose.yml").write_text(json.dumps({"services": services}), encoding="utf-8")
    assert provisioning_files(monitoring) == ()


def test_a_mount_over_a_mount_hides_what_is_below(tmp_path: Path) -> None:
    files = {**FILES[FOLDERS], "mine.json": json.dumps({**BOARD, "uid": "mine"})}
    over = "./mine.json:/boards/team/shop.json"
    found = texts(set_up(tmp_path, [*FOLDERS, over], files))
    assert [board.uid for board in parsed(found).dashboards] == ["own", "mine"]


@pytest.mark.parametrize("name", ["docker-compose.monitoring.yml", "compose.yaml"])
def test_a_compose_file_of_another_name_counts_as_well(name: str, tmp_path: Path) -> None:
    monitoring = set_up(tmp_path, list(SINGLE), FILES[SINGLE])
    (tmp_path / "docker-compose.yml").rename(tmp_path / name)
    assert "../shop.json" in texts(monitoring).dashboards


def test_an_unreadable_dashboard_that_is_mounted_is_a_problem_with_its_place(tmp_path: Path) -> None:
    files = {**FILES[SINGLE], "shop.json": "\0"}
    monitoring = set_up(tmp_path, list(SINGLE), files)
    (tmp_path / "shop.json").write_bytes(b"\xff\xfe{")
    assert "../shop.json: $" in "\n".join(map(str, texts(monitoring).problems))
