"""A run finds its monitoring folder: the one named, the contract's own, or one for a target that has none."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from promproof import http
from promproof.config.folder import read_folder
from promproof.config.rules import read
from promproof.contract.model import Contract
from promproof.errors import InputError
from promproof.run import alone
from promproof.run.access import METRICS, let_in_to
from promproof.run.options import Options, TargetOptions
from tests.observe.servers import answer, serving

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate({"contract": 1, "service": "shop", "target": {"metrics_path": "/stats"}})
PROMETHEUS = "scrape_configs: [{job_name: api, static_configs: [{targets: ['localhost:1']}]}]\n"


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    monkeypatch.setattr(http, "_LET_IN", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(alone, "DEFAULT_MONITORING", tmp_path / "monitoring")
    return Options(contract=tmp_path / "contract.yaml", monitoring=tmp_path / "monitoring")


def test_a_target_without_any_monitoring_gets_one_job_of_its_own(options: Options) -> None:
    [job] = read_folder(alone.with_monitoring(options, CONTRACT).monitoring).jobs.values()
    assert (job.name, job.metrics_path) == ("shop", "/stats")


def test_a_prometheus_yml_beside_the_contract_is_taken(options: Options) -> None:
    (options.contract.parent / "prometheus.yml").write_text(PROMETHEUS, encoding="utf-8")
    assert alone.with_monitoring(options, CONTRACT).monitoring == options.contract.parent


def test_a_folder_that_somebody_names_is_not_replaced(options: Options, tmp_path: Path) -> None:
    named = replace(options, monitoring=tmp_path / "elsewhere")
    assert alone.with_monitoring(named, CONTRACT) == named


PROMISES = {
    "alerts": [{"name": "Down", "always": True}],
    "dashboards": [{"uid": "a"}, {"uid": "b"}],
}


@pytest.mark.parametrize("place", ["deploy/monitoring/prometheus.yml", "ops/prometheus/prometheus.yml", ""])
def test_promised_alerts_without_a_folder_are_refused_once_with_the_folder_that_is_here(
    options: Options, place: str
) -> None:
    """Before, each alert was red, and each panel unknown."""
    contract = Contract.model_validate({"contract": 1, "service": "shop", **PROMISES})
    if place:
        (options.contract.parent / place).parent.mkdir(parents=True)
        (options.contract.parent / place).write_text(PROMETHEUS, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        alone.with_monitoring(options, contract)
    assert "promises 1 alert and 2 dashboards" in str(caught.value)
    wanted = {"deploy/monitoring/prometheus.yml": "deploy/monitoring", "": "DIR"}.get(place, "ops")
    assert f"--monitoring {wanted}" in str(caught.value)


def job_of(options: Options, url: str, metrics: str | None = None, **stack: Any) -> dict[str, Any]:
    """The job that a run makes for a target that runs already, without its name and address."""
    target = TargetOptions(url=url, metrics=metrics)
    named = replace(options, target=target, stack=replace(options.stack, **stack))
    let_in_to({"target": url, METRICS: metrics}, named.stack.header, named.stack.ca_file)
    data = read_folder(alone.with_monitoring(named, CONTRACT).monitoring).prometheus.data
    [job] = data["scrape_configs"]
    return {key: value for key, value in job.items() if key not in ("job_name", "static_configs")}


@pytest.mark.parametrize(
    ("url", "metrics", "told"),
    [
        ("http://a:1", None, {"metrics_path": "/stats"}),
        ("http://a:1/shop/", None, {"metrics_path": "/shop/stats"}),
        ("https://a:1", None, {"metrics_path": "/stats", "scheme": "https"}),
        ("http://a:1", "http://a:2", {"metrics_path": "/stats"}),
        ("http://a:1", "https://a:2/deep/own", {"metrics_path": "/deep/own", "scheme": "https"}),
        (
            "http://me:p%40ss@a:1",
            None,
            {"metrics_path": "/stats", "basic_auth": {"username": "me", "password": "p@ss"}},
        ),
    ],
    ids=["plain", "a prefix", "TLS", "another port", "another port and path", "a password"],
)
def test_prometheus_reads_a_running_target_where_and_as_it_is_let_in(
    options: Options, url: str, metrics: str | None, told: dict[str, Any]
) -> None:
    assert job_of(options, url, metrics) == told


def test_prometheus_shows_what_the_target_is_shown(options: Options) -> None:
    bearer = job_of(options, "http://a:1", "http://a:2/stats", header=("target=Authorization: Bearer hush",))
    assert bearer["authorization"] == {"type": "Bearer", "credentials": "hush"}
    basic = job_of(options, "http://a:1", header=("target=Authorization: Basic bWU6aHVzaA==",))
    assert basic["basic_auth"] == {"username": "me", "password": "hush"}
    tenant = job_of(options, "http://a:1", header=("target=X-Scope-OrgID: shop",))
    assert tenant["http_headers"] == {"X-Scope-OrgID": {"secrets": ["shop"]}}


def test_a_prometheus_that_runs_already_is_told_no_secret_and_no_key_that_its_version_may_lack(
    options: Options,
) -> None:
    running: dict[str, Any] = {"prometheus": "http://127.0.0.1:9", "header": ("target=X-Scope-OrgID: hush",)}
    assert job_of(options, "https://me:hush@a:1", **running) == {"metrics_path": "/stats", "scheme": "https"}


def test_a_configuration_with_a_secret_is_not_kept_in_the_cache(options: Options, tmp_path: Path) -> None:
    job_of(options, "http://me:hush@a:1")
    assert not (tmp_path / "cache").exists()


def test_a_running_prometheus_gives_its_job_its_interval_and_its_rules(options: Options) -> None:
    target = {
        "labels": {"job": "web", "instance": "w"},
        "scrapeUrl": "http://127.0.0.1:7/stats",
        "scrapeInterval": "2s",
    }
    rule = {"type": "alerting", "name": "Down", "query": "up == 0", "duration": 60}
    data = {
        "/api/v1/targets": {"activeTargets": [target]},
        "/api/v1/rules": {
            "groups": [
                {"name": "g", "file": "a", "interval": 20, "rules": [rule]},
                {"name": "empty", "file": "b", "interval": 90, "rules": []},
            ]
        },
    }

    def script(client: socket.socket, request: bytes) -> None:
        told = data[urlsplit(request.split(b" ")[1].decode()).path]
        answer(json.dumps({"status": "success", "data": told}))(client, request)

    with serving(script) as server:
        named = replace(
            options,
            target=TargetOptions(url="http://localhost:7"),
            stack=replace(options.stack, prometheus=server.url),
        )
        folder = read_folder(alone.with_monitoring(named, CONTRACT).monitoring)
    assert [rule.name for rule in read(folder.rules)] == ["Down"]
    assert list(folder.jobs) == ["web"]
    assert folder.prometheus.data["global"]["scrape_interval"] == "2s"
    assert folder.prometheus.data["global"]["evaluation_interval"] == "20s", "the longest of its groups"
