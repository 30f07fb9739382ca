"""One compose project: testcontainers' DockerCompose with a name of its own, and a clean-up by label.

Everything of a project carries its name as a label, and the name carries the run. So what a killed run left is
found by asking the engine, without a reaper image: its run has no journal any more, or one that nobody has locked.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
from docker.constants import DEFAULT_TIMEOUT_SECONDS, IS_WINDOWS_PLATFORM
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env, parse_host
from testcontainers.compose import DockerCompose

from promproof.errors import EvidenceError, InputError
from promproof.stack.journal import Leftover, cache_dir, locked

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
JOURNALS_LABEL = "promproof.journals"
_RUN_PROJECT = re.compile(r"verify-([0-9a-f]{12})")
_TAIL = 20
_VERSION_SECONDS = 20.0


def project_name(run: str) -> str:
    """The name of the compose project of a run of the harness."""
    return f"verify-{run}"


def engine(
    seconds: int = DEFAULT_TIMEOUT_SECONDS,
    where: str = "--stack containers",
    todo: str = "start one, or use --stack processes",
) -> Any:
    """A client of the container engine that answers. seconds: what it may take to answer; where: who asks for it.

    Raises:
        InputError: none answers.
    """
    try:
        _knock(seconds)
        client = docker.from_env(timeout=seconds)
        try:
            client.ping()
        except BaseException:
            client.close()
            raise
    except (DockerException, OSError) as error:
        raise InputError(
            what=f"no container engine answers: {error}",
            where=where,
            expected="a running engine, by default at /var/run/docker.sock",
            todo=todo,
        ) from error
    return client


def _knock(seconds: int) -> None:
    """Raises OSError when nobody listens on the engine's Unix socket; docker's client would leave its own end open."""
    url = str(parse_host(kwargs_from_env().get("base_url"), IS_WINDOWS_PLATFORM))
    path = url.removeprefix("http+unix://")
    if path == url:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(seconds)
        try:
            asked.connect(path)
        except OSError as error:
            raise OSError(f"{path}: {error.strerror or error}") from error


def compose_command() -> list[str]:
    """How Compose is called: beside this Python (the extra `compose`), on PATH, or as the engine's own sub-command.

    Raises:
        InputError: there is none.
    """
    beside = Path(sys.executable).parent / "docker-compose"
    found = str(beside) if beside.exists() else shutil.which("docker-compose")
    if found is not None:
        return [found]
    program = shutil.which("docker")
    if program is not None and _has_compose(program):
        return [program, "compose"]
    raise InputError(
        what="Compose is not installed",
        where="--stack containers",
        expected="`docker compose` or docker-compose on PATH",
        todo="install Compose, or the extra that has it: pip install 'promproof[compose]'",
    )


def _has_compose(program: str) -> bool:
    command = [program, "compose", "version"]
    try:
        return (
            subprocess.run(command, capture_output=True, timeout=_VERSION_SECONDS, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


class Project(DockerCompose):  # type: ignore[misc]
    """A compose project by name. `files` are compose files, later ones override; `variables` go into an env file.

    Commands raise EvidenceError with Compose's own last lines.
    """

    def __init__(
        self, name: str, files: Iterable[Path], env_file: Path, profiles: Iterable[str] = ()
    ) -> None:
        paths = [str(path) for path in files]
        super().__init__(
            context=str(Path(paths[0]).parent),
            compose_file_name=paths,
            env_file=[str(env_file)],
            profiles=list(profiles),
            wait=False,  # the harness waits itself: its time-outs carry state and log lines
        )
        self.name = name

    @cached_property
    def compose_command_property(self) -> list[str]:
        """As testcontainers has it, with Compose as a program of its own and with the project's name."""
        return [*compose_command(), "--project-name", self.name, *super().compose_command_property[2:]]

    def run(self, *arguments: str, seconds: float | None = None) -> str:
        """Run a command of Compose; returns what it wrote on its standard output, without its warnings.

        Raises:
            EvidenceError: it failed, or took longer than so many seconds.
        """
        command = [*self.compose_command_property, *arguments]
        what = f"compose {arguments[0]}"
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                stdin=subprocess.DEVNULL,
                cwd=str(self.context),
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise EvidenceError(what, f"no answer within {seconds:g} s") from error
        if done.returncode:
            tail = (done.stdout + done.stderr).splitlines()[-_TAIL:]
            raise EvidenceError(what, f"exit status {done.returncode}", tail)
        return done.stdout

    def start(self) -> None:
        """`up`, as testcontainers does it; its error tells what Compose said.

        Raises:
            EvidenceError: a container can't be created or started.
        """
        try:
            super().start()
        except subprocess.CalledProcessError as error:
            said = (error.stderr or error.stdout or b"").decode("utf-8", "replace").splitlines()
            raise EvidenceError("compose up", f"exit status {error.returncode}", said[-_TAIL:]) from error


def remove(client: Any, project: str, *, volumes: bool = True) -> list[str]:
    """Remove all containers, networks and (unless told not to) volumes of a project; returns what was removed."""
    gone = []
    label = {"label": f"{PROJECT_LABEL}={project}"}
    for container in client.containers.list(all=True, filters=label, ignore_removed=True):
        with suppress(NotFound, APIError):
            container.remove(force=True, v=volumes)
        gone.append(f"container {container.name}")
    for network in client.networks.list(filters=label):
        with suppress(NotFound, APIError):
            network.remove()
        gone.append(f"network {network.name}")
    for volume in client.volumes.list(filters=label) if volumes else ():
        with suppress(NotFound, APIError):
            volume.remove(force=True)
        gone.append(f"volume {volume.name}")
    return gone


def contents(client: Any, project: str) -> list[str]:
    """What there is of a project now: `container NAME`, `network NAME`, `volume NAME`."""
    label = {"label": f"{PROJECT_LABEL}={project}"}
    return [
        *(f"container {container.name}" for container in client.containers.list(all=True, filters=label)),
        *(f"network {network.name}" for network in client.networks.list(filters=label)),
        *(f"volume {volume.name}" for volume in client.volumes.list(filters=label)),
    ]


def clear_containers(client: Any, journals: Path | None = None) -> list[Leftover]:
    """Remove the projects of runs that were killed, and tell what; runs of another journal folder are not touched."""
    journals = (journals or cache_dir() / "runs").absolute()
    found: list[Leftover] = []
    with locked(journals / "lock"):
        for project, run in sorted(_projects(client, journals)):
            if not _is_alive(journals / f"{run}.jsonl") and not kept_mark(journals, run).exists():
                removed = remove(client, project)
                left = set(contents(client, project))
                found += [Leftover(run, what, what not in left) for what in removed]
    return found


def kept_mark(journals: Path, run: str) -> Path:
    """The file that says that a failed run's containers are kept on purpose."""
    return journals / f"{run}.kept"


def _projects(client: Any, journals: Path) -> set[tuple[str, str]]:
    label = {"label": f"{JOURNALS_LABEL}={journals}"}
    labels = [
        container.labels for container in client.containers.list(all=True, filters=label, ignore_removed=True)
    ]
    labels += [network.attrs.get("Labels") or {} for network in client.networks.list(filters=label)]
    labels += [volume.attrs.get("Labels") or {} for volume in client.volumes.list(filters=label)]
    names = {marked.get(PROJECT_LABEL, "") for marked in labels}
    return {(match[0], match[1]) for name in names if (match := _RUN_PROJECT.fullmatch(name))}


def _is_alive(journal: Path) -> bool:
    try:
        with journal.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
