"""The compose project of a run: its network, its override file, and its services one by one.

The documented file is used as it is; what differs in a run stands in one override file. Restarts by the engine are
off in a run: a component that dies must be seen to have died.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
import yaml
from docker.errors import APIError, DockerException, NotFound

from promproof.errors import EvidenceError
from promproof.stack import compose
from promproof.stack.images import local_images
from promproof.stack.journal import Journal
from promproof.stack.protocol import ComponentState, Status
from promproof.stack.supply import resolve
from promproof.stack.waiting import wait_until

_STOP_SECONDS = 10
_HEALTH = {"interval": "1s", "start_period": "20s"}


class ContainerProject:
    """The compose project of a run: its network, its override file, its services. Enter it before its users.

    compose_file: the documented file. workdir: for the log of each container, at the end. private: for the override
    and the variables, which hold passwords; workdir by default.
    keep: asked at the end, whether everything stays to be looked at. say: is told what the end of it was.

    Raises:
        InputError: no engine answers, or Compose is missing.
    """

    def __init__(
        self,
        compose_file: Path,
        workdir: Path,
        journal: Journal,
        keep: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda text: None,
        private: Path | None = None,
    ) -> None:
        self.name = compose.project_name(journal.run)
        self.client = compose.engine()
        self._workdir = workdir.absolute()
        self._journal = journal
        self._keep = keep
        self._say = say
        self._private = self._workdir if private is None else private.absolute()
        self._override = self._private / "override.yml"
        self._variables = self._private / "variables.env"
        self._services: dict[str, dict[str, Any]] = {}
        files = [compose_file.absolute(), self._override]
        self._file = files[0]
        self.compose = compose.Project(self.name, files, self._variables, ["*"])

    def __enter__(self) -> Self:
        self._workdir.mkdir(parents=True, exist_ok=True)
        self._private.mkdir(parents=True, exist_ok=True)
        # Not the .env beside the compose file: a run says itself what it starts.
        lines = [f"{name}={value}\n" for name, value in local_images().items()]
        write_private(self._variables, "".join(lines))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.save_logs()
            if self._keep():
                compose.kept_mark(self._journal.folder, self._journal.run).touch()
                self._say(f"kept; when you have seen enough: docker compose -p {self.name} down --volumes")
                return
            compose.remove(self.client, self.name)
        except (DockerException, requests.RequestException) as trouble:
            # Never loses a verdict: what is left is found by its label and cleared by the next run.
            self._say(
                f"{self.name} could not be removed, the engine does not answer: {type(trouble).__name__}"
            )
        finally:
            self.client.close()

    def save_logs(self) -> None:
        """Append what each container has logged to `SERVICE.log`; called before containers are removed."""
        for container in self.client.containers.list(
            all=True, filters={"label": f"{compose.PROJECT_LABEL}={self.name}"}, ignore_removed=True
        ):
            service = container.labels.get(compose.SERVICE_LABEL, container.name)
            with suppress(DockerException, requests.RequestException):
                text = container.logs(timestamps=True)
                with (self._workdir / f"{service}.log").open("ab") as file:
                    file.write(text)

    def up(self, services: Mapping[str, dict[str, Any]]) -> None:
        """Create and start services with what differs for each in this run.

        Raises:
            EvidenceError: one can't be created or started, a port that is taken for example.
        """
        self._services.update(services)
        self._write_override()
        self.compose.services = list(services)
        self.compose.start()

    def down(self) -> None:
        """`down` as the documentation says it: containers and networks go, named volumes stay.

        Raises:
            EvidenceError: something could not be removed.
        """
        self.save_logs()
        self.compose.run("down")

    def up_again(self) -> None:
        """Bring up once more what was up before `down`.

        Raises:
            EvidenceError: a container can't be created or started.
        """
        self.compose.services = list(self._services)
        self.compose.start()

    def _write_override(self) -> None:
        label = self._marks
        common: dict[str, Any] = {
            "restart": "no",
            "healthcheck": _HEALTH,
            "pull_policy": "never",
            "labels": label,
        }
        document = {
            "services": {name: {**common, **differing} for name, differing in self._services.items()},
            "networks": {name: {"labels": label} for name in self.documented["networks"]},
            "volumes": {name: {"labels": label} for name in self.documented.get("volumes") or ()},
        }
        text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False)
        write_private(self._override, text)

    def gateway(self) -> str:
        """The address of this machine on the run's own bridge; reachable from its containers only.

        Raises:
            EvidenceError: the engine gives the network no gateway.
        """
        label = {"label": f"{compose.PROJECT_LABEL}={self.name}"}
        if not self.client.networks.list(filters=label):
            # Creating any service brings the network; the service is created anew when it comes up.
            self._write_override()
            self.compose.run("create", "--pull", "never", next(iter(self.documented["services"])))
        for network in self.client.networks.list(filters=label):
            network.reload()
            for config in network.attrs["IPAM"]["Config"]:
                if config.get("Gateway"):
                    return str(config["Gateway"])
        raise EvidenceError("network", f"project {self.name} has no bridge with a gateway")

    @property
    def labels(self) -> dict[str, str]:
        """What marks a thing as this project's, so that it is found and cleared away with it."""
        return {compose.PROJECT_LABEL: self.name, **self._marks}

    @property
    def _marks(self) -> dict[str, str]:
        return {compose.JOURNALS_LABEL: str(self._journal.folder.absolute())}

    @cached_property
    def documented(self) -> dict[str, Any]:
        """The documented file as Compose reads it, with the local images."""
        return resolve(self._file)

    def container(self, service: str) -> Any:
        """The container of a service, as it is now; None when there is none.

        Raises:
            EvidenceError: the engine does not answer any more.
        """
        label = [f"{compose.PROJECT_LABEL}={self.name}", f"{compose.SERVICE_LABEL}={service}"]
        try:
            found = self.client.containers.list(all=True, filters={"label": label})
        except (DockerException, requests.RequestException) as error:
            raise EvidenceError(
                "container engine", f"does not answer: {type(error).__name__}", (), "look at its log"
            ) from error
        return found[0] if found else None

    def log_tail(self, service: str, lines: int = 20) -> list[str]:
        container = self.container(service)
        if container is None:
            return []
        text: bytes = container.logs(tail=lines)
        return text.decode("utf-8", "replace").splitlines()


class Service:
    """One service: its state, and its orderly and disorderly ends."""

    def __init__(self, project: ContainerProject, name: str, service: str) -> None:
        self.project, self.name, self.service = project, name, service
        self.asked_to_end = False

    def state(self) -> ComponentState:
        container = self.project.container(self.service)
        if container is None:
            return ComponentState(self.name, Status.STOPPED if self.asked_to_end else Status.DIED)
        state = container.attrs["State"]
        if state["Status"] in ("running", "created", "restarting"):
            return ComponentState(self.name, Status.RUNNING, state["Pid"] or None)
        status = Status.STOPPED if self.asked_to_end else Status.DIED
        code = int(state["ExitCode"])
        return ComponentState(self.name, status, None, 128 - code if code > 128 else code)

    def health(self) -> str:
        """What the container lacks to healthy; empty for nothing."""
        container = self.project.container(self.service)
        if container is None:
            return f"{self.name} has no container"
        state = container.attrs["State"]
        health = state.get("Health") or {}
        if health.get("Status", "healthy") == "healthy" and state["Running"]:
            return ""
        said = (health.get("Log") or [{"Output": "no check has ended yet"}])[-1]["Output"].strip()
        return f"{self.name} is {state['Status']}, health {health.get('Status')}: {said[:200]}"

    def raise_if_dead(self) -> None:
        state = self.state()
        if state.status is Status.DIED:
            raise self.failure(str(state))

    def end(self, *, at_once: bool) -> None:
        self.asked_to_end = True
        container = self.project.container(self.service)
        if container is None:
            return
        try:
            container.kill() if at_once else container.stop(timeout=_STOP_SECONDS)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != requests.codes.conflict:  # it had ended by itself
                raise self.failure(f"can't be stopped: {error.explanation}") from error

    def start(self) -> None:
        self.asked_to_end = False
        container = self.project.container(self.service)
        if container is None:
            raise self.failure("its container is gone")
        try:
            container.start()
        except APIError as error:
            raise self.failure(f"can't be started: {error.explanation}") from error

    def await_ready(self, unmet: Callable[[], str], seconds: float) -> None:
        def missing() -> str:
            self.raise_if_dead()
            return self.health() or unmet()

        try:
            wait_until(missing, seconds)
        except TimeoutError as error:
            raise self.failure(f"{self.state()}, but not ready {error}") from error

    def failure(self, state: str) -> EvidenceError:
        todo = f"docker compose -p {self.project.name} logs {self.service}"
        return EvidenceError(self.name, state, self.project.log_tail(self.service), todo)


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, from its first byte on."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


class Replacing(list[str]):
    """A list that replaces that of the documented file, where Compose would join the two."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(Replacing, lambda dumper, data: dumper.represent_sequence("!override", list(data)))
