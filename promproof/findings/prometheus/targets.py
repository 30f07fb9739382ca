"""Addresses that Prometheus asks: targets and Alertmanagers that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_job, each_prometheus, register, whole_setup
from promproof.findings.network import (
    LOCAL,
    called,
    connections,
    file_of,
    listens_on,
    shares_network,
    targets_of,
)
from promproof.findings.part import Part
from promproof.findings.services import Service
from promproof.findings.setup import Job, Prometheus, Setup

_COMPOSE = """# compose.yml
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro']
  api: {image: 'api:1', ports: ['8080:80']}
# prometheus.yml
scrape_configs:
- job_name: prometheus
  static_configs: [{targets: ['localhost:9090']}]
"""
LOCALHOST = register(
    Kind(
        id="prometheus/localhost",
        severity=Severity.ERROR,
        title="a target or an Alertmanager at localhost, of a Prometheus in a container",
        why="localhost in a container is the container itself: the target is down, or no alert is sent.",
        example=f"{_COMPOSE}- job_name: api\n  static_configs: [{{targets: ['localhost:8080']}}]\n",
        instead=f"{_COMPOSE}- job_name: api\n  static_configs: [{{targets: ['api:80']}}]\n",
    )
)
PORT = register(
    Kind(
        id="prometheus/port",
        severity=Severity.ERROR,
        title="a target at a port that the service does not listen on",
        why="Between containers the port inside counts, not the published one: the target is down.",
        example=f"{_COMPOSE}- job_name: api\n  static_configs: [{{targets: ['api:8080']}}]\n",
        instead=f"{_COMPOSE}- job_name: api\n  static_configs: [{{targets: ['api:80']}}]\n",
    )
)
ADDRESS = register(
    Kind(
        id="prometheus/target-address",
        severity=Severity.ERROR,
        title="a target that is a URL",
        why="A target is HOST:PORT; scheme and path are keys of the job. "
        "With a slash in it Prometheus refuses the file, or drops the target.",
        example="scrape_configs:\n- job_name: api\n  static_configs: [{targets: ['http://api:8080/metrics']}]",
        instead="scrape_configs:\n- job_name: api\n  scheme: http\n  metrics_path: /metrics\n"
        "  static_configs: [{targets: ['api:8080']}]",
    )
)


@whole_setup(LOCALHOST, PORT)
def judge_addresses(setup: Setup) -> Iterator[Finding]:
    """Targets and Alertmanagers of each Prometheus in a compose file."""
    for connection in connections(setup):
        asking = connection.asking
        file = file_of(asking, setup)
        if file is None or connection.what.startswith("data source"):
            continue
        address = f"{connection.host}:{connection.port}"
        if connection.host in LOCAL:
            if not shares_network(asking, setup) and connection.port not in (listens_on(asking) or {9090}):
                yield LOCALHOST.at(
                    connection.place,
                    f"{connection.what} asks {address}: in the container {asking.name!r} nothing listens there",
                    effect=connection.effect,
                    todo="name the service of the compose file, or host.docker.internal for the machine",
                    see=f"docker compose exec {asking.name} wget -qO- http://{address}",
                )
            continue
        other = called(connection.host, file)
        if other is None or other.part.text("network_mode"):
            continue
        # The files of a folder may be alternatives: each that says a port must say another one.
        same = [
            service
            for beside in setup.compose
            if beside.part.document.folder == file.part.document.folder
            for service in beside.services
            if service.name == other.name and (service.ports or listens_on(service) or service is other)
        ]
        listens = _listens(other, connection.port)
        if listens and all(_listens(service, connection.port) for service in same):
            yield PORT.at(
                connection.place,
                f"{connection.what} asks {address}: {other.name!r} listens on {' and '.join(listens)}",
                effect=connection.effect,
                todo=f"write {connection.host}:{listens[0]}",
                see=f"docker compose exec {asking.name} wget -qO- http://{address}",
            )


def _listens(service: Service, port: int) -> list[str]:
    """The ports on which a service listens when this is surely none of them; empty when it may be."""
    known = listens_on(service)
    if known:
        return [] if port in known else sorted(map(str, known))
    inside = {target for _, target in service.ports}
    published = {outside for outside, target in service.ports if outside and outside != target}
    if str(port) in published - inside - set(service.part.words("expose")):
        return sorted(inside)
    return []


@each_job(ADDRESS)
def judge_targets(job: Job, server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """Targets of a job with a slash; a relabel rule may make an address of one."""
    if any(rule.text("target_label") == "__address__" for rule in job.relabel_configs):
        return
    for index, entry in enumerate(job.part.items("static_configs")):
        yield from _slashes(entry, job.part, index, server)


@each_prometheus(ADDRESS)
def judge_alertmanagers(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """Alertmanagers with a slash in their address."""
    for part in server.alertmanagers:
        if not part.data.get("relabel_configs") and any("/" in target for target in targets_of(part)):
            for index, entry in enumerate(part.items("static_configs")):
                yield from _slashes(entry, part, index, server)


def _slashes(entry: Part, part: Part, index: int, server: Prometheus) -> Iterator[Finding]:
    for target in entry.words("targets"):
        if "/" in target and "{" not in target and "$" not in target:
            yield ADDRESS.at(
                part.at("static_configs", index, "targets"),
                f"{target} is no HOST:PORT",
                effect="the target is not scraped"
                if "relabel_configs" in part
                else "Prometheus refuses its configuration",
                todo="write HOST:PORT, and scheme and metrics_path (path_prefix of an Alertmanager) as keys",
                see=f"promtool check config {server.argument}",
            )
