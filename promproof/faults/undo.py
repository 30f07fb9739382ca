"""Taking faults back, whatever happens: every undo is on disk before its fault is applied.

One file for each run below the cache, locked as long as the run lives: a file whose lock can be taken belongs to a run
that was killed, and `recover` performs what is left in it. File format (JSON lines): `{"add": n, "undo": {...}}`
before a fault, `{"done": n}` after its end; a last line without its newline is a torn write and is ignored.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import requests
from pydantic import Field, TypeAdapter

from promproof.config import jsonlines
from promproof.contract.labels import Model
from promproof.errors import EvidenceError, InputError
from promproof.stack.journal import cache_dir, locked, of_killed_runs, start_time
from promproof.stack.waiting import loopback_session

TIMEOUT_SECONDS = 5.0
COMMAND_SECONDS = 30.0


class HttpCall(Model):
    """One request; in its URL and body `{dose}` is the dose, `{target}` the target's URL and `{port}` its port."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str = Field(pattern=r"^(https?://|\{target\})")
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    expect: Annotated[tuple[int, ...], Field(strict=False, min_length=1)] = (200, 201, 202, 204)

    def at(self, target: str) -> HttpCall:
        """The call for a target at this URL, which is known when the run has started it."""
        parts = urlsplit(target)
        port = str(parts.port or (443 if parts.scheme == "https" else 80))

        def filled(text: str) -> str:
            return text.replace("{target}", target.rstrip("/")).replace("{port}", port)

        body = None if self.body is None else filled(self.body)
        return self.model_copy(update={"url": filled(self.url), "body": body})


class EndFault(Model):
    """End a fault of a target's fault port."""

    kind: Literal["fault_port"] = "fault_port"
    url: str
    token: str
    fault: str

    def perform(self) -> str:
        """End it; one that has ended, or whose target is gone, is over."""
        with loopback_session() as session:
            try:
                answer = session.delete(
                    f"{self.url}/faults/{self.fault}",
                    headers={"Authorization": f"Bearer {self.token}"},
                    timeout=TIMEOUT_SECONDS,
                )
            except requests.ConnectionError:
                return f"fault {self.fault}: the target is gone, and the fault with it"
        if answer.status_code not in (200, 404):
            raise EvidenceError(
                "fault port", f"DELETE {self.fault}: {answer.status_code} {answer.text[:200]}"
            )
        return f"fault {self.fault}: {'ended' if answer.status_code == 200 else 'had ended'}"


class CallHttp(Model):
    """An HTTP call that takes a fault back."""

    kind: Literal["http"] = "http"
    call: HttpCall

    def perform(self) -> str:
        """Send it; raises EvidenceError when the answer is not the expected one."""
        send(self.call)
        return f"{self.call.method} {self.call.url}"


class RunCommand(Model):
    """A command that takes a fault back."""

    kind: Literal["command"] = "command"
    argv: Annotated[tuple[str, ...], Field(strict=False)]

    def perform(self) -> str:
        """Run it; raises EvidenceError when it fails."""
        run(self.argv)
        return " ".join(self.argv)


class SendSignal(Model):
    """A signal to one process, known by its pid and start time."""

    kind: Literal["signal"] = "signal"
    pid: int
    started: int
    number: str

    def perform(self) -> str:
        """Send it; a process that is gone needs it no more."""
        if start_time(self.pid) != self.started:
            return f"process {self.pid} is gone"
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.Signals[f"SIG{self.number}"])
        return f"{self.number} to process {self.pid}"


class Container(Model):
    """An action of the container engine."""

    kind: Literal["container"] = "container"
    container: str
    action: Literal["unpause", "start", "pause", "stop", "kill"]

    def perform(self) -> str:
        """Do it; raises EvidenceError when the engine refuses."""
        # here, since every load session reads this file, and few of them have an engine
        from docker.errors import DockerException, NotFound

        from promproof.stack import compose

        try:
            client = compose.engine(int(COMMAND_SECONDS))
            try:
                getattr(client.containers.get(self.container), self.action)()
            finally:
                client.close()
        except NotFound:
            return f"container {self.container} is gone"
        except (DockerException, InputError, requests.RequestException) as error:
            if self.action == "unpause" and "is not paused" in str(error):
                return f"container {self.container} was not paused"
            raise EvidenceError(f"container {self.container}", f"{self.action}: {error}") from error
        return f"{self.action} of container {self.container}"


Undo = Annotated[
    EndFault | CallHttp | RunCommand | SendSignal | Container,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Undo] = TypeAdapter(Undo)


class UndoBook:
    """What must be taken back in this run. Used as a context manager; its file goes when nothing is left."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_dir() / "undo"
        self.path = self.folder / f"{secrets.token_hex(6)}.jsonl"
        self._file: IO[str] | None = None
        self._open: dict[int, Undo] = {}
        self._next = 0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "lock"):  # nobody takes the new file for an abandoned one
            self._file = self.path.open("x", encoding="utf-8")
            self.path.chmod(0o600)  # it holds tokens
            fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            if not self._open:
                self.path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    @property
    def open(self) -> list[Undo]:
        """What is not taken back yet, newest first."""
        return [self._open[number] for number in sorted(self._open, reverse=True)]

    def take_back(self, number: int) -> None:
        """Perform one undo and cross it out; nothing when it was crossed out before.

        Raises:
            EvidenceError: it could not be performed; it stays open.
        """
        if number in self._open:
            self._open[number].perform()
            self.done(number)

    def add(self, undo: Undo) -> int:
        """Write an undo down, to the disk itself; the fault may be applied afterwards."""
        number, self._next = self._next, self._next + 1
        self._write({"add": number, "undo": undo.model_dump(mode="json")})
        self._open[number] = undo
        return number

    def done(self, number: int) -> None:
        """The fault has ended."""
        if self._open.pop(number, None) is not None:
            self._write({"done": number})

    def heal(self) -> list[str]:
        """Take back everything that is open, newest first; what could not be is told and stays in the file."""
        told = []
        for number in sorted(self._open, reverse=True):
            try:
                told.append(self._open[number].perform())
            except EvidenceError as error:
                told.append(f"not taken back: {error.component}: {error.state}")
                continue
            self.done(number)
        return told

    def _write(self, row: dict[str, Any]) -> None:
        if self._file is None:
            raise RuntimeError("the undo book is not open")
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def recover(folder: Path | None = None) -> tuple[list[str], list[str]]:
    """Take back what killed runs left: what was done, and what could not be (it stays in its file)."""
    done: list[str] = []
    failed: list[str] = []
    for path, file in of_killed_runs(folder or cache_dir() / "undo"):
        left = _left(file.read())
        for number in sorted(left, reverse=True):
            try:
                done.append(left[number].perform())
            except EvidenceError as error:
                failed.append(f"{error.component}: {error.state} ({path})")
                continue
            file.write(json.dumps({"done": number}) + "\n")
            file.flush()
            del left[number]
        if not left:
            path.unlink()
    return done, failed


def _left(text: str) -> dict[int, Undo]:
    left: dict[int, Undo] = {}
    for line in jsonlines.whole(text):
        row = json.loads(line)
        if "add" in row:
            left[int(row["add"])] = _ADAPTER.validate_python(row["undo"], strict=False)
        else:
            left.pop(int(row["done"]), None)
    return left


def send(call: HttpCall, dose: float | None = None) -> None:
    """Send an HTTP call of a fault.

    Raises:
        EvidenceError: no answer, or not an expected one.
    """

    def filled(text: str) -> str:
        return text if dose is None else text.replace("{dose}", f"{dose:g}")

    with loopback_session() as session:
        try:
            answer = session.request(
                call.method,
                filled(call.url),
                headers=call.headers,
                data=None if call.body is None else filled(call.body).encode(),
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException as error:
            raise EvidenceError("fault", f"{call.method} {call.url}: {type(error).__name__}") from error
    if answer.status_code not in call.expect:
        wanted = " or ".join(map(str, call.expect))
        raise EvidenceError(
            "fault", f"{call.method} {call.url}: answered {answer.status_code}, expected {wanted}"
        )


def run(argv: tuple[str, ...], dose: float | None = None) -> None:
    """Run a command of a fault, without a shell.

    Raises:
        EvidenceError: it cannot be started, fails, or takes longer than COMMAND_SECONDS.
    """
    words = [word if dose is None else word.replace("{dose}", f"{dose:g}") for word in argv]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EvidenceError("fault", f"{words[0]}: {error}") from error
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-5:]
        raise EvidenceError("fault", f"{' '.join(words)}: exit status {done.returncode}", lines)
