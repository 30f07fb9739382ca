"""The target of a run: started as a child process or as a container, or found at a URL; and how others reach it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests

from promproof.config import envfile
from promproof.errors import EvidenceError, InputError
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.http import Session, reason
from promproof.places import REPOSITORY
from promproof.run.alone import metrics_url
from promproof.run.prepared import Prepared
from promproof.run.scaling import DURATION
from promproof.run.sender import Sender
from promproof.stack.app import ManagedApp, healthy, need_port
from promproof.stack.backend import Backend, WantedApp
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports, preferring
from promproof.stack.protocol import App, Say, SentRequest
from promproof.stack.relay import Relay

USUAL_PORT = 8000
"""At which `promproof load` and `ui` look for a target."""
# What listens for a container's published port, by engine: Docker, rootless Docker and Podman.
_FORWARDERS = ("docker-proxy", "rootlessport", "slirp4netns", "pasta")


class Target:
    """The API under test: started from a command or in its container, or found at a URL.

    read: told of each request for the metrics that asked whether it is up. name: what reports call it. behind: whether
    the URL is that of something in front of several instances, of which this is one.

    Raises:
        InputError: nothing says how to start or find it.
    """

    def __init__(
        self,
        prepared: Prepared,
        workdir: Path,
        journal: Journal,
        bin_seconds: float,
        backend: Backend,
        read: Callable[[SentRequest], None] = lambda request: None,
        *,
        name: str = "target",
        behind: bool = False,
    ) -> None:
        self._prepared = prepared
        self.name, self._behind = name, behind
        self._relay: Relay | None = None
        options, wanted = prepared.options.target, prepared.contract.target
        self.app: App | None = None
        self.database: str | None = options.database
        self.pid: int | None = None
        if options.url is not None:
            self.url = options.url.rstrip("/")
            self.sender = Sender(self.url, bin_seconds=bin_seconds)
            return
        # What Prometheus reads is in the ledger of those metrics alone that count it.
        sent = self._record if wanted.health not in (None, wanted.metrics_path) else read
        self.app = self._startable(workdir, journal, backend, sent)
        prepared.masker.learn([self.app.token])
        self.url = self.app.url
        self.sender = Sender(self.url, bin_seconds=bin_seconds)
        if wanted.database is not None:
            self.database = wanted.database.replace("{workdir}", str(workdir.absolute()))

    @property
    def metrics_url(self) -> str:
        """Where this machine reads its metrics."""
        path = self._prepared.contract.target.metrics_path
        if self.app is not None:
            return self.app.metrics_base + path
        return metrics_url(self._prepared.options, path) or self.url + path

    def _startable(
        self, workdir: Path, journal: Journal, backend: Backend, sent: Callable[[SentRequest], None]
    ) -> App:
        """The target that the backend brings up, or that a command starts."""
        options, wanted = self._prepared.options.target, self._prepared.contract.target
        command = options.app or wanted.app
        if command is None:
            raise InputError(
                what="no target is named",
                where="--app or --target",
                expected='--app "CMD {port}" or --target URL',
                todo="name one of them",
            )
        directory = REPOSITORY / wanted.directory if wanted.directory is not None else None
        asked = WantedApp(
            workdir,
            self._environment(),
            wanted.health,
            wanted.health_status,
            wanted.metrics_path,
            directory,
            sent,
        )
        # a command on this machine is wanted even where there is a service
        is_one = wanted.instances == 1
        brought = backend.app(asked) if options.app is None and is_one else None
        if brought is not None:
            return brought
        if not self._prepared.options.stack.usual_ports:
            need_port(command, asked.env.values(), "--app" if options.app else "target.app of the contract")
        return ManagedApp(
            command,
            workdir,
            journal,
            env=asked.env,
            health=asked.health,
            health_status=asked.health_status,
            metrics_path=asked.metrics_path,
            directory=asked.directory,
            name=self.name,
            sent=asked.sent,
            allocate=preferring(USUAL_PORT) if self._prepared.options.stack.usual_ports else allocate_ports,
        )

    @property
    def address(self) -> str:
        """As Prometheus scrapes it."""
        if self._relay is not None:
            return self._relay.address
        if self.app is not None:
            return self.app.address
        parts = urlsplit(self.metrics_url)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    @property
    def _own_url(self) -> str:
        """Where it answers itself, whatever stands in front of it."""
        return self.metrics_url if self._behind else self.url

    def start(self, cleanup: ExitStack, say: Say) -> None:
        """Start it, or ask a running one once for its health."""
        if self.app is not None:
            say(f"starting the {self.name}")
            cleanup.enter_context(self.app)
            self.url = self.app.url  # its port may have been chosen anew
            self.sender.base_url = self.url
            self.pid = self.app.pid
            return
        wanted = self._prepared.contract.target
        where = self.url + wanted.health if wanted.health is not None else self.metrics_url
        try:
            if wanted.health is not None:
                status = self.sender.request("GET", wanted.health, allow_redirects=False).status_code
            else:
                with Session() as session:
                    status = session.get(where).status_code
        except requests.RequestException as error:
            raise InputError(
                what=f"the target does not answer: {reason(error)}",
                where=where,
                expected="a running service",
                todo="start it; target.health and target.metrics_path of the contract say what is asked for",
            ) from error
        wanted_statuses = healthy(wanted.health, wanted.health_status)
        if status not in wanted_statuses:
            state = f"{where} answers {status}, not {wanted_statuses[0]}"
            todo = "look at the target's log, and at target.health and health_status in the contract"
            raise EvidenceError("target", state, (), todo)
        self.pid = _local_pid(self._own_url)

    def open_to(self, gateway: str, cleanup: ExitStack, say: Say) -> None:
        """Let containers reach a target on this machine, by the gateway of their bridge and no other address."""
        if self.app is not None and self.app.beside_stack:
            return
        parts = urlsplit(self._own_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._relay = cleanup.enter_context(Relay(gateway, (str(parts.hostname), port)))
        say(f"the target is reachable for containers at {self._relay.address}")

    def faults(self, cleanup: ExitStack, book: UndoBook) -> FaultPort | None:
        """The fault port, when the target has one."""
        options = self._prepared.options.target
        if options.fault_url is not None and options.fault_token is not None:
            port = FaultPort(options.fault_url, options.fault_token, book)
        elif self.app is not None and "{fault_port}" in (
            options.app or self._prepared.contract.target.app or ""
        ):
            port = FaultPort(self.app.fault_url, self.app.token, book)
        else:
            return None
        cleanup.callback(port.heal)
        return port

    def _environment(self) -> dict[str, str]:
        target = self._prepared.contract.target
        given = (
            envfile.read(REPOSITORY / target.env_file, "target.env_file")
            if target.env_file is not None
            else {}
        )
        own = {
            key: self._scaled(value, f"target.environment.{key}") for key, value in target.environment.items()
        }
        return {**given, **own}

    def _scaled(self, text: str, where: str) -> str:
        scale = self._prepared.scale
        return DURATION.sub(lambda match: scale.duration(match.group(1), where), text)

    def _record(self, sent: SentRequest) -> None:
        # without an answer its fate is unknown: it may have been counted
        self.sender.record(sent.method, sent.path, sent.status or 0, sent.started, sent.ended)


def _local_pid(url: str) -> int | None:
    """The process that listens at a loopback URL, when this user may see it and it is not a mere forwarder."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr[1] == parts.port:
            return None if _forwards(connection.pid) else connection.pid
    return None


def _forwards(pid: int | None) -> bool:
    """Whether a process only carries the connections of a container's published port."""
    try:
        return pid is not None and psutil.Process(pid).name() in _FORWARDERS
    except psutil.Error:
        return True
