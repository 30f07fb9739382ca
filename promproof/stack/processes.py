"""The processes backend: Prometheus, Alertmanager and Node Exporter as child processes on loopback ports.

The addresses stand in the configuration, so the ports come first and the run copy is rendered for them; when
a port was taken in between, both are done again.
"""

import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import requests

from promproof.config.timescale import TimeScale
from promproof.errors import EvidenceError, InputError
from promproof.render.monitoring import Rendered
from promproof.stack.binaries import Binaries
from promproof.stack.children import Child, log_tail, start_child, stop_all
from promproof.stack.journal import Journal
from promproof.stack.ports import HOST, allocate_ports
from promproof.stack.protocol import (
    ALERTMANAGER,
    NODE_EXPORTER,
    PROMETHEUS,
    READY_PATHS,
    ComponentState,
    Deployed,
    Endpoints,
    Status,
    component_of,
)
from promproof.stack.waiting import loopback_session, unmet_http, wait_until

ATTEMPTS = 5
_RELOAD_SECONDS = 30.0
_PORT_TAKEN = "address already in use"


@dataclass(frozen=True)
class Ports:
    """The ports of one attempt to bring the stack up."""

    prometheus: int
    alertmanager: int
    node_exporter: int

    def address(self, name: str) -> str:
        """`127.0.0.1:port` of a component."""
        return f"{HOST}:{getattr(self, name)}"


T = TypeVar("T")
Configure = Callable[[Ports], Rendered]
"""Renders the run copy for these ports. Called again, with others, when one of them was taken."""


class _PortTaken(EvidenceError):
    """A component found its port taken by another program."""


@dataclass
class _Component:
    name: str
    command: list[str]
    log: Path
    ready_url: str
    child: Child | None = None

    def state(self) -> ComponentState:
        return ComponentState(self.name, Status.STOPPED) if self.child is None else self.child.state()


class ProcessStack:
    """A stack of child processes; up between `__enter__` and `__exit__`, with logs and data below `workdir`.

    configure: see Configure. journal: an open journal. node_exporter_procfs: a folder that Node Exporter reads
    in place of /proc, then with its cpu and meminfo collectors only. Without an Alertmanager configuration
    in the run copy no Alertmanager is started.

    Raises:
        EvidenceError: a component refuses its configuration, dies or does not become ready.
        InputError: from `configure`, or for a component that this stack has not.
    """

    def __init__(
        self,
        binaries: Binaries,
        configure: Configure,
        workdir: Path,
        scale: TimeScale,
        journal: Journal,
        *,
        node_exporter_procfs: Path | None = None,
        ready_seconds: float = 60.0,
        allocate: Callable[[int], list[int]] = allocate_ports,
    ) -> None:
        self._binaries = binaries
        self._configure = configure
        self._workdir = workdir.absolute()
        self._scale = scale
        self._journal = journal
        self._procfs = node_exporter_procfs
        self._ready_seconds = ready_seconds
        self._allocate = allocate
        self._components: dict[str, _Component] = {}
        self._ports: Ports | None = None
        self._rendered: Rendered | None = None

    @property
    def ports(self) -> Ports:
        return _entered(self._ports)

    @property
    def rendered(self) -> Rendered:
        """The run copy in use."""
        return _entered(self._rendered)

    @property
    def commands(self) -> dict[str, list[str]]:
        """The command line of each component."""
        return {name: component.command for name, component in self._components.items()}

    @property
    def endpoints(self) -> Endpoints:
        ports = self.ports
        urls = {name: f"http://{ports.address(name)}" for name in self._components}
        return Endpoints(urls[PROMETHEUS], urls.get(ALERTMANAGER), urls.get(NODE_EXPORTER))

    @property
    def inner(self) -> Endpoints:
        return self.endpoints

    @property
    def deployed(self) -> Deployed | None:
        return None

    def states(self) -> Mapping[str, ComponentState]:
        return {name: component.state() for name, component in self._components.items()}

    def alive(self) -> bool:
        """Whether no component has ended by itself."""
        return all(state.status is not Status.DIED for state in self.states().values())

    def raise_if_dead(self) -> None:
        for component in self._components.values():
            if component.state().status is Status.DIED:
                raise self._failure(component, str(component.state()))

    def pid(self, name: str) -> int | None:
        """The pid of a component, None when it does not run."""
        child = self._component(name).child
        return child.pid if child is not None and child.is_running() else None

    def log_tail(self, name: str, lines: int = 20) -> list[str]:
        return log_tail(self._component(name).log, lines)

    def stop(self, name: str) -> None:
        component = self._component(name)
        if component.child is not None:
            component.child.stop()

    def kill(self, name: str) -> None:
        component = self._component(name)
        if component.child is not None:
            component.child.kill()

    def leave(self) -> None:
        for component in self._components.values():
            if component.child is not None:
                component.child.send_signal(signal.SIGINT)

    def start(self, name: str) -> None:
        component = self._component(name)
        if component.state().status is Status.RUNNING:
            return
        self._spawn(component)
        self._await_ready([component])

    def reload(self, name: str) -> None:
        component = self._component(name)
        if name == NODE_EXPORTER:
            raise InputError(what="node_exporter has no configuration to read again", where=name)
        url = f"http://{self.ports.address(name)}/-/reload"
        try:
            with loopback_session() as session:
                answer = session.post(url, timeout=_RELOAD_SECONDS)
        except requests.RequestException as error:
            raise self._failure(component, f"does not answer a reload: {type(error).__name__}") from error
        if answer.status_code != requests.codes.ok:
            raise self._failure(component, f"refuses to reload: {answer.text.strip()}")

    def __enter__(self) -> Self:
        attempts = ATTEMPTS
        while True:
            attempts -= 1
            try:
                self._bring_up()
                return self
            except _PortTaken:
                self.close()
                if not attempts:
                    raise
            except BaseException:
                self.close()
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every component; can be called at any time."""
        stop_all([component.child for component in self._components.values() if component.child is not None])

    def _bring_up(self) -> None:
        self._ports = Ports(*self._allocate(3))
        self._rendered = self._configure(self._ports)
        commands = {PROMETHEUS: self._prometheus(self._rendered), NODE_EXPORTER: self._node_exporter()}
        if self._rendered.alertmanager_config is not None:
            commands[ALERTMANAGER] = self._alertmanager(self._rendered.alertmanager_config)
        self._components = {
            name: _Component(
                name,
                command,
                self._workdir / "logs" / f"{name}.log",
                f"http://{self._ports.address(name)}{READY_PATHS[name]}",
            )
            for name, command in commands.items()
        }
        for component in self._components.values():
            component.log.unlink(missing_ok=True)
            self._spawn(component)
        self._await_ready(list(self._components.values()))

    def _spawn(self, component: _Component) -> None:
        component.child = start_child(
            component.command,
            name=component.name,
            log=component.log,
            cwd=Path(component.command[0]).parent,  # where fetched programs look for their own files
            journal=self._journal,
        )

    def _await_ready(self, waiting: list[_Component]) -> None:
        """Wait for all of them at once; the first one that ends is the one that is reported."""
        last: dict[str, str] = {}

        def unmet() -> str:
            for component in list(waiting):
                if component.state().status is not Status.RUNNING:
                    raise self._failure(component, f"{component.state()} before it was ready")
                last[component.name] = self._unready(component)
                if not last[component.name]:
                    waiting.remove(component)
            return "; ".join(last[component.name] for component in waiting)

        try:
            wait_until(unmet, self._ready_seconds)
        except TimeoutError as error:
            raise self._failure(waiting[0], f"running, but not ready {error}") from error

    def _unready(self, component: _Component) -> str:
        port = getattr(self.ports, component.name)
        # Without this, another program that has the port could answer in its place.
        if component.child is None or component.child.pid_listening_on(port) is None:
            return f"{component.name} does not listen on port {port}"
        return unmet_http(component.ready_url)

    def _failure(self, component: _Component, state: str) -> EvidenceError:
        tail = log_tail(component.log)
        kind = _PortTaken if any(_PORT_TAKEN in line for line in tail) else EvidenceError
        return kind(component.name, state, tail, f"the whole log is {component.log}")

    def _component(self, name: str) -> _Component:
        return component_of(self._components, name)

    def _prometheus(self, rendered: Rendered) -> list[str]:
        data = self._workdir / "prometheus"
        shutil.rmtree(data, ignore_errors=True)  # of an attempt before
        return [
            str(self._binaries.prometheus.path),
            f"--config.file={rendered.prometheus_config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address={self.ports.address(PROMETHEUS)}",
            "--web.enable-lifecycle",
            *self._scale.prometheus_flags(),
        ]

    def _alertmanager(self, config: Path) -> list[str]:
        return [
            str(self._binaries.alertmanager.path),
            f"--config.file={config}",
            f"--storage.path={self._workdir / 'alertmanager'}",
            f"--web.listen-address={self.ports.address(ALERTMANAGER)}",
            "--cluster.listen-address=",  # no gossip: by default it listens on all addresses
        ]

    def _node_exporter(self) -> list[str]:
        command = [
            str(self._binaries.node_exporter.path),
            f"--web.listen-address={self.ports.address(NODE_EXPORTER)}",
        ]
        if self._procfs is not None:
            command += [
                f"--path.procfs={self._procfs.absolute()}",
                "--collector.disable-defaults",
                "--collector.cpu",
                "--collector.meminfo",
                "--collector.filesystem",
            ]
        return command


def _entered(value: T | None) -> T:
    if value is None:
        raise RuntimeError("the stack has not been entered")
    return value
