"""The target as a service of the run's compose project; the same shape as a target that is a child process.

The host's `workdir` is mounted under its own path, so that a database file has one name on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from promproof.contract.deployment import TargetService
from promproof.http import show_started
from promproof.stack.app import ask_health
from promproof.stack.ports import HOST, allocate_ports
from promproof.stack.project import ContainerProject, Replacing, Service
from promproof.stack.protocol import ComponentState, SentRequest
from promproof.stack.target import Target


class ContainerApp(Target):
    """The target of a run in its container; up between `__enter__` and `__exit__` of the project.

    wanted: the contract's service. env: texts with {workdir} and {token}.

    Raises:
        EvidenceError: it can't be created, dies or does not become healthy; with state and log lines.
    """

    def __init__(
        self,
        project: ContainerProject,
        wanted: TargetService,
        workdir: Path,
        *,
        env: Mapping[str, str] | None = None,
        health: str = "/health",
        ready_seconds: float = 60.0,
        sent: Callable[[SentRequest], None] = lambda request: None,
        healthy: Sequence[int] = (200,),
    ) -> None:
        super().__init__(workdir, allocate_ports(2), env, health, ready_seconds, sent, healthy)
        self._project = project
        self._wanted = wanted
        self._service = Service(project, "target", wanted.service)

    @property
    def address(self) -> str:
        """As Prometheus scrapes it, inside the run's network."""
        return f"{self._wanted.service}:{self._wanted.port}"

    @property
    def beside_stack(self) -> bool:
        return True

    @property
    def pid(self) -> int | None:
        return self.state().pid

    def state(self) -> ComponentState:
        return self._service.state()

    def raise_if_dead(self) -> None:
        self._service.raise_if_dead()

    def log_tail(self, lines: int = 20) -> list[str]:
        return self._project.log_tail(self._wanted.service, lines)

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        show_started(self.url)
        if self._project.container(self._wanted.service) is None:
            self._create()
        else:
            self._service.start()
        self._service.await_ready(
            lambda: ask_health(self.url, self._health, self._sent, self._healthy), self._ready_seconds
        )

    def stop(self) -> None:
        self._service.end(at_once=False)

    def kill(self) -> None:
        self._service.end(at_once=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._service.asked_to_end = True  # the project removes it

    def _create(self) -> None:
        self._workdir.mkdir(parents=True, exist_ok=True)
        owner = self._workdir.stat()
        env = {key: self._filled(text) for key, text in {**self._env, **self._wanted.environment}.items()}
        published = [f"{HOST}:{self.port}:{self._wanted.port}"]
        if self._wanted.fault_port is not None:
            published.append(f"{HOST}:{self.fault_port}:{self._wanted.fault_port}")
        self._project.up(
            {
                self._wanted.service: {
                    "ports": Replacing(published),
                    "environment": env,
                    "user": f"{owner.st_uid}:{owner.st_gid}",
                    "volumes": [f"{self._workdir}:{self._workdir}"],
                }
            }
        )
