"""The service that a draft is made of: started from its command for as long as it takes, or found at a URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psutil
import requests

from promproof.config.urls import base_url, without_password
from promproof.draft.probing import Target
from promproof.errors import EvidenceError, InputError
from promproof.evidence.figures import TICK
from promproof.exposition import Exposition
from promproof.http import reason
from promproof.stack.app import ManagedApp, ask_health, need_port
from promproof.stack.journal import Journal
from promproof.stack.protocol import SentRequest

READY_SECONDS = 60.0
NEAR_BYTES = 32 * 1024 * 1024
NEAR_FILES = 8


class AnyAnswer(ManagedApp):
    """A service that is ready as soon as it answers anything: nobody knows its paths yet."""

    def _unhealthy(self, sent: Callable[[SentRequest], None]) -> str:
        return ask_health(self.url, "/", sent, range(100, 1000))


@dataclass(frozen=True)
class Running:
    """A service that answers. pid: its process, where it was started here; others: more that listen on its port."""

    target: Target
    pid: int | None = None
    others: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Its ports and its process id, which it shows perhaps and has at this start alone."""
        ports = (urlsplit(url).port for url in (self.target.url, self.target.metrics_base))
        return tuple({number for number in (*ports, self.pid) if number is not None})


@contextmanager
def running(
    app: str | None,
    url: str | None,
    metrics: str | None = None,
    directory: Path | None = None,
    env: Mapping[str, str] | None = None,
    health: tuple[str, int] | None = None,
) -> Iterator[Running]:
    """Start the service, or take the one at the URL; it ends with the block if it was started.

    metrics: the URL below which the metrics of one that runs are; directory, env: of a command; health: the path
    that says when it is ready, and its status.

    Raises:
        InputError: neither or both are given, or nothing answers at the URL.
        EvidenceError: the command ends, or does not answer in time; with its log.
    """
    if (app is None) == (url is None):
        raise InputError(
            what="one service is drafted at a time" if app else "no service is named",
            where="promproof init",
            expected='--app "my-api --port {port}", or --target URL of one that runs already',
        )
    if url is not None:
        yield Running(_found(url, metrics))
        return
    assert app is not None
    if "{port}" not in app:
        raise InputError(
            what="the command does not say on which port",
            where="--app",
            expected="{port} where the port stands, which is chosen anew for each run",
            todo=f'--app "{_with_port(app)}" say',
        )
    with TemporaryDirectory(prefix="promproof-init-") as folder, Journal() as journal:
        sent: list[SentRequest] = []
        service = _command(app, Path(folder), journal, directory, env, health, sent.append)
        try:
            service.start()
        except EvidenceError as error:
            error.todo = "start it by hand with the same command; what it lacks here is in its log"
            raise
        try:
            target = Target(service.url, metrics=service.metrics_base)
            target.asked = len(sent)
            yield Running(target, service.pid, service.other_pids)
        finally:
            service.stop()


def _with_port(app: str) -> str:
    """The command with `{port}` in place of the number that may be one, or else behind it."""
    replaced, times = re.subn(r"(?<![\w.])\d{4,5}(?!\S)", "{port}", app)
    return replaced if times == 1 else f"{app} --port {{port}}"


def _found(url: str, metrics: str | None) -> Target:
    """The service at a URL.

    Raises:
        InputError: nothing answers there.
    """
    target = Target(base_url(url, "--target"), metrics=metrics or "")
    try:
        target.get("/")
    except requests.RequestException as error:
        raise InputError(
            what=f"nothing answers: {reason(error)}",
            where=without_password(url),
            expected="a running service",
            todo='start it, or let promproof start it: --app "my-api --port {port}"',
        ) from error
    return target


def _command(
    app: str,
    folder: Path,
    journal: Journal,
    directory: Path | None,
    env: Mapping[str, str] | None,
    health: tuple[str, int] | None,
    sent: Callable[[SentRequest], None],
) -> ManagedApp:
    """The service that a command starts; without a health path any answer says that it is there."""
    need_port(app, (env or {}).values())
    kind = AnyAnswer if health is None else ManagedApp
    path, status = health or ("/", 200)
    return kind(
        app,
        folder,
        journal,
        env=env,
        health=path,
        health_status=status,
        directory=directory,
        name="service",
        ready_seconds=READY_SECONDS,
        sent=sent,
    )


def figures(running: Running) -> frozenset[str]:
    """The figures of the kernel that the service's process tells rightly about itself, and no other that listens.

    A worker that was forked shows nearly what the process shows that forked it, until it has work.
    """
    if running.pid is None:
        return frozenset()
    try:
        process, *others = map(psutil.Process, (running.pid, *running.others))
        before = [_cpu_seconds(member) for member in (process, *others)]
        read = running.target.read()
        told, *taken = (_told(*pair, read) for pair in zip((process, *others), before, strict=True))
    except (EvidenceError, psutil.Error):
        return frozenset()
    return told.difference(*taken)


def _told(process: psutil.Process, cpu_before: float, read: Exposition) -> frozenset[str]:
    """The figures of an exposition that are near those of one process. cpu_before: its seconds before it was read."""
    resident, files = process.memory_info().rss, process.num_fds()
    truth = {
        # some libraries count from their own start on, a few tenths of a second after that of the process
        "cpu_seconds": ("process_cpu_seconds_total", cpu_before - TICK, _cpu_seconds(process) + TICK),
        "resident_bytes": ("process_resident_memory_bytes", resident - NEAR_BYTES, resident + NEAR_BYTES),
        "open_descriptors": ("process_open_fds", files - NEAR_FILES, files + NEAR_FILES),
    }
    return frozenset(
        figure
        for figure, (name, low, high) in truth.items()
        if low <= read.values.get((name, ()), float("inf")) <= high
    )


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
