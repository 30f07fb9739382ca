"""Services by themselves: images that change, rights they do not need, checks that check nothing, ports of nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.containers import component_of
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_service, register
from promproof.findings.network import listens_on
from promproof.findings.services import ComposeFile, Service
from promproof.findings.setup import Setup

_SERVICE = "services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n"
TAG = register(
    Kind(
        id="compose/moving-tag",
        severity=Severity.INFO,
        title="an image whose tag moves",
        why="`latest`, or no tag at all, is another version on the next machine and after the next pull: what was "
        "tested is not what runs.",
        example="services: {prometheus: {image: prom/prometheus}}",
        instead="services: {prometheus: {image: 'prom/prometheus:v3.5.0'}}",
    )
)
PRIVILEGED = register(
    Kind(
        id="compose/privileged",
        severity=Severity.WARNING,
        title="a privileged service",
        why="A privileged container owns the machine. Prometheus, Alertmanager, Grafana and Node Exporter never need "
        "it; for another service it is an info.",
        example=f"{_SERVICE}    privileged: true\n",
        instead=f"{_SERVICE}    cap_drop: [ALL]\n",
    )
)
HEALTH = register(
    Kind(
        id="compose/empty-healthcheck",
        severity=Severity.WARNING,
        title="a health check that checks nothing",
        why="It is healthy whatever the service does; what waits for it (depends_on) does not wait.",
        example=f"{_SERVICE}    healthcheck: {{test: wget -q --spider http://localhost:9090/-/ready || true}}\n",
        instead=f"{_SERVICE}    healthcheck: {{test: wget -q --spider http://localhost:9090/-/ready || exit 1}}\n",
    )
)
PORT = register(
    Kind(
        id="compose/port-of-nothing",
        severity=Severity.WARNING,
        title="a published port behind which nothing listens",
        why="The port on the right of a mapping is the one inside the container.",
        example=f"{_SERVICE}    ports: ['9090:80']\n",
        instead=f"{_SERVICE}    ports: ['80:9090']\n",
    )
)
LOG = register(
    Kind(
        id="compose/no-log",
        severity=Severity.WARNING,
        title="a service whose log goes nowhere",
        why="With the driver none `docker compose logs` has nothing to show, and why a service stopped at night is "
        "nowhere to be read. To keep a log small, limit it: max-size and max-file.",
        example=f"{_SERVICE}    logging: {{driver: none}}\n",
        instead=f"{_SERVICE}    logging: {{driver: json-file, options: {{max-size: 10m, max-file: '3'}}}}\n",
    )
)
_NEVER = re.compile(r"(?:^|/)(?:prom|prometheus)/node-exporter(?:[:@]|$)")
_NOTHING = re.compile(r"^\s*(?:/?(?:usr/)?(?:bin/)?true|:|exit(?:\s+0)?|echo\b[^|&;<>$`]*)\s*$")
_ALWAYS = re.compile(r"\|\|\s*(?:/?(?:usr/)?(?:bin/)?true|:|exit\s+0|echo\b[^|&;<>$`]*)\s*$")
_EXTRA = {"alertmanager": {9094}}
"""Ports that are there besides the one for HTTP: Alertmanager's cluster."""


@each_service(TAG)
def judge_tag(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """Images of a registry; one without a slash may be built here."""
    image = service.image
    name, _, tag = image.rpartition("/")[2].partition(":")
    if (
        "/" not in image
        or "$" in image
        or "@" in image
        or "build" in service.part
        or tag not in ("", "latest")
    ):
        return
    yield TAG.at(
        service.at("image"),
        f"{image} is another version after the next pull",
        effect="what was tested is not what runs",
        todo=f"name a version: {name}:VERSION",
        see=f"docker image inspect {image}",
    )


@each_service(PRIVILEGED)
def judge_rights(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """privileged: true."""
    if service.part.truth("privileged"):
        never = component_of(service) or _NEVER.search(service.image)
        yield PRIVILEGED.at(
            service.at("privileged"),
            f"{service.name!r} is privileged",
            severity=None if never else Severity.INFO,
            effect="who gets into the container owns the machine",
            todo="delete the line" if never else "name the devices and capabilities that it needs",
            see=f"docker inspect -f '{{{{.HostConfig.Privileged}}}}' {service.name}",
        )


@each_service(HEALTH)
def judge_health(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """Commands that are true whatever happens."""
    if service.healthcheck is None or service.healthcheck.truth("disable"):
        return
    words = [*service.healthcheck.words("test")]
    if words and words[0] in ("CMD", "CMD-SHELL"):
        words = words[1:]
    command = " ".join(words)
    if command and command != "NONE" and (_NOTHING.search(command) or _ALWAYS.search(command)):
        yield HEALTH.at(
            service.healthcheck.at("test"),
            f"the check of {service.name!r} is always true: {command}",
            effect="it is healthy when it hangs, and when it answers nothing",
            todo="end with `|| exit 1`, and ask for what shows that it works",
            see=f"docker compose exec {service.name} sh -c '{command}'; echo $?",
        )


@each_service(LOG)
def judge_log(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """The log driver none."""
    if service.part.part("logging").text("driver") == "none":
        yield LOG.at(
            service.at("logging"),
            f"{service.name!r} writes no log",
            effect="nobody can read why it stopped",
            todo="delete the driver, or limit the log by max-size and max-file",
            see=f"docker compose logs {service.name}",
        )


@each_service(PORT)
def judge_ports(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """Published ports of images whose port is known."""
    listens = listens_on(service)
    if not listens or service.part.text("network_mode"):
        return
    for published, inside in service.ports:
        if inside.isdecimal() and int(inside) not in listens | _EXTRA.get(component_of(service), set()):
            yield PORT.at(
                service.at("ports"),
                f"{published or inside}:{inside} leads to a port on which {service.image} does not listen",
                effect="connection refused, from outside",
                todo=f"write {published or inside}:{min(listens)}",
                see=f"curl http://localhost:{published or inside}",
            )
