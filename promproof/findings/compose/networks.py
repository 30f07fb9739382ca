"""Services that can't reach each other: no network that has both, or a name that nobody has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.network import (
    LOCAL,
    Connection,
    called,
    connections,
    file_of,
    names_of,
    networks_apart,
    receivers,
)
from promproof.findings.services import ComposeFile
from promproof.findings.setup import Setup

_COMPOSE = """# compose.yml
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro']
    networks: [monitoring]
  api:
    image: api:1
    networks: [{}]
networks: {{monitoring: {{}}, backend: {{}}}}
# prometheus.yml
scrape_configs: [{{job_name: api, static_configs: [{{targets: ['{}:80']}}]}}]
"""
APART = register(
    Kind(
        id="compose/apart",
        severity=Severity.ERROR,
        title="two services that no network joins",
        why="Compose gives a service a name in its networks only: the target is down, the data source does not answer.",
        example=_COMPOSE.format("backend", "api"),
        instead=_COMPOSE.format("backend, monitoring", "api"),
    )
)
UNKNOWN = register(
    Kind(
        id="compose/no-such-service",
        severity=Severity.WARNING,
        title="an address that names no service",
        why="A word without a dot is the name of a service, an alias or a container. Nobody has this one, so it "
        "can't be resolved, unless something that is not in these files answers to it: the names of machines of "
        "one's own network may. It is a hint where no service has a similar name, and it is no component's name.",
        example=_COMPOSE.format("monitoring", "app"),
        instead=_COMPOSE.format("monitoring", "api"),
    )
)
_COMPONENT = re.compile("prometheus|alertmanager|grafana|exporter|cadvisor|gateway|loki|tempo|mimir|thanos")
"""What services are called, and machines are not."""
_WORD = re.compile(r"(?![A-Z_\d-]+$)[A-Za-z_][\w-]*")
"""A name; what is in capitals stands for one that somebody writes later."""

_OTHER_NAMES = ("external_links", "links", "dns", "extends")


@whole_setup(APART, UNKNOWN)
def judge(setup: Setup) -> Iterator[Finding]:
    """Every address that a Prometheus, a Grafana or an Alertmanager of a compose file asks."""
    for connection in (*connections(setup), *receivers(setup)):
        file = file_of(connection.asking, setup)
        if file is None or connection.host in LOCAL or not _WORD.fullmatch(connection.host):
            continue
        other = called(connection.host, file)
        if other is not None and other is not connection.asking:
            if networks_apart(connection.asking, other) and not _is_joined_elsewhere(connection, setup):
                yield _apart(connection, other.name)
        elif other is None and _is_known_here(connection, file, setup):
            is_meant = _COMPONENT.search(connection.host) or get_close_matches(
                connection.host, [service.name for service in file.services], n=1
            )
            yield UNKNOWN.at(
                connection.place,
                f"{connection.what} asks {connection.host}:{connection.port}, and no service is called that",
                severity=None if is_meant else Severity.HINT,
                effect=connection.effect,
                todo=f"write the name of a service: {', '.join(sorted(service.name for service in file.services))}",
                see=f"docker compose exec {connection.asking.name} nslookup {connection.host}",
            )


def _apart(connection: Connection, name: str) -> Finding:
    return APART.at(
        connection.place,
        f"{connection.what} asks {connection.host}:{connection.port}, and no network has both "
        f"{connection.asking.name!r} and {name!r}",
        effect=connection.effect,
        todo="give both a network in common",
        see=f"docker compose exec {connection.asking.name} nslookup {connection.host}",
    )


def _is_joined_elsewhere(connection: Connection, setup: Setup) -> bool:
    """Whether another file adds networks to one of the two."""
    names = {connection.asking.name, connection.host}
    return sum(service.name in names for file in setup.compose for service in file.services) > len(names)


def _is_known_here(connection: Connection, file: ComposeFile, setup: Setup) -> bool:
    """Whether all that the asking service can reach stands in the files that are here."""
    part = connection.asking.part
    declared = file.part.part("networks")
    if part.text("network_mode") or any(key in part for key in _OTHER_NAMES):
        return False
    hosts = (*part.words("extra_hosts"), *part.texts("extra_hosts"))
    if connection.host in {re.split("[:=]", entry)[0] for entry in hosts}:
        return False
    if "include" in file.part or any(_is_shared(declared.data, name) for name in connection.asking.networks):
        return False
    return not any(
        connection.host in names_of(service) for compose in setup.compose for service in compose.services
    )


def _is_shared(declared: object, name: str) -> bool:
    """Whether a network may have services of other files: it is external, or has a name of its own."""
    network = declared.get(name) if isinstance(declared, dict) else None
    return isinstance(network, dict) and ("external" in network or "name" in network)
