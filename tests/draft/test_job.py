"""The scrape job of a draft where a folder has several services: the one that queries of the service's metrics name."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.cli.program import main
from promproof.config.folder import Folder, read_folder
from promproof.config.promql import parse
from promproof.draft.job import job, of_folder, of_running, written_labels
from promproof.errors import InputError
from tests.draft.test_probing import Server, serving

pytestmark = pytest.mark.unit


def folder(path: Path, *jobs: str) -> Folder:
    rows = [f"  - {{job_name: {name}, static_configs: [{{targets: ['{name}:8000']}}]}}" for name in jobs]
    (path / "prometheus.yml").write_text("\n".join(["scrape_configs:", *rows]) + "\n", encoding="utf-8")
    return read_folder(path)


@pytest.mark.parametrize(
    ("jobs", "query", "found"),
    [
        (("prometheus", "web"), "up", ""),
        (("shop", "worker"), 'rate(orders_total{job="worker"}[5m])', ""),
        (("web", "worker"), 'rate(orders_total{job="web"}[5m])', "web"),
        (("web", "worker"), 'sum(rate(wait_seconds_bucket{job="web"}[5m])) by (le)', "web"),
        (("web", "worker"), 'rate(jobs_total{job="web"}[5m])', None),
        (("web", "worker"), 'orders_total{job="web"} + orders_total{job="worker"}', None),
        (("web", "worker"), 'orders_total{job=~"web|worker"}', None),
        (("web", "worker"), 'orders_total{job="elsewhere"}', None),
    ],
    ids=[
        "no doubt",
        "one has the service's name",
        "a counter's query",
        "a histogram's query",
        "a metric of another",
        "two are named",
        "a pattern",
        "none of them",
    ],
)
def test_a_doubt_is_resolved_by_queries_of_its_own_metrics_alone(
    jobs: tuple[str, ...], query: str, found: str | None, tmp_path: Path
) -> None:
    told = job(folder(tmp_path, *jobs), "shop", ["orders_total", "wait_seconds"], [parse(query)])
    assert told == found


def test_a_service_that_runs_is_known_by_its_address(tmp_path: Path) -> None:
    files = folder(tmp_path, "web", "worker")
    known = of_folder(files, "shop", "http://worker:8000", [], [])
    assert (known.reads, known.mine) == (("http://worker:8000",), "worker")
    open_ = of_folder(files, "shop", "http://elsewhere:1", [], [])
    assert (open_.is_open, open_.may_be, open_.name, open_.mine) == (True, ("web", "worker"), "", "")
    assert open_.doubt == "2 scrape jobs may be this service's: web, worker"


def test_the_one_job_of_a_folder_is_known_though_a_draft_need_not_name_it(tmp_path: Path) -> None:
    found = of_folder(folder(tmp_path, "prometheus", "web"), "shop", None, [], [])
    assert (found.name, found.mine) == ("", "web")


def test_a_job_of_a_running_prometheus_is_the_one_that_is_asked_for() -> None:
    targets = [
        {"labels": {"job": name, "instance": f"{name}-1"}, "scrapeUrl": f"http://{name}:80/metrics"}
        for name in ("web", "worker")
    ]
    assert of_running(targets, "http://here:1/metrics", "shop", None).may_be == ("web", "worker")
    found = of_running(targets, "http://here:1/metrics", "shop", "worker")
    assert (found.name, found.instance, found.is_open) == ("worker", "worker-1", False)
    with pytest.raises(InputError, match="no scrape job is called 'work'; did you mean worker"):
        of_running(targets, "http://here:1/metrics", "shop", "work")


def drafted(tmp_path: Path, *more: str) -> int:
    with serving(Server({"/": (200, "{}")})) as server:
        return main(
            (
                "init",
                "--target",
                server.url,
                "--monitoring",
                str(tmp_path / "m"),
                "--output",
                str(tmp_path / "d"),
                *more,
            )
        )


def test_a_draft_whose_job_is_in_doubt_asks_for_it_and_does_not_name_a_next_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m").mkdir()
    folder(tmp_path / "m", "web", "worker")
    assert drafted(tmp_path) == 4
    said = capsys.readouterr()
    assert "next:" not in said.out
    first, _, todo = said.err.splitlines()
    assert first == f"{tmp_path / 'd' / 'contract.yaml'}: 2 scrape jobs may be this service's: web, worker"
    assert "promproof init --job NAME" in todo
    text = (tmp_path / "d" / "contract.yaml").read_text(encoding="utf-8")
    assert "# 2 scrape jobs may be this service's: web, worker" in text
    assert drafted(tmp_path, "--job", "worker") == 0
    said = capsys.readouterr()
    assert "next: promproof verify" in said.out
    text = (tmp_path / "d" / "contract.yaml").read_text(encoding="utf-8")
    assert "  job: worker\n" in text
    assert "may be this service's" not in text
    assert drafted(tmp_path) == 0, "the draft of before names it"


def test_a_job_that_is_none_is_told_before_the_service_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m").mkdir()
    folder(tmp_path / "m", "web", "worker")
    assert drafted(tmp_path, "--job", "wbe") == 4
    said = capsys.readouterr()
    assert said.err.startswith("--job: no scrape job is called 'wbe'; did you mean web?")
    assert said.out == ""


def test_labels_that_are_written_onto_samples_are_known(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(
        "scrape_configs:\n"
        "  - job_name: web\n"
        "    relabel_configs: [{target_label: cluster, replacement: blue}]\n"
        "    metric_relabel_configs:\n"
        "      - {source_labels: [code], regex: '(.)..', target_label: class, replacement: '${1}xx'}\n"
        "      - {source_labels: [a], target_label: __name__}\n"
        "      - {regex: pod, action: labeldrop}\n",
        encoding="utf-8",
    )
    assert written_labels(read_folder(tmp_path)) == {"class"}
