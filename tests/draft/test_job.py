"""The scrape job of a draft where a folder has several services: the one that queries of the service's metrics name."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.folder import Folder, read_folder
from promproof.config.promql import parse
from promproof.draft.job import job

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
