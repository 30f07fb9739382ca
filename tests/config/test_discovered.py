"""A job that discovers its targets stays in a run: what the discovery would say is given, or its rule is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.config.discovered import Discovered, lacking, of_job
from promproof.config.relabel_exact import applied

pytestmark = pytest.mark.unit
ADDRESS = "127.0.0.1:4711"
SERVICES = """
services:
  shop:
    image: shop
    container_name: the-shop
    labels: {prometheus.scrape: true, prometheus.port: "8000", team: care}
  mailer:
    image: mailer
    labels: [prometheus.scrape=false]
  prometheus: {image: prom/prometheus}
"""
DOCKER = {
    "job_name": "containers",
    "docker_sd_configs": [{"host": "unix:///var/run/docker.sock"}],
    "relabel_configs": [
        {
            "source_labels": ["__meta_docker_container_label_prometheus_scrape"],
            "regex": "true",
            "action": "keep",
        },
        {
            "source_labels": ["__address__", "__meta_docker_container_label_prometheus_port"],
            "regex": "(.+?)(?::\\d+)?;(\\d+)",
            "replacement": "$1:$2",
            "target_label": "__address__",
        },
        {
            "source_labels": ["__meta_docker_container_name"],
            "regex": "/(.*)",
            "target_label": "container",
        },
        {"source_labels": ["__meta_docker_container_label_team"], "target_label": "team"},
    ],
}


def found(job: dict[str, Any], root: Path, compose: str = "") -> tuple[Discovered, dict[str, str] | None]:
    """What is known, and the labels that Prometheus makes of the run's target."""
    if compose:
        (root / "docker-compose.yml").write_text(compose, encoding="utf-8")
    told = of_job(job, root / "prometheus.yml", ADDRESS)
    before = {
        "job": job["job_name"],
        "__address__": ADDRESS,
        "__scheme__": "http",
        "__metrics_path__": "/metrics",
        **told.labels,
    }
    after = applied(told.rules(job), before)
    return told, None if after is None else {k: v for k, v in after.items() if not k.startswith("__meta_")}


PLACE = {"__address__": ADDRESS, "__scheme__": "http", "__metrics_path__": "/metrics"}


def test_labels_of_the_container_that_the_rules_keep_are_applied(tmp_path: Path) -> None:
    told, labels = found(DOCKER, tmp_path, SERVICES)
    assert labels == {**PLACE, "job": "containers", "container": "the-shop", "team": "care"}
    assert told.left_out == {1: "the run has an address of its own"}
    assert not told.open


@pytest.mark.parametrize(
    "compose", ["", SERVICES.replace("[prometheus.scrape=false]", "[prometheus.scrape=true]")]
)
def test_without_one_such_container_the_target_stays_and_what_is_open_is_named(
    compose: str, tmp_path: Path
) -> None:
    told, labels = found(DOCKER, tmp_path, compose)
    assert labels == {**PLACE, "job": "containers"}
    assert told.left_out[0] == "it asks for what only the discovery knows"
    assert told.open == ("container", "team")


KUBERNETES = {
    "job_name": "pods",
    "kubernetes_sd_configs": [{"role": "pod"}],
    "relabel_configs": [
        {
            "source_labels": ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
            "action": "keep",
            "regex": True,
        },
        {
            "source_labels": ["__meta_kubernetes_pod_annotation_prometheus_io_path"],
            "action": "replace",
            "target_label": "__metrics_path__",
            "regex": "(.+)",
        },
        {
            "source_labels": ["__address__", "__meta_kubernetes_pod_annotation_prometheus_io_port"],
            "action": "replace",
            "regex": "([^:]+)(?::\\d+)?;(\\d+)",
            "replacement": "$1:$2",
            "target_label": "__address__",
        },
        {"action": "labelmap", "regex": "__meta_kubernetes_pod_label_(.+)"},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Pending|Failed", "action": "drop"},
        {"source_labels": ["__meta_kubernetes_service_name"], "target_label": "job"},
        {"source_labels": ["__meta_kubernetes_pod_ip"], "target_label": "__tmp_ip"},
        {"source_labels": ["__tmp_ip"], "regex": "10.+", "action": "keep"},
        {"target_label": "cluster", "replacement": "eu"},
    ],
}


def test_a_pod_of_a_cluster_is_scraped_at_the_address_of_the_run(tmp_path: Path) -> None:
    told, labels = found(KUBERNETES, tmp_path)
    assert labels == {**PLACE, "job": "pods", "cluster": "eu"}
    assert sorted(told.left_out) == [0, 2, 6, 8]
    assert told.open == ("namespace",)


@pytest.mark.parametrize(
    ("section", "entry", "label", "value"),
    [
        (
            "dns_sd_configs",
            {"names": ["tasks.shop"], "type": "A", "port": 80},
            "__meta_dns_name",
            "tasks.shop",
        ),
        ("consul_sd_configs", {"server": "c:8500", "services": ["shop"]}, "__meta_consul_service", "shop"),
        ("http_sd_configs", {"url": "http://sd/targets"}, "__meta_url", "http://sd/targets"),
    ],
)
def test_what_the_section_itself_says_is_known(
    section: str, entry: dict[str, Any], label: str, value: str, tmp_path: Path
) -> None:
    rules = [
        {"source_labels": [label], "regex": ".*s.*", "action": "keep"},
        {"source_labels": [label], "target_label": "from"},
    ]
    job = {"job_name": "shop", section: [entry], "relabel_configs": rules}
    told, labels = found(job, tmp_path)
    assert labels == {**PLACE, "job": "shop", "from": value}
    assert (told.left_out, told.open) == ({}, ())
    told, labels = found({**job, section: [entry, entry]}, tmp_path)
    assert labels == {**PLACE, "job": "shop"}
    assert told.open == ("from",)


def test_a_rule_of_a_static_job_is_never_left_out(tmp_path: Path) -> None:
    """A probe's address is a parameter, and what is asked stands at __address__."""
    rules = [
        {"source_labels": ["__address__"], "target_label": "__param_target"},
        {"target_label": "__address__", "replacement": "blackbox:9115"},
        {"source_labels": ["__meta_x"], "regex": "y", "action": "keep"},
    ]
    job = {
        "job_name": "probe",
        "static_configs": [{"targets": ["a:1"], "labels": {"x": "y"}}],
        "relabel_configs": rules,
    }
    told, labels = found(job, tmp_path)
    assert not told.left_out
    assert labels is None
    assert told.group["labels"] == {"x": "y"}


def test_a_pattern_that_nobody_can_read_is_left_to_prometheus(tmp_path: Path) -> None:
    job = {**DOCKER, "relabel_configs": [{"source_labels": ["__meta_x"], "regex": "(", "action": "keep"}]}
    assert of_job(job, tmp_path / "prometheus.yml", ADDRESS) == Discovered()


@pytest.mark.parametrize("odd", [None, 5, True, "x", [5], [None], ["a"], {"a": None}])
@pytest.mark.parametrize(
    "key", ["static_configs", "relabel_configs", "consul_sd_configs", "labels", "modulus"]
)
def test_what_prometheus_refuses_breaks_nothing(key: str, odd: Any, tmp_path: Path) -> None:
    group = {"targets": ["a:1"], **({"labels": odd} if key == "labels" else {})}
    rule = {
        "source_labels": ["__meta_x"],
        "target_label": "x",
        **({"modulus": odd} if key == "modulus" else {}),
    }
    job = {**DOCKER, "static_configs": [group], "relabel_configs": [rule]}
    if key not in ("labels", "modulus"):
        job[key] = odd
    services = {"a": {"image": "a", "labels": odd}, "b": odd}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump({"services": services}), encoding="utf-8")
    assert isinstance(of_job(job, tmp_path / "prometheus.yml", ADDRESS), Discovered)
    assert isinstance(lacking(job, tmp_path / "prometheus.yml"), tuple)


def test_the_documented_forms_of_labels_are_read(tmp_path: Path) -> None:
    services = yaml.safe_load(SERVICES)
    services["services"]["shop"]["labels"] = ["prometheus.scrape=true", "team=care"]
    _, labels = found(DOCKER, tmp_path, yaml.safe_dump(services))
    assert labels is not None
    assert labels["team"] == "care"
