"""The target as a service of the run's compose project; the same shape as a target that is a child process.

The host's `workdir` is mounted under its own path, so that a database file has one name on both sides.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from promproof.contract.deployment import TargetService
from promproof.stack.app import ask_health
from promproof.stack.ports import HOST, allocate_ports
from promproof.stack.project import ContainerProject, Replacing, Service
from promproof.stack.protocol import ComponentState, SentRequest


class ContainerApp:
    """The target of a run in its container; up between `__enter__` and `__exit__` of the project.

    wanted: the contract's service. env: texts with {workdir} and {token}. sent: is told each health request.

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
    ) -> None:
        self._project = project
        self._wanted = wanted
        self._workdir = workdir.absolute()
        self._env = dict(env or {})
        self._health = health
        self._ready_seconds = ready_seconds
        self._sent = sent
        self._service = Service(project, "target", wanted.service)
        self.token = secrets.token_hex(16)
        self.port, self.fault_port = allocate_ports(2)

    @property
    def address(self) -> str:
        """As Prometheus scrapes it, inside the run's network."""
        return f"{self._wanted.service}:{self._wanted.port}"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def fault_url(self) -> str:
        return f"http://{HOST}:{self.fault_port}"

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
        if self._project.container(self._wanted.service) is None:
            self._create()
        else:
            self._service.start()
        self._service.await_ready(lambda: ask_health(self.url, self._health, self._sent), self._ready_seconds)

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
        env |= {key: _filled(value, values) for key, value in self._wanted.environment.items()}
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


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
