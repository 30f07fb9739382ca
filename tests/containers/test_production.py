"""The production examples, each brought up as its README says: the documented file and the example on top of it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from promproof.config.yamlfile import load
from promproof.observe.prometheus import Prometheus
from promproof.stack import compose
from promproof.stack.journal import Journal
from promproof.stack.waiting import loopback_session, wait_until
from tests.containers.bench import MONITORING
from tests.containers.production import (
    DEADLINE,
    PRODUCTION,
    STORE_CLAIMS,
    STORE_DIGITS,
    Example,
    await_equal,
    drive,
    metric_suite,
    up,
)

pytestmark = pytest.mark.containers
SERVERS = ("prometheus-api", "prometheus-machines")
FEDERATION = {
    "prometheus": PRODUCTION / "federation/global/prometheus.yml",
    "prometheus-api": PRODUCTION / "federation/api/prometheus.yml",
    "prometheus-machines": PRODUCTION / "federation/machines/prometheus.yml",
}
STORE = ("store",)
LONG_TERM = {"prometheus": PRODUCTION / "long-term/prometheus.yml"}


WINDOW = {"PROMPTPILOT_ACTIVE_USERS_WINDOW": "5s"}


@contextmanager
def brought_up(client: Any, folder: Path, *example: Any) -> Iterator[Example]:
    """An example under a run's name, on free ports and at the run's time scale; nothing of it is left."""
    with Journal(folder / "runs") as journal:
        try:
            with up(journal, folder, *example) as found:
                yield found
        finally:
            compose.remove(client, compose.project_name(journal.run))


@pytest.fixture(scope="module")
def federation(client: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The federated servers, for all their tests in the order of the file: the last one takes the API away."""
    folder = tmp_path_factory.mktemp("federation")
    with brought_up(client, folder, "federation", SERVERS, FEDERATION, WINDOW) as example:
        yield example


@pytest.fixture(scope="module")
def long_term(client: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """Prometheus with its store, for all their tests in the order of the file: the last one takes Prometheus away."""
    folder = tmp_path_factory.mktemp("long-term")
    with brought_up(client, folder, "long-term", STORE, LONG_TERM, WINDOW) as example:
        yield example


def outcomes(folder: Path) -> dict[str, str]:
    """What the last suite said of each claim."""
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text(encoding="utf-8"))
    return {verdict["claim"]: verdict["outcome"] for verdict in report["verdicts"]}


@pytest.mark.nightly
def test_the_federated_server_has_every_series_of_the_api_unchanged(federation: Example) -> None:
    drive(federation.url("API_PORT"), 40)
    assert await_equal(federation.url("API_PORT"), federation.url("PROMETHEUS_PORT")) > 100
    # Each server finds its targets at its own tick. Whether Node Exporter meets the scaled time-out is the
    # machine's business; that it is scraped is not.
    wanted = {"prometheus", "federate", "promptpilot-api", "node", "alertmanager"}
    with closing(Prometheus(federation.url("PROMETHEUS_PORT"))) as prometheus:

        def unmet() -> str:
            jobs = {dict(labels)["job"] for labels, _ in prometheus.query("up")}
            return "" if jobs == wanted else f"jobs are {sorted(jobs)}"

        wait_until(unmet, DEADLINE)
        # One job, one instance each: nothing is scraped by both servers.
        assert [value for _, value in prometheus.query('count by (job) (up{job="promptpilot-api"})')] == [1.0]
        assert {rule["health"] for group in prometheus.rules() for rule in group["rules"]} == {"ok"}


@pytest.mark.whole_run(alone=True)
@pytest.mark.nightly
def test_the_metric_suite_is_green_through_the_federated_server(federation: Example, tmp_path: Path) -> None:
    configuration = federation.folder / "api.yml"
    metric_suite(federation, tmp_path, configuration, federation.url("PROMETHEUS_PORT"))
    assert outcomes(tmp_path)["metric/http_requests_total/stored"] == "pass"


@pytest.mark.nightly
def test_an_alert_of_the_federated_server_fires_when_the_api_is_down(federation: Example) -> None:
    federation.project.run("kill", "api")
    with closing(Prometheus(federation.url("PROMETHEUS_PORT"))) as prometheus:

        def unmet() -> str:
            firing = [
                alert["labels"]["alertname"] for alert in prometheus.alerts() if alert["state"] == "firing"
            ]
            return "" if "ServiceDown" in firing else f"firing: {firing}"

        wait_until(unmet, DEADLINE)


@pytest.mark.nightly
def test_the_long_term_store_has_every_series_of_the_api_unchanged(long_term: Example) -> None:
    drive(long_term.url("API_PORT"), 40)
    api, store = long_term.url("API_PORT"), long_term.url("STORE_PORT")
    assert await_equal(api, store, relative=STORE_DIGITS) > 100


@pytest.mark.whole_run(alone=True)
@pytest.mark.nightly
def test_the_metric_suite_is_green_through_the_long_term_store(long_term: Example, tmp_path: Path) -> None:
    configuration = long_term.folder / "long-term.yml"
    metric_suite(long_term, tmp_path, configuration, long_term.url("STORE_PORT"), STORE_CLAIMS)
    assert outcomes(tmp_path)["metric/http_requests_total/stored"] == "pass"


@pytest.mark.nightly
def test_the_store_keeps_what_prometheus_has_sent_when_prometheus_loses_its_data(
    long_term: Example, client: Any
) -> None:
    long_term.project.run("rm", "--stop", "--force", "prometheus", "api")
    client.volumes.get(f"{long_term.project.name}_prometheus-data").remove()
    with closing(Prometheus(long_term.url("STORE_PORT"))) as store:
        assert store.samples('http_requests_total{job="promptpilot-api"}', 600, at=time.time())


def test_the_configurations_of_the_examples_say_what_the_shipped_one_says() -> None:
    shipped = load(MONITORING / "prometheus/prometheus.yml", "shipped").data
    long_term = load(PRODUCTION / "long-term/prometheus.yml", "example").data
    assert long_term.pop("remote_write")
    assert long_term == shipped
    parts = [
        load(PRODUCTION / f"federation/{name}/prometheus.yml", "example").data for name in ("api", "machines")
    ]
    together = load(PRODUCTION / "federation/global/prometheus.yml", "example").data
    jobs = [job for part in parts for job in part["scrape_configs"]]
    wanted = [job for job in shipped["scrape_configs"] if job["job_name"] != "prometheus"]
    assert sorted(jobs, key=str) == sorted(wanted, key=str)
    assert {key: together[key] for key in ("global", "rule_files", "alerting")} == {
        key: shipped[key] for key in ("global", "rule_files", "alerting")
    }


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 and the account `operator`, made as the README says."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=monitoring",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "tls.key",
        "-out",
        "tls.crt",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "open sesame"], check=True, capture_output=True, text=True
    )
    (folder / "htpasswd").write_text(f"operator:{hashed.stdout}", encoding="utf-8")
    for file in folder.iterdir():
        if os.geteuid() == 0:
            os.chown(file, 65534, -1)
        else:  # nobody else may give a file away
            file.chmod(0o644)
    return folder


def _refused(session: requests.Session, url: str) -> str:
    """What the operator is answered, when it is not 200."""
    status = session.get(url, timeout=5, auth=("operator", "open sesame")).status_code
    return "" if status == requests.codes.ok else f"{url} answers {status}"


def _unanswered(session: requests.Session, url: str) -> str:
    """Why a connection ends without an answer: the engine takes it for a container that does not listen yet."""
    try:
        session.get(url, timeout=5)
    except requests.ConnectionError as error:
        return f"{url}: {error}"
    return ""


@pytest.mark.whole_run
def test_the_proxy_wants_tls_and_the_password(client: Any, secrets: Path, tmp_path: Path) -> None:
    configurations = {"prometheus": MONITORING / "prometheus/prometheus.yml"}
    folder = tmp_path / "proxy"
    folder.mkdir()
    with (
        brought_up(
            client, folder, "proxy", ("proxy",), configurations, {"PROXY_SECRETS": str(secrets)}
        ) as example,
        loopback_session() as session,
    ):
        session.verify = str(secrets / "tls.crt")
        for variable, path in (
            ("PROMETHEUS_PORT", "/api/v1/status/buildinfo"),
            ("ALERTMANAGER_PORT", "/api/v2/status"),
        ):
            url = example.url(variable, "https") + path
            wait_until(partial(_unanswered, session, url), DEADLINE)
            assert session.get(url, timeout=5).status_code == requests.codes.unauthorized
            assert session.get(url, timeout=5, auth=("operator", "guess")).status_code == 401
            wait_until(partial(_refused, session, url), DEADLINE)  # the proxy is up before what is behind it
            plain = session.get(example.url(variable) + path, timeout=5, auth=("operator", "open sesame"))
            assert plain.status_code == requests.codes.bad_request  # plain HTTP on a port of TLS
        for path in ("/-/quit", "/-/reload"):
            url = example.url("PROMETHEUS_PORT", "https") + path
            assert session.post(url, timeout=5, auth=("operator", "open sesame")).status_code == 403
        with pytest.raises(requests.exceptions.SSLError):
            session.get(example.url("PROMETHEUS_PORT", "https"), timeout=5, verify=True)
        # Nothing but the proxy and the API is published, and both on loopback.
        published = {
            (container.labels[compose.SERVICE_LABEL], binding["HostIp"])
            for container in client.containers.list(
                filters={"label": f"{compose.PROJECT_LABEL}={example.project.name}"}
            )
            for bindings in container.attrs["NetworkSettings"]["Ports"].values()
            for binding in bindings or ()
        }
        assert published == {("proxy", "127.0.0.1"), ("api", "127.0.0.1")}


def test_every_example_has_images_with_versions_and_ports_on_loopback(tmp_path: Path) -> None:
    empty = tmp_path / "empty.env"
    empty.touch()
    for name in ("proxy", "federation", "long-term"):
        files = [MONITORING / "docker-compose.yml", PRODUCTION / name / "docker-compose.yml"]
        project = compose.Project("verify-config", files, empty, ["api", "grafana", "cadvisor"])
        config = yaml.safe_load(project.run("config", "--format", "json"))
        for service, definition in config["services"].items():
            assert ":" in definition["image"].rpartition("/")[2], (name, service)
            assert not definition["image"].endswith(":latest"), (name, service)
            assert {port.get("host_ip") for port in definition.get("ports", ())} <= {"127.0.0.1"}, (
                name,
                service,
            )
            assert definition["healthcheck"]["test"], (name, service)
            assert "monitoring" in definition["networks"], (name, service)
