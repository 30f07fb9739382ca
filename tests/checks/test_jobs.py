"""Jobs beside the target's, and the versions of what judged, from records by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import deployment_version, jobs
from promproof.checks.base import Claim, judge
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.places import DEFAULT_MONITORING
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = load(DEFAULT_MONITORING / "contract.yaml")
SERIES = {"node node_cpu_seconds_total": 16, "node up": 1}
UP = {"labels": {"job": "node"}, "health": "up", "lastError": "", "scrapeTimeout": "10s"}


def evidence(*rows: tuple[str, dict[str, Any]], scale: float = 1.0, **run: Any) -> Evidence:
    history = History("by hand", 0.0, 0.0)
    labels = {"job": "node", "instance": "i"}
    took = ({"name": "scrape_duration_seconds", "labels": labels, "samples": [(1.0, 0.2)]},)
    lost = ({"name": "up", "labels": labels, "samples": [(1.0, 0.0)]},)
    every = (
        ("prepared", {"time_scale": scale}),
        ("run", {"backend": "processes", **run}),
        ("all_scrapes", {"name": "up", "series": lost}),
        ("all_scrapes", {"name": "scrape_duration_seconds", "series": took}),
        *rows,
    )
    history.records.extend(record(number, 9.0, kind, data) for number, (kind, data) in enumerate(every))
    return Evidence(CONTRACT, history)


def scraped(*targets: dict[str, Any], series: dict[str, float] | None = None, scale: float = 1.0) -> Verdict:
    rows = ("targets", {"targets": targets}), ("job_series", {"counts": SERIES if series is None else series})
    return judge(jobs.CHECK, Claim("job/node/scraped", "node"), evidence(*rows, scale=scale))


def test_every_job_but_the_target_s_has_a_claim() -> None:
    assert [claim.subject for claim in jobs.CHECK.claims(CONTRACT)] == [
        "prometheus",
        "node",
        "alertmanager",
        "cadvisor",
    ]


@pytest.mark.parametrize(
    ("targets", "series", "outcome", "words"),
    [
        ((UP,), SERIES, "pass", "1 targets up, 17 series, node_cpu_seconds_total too"),
        ((UP,), {"node up": 1}, "fail", "job node brings no node_cpu_seconds_total"),
        (
            ({**UP, "health": "down", "lastError": "refused"},),
            {"node up": 1},
            "fail",
            "job node is down: refused; job node brings no node_cpu_seconds_total",
        ),
        (
            ({**UP, "health": "down", "lastError": "refused"},),
            SERIES,
            "unknown",
            "job node is down: refused; it answered before, so this may be one scrape",
        ),
        ((UP, {**UP, "health": "down", "lastError": "refused"}), SERIES, "fail", "job node is down: refused"),
        ((), {}, "not verified", "job node has no target in this run (processes)"),
        (({**UP, "health": "unknown"},), SERIES, "unknown", "job node was not scraped yet"),
    ],
    ids=["scraped", "no series", "down", "down at the end", "one of two down", "not started", "not yet"],
)
def test_a_job_is_told_by_its_targets_and_its_series(
    targets: tuple[dict[str, Any], ...], series: dict[str, float], outcome: str, words: str
) -> None:
    found = scraped(*targets, series=series)
    assert (found.outcome, found.reason) == (outcome, words)


def test_a_scrape_that_only_the_scaled_time_out_cut_off_is_no_failure() -> None:
    late = {**UP, "health": "down", "lastError": "context deadline exceeded", "scrapeTimeout": "167ms"}
    assert scraped(late, scale=60.0).outcome == "pass"
    assert scraped(late, scale=60.0, series={}).outcome == "unknown"
    assert scraped(late).outcome == "unknown"
    assert scraped(late, series={}).outcome == "fail"


@pytest.mark.parametrize(
    ("image", "binary", "backend", "outcome"),
    [
        ("prom/prometheus:v3.5.3", "prometheus 3.2.0 (PATH: /p)", "processes", "pass"),
        ("prom/prometheus:v3.5.3", "prometheus 2.42.0+ds (PATH: /p)", "processes", "not verified"),
        ("prom/prometheus:v3.5.3", "prometheus 2.42.0 (PATH: /p)", "containers", "pass"),
        ("prom/prometheus", "prometheus 3.2.0 (PATH: /p)", "processes", "not verified"),
        ("prom/prometheus:v3.5.3", "promtool 3.2.0 (PATH: /p)", "external", "not verified"),
        ("prom/prometheus:v0.27.1", "prometheus 0.25.0 (PATH: /p)", "processes", "not verified"),
        ("prom/prometheus:v0.27.1", "prometheus 0.27.0 (PATH: /p)", "processes", "pass"),
        (
            "registry:5000/prom/prometheus:v3.5.3@sha256:00",
            "prometheus 3.9.0 (PATH: /p)",
            "processes",
            "pass",
        ),
    ],
)
def test_another_major_version_than_the_pinned_one_is_said_and_is_no_failure(
    image: str, binary: str, backend: str, outcome: str
) -> None:
    read = ("deployment", {"config": {"services": {"prometheus": {"image": image}}}})
    claim = Claim("deployment/version/prometheus", "prometheus")
    found = judge(deployment_version.CHECK, claim, evidence(read, backend=backend, binaries=(binary,)))
    assert found.outcome == outcome, found
    if outcome == "not verified":
        assert image in found.reason
