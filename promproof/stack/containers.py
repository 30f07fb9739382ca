"""The containers backend: the documented compose file, under a project name and on ports of the run's own.

The compose file is used as it is; one override file holds what differs in a run: loopback ports, the run copy's
folders, the scaled flags, no restarts behind the harness's back. Target and stack share the project's network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from promproof.config.timescale import TimeScale
from promproof.contract.deployment import Deployment
from promproof.errors import InputError
from promproof.render.grafana import MOUNTED
from promproof.render.monitoring import Rendered
from promproof.stack.deployed import INNER_PORTS, ComposeServices
from promproof.stack.ports import HOST, allocate_ports, bound_port
from promproof.stack.project import ContainerProject, Replacing, Service
from promproof.stack.protocol import (
    ALERTMANAGER,
    GRAFANA,
    NODE_EXPORTER,
    PROMETHEUS,
    READY_PATHS,
    ComponentState,
    Deployed,
    Endpoints,
    Status,
    component_of,
)
from promproof.stack.supply import Supply
from promproof.stack.waiting import loopback_session, unmet_http

_RELOAD_SECONDS = 30.0

Configure = Callable[[Mapping[str, str]], Rendered]
"""Renders the run copy; is given the address of each component as the network of the run has it."""


def inner_addresses(deployment: Deployment, present: Mapping[str, str]) -> dict[str, str]:
    """The address of each present component inside the network; Prometheus' own is that which it scrapes itself at."""
    return {
        component: f"{'localhost' if component == PROMETHEUS else service}:{INNER_PORTS[component]}"
        for component, service in present.items()
    }


class ContainerStack:
    """The stack in containers; up between `__enter__` and `__exit__`.

    images: what each service runs; services without an image are left out. configure: see Configure.
    node_exporter_procfs: as for ProcessStack. documented_ports: the contract's, not free ones.
    The project must have been entered; it removes the containers.

    Raises:
        InputError: a documented port is taken.
        EvidenceError: a component can't be created, dies or does not become healthy; with state and log lines.
    """

    def __init__(
        self,
        project: ContainerProject,
        deployment: Deployment,
        images: Supply,
        configure: Configure,
        scale: TimeScale,
        *,
        node_exporter_procfs: Path | None = None,
        ready_seconds: float = 60.0,
        documented_ports: bool = False,
    ) -> None:
        self._project = project
        self.images = images
        self._configure = configure
        self._scale = scale
        self._procfs = node_exporter_procfs
        self._ready_seconds = ready_seconds
        self.present: dict[str, str] = {
            service.component: name for name, service in deployment.services.items() if images.has(name)
        }
        """The service of each component that is there."""
        self._addresses = inner_addresses(deployment, self.present)
        documented = [deployment.services[service].port for service in self.present.values()]
        if documented_ports:
            _refuse_taken(documented)
        ports = documented if documented_ports else allocate_ports(len(self.present))
        self.ports: dict[str, int] = dict(zip(self.present, ports, strict=True))
        """The published port of each component, on 127.0.0.1."""
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
        return Endpoints(**{name: self._url(name) for name in self._services})

    @property
    def inner(self) -> Endpoints:
        return Endpoints(**{name: f"http://{address}" for name, address in self._addresses.items()})

    @property
    def deployed(self) -> Deployed | None:
        return ComposeServices(self._project, self.present, self.ports, self.images, self.await_ready)

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

    def leave(self) -> None:
        """An engine ends them with the project."""

    def start(self, name: str) -> None:
        service = self._service(name)
        if service.state().status is not Status.RUNNING:
            service.start()
        self._await_ready(service)

    def await_ready(self) -> None:
        """Wait until every component is healthy, after a restart from outside for example."""
        for service in self._services.values():
            self._await_ready(service)

    def reload(self, name: str) -> None:
        service = self._service(name)
        if name not in (PROMETHEUS, ALERTMANAGER):
            raise InputError(what=f"{name} has no configuration to read again", where=name)
        try:
            with loopback_session() as session:
                answer = session.post(f"{self._url(name)}/-/reload", timeout=_RELOAD_SECONDS)
        except requests.RequestException as error:
            raise service.failure(f"does not answer a reload: {type(error).__name__}") from error
        if answer.status_code != requests.codes.ok:
            raise service.failure(f"refuses to reload: {answer.text.strip()}")

    def __enter__(self) -> Self:
        self._rendered = self._configure(self._addresses)
        names = [
            name
            for name in self.present
            if name != ALERTMANAGER or self._rendered.alertmanager_config is not None
        ]
        self._services = {name: Service(self._project, name, self.present[name]) for name in names}
        self._project.up({self.present[name]: self._differences(name) for name in names})
        self.await_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for service in self._services.values():
            service.asked_to_end = True  # the project removes them

    def _differences(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {"ports": Replacing([f"{HOST}:{self.ports[name]}:{INNER_PORTS[name]}"])}
        rendered = self.rendered
        if name == PROMETHEUS:
            shipped = self._documented(name).get("command") or []
            found["volumes"] = [f"{rendered.prometheus_config.parent}:/etc/prometheus:ro"]
            found["command"] = [*map(_literal, shipped), *self._scale.prometheus_flags()]
        elif name == ALERTMANAGER and rendered.alertmanager_config is not None:
            found["volumes"] = [f"{rendered.alertmanager_config.parent}:/etc/alertmanager:ro"]
        elif name == GRAFANA and rendered.grafana is not None:
            found["volumes"] = grafana_volumes(self._documented(name), rendered.grafana)
        elif name == NODE_EXPORTER and self._procfs is not None:
            found["volumes"] = [f"{self._procfs.absolute()}:/drill/proc:ro"]
            found["command"] = [
                "--path.procfs=/drill/proc",
                "--collector.disable-defaults",
                "--collector.cpu",
                "--collector.meminfo",
                "--collector.filesystem",
            ]
        return found

    def _documented(self, name: str) -> dict[str, Any]:
        """A component's service as the documented file has it."""
        service: dict[str, Any] = self._project.documented["services"][self.present[name]]
        return service

    def _await_ready(self, service: Service) -> None:
        ready = self._url(service.name) + READY_PATHS[service.name]
        service.await_ready(lambda: unmet_http(ready), self._ready_seconds)

    def _url(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"

    def _service(self, name: str) -> Service:
        return component_of(self._services, name)


def grafana_volumes(service: Mapping[str, Any], copy: Path) -> list[str]:
    """What a resolved service mounts of its dashboards and provisioning, taken from the run copy instead."""
    binds = [mount for mount in service.get("volumes") or () if mount["type"] == "bind"]
    found = []
    for mount in binds:
        target = str(mount["target"])
        from_elsewhere = copy / MOUNTED / target.lstrip("/")
        of_the_folder = copy / Path(mount["source"]).name
        if from_elsewhere.exists():
            found.append(f"{from_elsewhere}:{target}:ro")
        elif of_the_folder.is_dir():
            found.append(f"{of_the_folder}:{target}:ro")
    return found


def _refuse_taken(ports: Sequence[int]) -> None:
    taken = [str(port) for port in ports if bound_port(port) is None]
    if taken:
        raise InputError(
            what=f"port {', '.join(taken)} of {HOST} is taken",
            where="--documented-ports",
            expected="the documented ports free",
            todo="end what listens there, or leave the option out for free ports",
        )


def _literal(word: Any) -> str:
    """A word of a resolved command, for a file that Compose will read once more."""
    return str(word).replace("$", "$$")
