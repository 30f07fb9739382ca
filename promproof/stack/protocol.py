"""What a run may ask of a stack, whichever backend brought it up.

A backend that can't do something says so with an InputError before anything is started, never half-way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self, TypeVar

from promproof.errors import InputError
from promproof.evidence.records import Service
from promproof.render.monitoring import Rendered

PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
NODE_EXPORTER = "node_exporter"
GRAFANA = "grafana"
CADVISOR = "cadvisor"
READY_PATHS = {
    PROMETHEUS: "/-/ready",
    ALERTMANAGER: "/-/ready",
    NODE_EXPORTER: "/",
    GRAFANA: "/api/health",
    CADVISOR: "/healthz",
}
"""Where each component says that it is ready; Node Exporter's first page collects nothing."""
Say = Callable[[str], None]
Part = TypeVar("Part")


def component_of(components: Mapping[str, Part], name: str) -> Part:
    """The component of this name.

    Raises:
        InputError: this stack has not got it.
    """
    if name not in components:
        raise InputError(
            what=f"this stack has no {name}", where=name, expected=f"one of {', '.join(components)}"
        )
    return components[name]


@dataclass(frozen=True)
class Endpoints:
    """Base URLs of the components, without a slash at the end; None for a component that this run has not."""

    prometheus: str
    alertmanager: str | None = None
    node_exporter: str | None = None
    grafana: str | None = None
    cadvisor: str | None = None


class Status(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    """Ended because the harness asked for it."""
    DIED = "died"
    """Ended by itself."""
    FOREIGN = "foreign"
    """Not started by the harness: nothing is known but its URL."""


@dataclass(frozen=True)
class ComponentState:
    """A component now; exit_status is negative for a signal, and None while it runs."""

    name: str
    status: Status
    pid: int | None = None
    exit_status: int | None = None

    def __str__(self) -> str:
        if self.status is Status.RUNNING:
            return f"running, pid {self.pid}"
        if self.exit_status is None:
            return str(self.status)
        end = f"signal {-self.exit_status}" if self.exit_status < 0 else f"exit status {self.exit_status}"
        return f"{self.status} with {end}"


class Stack(Protocol):
    """A stack that is up between `__enter__` and `__exit__`. Names of components are the constants above."""

    @property
    def endpoints(self) -> Endpoints:
        """Where this machine reaches the components."""

    @property
    def inner(self) -> Endpoints:
        """Where Prometheus reaches them."""

    @property
    def rendered(self) -> Rendered | None:
        """The run copy in use; None for files that are somebody else's."""

    @property
    def deployed(self) -> Deployed | None:
        """The services of a compose file, to be asked and exercised; None for a stack that is not deployed so."""

    def pid(self, name: str) -> int | None:
        """A component's process on this machine; None when it does not run or is not known to run here."""

    def states(self) -> Mapping[str, ComponentState]:
        """The state of every component of this run."""

    def raise_if_dead(self) -> None:
        """Raises EvidenceError, with its last log lines, when a component ended by itself."""

    def log_tail(self, name: str, lines: int = 20) -> list[str]:
        """The last lines of a component's log, oldest first."""

    def stop(self, name: str) -> None:
        """End a component in an orderly way and wait until it is gone."""

    def kill(self, name: str) -> None:
        """End a component at once, as a crash would."""

    def start(self, name: str) -> None:
        """Start a component that was stopped, at the same address, and wait until it is ready."""

    def leave(self) -> None:
        """Have what nobody needs any more begin to end, and wait for nothing: `__exit__` ends it whatever it does."""

    def reload(self, name: str) -> None:
        """Have a component read its configuration again.

        Raises:
            EvidenceError: it refuses the configuration; with its answer and its last log lines.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class App(Protocol):
    """A target that the run starts and stops; up between `__enter__` and `__exit__`, its token the same throughout."""

    @property
    def token(self) -> str: ...

    @property
    def url(self) -> str:
        """Where this machine reaches it; no slash at the end."""

    @property
    def metrics_base(self) -> str:
        """Where this machine reads its metrics: another port than that of its requests, perhaps."""

    @property
    def fault_url(self) -> str: ...

    @property
    def address(self) -> str:
        """As Prometheus scrapes it, `host:port`."""

    @property
    def beside_stack(self) -> bool:
        """Whether it is a service of the stack's own network."""

    @property
    def pid(self) -> int | None: ...

    def state(self) -> ComponentState: ...

    def raise_if_dead(self) -> None:
        """Raises EvidenceError, with its last log lines, when it ended by itself."""

    def log_tail(self, lines: int = 20) -> list[str]: ...

    def start(self) -> None:
        """Start it and wait until it is healthy."""

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    def restart(self, env: Mapping[str, str] | None = None) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class SentRequest:
    """A request that the harness itself sent to the target. Times are in seconds of time.monotonic.

    status is None when no answer came; the target may have counted it.
    """

    method: str
    path: str
    status: int | None
    started: float
    ended: float


@dataclass(frozen=True)
class Left:
    """What was there after `down`: things of the project, and which of so many processes were still alive."""

    things: list[str]
    processes: int
    alive: list[int]


class Deployed(Protocol):
    """A stack of services that a compose file describes. Raises EvidenceError when the engine does not answer."""

    @property
    def present(self) -> Mapping[str, str]:
        """The service of each component that is there."""

    @property
    def ports(self) -> Mapping[str, int]:
        """The published port of each component, on 127.0.0.1."""

    @property
    def missing(self) -> Mapping[str, str]:
        """Why a service is left out, by service."""

    def services(self) -> list[Service]:
        """What the engine runs; see engine.services."""

    def listeners(self) -> list[tuple[str, int]]:
        """Rows [address, port] of the sockets of this machine that listen on the published ports."""

    def usage(self) -> dict[str, tuple[float, float]]:
        """CPU seconds since the start, and bytes of memory, by service."""

    def reached_inside(self) -> dict[str, bool]:
        """Which service a container of the same network can connect to."""

    def reached_outside(self) -> dict[str, bool]:
        """Which service and published port a container of another network can connect to."""

    def restart(self, component: str) -> None:
        """Restart a component as the documentation says it, and wait until all are ready."""

    def down(self) -> Left:
        """`down` as the documentation says it; tells what was left."""

    def up_again(self) -> None:
        """Bring up again what was up before `down`, and wait until it is ready."""
