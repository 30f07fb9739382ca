"""What exporters in containers need to see the machine, and health checks by a program that an image does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.containers import containers_of
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_service, register
from promproof.findings.services import ComposeFile, Mount, Service
from promproof.findings.setup import Setup

_CADVISOR = "services:\n  cadvisor:\n    image: gcr.io/cadvisor/cadvisor:v0.52.1\n"
MOUNT = register(
    Kind(
        id="compose/machine-not-mounted",
        severity=Severity.WARNING,
        title="an exporter that does not see the machine",
        why="Node Exporter and cAdvisor read files of the machine. Without mounts of them they tell of their own "
        "container: its file system, its network, no other container.",
        example=f"{_CADVISOR}    ports: ['8080:8080']\n",
        instead=f"{_CADVISOR}    volumes: ['/:/rootfs:ro', '/var/run:/var/run:ro', '/sys:/sys:ro', "
        "'/var/lib/docker/:/var/lib/docker:ro']\n",
    )
)
_PROMETHEUS = (
    "services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n    healthcheck: {{test: [CMD, {}]}}\n"
)
TOOL = register(
    Kind(
        id="compose/healthcheck-tool",
        severity=Severity.ERROR,
        title="a health check by a program that the image does not have",
        why="The images of Prometheus, Alertmanager and their exporters have busybox's wget and no curl: the check "
        "always fails, the service is never healthy, and what waits for it never starts.",
        example=_PROMETHEUS.format("curl, -f, 'http://localhost:9090/-/ready'"),
        instead=_PROMETHEUS.format("wget, -q, --spider, 'http://localhost:9090/-/ready'"),
    )
)
_NODE = re.compile(r"(?:^|/)(?:prom|prometheus)/node-exporter(?:[:@]|$)")
_CONTAINERS = re.compile(r"(?:^|/)cadvisor/cadvisor(?:[:@]|$)|(?:^|/)google/cadvisor(?:[:@]|$)")
_BUSYBOX = re.compile(
    r"(?:^|/)(?:prom|prometheus)/(?:prometheus|alertmanager|node-exporter|pushgateway|blackbox-exporter)(?:[:@]|$)"
)
_CURL = re.compile(r"(?:^|[\s;&|(])(?:/usr/bin/)?curl\s")


@each_service(MOUNT)
def judge_mounts(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """Exporters of a published image with no mount of the machine, in no file of the folder."""
    is_node = _NODE.search(service.image) is not None
    if "build" in service.part or not (is_node or _CONTAINERS.search(service.image)):
        return
    container = next(found for found in containers_of(setup.compose) if found.service is service)
    if any(_is_of_machine(mount) for mount in container.mounts) or "volumes_from" in service.part:
        return
    if is_node and any(word.startswith("--collector.disable-defaults") for word in service.command):
        return
    yield MOUNT.at(
        service.at("image"),
        f"{service.name!r} has no mount of the machine",
        effect="its figures of file systems and network are those of its own container"
        if is_node
        else "it tells of no other container",
        todo="mount / at /host, with --path.rootfs=/host; network_mode: host, pid: host"
        if is_node
        else "mount /, /var/run, /sys and /var/lib/docker, read only",
        see="curl http://localhost:9100/metrics | grep node_filesystem_size_bytes"
        if is_node
        else "curl http://localhost:8080/metrics | grep container_last_seen",
    )


def _is_of_machine(mount: Mount) -> bool:
    roots = ("/proc", "/sys", "/var", "/run", "/dev", "/host", "/rootfs")
    source = mount.source.rstrip("/") or "/"
    return source == "/" or source.startswith(roots) or "$" in source or mount.target.startswith(roots)


@each_service(TOOL)
def judge_tool(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """curl in images of busybox."""
    words = service.healthcheck.words("test") if service.healthcheck is not None else ()
    if (
        "build" in service.part
        or not _BUSYBOX.search(service.image)
        or not _CURL.search(f"{' '.join(words)} ")
    ):
        return
    if service.healthcheck is not None and not service.healthcheck.truth("disable"):
        yield TOOL.at(
            service.healthcheck.at("test"),
            f"{service.image} has no curl",
            effect=f"{service.name!r} is never healthy",
            todo="ask with wget -q --spider",
            see=f"docker compose exec {service.name} curl --version",
        )
