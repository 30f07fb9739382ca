"""What the container engine says of a project: services, published ports, usage, and who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import psutil
import requests
from docker.errors import DockerException

from promproof.errors import EvidenceError
from promproof.evidence.records import Service
from promproof.stack.compose import PROJECT_LABEL, SERVICE_LABEL

_REACH_SECONDS = 2


def services(client: Any, project: str) -> list[Service]:
    """The containers of a project: service, image, state, health (`none` without a check), pid, addresses, ports.

    Raises:
        EvidenceError: the engine does not answer.
    """
    found = []
    for container in _containers(client, project):
        state = container.attrs["State"]
        settings = container.attrs["NetworkSettings"]
        published = tuple(
            (str(bound["HostIp"]), int(bound["HostPort"]), int(inner.split("/")[0]))
            for inner, outer in (settings["Ports"] or {}).items()
            for bound in outer or ()
        )
        found.append(
            Service(
                service=container.labels.get(SERVICE_LABEL, ""),
                image=container.attrs["Config"]["Image"],
                state=state["Status"],
                health=(state.get("Health") or {}).get("Status", "none"),
                pid=state["Pid"],
                addresses={
                    name: network["IPAddress"]
                    for name, network in settings["Networks"].items()
                    if network["IPAddress"]
                },
                published=published,
            )
        )
    return sorted(found, key=lambda service: service.service)


def usage(client: Any, project: str) -> dict[str, tuple[float, float]]:
    """CPU seconds since the start of each service, and its memory in bytes without the page cache that it may drop.

    As `docker stats` counts memory (docker/cli, cli/command/container/stats_helpers.go).

    Raises:
        EvidenceError: the engine does not answer.
    """
    found: dict[str, tuple[float, float]] = {}
    for container in _containers(client, project):
        with suppress(
            DockerException, requests.RequestException, KeyError
        ):  # one that is just ending has none
            stats = client.api.stats(container.id, stream=False, one_shot=True)
            memory = stats["memory_stats"]
            droppable = memory["stats"].get("inactive_file", memory["stats"].get("total_inactive_file", 0))
            seconds = stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
            found[str(container.labels.get(SERVICE_LABEL, ""))] = (
                seconds,
                float(memory["usage"] - droppable),
            )
    return found


def listeners(ports: Iterable[int]) -> list[tuple[str, int]]:
    """Rows [address, port] of the listening sockets of this machine on these ports."""
    wanted = set(ports)
    return sorted(
        (str(connection.laddr[0]), int(connection.laddr[1]))
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr[1] in wanted
    )


def reached(
    client: Any, image: str, network: str, labels: Mapping[str, str], targets: Iterable[tuple[str, int]]
) -> dict[str, bool]:
    """Which of the `host:port` a container in a network can connect to. The image needs a shell and nc or bash.

    Raises:
        EvidenceError: the container could not be run.
    """
    script = "\n".join(
        f"if nc -z -w {_REACH_SECONDS} {host} {port} 2>/dev/null "
        f'|| timeout {_REACH_SECONDS} bash -c "</dev/tcp/{host}/{port}" 2>/dev/null; '
        f"then echo {host}:{port} yes; else echo {host}:{port} no; fi"
        for host, port in targets
    )
    try:
        output: bytes = client.containers.run(
            image,
            ["-c", script],
            entrypoint="sh",
            network=network,
            labels=dict(labels),
            remove=True,
            user="65534:65534",
            cap_drop=["ALL"],
        )
    except (DockerException, requests.RequestException) as error:
        raise EvidenceError("container engine", f"can't run {image} in {network}: {error}") from error
    rows = (line.split() for line in output.decode().splitlines())
    return {row[0]: row[1] == "yes" for row in rows if len(row) == 2}


def _containers(client: Any, project: str) -> list[Any]:
    try:
        return list(
            client.containers.list(
                all=True, filters={"label": f"{PROJECT_LABEL}={project}"}, ignore_removed=True
            )
        )
    except (DockerException, requests.RequestException) as error:
        raise EvidenceError(
            "container engine", f"does not answer: {type(error).__name__}", (), "look at its log"
        ) from error
