"""The production examples, each brought up as its README says: the documented file and the example on top of it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.containers.bench import MONITORING, ROOT
from verification.checks import CHECKS
from verification.contract import load as load_contract
from verification.observe.prometheus import Prometheus
from verification.stack import compose
from verification.stack.images import local_images
from verification.stack.journal import Journal
from verification.stack.ports import allocate_ports
from verification.stack.waiting import loopback_session, unmet_http, wait_until
from verification.timescale import TimeScale
from verification.yamlfile import load

pytestmark = pytest.mark.containers
PRODUCTION = MONITORING / "production"
SCALE = TimeScale(60)
SHIPPED = ("prometheus", "alertmanager", "node-exporter", "api")
DEADLINE = 60.0


@dataclass
class Example:
    """An example that is up: its compose project and the published ports by variable."""

    project: compose.Project
    ports: Mapping[str, int]
    database: str

    def url(self, variable: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.ports[variable]}"


@pytest.fixture
def bring_up(journal: Journal, tmp_path: Path) -> Callable[..., Any]:
    """Brings an example up under the run's name, on free ports and at the run's time scale."""
    return partial(_up, journal, tmp_path)


@contextmanager
def _up(
    journal: Journal,
    folder: Path,
    name: str,
    extra: tuple[str, ...],
    configurations: Mapping[str, Path],
    variables: Mapping[str, str] | None = None,
) -> Iterator[Example]:
    names = (
        "PROMETHEUS_PORT",
        "ALERTMANAGER_PORT",
        "NODE_EXPORTER_PORT",
        "API_PORT",
        "GRAFANA_PORT",
        "STORE_PORT",
    )
    ports = dict(zip(names, allocate_ports(len(names)), strict=True))
    database = f"sqlite:///{folder}/data/promptpilot.db"
    own = {"PROMPTPILOT_DATABASE_URL": database, "API_USER": f"{os.getuid()}:{os.getgid()}"}
    values = {**local_images(), **own, **{key: str(port) for key, port in ports.items()}, **(variables or {})}
    env_file = folder / "variables.env"
    env_file.write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")
    services: dict[str, Any] = {
        service: {"restart": "no", "pull_policy": "never"} for service in (*SHIPPED, *extra)
    }
    rules = folder / "rules"
    rules.mkdir()
    for file in (MONITORING / "prometheus" / "rules").glob("*.yml"):
        (rules / file.name).write_text(
            yaml.safe_dump(SCALE.rule_file(load(file, "rules").data)), encoding="utf-8"
        )
    data = folder / "data"
    data.mkdir()
    services["api"]["volumes"] = [f"{data}:{data}"]
    services["prometheus"]["volumes"] = [f"{rules}:/etc/prometheus/rules:ro"]
    for service, path in configurations.items():
        services[service].setdefault("volumes", []).append(
            f"{_scaled(path, folder)}:/etc/prometheus/prometheus.yml:ro"
        )
    override = folder / "override.yml"
    override.write_text(yaml.safe_dump({"services": services}), encoding="utf-8")
    files = [MONITORING / "docker-compose.yml", PRODUCTION / name / "docker-compose.yml", override]
    project = compose.Project(compose.project_name(journal.run), files, env_file, ["api"])
    project.services = list(services)
    project.start()
    example = Example(project, ports, database)
    wait_until(partial(unmet_http, f"{example.url('API_PORT')}/metrics"), DEADLINE)  # it counts nowhere
    yield example


def _scaled(path: Path, folder: Path) -> Path:
    """A configuration at the run's time scale, without the targets that have no image here."""
    data = SCALE.prometheus(load(path, "a Prometheus configuration").data)
    data["scrape_configs"] = [job for job in data["scrape_configs"] if job["job_name"] != "cadvisor"]
    scaled = folder / f"{path.parent.name}.yml"
    scaled.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return scaled


def drive(url: str, count: int) -> None:
    """Requests whose number is known: `count` lists and three unknown prompts."""
    with loopback_session() as session:
        for _ in range(count):
            session.get(f"{url}/api/v1/prompts", timeout=5).raise_for_status()
        for _ in range(3):
            assert session.get(f"{url}/api/v1/prompts/999", timeout=5).status_code == requests.codes.not_found


def application_series(url: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What the API itself says now, without the figures of its process, which move by themselves."""
    from verification.observe.exposition import parse

    with loopback_session() as session:
        parsed = parse(session.get(f"{url}/metrics", timeout=5).text)
    return {
        (name, frozenset(labels)): value
        for (name, labels), value in parsed.values.items()
        if not name.startswith(("process_", "python_"))
    }


def stored_series(prometheus: Prometheus) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The newest stored values of the API's series, without the labels that tell where they were scraped."""
    found = {}
    for labels, value in prometheus.query(
        '{job="promptpilot-api",__name__!~"up|scrape_.*|process_.*|python_.*"}'
    ):
        rest = {key: text for key, text in labels if key not in ("__name__", "job", "instance")}
        found[dict(labels)["__name__"], frozenset(rest.items())] = value
    return found


# VictoriaMetrics keeps decimal numbers, converted with a precision of 1e12 (lib/decimal/decimal.go): counts are exact,
# sums of seconds lose their last digits.
STORE_DIGITS = 1e-12
# So every claim about a metric is verified through it but one: that a sum is stored to the last digit.
CONTRACT = load_contract(MONITORING / "contract.yaml")
STORE_CLAIMS = [
    claim.id
    for check in CHECKS
    for claim in check.claims(CONTRACT)
    if claim.id.startswith("metric/")
    and not (claim.id.endswith("/stored") and CONTRACT.metric(claim.subject).truth.kind == "rows_sum")
]


def await_equal(api: str, server: str, *, relative: float = 0.0) -> int:
    """Wait until a server holds what the API says, to within `relative`; returns the number of series."""
    prometheus = Prometheus(server)
    count = 0

    def unmet() -> str:
        nonlocal count
        wanted = application_series(api)  # anew: an alert of a busy machine is a request too
        count = len(wanted)
        seen = stored_series(prometheus)
        wrong = [
            key
            for key in wanted.keys() | seen.keys()
            if not math.isclose(wanted.get(key, math.nan), seen.get(key, math.nan), rel_tol=relative)
        ]
        shown = [f"{key}: {wanted.get(key)!r} is {seen.get(key)!r}" for key in wrong[:2]]
        return f"{len(wrong)} of {len(wanted)} series differ: {shown}" if wrong else ""

    try:
        wait_until(unmet, DEADLINE)
    finally:
        prometheus.close()
    return count


def test_through_the_federated_server_every_series_of_the_api_is_lost_or_changed_nowhere(
    bring_up: Callable[..., Any],
) -> None:
    configurations = {
        "prometheus": PRODUCTION / "federation/global/prometheus.yml",
        "prometheus-api": PRODUCTION / "federation/api/prometheus.yml",
        "prometheus-machines": PRODUCTION / "federation/machines/prometheus.yml",
    }
    with bring_up("federation", ("prometheus-api", "prometheus-machines"), configurations) as example:
        drive(example.url("API_PORT"), 40)
        assert await_equal(example.url("API_PORT"), example.url("PROMETHEUS_PORT")) > 100
        prometheus = Prometheus(example.url("PROMETHEUS_PORT"))
        # Each server finds its targets at its own tick. Whether Node Exporter meets the scaled time-out is the
        # machine's business; that it is scraped is not.
        wanted = {"prometheus", "federate", "promptpilot-api", "node", "alertmanager"}

        def unmet() -> str:
            jobs = {dict(labels)["job"] for labels, _ in prometheus.query("up")}
            return "" if jobs == wanted else f"jobs are {sorted(jobs)}"

        wait_until(unmet, DEADLINE)
        # One job, one instance each: nothing is scraped by both servers.
        assert [value for _, value in prometheus.query('count by (job) (up{job="promptpilot-api"})')] == [1.0]
        assert {rule["health"] for group in prometheus.rules() for rule in group["rules"]} == {"ok"}
        prometheus.close()


def metric_suite(
    example: Example, folder: Path, configuration: Path, server: str, claims: Sequence[str] = ("metric/",)
) -> str:
    """Run the metric suite on an example's API through one of its servers; what it printed, when it exits with 0.

    The example's intervals are scaled in its files, so that the suite takes them as they are, at scale 1.
    """
    monitoring = folder / "monitoring"
    (monitoring / "prometheus" / "rules").mkdir(parents=True)
    data = load(configuration, "the scaled configuration").data
    data.pop("rule_files", None)
    (monitoring / "prometheus" / "prometheus.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    text = (MONITORING / "contract.yaml").read_text(encoding="utf-8")
    assert "window: 5m}" in text
    text = text.replace("window: 5m}", "window: 5s}").replace("../", f"{ROOT}/")
    contract = monitoring / "contract.yaml"
    contract.write_text(text, encoding="utf-8")
    options = {
        "--contract": contract,
        "--monitoring": monitoring,
        "--target": example.url("API_PORT"),
        "--prometheus": server,
        "--instance": "api:8000",
        "--database": example.database,
        "--reports": folder / "reports",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "verification/suites",
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
    ]
    command += ["--no-drill", *(str(word) for pair in options.items() for word in pair)]
    command += [word for claim in claims for word in ("--claim", claim)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_the_metric_suite_is_red_through_the_federated_server(
    bring_up: Callable[..., Any], tmp_path: Path
) -> None:
    configurations = {
        "prometheus": PRODUCTION / "federation/global/prometheus.yml",
        "prometheus-api": PRODUCTION / "federation/api/prometheus.yml",
        "prometheus-machines": PRODUCTION / "federation/machines/prometheus.yml",
    }
    variables = {"PROMPTPILOT_ACTIVE_USERS_WINDOW": "5s"}
    extra = ("prometheus-api", "prometheus-machines")
    with bring_up("federation", extra, configurations, variables) as example:
        said = metric_suite(example, tmp_path, tmp_path / "api.yml", example.url("PROMETHEUS_PORT"))
    assert "metric/http_requests_total/stored" in said


def test_the_metric_suite_is_red_through_the_long_term_store(
    bring_up: Callable[..., Any], tmp_path: Path
) -> None:
    configurations = {"prometheus": PRODUCTION / "long-term/prometheus.yml"}
    variables = {"PROMPTPILOT_ACTIVE_USERS_WINDOW": "5s"}
    with bring_up("long-term", ("store",), configurations, variables) as example:
        said = metric_suite(
            example, tmp_path, tmp_path / "long-term.yml", example.url("STORE_PORT"), STORE_CLAIMS
        )
    assert "metric/http_requests_total/stored" in said


def test_an_alert_of_the_federated_server_is_silent_when_the_api_is_down(
    bring_up: Callable[..., Any],
) -> None:
    configurations = {
        "prometheus": PRODUCTION / "federation/global/prometheus.yml",
        "prometheus-api": PRODUCTION / "federation/api/prometheus.yml",
        "prometheus-machines": PRODUCTION / "federation/machines/prometheus.yml",
    }
    with bring_up("federation", ("prometheus-api", "prometheus-machines"), configurations) as example:
        await_equal(example.url("API_PORT"), example.url("PROMETHEUS_PORT"))
        example.project.run("kill", "api")
        prometheus = Prometheus(example.url("PROMETHEUS_PORT"))

        def unmet() -> str:
            firing = [one["labels"]["alertname"] for one in prometheus.alerts() if one["state"] == "firing"]
            return "" if "ServiceDown" in firing else f"firing: {firing}"

        wait_until(unmet, DEADLINE)
        prometheus.close()


def test_through_the_long_term_store_every_series_of_the_api_is_lost_or_changed_nowhere(
    bring_up: Callable[..., Any],
) -> None:
    configurations = {"prometheus": PRODUCTION / "long-term/prometheus.yml"}
    with bring_up("long-term", ("store",), configurations) as example:
        drive(example.url("API_PORT"), 40)
        api, store = example.url("API_PORT"), example.url("STORE_PORT")
        assert await_equal(api, store, relative=STORE_DIGITS) > 100


def test_the_store_forgets_what_prometheus_has_sent_when_prometheus_loses_its_data(
    bring_up: Callable[..., Any], client: Any
) -> None:
    configurations = {"prometheus": PRODUCTION / "long-term/prometheus.yml"}
    with bring_up("long-term", ("store",), configurations) as example:
        await_equal(example.url("API_PORT"), example.url("STORE_PORT"), relative=STORE_DIGITS)
        example.project.run("rm", "--stop", "--force", "prometheus", "api")
        client.volumes.get(f"{example.project.name}_prometheus-data").remove()
        store = Prometheus(example.url("STORE_PORT"))
        kept = store.samples('http_requests_total{job="promptpilot-api"}', 600, at=time.time())
        store.close()
        assert kept


def test_a_configuration_of_an_example_says_something_else_than_the_shipped_one() -> None:
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
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=monitoring",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.crt"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "open sesame"], check=True, capture_output=True, text=True
    )
    (folder / "htpasswd").write_text(f"operator:{hashed.stdout}", encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


def _refused(session: requests.Session, url: str) -> str:
    """What the operator is answered, when it is not 200."""
    status = session.get(url, timeout=5, auth=("operator", "open sesame")).status_code
    return "" if status == requests.codes.ok else f"{url} answers {status}"


def test_the_proxy_lets_somebody_in_without_tls_or_without_the_password(
    bring_up: Callable[..., Any], client: Any, secrets: Path
) -> None:
    with bring_up("proxy", ("proxy",), {"prometheus": MONITORING / "prometheus/prometheus.yml"},
                  {"PROXY_SECRETS": str(secrets)}) as example, loopback_session() as session:  # fmt: skip
        session.verify = str(secrets / "tls.crt")
        for variable, path in (
            ("PROMETHEUS_PORT", "/api/v1/status/buildinfo"),
            ("ALERTMANAGER_PORT", "/api/v2/status"),
        ):
            url = example.url(variable, "https") + path
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


def test_an_example_has_an_image_without_a_version_or_a_port_on_all_addresses(tmp_path: Path) -> None:
    empty = tmp_path / "empty.env"
    empty.touch()
    for name in ("proxy", "federation", "long-term"):
        files = [MONITORING / "docker-compose.yml", PRODUCTION / name / "docker-compose.yml"]
        project = compose.Project("verify-config", files, empty, ["api", "grafana", "cadvisor"])
        config = yaml.safe_load(project.run("config", "--format", "json"))
        for service, one in config["services"].items():
            assert ":" in one["image"].rpartition("/")[2], (name, service)
            assert not one["image"].endswith(":latest"), (name, service)
            assert {port.get("host_ip") for port in one.get("ports", ())} <= {"127.0.0.1"}, (name, service)
            assert one["healthcheck"]["test"], (name, service)
            assert "monitoring" in one["networks"], (name, service)
