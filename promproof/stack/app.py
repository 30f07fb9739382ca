"""The target as a child process, started from a command template: any server that can be told its port.

Its health is asked for with real requests, which are part of the truth about its traffic: each one is told to
the caller, who writes it down.
"""

import re
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType

import requests

from promproof.errors import EvidenceError, InputError
from promproof.http import show_started
from promproof.stack.children import Child, log_tail, start_child
from promproof.stack.journal import Journal
from promproof.stack.ports import HOST, allocate_ports, bound_port
from promproof.stack.protocol import ComponentState, SentRequest, Status
from promproof.stack.target import Target
from promproof.stack.waiting import loopback_session, wait_until

ATTEMPTS = 5
METRICS_SECONDS = 5.0
"""For metrics at a port of their own, once the service is healthy: an exporter beside it may start after it."""
_ANSWER_SECONDS = 2.0
_ASKS_WHO = (401, 403)
METRICS_PORT = "{metrics_port}"
PLACEHOLDERS = ("port", "metrics_port", "fault_port", "workdir", "token", "python")
_PORT_TAKEN = ("address already in use", "address in use", "errno 98")


class ManagedApp(Target):
    """A target that is a child process.

    command: a command line, run without a shell in `directory`, with any of {port} {metrics_port} {fault_port}
    {workdir} {token} {python}; the last is the Python of the harness. Values of `env` may hold them too. sent: is told
    once a start has ended. health: None for a target that is ready when its metrics answer, at `metrics_path`.

    Raises:
        InputError: the command is empty or can't be read.
        EvidenceError: the target ends, or does not become healthy.
    """

    def __init__(
        self,
        command: str,
        workdir: Path,
        journal: Journal,
        *,
        env: Mapping[str, str] | None = None,
        health: str | None = "/health",
        health_status: int = 200,
        metrics_path: str = "/metrics",
        directory: Path | None = None,
        name: str = "target",
        ready_seconds: float = 60.0,
        sent: Callable[[SentRequest], None] = lambda request: None,
        allocate: Callable[[int], list[int]] = allocate_ports,
    ) -> None:
        ready = health or metrics_path
        super().__init__(
            workdir, allocate(2), env, ready, ready_seconds, sent, healthy(health, health_status)
        )
        self._words = _split(command)
        self._directory = directory
        self._by_metrics = health is None
        self.metrics_port = self.port
        if any(METRICS_PORT in text for text in (command, *self._env.values())):
            [self.metrics_port] = allocate(1)
        self._journal = journal
        self._name = name
        self._allocate = allocate
        self._child: Child | None = None

    @property
    def log(self) -> Path:
        return self._workdir / "logs" / f"{self._name}.log"

    @property
    def address(self) -> str:
        return f"{HOST}:{self.metrics_port}"

    @property
    def metrics_base(self) -> str:
        return f"http://{self.address}"

    @property
    def beside_stack(self) -> bool:
        return False

    @property
    def pid(self) -> int | None:
        """The process that listens on the port: the command itself, or the server that it started."""
        if self._child is None or not self._child.is_running():
            return None
        return self._child.pid_listening_on(self.port) or self._child.pid

    @property
    def other_pids(self) -> tuple[int, ...]:
        """Other processes that listen on the port: any of a server's workers may answer."""
        child, own = self._child, self.pid
        found = child.pids_listening_on(self.port) if child is not None and own is not None else ()
        return tuple(pid for pid in found if pid != own)

    def state(self) -> ComponentState:
        return ComponentState(self._name, Status.STOPPED) if self._child is None else self._child.state()

    def raise_if_dead(self) -> None:
        """Raises EvidenceError when it ended by itself."""
        if self.state().status is Status.DIED:
            raise self._failure(str(self.state()))

    def log_tail(self, lines: int = 20) -> list[str]:
        return log_tail(self.log, lines)

    def start(self) -> None:
        """Start it and wait until it is healthy. Its port is chosen anew only if nothing has used it yet."""
        first = self._child is None
        for attempt in range(1, ATTEMPTS + 1):
            # Whoever has the port may answer in place of the target, and with 200.
            if first and None in (bound_port(self.port), bound_port(self.fault_port)):
                self._move()
            asked: list[SentRequest] = []
            try:
                self._start(asked.append)
                break
            except EvidenceError as error:
                self.kill()
                tail = "\n".join(error.log).lower()
                if attempt == ATTEMPTS or not first or not any(text in tail for text in _PORT_TAKEN):
                    self._tell(asked)
                    raise
                # What was asked in vain went to whoever took the port; the target has not seen it.
                self._move()
            except BaseException:
                self.kill()
                raise
        self._tell(asked)

    def stop(self) -> None:
        """End it in an orderly way and wait until it is gone."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._child is not None:
            self._child.kill()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _move(self) -> None:
        """Take other ports."""
        is_apart = self.metrics_port != self.port
        self.port, self.fault_port = self._allocate(2)
        self.metrics_port = self._allocate(1)[0] if is_apart else self.port

    def _tell(self, requests_sent: Iterable[SentRequest]) -> None:
        for request in requests_sent:
            self._sent(request)

    def _start(self, sent: Callable[[SentRequest], None]) -> None:
        self._workdir.mkdir(parents=True, exist_ok=True)
        start_of_log = self.log.stat().st_size if self.log.exists() else 0
        self._child = start_child(
            [self._filled(word) for word in self._words],
            name=self._name,
            log=self.log,
            cwd=self._directory,
            env={key: self._filled(value) for key, value in self._env.items()},
            journal=self._journal,
        )

        show_started(self.url, self.metrics_base)

        def unmet() -> str:
            if self.state().status is not Status.RUNNING:
                raise self._failure(f"{self.state()} before it was healthy", start_of_log)
            return self._unhealthy(sent)

        try:
            wait_until(unmet, self._ready_seconds)
        except TimeoutError as error:
            raise self._failure(f"running, but not healthy {error}", start_of_log) from error
        if self.metrics_port != self.port:
            with suppress(TimeoutError):  # whoever reads them then says that they are not there
                wait_until(self._without_metrics, METRICS_SECONDS)

    def _without_metrics(self) -> str:
        """What the port of its metrics lacks, which may open after the other; no request is sent there for that."""
        if self.state().status is not Status.RUNNING:
            return ""
        try:
            socket.create_connection((HOST, self.metrics_port), _ANSWER_SECONDS).close()
        except OSError as error:
            return f"{self.address} takes no connections: {error}"
        return ""

    def _unhealthy(self, sent: Callable[[SentRequest], None]) -> str:
        """What it lacks to be healthy; empty for nothing. `sent` is told what it may have seen."""
        return ask_health(
            self.metrics_base if self._by_metrics else self.url, self._health, sent, self._healthy
        )

    def _values(self) -> dict[str, str]:
        ports = {
            "port": str(self.port),
            "fault_port": str(self.fault_port),
            "metrics_port": str(self.metrics_port),
        }
        return {**ports, **super()._values(), "python": sys.executable}

    def _failure(self, state: str, start_of_log: int = 0) -> EvidenceError:
        lines = log_tail(self.log, start=start_of_log)
        return EvidenceError(self._name, state, lines, f"the whole log is {self.log}")


def need_port(command: str, environment: Iterable[str] = (), where: str = "--app") -> None:
    """Refuse a command that is not told its port: it would listen elsewhere, and be waited for in vain.

    environment: the values of its variables. Raises InputError.
    """
    for word in re.findall(r"(?<!\$)\{(\w+)\}", command):
        near = get_close_matches(word.lower(), PLACEHOLDERS, n=1)
        if word not in PLACEHOLDERS and near:
            raise InputError(
                what=f"nothing is filled in for {{{word}}}; did you mean {{{near[0]}}}?",
                where=where,
                expected=f"one of {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}",
            )
    if not any("{port}" in text for text in (command, *environment)):
        raise InputError(
            what=f"{command!r} does not say where its port goes",
            where=where,
            expected='{port}, which a free one takes the place of: "my-api --port {port}"',
            todo='add it; where only a variable tells the port: "env PORT={port} my-api"; a service that runs '
            "already: --target URL",
        )


def healthy(health: str | None, status: int) -> tuple[int, ...]:
    """The statuses that say a target is ready; metrics that ask who is there are there, too."""
    return (status,) if health is not None else (requests.codes.ok, *_ASKS_WHO)


def ask_health(
    url: str, path: str, sent: Callable[[SentRequest], None], wanted: Sequence[int] = (200,)
) -> str:
    """What a target's health path lacks to a status of `wanted`; empty for nothing.

    sent: is told what the target may have seen.
    """
    started = time.monotonic()
    status, seen = None, ""
    follows = not any(300 <= good < 400 for good in wanted)
    try:
        with loopback_session() as session:
            answer = session.get(url + path, timeout=_ANSWER_SECONDS, allow_redirects=follows)
        status, seen = answer.status_code, f"answers {answer.status_code} {answer.text[:200].strip()}"
    except requests.ConnectionError as error:
        if _was_refused(error):
            return f"{url} takes no connections"
        seen = "closed the connection"
    except requests.RequestException as error:
        seen = f"gives no answer: {type(error).__name__}"
    sent(SentRequest("GET", path, status, started, time.monotonic()))
    if status in wanted:
        return ""
    return f"{url}{path} {seen}" + (f", not {wanted[0]}" if status and status < 400 else "")


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(
            what=f"{command!r} can't be read: {error}",
            where="--app",
            expected="a command line as a shell takes it",
        ) from error
    if not words:
        raise InputError(
            what="the command is empty",
            where="--app",
            expected="a command line such as `server --port {port}`",
        )
    return words


def _was_refused(error: BaseException) -> bool:
    """Whether no connection came about, so that the target has seen nothing."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError) or "Connection refused" in str(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
