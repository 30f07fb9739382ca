"""The containers backend: the documented compose file, under a project name and on ports of the run's own.

The compose file is used as it is; one override file holds what differs in a run: loopback ports, the run copy's
folders, the scaled flags, no restarts behind the harness's back. Target and stack share the project's network.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from verification.errors import InputError
from verification.render import Rendered
from verification.stack import compose
from verification.stack.app import SentRequest
from verification.stack.external import READY_PATHS
from verification.stack.images import local_images
from verification.stack.ports import HOST, allocate_ports
from verification.stack.project import API, ContainerProject, Replacing, Service
from verification.stack.protocol import (
    ALERTMANAGER,
    NODE_EXPORTER,
    PROMETHEUS,
    ComponentState,
    Endpoints,
    Status,
)
from verification.stack.waiting import loopback_session, unmet_http
from verification.timescale import TimeScale

COMPOSE_FILE = "docker-compose.yml"
SERVICES = {PROMETHEUS: "prometheus", ALERTMANAGER: "alertmanager", NODE_EXPORTER: "node-exporter"}
INNER_PORTS = {"prometheus": 9090, "alertmanager": 9093, "node-exporter": 9100, "api": 8000}
FAULT_PORT = 8001
_ANSWER_SECONDS = 2.0
_RELOAD_SECONDS = 30.0

Configure = Callable[[Mapping[str, str]], Rendered]
"""Renders the run copy; is given the address of each component as the network of the run has it."""

INNER_ADDRESSES = {
    PROMETHEUS: "localhost:9090",
    ALERTMANAGER: "alertmanager:9093",
    NODE_EXPORTER: "node-exporter:9100",
}


def lacking(file: Path) -> InputError | None:
    """What this machine lacks for containers: the compose file, an engine, Compose, or an image; None for nothing."""
    if not file.is_file():
        return InputError("the monitoring folder has no compose file", str(file), "a file", "add it")
    try:
        compose.engine().close()
        compose.compose_binary()
    except InputError as error:
        return error
    missing = [
        variable
        for variable in ("PROMETHEUS_IMAGE", "ALERTMANAGER_IMAGE", "NODE_EXPORTER_IMAGE", "API_IMAGE")
        if variable not in local_images()
    ]
    if missing:
        return InputError(
            f"there is no image for {', '.join(missing)}", "--stack containers", "a local image",
            "nox -s images builds them, or set the variables",
        )  # fmt: skip
    return None


@dataclass(frozen=True)
class Ports:
    """The published ports on 127.0.0.1."""

    prometheus: int
    alertmanager: int
    node_exporter: int

    @classmethod
    def free(cls) -> Ports:
        return cls(*allocate_ports(3))


DOCUMENTED = Ports(9090, 9093, 9100)


class ContainerStack:
    """Prometheus, Alertmanager and Node Exporter in containers; up between `__enter__` and `__exit__`.

    configure: see Configure. node_exporter_procfs: as for ProcessStack. ports: DOCUMENTED, or free ones.
    The project must have been entered; it removes the containers.

    Raises:
        EvidenceError: a component can't be created, dies or does not become healthy; with state and log lines.
    """

    def __init__(
        self,
        project: ContainerProject,
        configure: Configure,
        scale: TimeScale,
        *,
        node_exporter_procfs: Path | None = None,
        ready_seconds: float = 60.0,
        ports: Ports | None = None,
    ) -> None:
        self._project = project
        self._configure = configure
        self._scale = scale
        self._procfs = node_exporter_procfs
        self._ready_seconds = ready_seconds
        self.ports = ports or Ports.free()
        self._rendered: Rendered | None = None
        self._services: dict[str, Service] = {}

    @property
    def rendered(self) -> Rendered:
        """The run copy in use."""
        if self._rendered is None:
            raise RuntimeError("the stack has not been entered")
        return self._rendered

    @property
    def endpoints(self) -> Endpoints:
        urls = {name: f"http://{HOST}:{getattr(self.ports, name)}" for name in self._services}
        return Endpoints(urls[PROMETHEUS], urls.get(ALERTMANAGER), urls.get(NODE_EXPORTER))

    def states(self) -> Mapping[str, ComponentState]:
        return {name: service.state() for name, service in self._services.items()}

    def raise_if_dead(self) -> None:
        for service in self._services.values():
            service.raise_if_dead()

    def log_tail(self, name: str, lines: int = 20) -> list[str]:
        return self._project.log_tail(self._service(name).service, lines)

    def pid(self, name: str) -> int | None:
        """The pid of a component as this machine sees it."""
        return self._service(name).state().pid

    def stop(self, name: str) -> None:
        self._service(name).end(at_once=False)

    def kill(self, name: str) -> None:
        self._service(name).end(at_once=True)

    def start(self, name: str) -> None:
        service = self._service(name)
        if service.state().status is not Status.RUNNING:
            service.start()
        self._await_ready(service)

    def reload(self, name: str) -> None:
        service = self._service(name)
        if name == NODE_EXPORTER:
            raise InputError("node_exporter has no configuration to read again", name)
        try:
            with loopback_session() as session:
                answer = session.post(f"{self._url(name)}/-/reload", timeout=_RELOAD_SECONDS)
        except requests.RequestException as error:
            raise service.failure(f"does not answer a reload: {type(error).__name__}") from error
        if answer.status_code != requests.codes.ok:
            raise service.failure(f"refuses to reload: {answer.text.strip()}")

    def __enter__(self) -> Self:
        self._rendered = self._configure(INNER_ADDRESSES)
        names = [PROMETHEUS, NODE_EXPORTER]
        if self._rendered.alertmanager_config is not None:
            names.append(ALERTMANAGER)
        self._services = {name: Service(self._project, name, SERVICES[name]) for name in names}
        self._project.up({SERVICES[name]: self._differences(name) for name in names})
        for service in self._services.values():
            self._await_ready(service)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for service in self._services.values():
            service.asked_to_end = True  # the project removes them

    def _differences(self, name: str) -> dict[str, Any]:
        port = f"{HOST}:{getattr(self.ports, name)}:{INNER_PORTS[SERVICES[name]]}"
        found: dict[str, Any] = {"ports": Replacing([port])}
        rendered = self.rendered
        if name == PROMETHEUS:
            found["volumes"] = [f"{rendered.prometheus_config.parent}:/etc/prometheus:ro"]
            found["command"] = [*self._shipped("prometheus"), *self._scale.prometheus_flags()]
        elif name == ALERTMANAGER and rendered.alertmanager_config is not None:
            found["volumes"] = [f"{rendered.alertmanager_config.parent}:/etc/alertmanager:ro"]
        elif name == NODE_EXPORTER and self._procfs is not None:
            found["volumes"] = [f"{self._procfs.absolute()}:/drill/proc:ro"]
            found["command"] = [
                "--path.procfs=/drill/proc", "--collector.disable-defaults", "--collector.cpu", "--collector.meminfo",
            ]  # fmt: skip
        return found

    def _shipped(self, service: str) -> list[str]:
        """A service's command as the compose file has it, variables filled in."""
        files = [str(self._project.compose.compose_file_name[0])]
        alone = compose.Project(self._project.name, map(Path, files), Path(self._project.compose.env_file[0]))
        config = json.loads(alone.run("config", "--format", "json"))
        return [str(word) for word in config["services"][service]["command"]]

    def _await_ready(self, service: Service) -> None:
        ready = self._url(service.name) + READY_PATHS[service.name]
        service.await_ready(lambda: unmet_http(ready), self._ready_seconds)

    def _url(self, name: str) -> str:
        return f"http://{HOST}:{getattr(self.ports, name)}"

    def _service(self, name: str) -> Service:
        if name not in self._services:
            raise InputError(f"this stack has no {name}", name, f"one of {', '.join(self._services)}")
        return self._services[name]


class ContainerApp:
    """The target as the API container of the project; the same shape as ManagedApp.

    The host's `workdir` is mounted under its own path, so that a database file has one name on both sides.
    """

    def __init__(
        self,
        project: ContainerProject,
        workdir: Path,
        *,
        env: Mapping[str, str] | None = None,
        health: str = "/health",
        ready_seconds: float = 60.0,
        sent: Callable[[SentRequest], None] = lambda request: None,
    ) -> None:
        self._project = project
        self._workdir = workdir.absolute()
        self._env = dict(env or {})
        self._health = health
        self._ready_seconds = ready_seconds
        self._sent = sent
        self._service = Service(project, "target", API)
        self.token = secrets.token_hex(16)
        self.port, self.fault_port = allocate_ports(2)

    @property
    def address(self) -> str:
        """As Prometheus scrapes it, inside the run's network."""
        return f"{API}:{INNER_PORTS[API]}"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def fault_url(self) -> str:
        return f"http://{HOST}:{self.fault_port}"

    @property
    def pid(self) -> int | None:
        return self.state().pid

    def state(self) -> ComponentState:
        return self._service.state()

    def raise_if_dead(self) -> None:
        self._service.raise_if_dead()

    def log_tail(self, lines: int = 20) -> list[str]:
        return self._project.log_tail(API, lines)

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        if self._project.container(API) is None:
            self._create()
        else:
            self._service.start()
        self._service.await_ready(self._unhealthy, self._ready_seconds)

    def stop(self) -> None:
        self._service.end(at_once=False)

    def kill(self) -> None:
        self._service.end(at_once=True)

    def restart(self) -> None:
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._service.asked_to_end = True  # the project removes it

    def _create(self) -> None:
        self._workdir.mkdir(parents=True, exist_ok=True)
        owner = self._workdir.stat()
        values = {"workdir": str(self._workdir), "token": self.token}
        env = {key: _filled(value, values) for key, value in self._env.items()}
        env |= {"PROMPTPILOT_FAULT_PORT": str(FAULT_PORT), "PROMPTPILOT_FAULT_HOST": "0.0.0.0"}
        env.setdefault("PROMPTPILOT_FAULT_TOKEN", self.token)
        published = [f"{HOST}:{self.port}:{INNER_PORTS[API]}", f"{HOST}:{self.fault_port}:{FAULT_PORT}"]
        self._project.up(
            {
                API: {
                    "ports": Replacing(published),
                    "environment": env,
                    "user": f"{owner.st_uid}:{owner.st_gid}",
                    "volumes": [f"{self._workdir}:{self._workdir}"],
                }
            }
        )

    def _unhealthy(self) -> str:
        started = time.monotonic()
        status = None
        seen = "gives no answer"
        try:
            with loopback_session() as session:
                answer = session.get(self.url + self._health, timeout=_ANSWER_SECONDS)
            status, seen = answer.status_code, f"answers {answer.status_code} {answer.text[:200].strip()}"
        except requests.RequestException as error:
            seen = f"gives no answer: {type(error).__name__}"
        self._sent(SentRequest("GET", self._health, status, started, time.monotonic()))
        return "" if status == requests.codes.ok else f"{self.url}{self._health} {seen}"


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
