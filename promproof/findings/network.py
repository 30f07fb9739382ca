"""Who asks whom in a compose file: scrape targets, Alertmanagers, data sources, receivers; and what listens where.

Only what the files say for sure: a service by its name, published images with their flags, networks of one file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from promproof.findings.containers import component_of, containers_of, is_open
from promproof.findings.finding import Place
from promproof.findings.part import Part
from promproof.findings.services import ComposeFile, Service
from promproof.findings.setup import Setup

LOCAL = ("localhost", "127.0.0.1", "::1")
# Image, default port, and the flag that changes it. Each listens on one port unless told otherwise.
_IMAGES = (
    (re.compile(r"(?:^|/)(?:prom|prometheus)/prometheus(?:[:@]|$)"), 9090, "web.listen-address"),
    (re.compile(r"(?:^|/)(?:prom|prometheus)/alertmanager(?:[:@]|$)"), 9093, "web.listen-address"),
    (re.compile(r"(?:^|/)(?:prom|prometheus)/node-exporter(?:[:@]|$)"), 9100, "web.listen-address"),
    (re.compile(r"(?:^|/)(?:prom|prometheus)/pushgateway(?:[:@]|$)"), 9091, "web.listen-address"),
    (re.compile(r"(?:^|/)(?:prom|prometheus)/blackbox-exporter(?:[:@]|$)"), 9115, "web.listen-address"),
    (re.compile(r"(?:^|/)(?:prom|prometheus)/mysqld-exporter(?:[:@]|$)"), 9104, "web.listen-address"),
    (re.compile(r"(?:^|/)prometheuscommunity/postgres-exporter(?:[:@]|$)"), 9187, "web.listen-address"),
    (re.compile(r"(?:^|/)oliver006/redis_exporter(?:[:@]|$)"), 9121, "web.listen-address"),
    (re.compile(r"(?:^|/)nginx/nginx-prometheus-exporter(?:[:@]|$)"), 9113, "web.listen-address"),
    (re.compile(r"(?:^|/)cadvisor/cadvisor(?:[:@]|$)|(?:^|/)google/cadvisor(?:[:@]|$)"), 8080, "port"),
)  # (a table)
_PORT_VARIABLE = re.compile(r"PORT|LISTEN|ADDR", re.IGNORECASE)


@dataclass(frozen=True)
class Connection:
    """One address that a service asks. what: job api, the data source P, ...; place: where the address stands."""

    asking: Service
    what: str
    host: str
    port: int
    place: Place
    effect: str


def connections(setup: Setup) -> Iterator[Connection]:
    """The addresses of all configurations whose service is known."""
    yield from _of_prometheus(setup)
    yield from _of_grafana(setup)


def receivers(setup: Setup) -> Iterator[Connection]:
    """The addresses of webhooks and mail servers that an Alertmanager of a compose file asks."""
    for server in setup.alertmanagers:
        for receiver in server.receivers if server.container is not None else ():
            for kind, part in receiver.integrations:
                key = {"webhook_configs": "url", "email_configs": "smarthost"}.get(kind, "")
                address = urlsplit(part.text(key)) if kind == "webhook_configs" else None
                target = address.netloc.rpartition("@")[2] if address is not None else part.text(key)
                default = 443 if address is not None and address.scheme == "https" else 80
                if server.container is not None and target:
                    what, effect = f"the receiver {receiver.name}", "nobody is told"
                    yield from _one(server.container, what, target, default, part.at(key), effect)


def _of_prometheus(setup: Setup) -> Iterator[Connection]:
    for server in setup.prometheuses:
        if server.container is None:
            continue
        for job in server.jobs:
            if any("__address__" in rule.text("target_label") for rule in job.relabel_configs):
                continue  # a prober is asked, and the address is its parameter
            for index, entry in enumerate(job.part.items("static_configs")):
                for target in entry.words("targets"):
                    place = job.at("static_configs", index, "targets")
                    effect = f"up is 0 for job {job.name}, and its metrics are not there"
                    default = 443 if job.scheme == "https" else 80
                    yield from _one(server.container, f"job {job.name}", target, default, place, effect)
        for part in server.alertmanagers:
            for target in targets_of(part):
                default = 443 if part.text("scheme") == "https" else 80
                effect = "no alert reaches Alertmanager: nobody is told"
                place = part.at("static_configs")
                yield from _one(server.container, "alerting", target, default, place, effect)


def targets_of(part: Part) -> Iterator[str]:
    """The targets of the static_configs of an Alertmanager's entry."""
    for entry in part.items("static_configs"):
        yield from entry.words("targets")


def _of_grafana(setup: Setup) -> Iterator[Connection]:
    graphs = [
        container
        for container in containers_of(setup.compose)
        if component_of(container.service) == "grafana"
    ]
    for document in setup.documents:
        sources = document.part()
        if not isinstance(document.data, dict) or "datasources" not in document.data:
            continue
        for container in graphs:
            if not document.address or not container.inside(document.address):
                continue
            for source in sources.items("datasources"):
                address = urlsplit(source.text("url"))
                if source.text("access", "proxy") != "proxy" or address.scheme not in ("http", "https"):
                    continue
                default = 443 if address.scheme == "https" else 80
                what, effect = f"data source {source.text('name')}", "every panel of it shows an error"
                netloc = address.netloc.rpartition("@")[2]
                yield from _one(container.service, what, netloc, default, source.at("url"), effect)


def _one(
    asking: Service, what: str, target: str, default: int, place: Place, effect: str
) -> Iterator[Connection]:
    if "$" in target or "{" in target or "/" in target or target.startswith("["):
        return
    host, colon, port = target.rpartition(":")
    host, port = (host, port) if colon else (target, str(default))
    if host and port.isdecimal():
        yield Connection(asking, what, host, int(port), place, effect)


def file_of(service: Service, setup: Setup) -> ComposeFile | None:
    """The compose file that a service stands in; None for a container of a workload."""
    return next((file for file in setup.compose if service in file.services), None)


def names_of(service: Service) -> set[str]:
    """The names under which others can ask it."""
    aliases = {alias for _, network in service.part.entries("networks") for alias in network.words("aliases")}
    named = {service.name, service.part.text("container_name"), service.part.text("hostname")}
    return (aliases | named) - {""}


def called(name: str, file: ComposeFile) -> Service | None:
    """The service of a file that is meant by a name; None when there is none, or several."""
    found = [service for service in file.services if name in names_of(service)]
    return found[0] if len(found) == 1 else None


def shares_network(service: Service, setup: Setup) -> bool:
    """Whether localhost may be more than the container: the host's network, or that of another container."""
    others = (f"service:{service.name}", f"container:{service.name}")
    return any(
        other.part.text("network_mode") in others
        or (other.name == service.name and other.part.text("network_mode"))
        for file in setup.compose
        for other in file.services
    )


def listens_on(service: Service) -> frozenset[int]:
    """The ports on which a published image listens; empty when that is not known."""
    part = service.part
    if "build" in part or "entrypoint" in part or any(map(is_open, service.command)):
        return frozenset()
    if component_of(service) == "grafana":
        return _of_grafana_itself(service)
    for image, port, flag in _IMAGES:
        if image.search(service.image):
            if any(_PORT_VARIABLE.search(name) for name in service.environment) or "env_file" in part:
                return frozenset()
            given = [
                word.partition("=")[2] for word in service.command if word.lstrip("-").startswith(f"{flag}=")
            ]
            ports = [address.rpartition(":")[2] for address in given]
            if service.flag(flag) is None:
                return frozenset({port})
            return frozenset(map(int, ports)) if ports and all(map(str.isdecimal, ports)) else frozenset()
    return frozenset()


def _of_grafana_itself(service: Service) -> frozenset[int]:
    port = service.environment.get("GF_SERVER_HTTP_PORT", "3000")
    has_file = any(mount.target.endswith((".ini", "/etc/grafana")) for mount in service.mounts)
    is_known = port.isdecimal() and not has_file and "env_file" not in service.part and not service.command
    return frozenset({int(port)}) if is_known else frozenset()


def networks_apart(asking: Service, other: Service) -> bool:
    """Whether no network of one compose file has both."""
    modes = asking.part.text("network_mode"), other.part.text("network_mode")
    if modes[0]:
        return False
    if modes[1] in ("host", "none"):
        return True
    return not modes[1] and not set(asking.networks) & set(other.networks)
