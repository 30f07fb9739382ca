"""The target's scrape job, where the contract does not name it."""

from __future__ import annotations

import pytest

from promproof.config.folder import Job
from promproof.config.jobs import (
    Scraping,
    at_address,
    candidates,
    instances,
    job_of,
    of_one,
    of_targets,
    shared,
)
from promproof.errors import InputError

pytestmark = pytest.mark.unit


def told(jobs: dict[str, str], service: str = "shop", url: str | None = None) -> str:
    """The job that is told of these, by name with the address of each."""
    made = {name: Job(name, "http", "/metrics", (target,)) for name, target in jobs.items()}
    return job_of(made, service, url, "prometheus.yml")


def test_the_only_job_is_the_targets() -> None:
    assert told({"anything": "localhost:1"}) == "anything"


@pytest.mark.parametrize(
    "other", ["prometheus", "node-exporter", "node_exporter", "alertmanager", "cadvisor"]
)
def test_a_job_that_reads_the_monitoring_is_not_the_targets(other: str) -> None:
    assert told({other: "elsewhere:1234", "api": "api:8000"}) == "api"


def test_a_job_is_told_by_the_port_of_a_program_of_the_monitoring() -> None:
    assert told({"machine": "host:9100", "itself": "localhost:9090", "api": "api:8000"}) == "api"


def test_the_job_with_the_targets_address_or_the_services_name_is_taken() -> None:
    jobs = {"a": "localhost:8000", "shop": "localhost:8001"}
    assert told(jobs, url="http://localhost:8000/") == "a"
    assert told(jobs) == "shop"


def test_a_job_with_the_services_name_is_its_own_whatever_its_port_is_known_for() -> None:
    assert told({"prometheus": "localhost:9090", "shop": "shop:9100"}) == "shop"


@pytest.mark.parametrize("exporter", ["mysql-exporter:9104", "redis:9121", "pg:9187"])
def test_an_exporter_is_not_the_target_where_there_is_another_job(exporter: str) -> None:
    assert told({"mysql": exporter, "todos_api": "10.0.0.163:8080"}) == "todos_api"
    assert told({"mysql": exporter}) == "mysql"
    assert told({"mysql": exporter, "todos_api": "10.0.0.163:8080"}, "mysql") == "mysql"


def test_a_probe_is_not_the_target_where_there_is_another_job() -> None:
    jobs = {
        "google": Job("google", "http", "/probe", ("google.com",)),
        "spring": Job("spring", "http", "/actuator/prometheus", ("host:8080",)),
    }
    assert job_of(jobs, "shop", None, "prometheus.yml") == "spring"


@pytest.mark.parametrize("path", ["/federate", "/metrics"])
def test_another_prometheus_is_not_the_target(path: str) -> None:
    jobs = {
        "prometheus": Job("prometheus", "http", "/metrics", ("localhost:9090",)),
        "cluster": Job("cluster", "https", path, ("cluster.example.org",)),
    }
    if path == "/metrics":
        assert job_of(jobs, "shop", None, "prometheus.yml") == "cluster"
    else:
        with pytest.raises(InputError, match="no scrape job reads the target"):
            job_of(jobs, "shop", None, "prometheus.yml")


@pytest.mark.parametrize(
    ("name", "target", "found"),
    [
        ("workflows", "temporal:9090", ["workflows"]),
        ("cluster", "prom-2:9090", []),
        ("prom-cluster", "10.0.0.1:9090", []),
        ("itself", "127.0.0.1:9090", []),
        ("otel-collector", "otel-collector:8888", []),
        ("promtail", "promtail:9080", []),
    ],
)
def test_the_port_of_prometheus_may_be_a_services_and_a_collector_is_none(
    name: str, target: str, found: list[str]
) -> None:
    assert candidates({name: Job(name, "http", "/metrics", (target,))}) == found


def test_prometheus_that_reads_itself_alone_does_not_read_the_target() -> None:
    with pytest.raises(InputError, match="there are prometheus\n"):
        told({"prometheus": "localhost:9090"})


def test_a_doubt_is_reported_with_the_candidates_and_never_guessed_away() -> None:
    with pytest.raises(InputError, match="2 jobs may be that of the target: a, b"):
        told({"a": "localhost:8000", "b": "localhost:8001"})
    with pytest.raises(InputError, match="no scrape job reads the target; there are none"):
        told({})


def scraped(*targets: tuple[str, str, str]) -> list[dict[str, object]]:
    """Active targets of a Prometheus: job, instance and address of each."""
    return [
        {"labels": {"job": job, "instance": instance}, "scrapeUrl": f"http://{address}/metrics"}
        for job, instance, address in targets
    ]


WEB, BATCH, ITSELF = ("web", "web-1", "localhost:8000"), ("batch", "b", "b:1"), ("prometheus", "p", "p:9090")


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        ((WEB, BATCH, ITSELF), Scraping("web", "web-1")),
        ((("other", "o", "shop:80"), ITSELF), Scraping("other", "o")),
        ((("shop", "s", "shop:80"), BATCH, ITSELF), Scraping("shop", "s")),
        ((("shop", "s", "shop:80"), ("shop", "t", "shop:81"), ITSELF), Scraping("shop")),
        ((("a", "s", "shop:80"), BATCH, ITSELF), None),
        ((WEB, ("again", "web-1", "localhost:8000")), None),
        ((), None),
    ],
    ids=[
        "its address",
        "the only one",
        "its name",
        "two instances",
        "two that may be it",
        "two at its address",
        "none",
    ],
)
def test_a_prometheus_that_runs_names_the_job_that_reads_the_address(
    targets: tuple[tuple[str, str, str], ...], found: Scraping | None
) -> None:
    assert of_targets(scraped(*targets), "http://127.0.0.1:8000/metrics", "shop") == found


def test_an_instance_that_is_listed_twice_is_one() -> None:
    listed = scraped(WEB, ("web", "web-2", "localhost:8001"), BATCH, ("web", "web-1", "localhost:9000"))
    assert instances(listed, "web") == ("web-1", "web-2")


@pytest.mark.parametrize(
    ("found", "siblings"),
    [(("a:1", "b:1", "c:1"), ("b:1", "c:1")), (("a:1",), ()), (("elsewhere:1",), ()), ((), ())],
    ids=["of three", "alone", "one by another name", "none"],
)
def test_the_other_instances_of_a_job_are_known_where_the_target_is_among_them(
    found: tuple[str, ...], siblings: tuple[str, ...]
) -> None:
    assert of_one("shop", found, "a:1") == siblings


def test_what_stands_in_front_of_several_instances_is_no_target() -> None:
    with pytest.raises(InputError) as refused:
        of_one("shop", ("a:1", "b:1"), "front:80")
    assert "job shop has 2 instances (a:1, b:1), and none is front:80" in str(refused.value)


def test_many_instances_are_told_by_three_and_their_number() -> None:
    assert shared("shop", ("b:1", "c:1", "d:1", "e:1")).endswith(
        "job shop has 5 instances, and one gets the requests: no ledger has those of b:1, c:1, d:1 and 1 more"
    )


@pytest.mark.parametrize(
    ("targets", "own"),
    [
        ((("web", "127.0.0.1:80", "127.0.0.1:80"), ("web", "b:1", "b:1")), "127.0.0.1:80"),
        ((("web", "web-1", "localhost:80"), ("web", "b:1", "b:1")), "web-1"),
        ((("web", "localhost:80", "b:1"), ("web", "b:1", "127.0.0.1:80")), "localhost:80"),
        ((("web", "x", "localhost:80"), ("web", "y", "localhost:80")), "localhost:80"),
        ((("probe", "p", "localhost:80"), ("web", "b:1", "b:1")), "localhost:80"),
        ((), "localhost:80"),
    ],
    ids=["another name of this machine", "a name", "its own name first", "two there", "another job", "none"],
)
def test_the_instance_at_the_target_s_address_is_the_target(
    targets: tuple[tuple[str, str, str], ...], own: str
) -> None:
    assert at_address(scraped(*targets), "web", "localhost:80") == own
