"""What a run may ask of a stack, whichever backend brought it up.

A backend that can't do something says so with an InputError before anything is started, never half-way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
NODE_EXPORTER = "node_exporter"
GRAFANA = "grafana"
CADVISOR = "cadvisor"


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
    def endpoints(self) -> Endpoints: ...

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

    def reload(self, name: str) -> None:
        """Have a component read its configuration again.

        Raises:
            EvidenceError: it refuses the configuration; with its answer and its last log lines.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
