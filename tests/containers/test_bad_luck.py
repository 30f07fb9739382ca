"""Runs with containers as a user types them, and what goes wrong: a clear message, the right status, nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from promproof.places import REPOSITORY
from promproof.stack import compose
from promproof.stack.journal import cache_dir

pytestmark = [pytest.mark.containers, pytest.mark.whole_run, pytest.mark.takes(6)]
SUITES = [sys.executable, "-m", "promproof", "verify"]
CONTAINERS = [*SUITES, "--stack", "containers"]
WAIT_SECONDS = 90.0
SOCKET = Path("/var/run/docker.sock")


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """With journals of its own, so that this run clears nobody else's; the programs are the machine's."""
    mine = tmp_path / "cache" / "promproof"
    mine.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (mine / "programs").symlink_to(cache_dir() / "programs")
    return {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **more}


def suites(tmp_path: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CONTAINERS, "--reports", str(tmp_path / "reports"), *options],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment(tmp_path, **more),
    )


def left_by(client: Any, tmp_path: Path) -> set[str]:
    """What the runs of a test could leave behind: containers, networks, volumes, and processes."""
    label = {"label": f"{compose.JOURNALS_LABEL}={journals(tmp_path)}"}
    found = {f"container {container.name}" for container in client.containers.list(all=True, filters=label)}
    found |= {f"network {network.name}" for network in client.networks.list(filters=label)}
    found |= {f"volume {volume.name}" for volume in client.volumes.list(filters=label)}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("XDG_CACHE_HOME") == str(tmp_path / "cache"):
                found.add(f"process {process.pid}")
    return found


@pytest.fixture(autouse=True)
def cleared(client: Any, tmp_path: Path) -> Iterator[None]:
    """What a broken test leaves is cleared."""
    yield
    compose.clear_containers(client, journals(tmp_path))


def journals(tmp_path: Path) -> Path:
    """Where the runs of a test keep their journals."""
    return tmp_path / "cache" / "promproof" / "runs"


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_SECONDS:g} s"
        time.sleep(0.1)


def test_a_run_without_an_engine_ends_with_4_and_starts_nothing(client: Any, tmp_path: Path) -> None:
    done = suites(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "no container engine answers" in done.stdout + done.stderr
    assert "--stack processes" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert left_by(client, tmp_path) == set()


def test_an_explicit_choice_with_a_missing_image_ends_with_4(client: Any, tmp_path: Path) -> None:
    done = suites(tmp_path, PROMETHEUS_IMAGE="127.0.0.1:9/nobody/prometheus:v0")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "prometheus: the image 127.0.0.1:9/nobody/prometheus:v0 is not here" in done.stdout + done.stderr
    assert "promproof images" in done.stdout + done.stderr
    assert left_by(client, tmp_path) == set()


def test_a_taken_port_is_named_and_nothing_starts(client: Any, tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it: as good
            taken.bind(("127.0.0.1", 9093))
            taken.listen()
        done = suites(tmp_path, "--documented-ports")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "9093" in done.stdout + done.stderr
    assert "of 127.0.0.1 is taken" in done.stdout + done.stderr
    assert left_by(client, tmp_path) == set()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a run in the background; its output goes to `output`. Ended at the end of the test."""
    with ExitStack() as started:

        def begin(**more: str) -> subprocess.Popen[bytes]:
            file = started.enter_context((tmp_path / "output").open("wb"))
            run = subprocess.Popen(
                [*CONTAINERS, "--no-drill", "--reports", str(tmp_path / "reports")],
                cwd=REPOSITORY,
                stdout=file,
                stderr=file,
                env=environment(tmp_path, **more),
            )

            def end() -> None:
                if run.poll() is None:
                    run.kill()
                run.wait()

            started.callback(end)
            return run

        yield begin


def flowing(run: subprocess.Popen[bytes], tmp_path: Path) -> Callable[[], bool]:
    """Whether traffic flows: everything is up by then."""

    def look() -> bool:
        text = (tmp_path / "output").read_text()
        assert run.poll() is None, text
        return "requests sent" in text

    return look


def test_a_run_that_is_told_to_end_leaves_nothing(
    client: Any, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = start()
    until(flowing(run, tmp_path), "traffic")
    assert left_by(client, tmp_path)
    run.send_signal(signal.SIGTERM)
    assert run.wait(WAIT_SECONDS) == 2, (tmp_path / "output").read_text()
    assert left_by(client, tmp_path) == set()


@pytest.mark.nightly
def test_what_a_killed_run_leaves_is_cleared_by_the_next(
    client: Any, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = start()
    until(flowing(run, tmp_path), "traffic")
    run.kill()
    run.wait()
    left = left_by(client, tmp_path)
    assert any(thing.startswith("container ") for thing in left)
    next_run = start()
    until(flowing(next_run, tmp_path), "traffic of the next run")
    said = (tmp_path / "output").read_text()
    assert "cleared what a killed run left: container verify-" in said
    next_run.send_signal(signal.SIGINT)
    assert next_run.wait(WAIT_SECONDS) == 2, (tmp_path / "output").read_text()
    assert left_by(client, tmp_path) == set()


class Engine:
    """A way to the engine that can be cut off: what an engine that stops looks like to its clients."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Refuse new connections and break the ones there are."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(SOCKET))
            self._open += [client, server]
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        client.close()
        server.close()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.mark.nightly
def test_an_engine_that_stops_mid_run_ends_with_2_and_leaves_nothing(
    client: Any, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    if not SOCKET.exists():
        pytest.skip(f"needs an engine at its usual socket: it does not listen at {SOCKET}")
    engine = Engine(tmp_path / "engine.sock")
    run = start(DOCKER_HOST=f"unix://{engine.path}")
    until(flowing(run, tmp_path), "traffic")
    engine.stop()
    status = run.wait(WAIT_SECONDS)
    said = (tmp_path / "output").read_text()
    assert status == 2, said
    assert "container engine: does not answer" in said
    assert "could not be removed, the engine does not answer" in said
    assert "Traceback" not in said
    assert "\nERROR " not in said  # what the engine's client leaves open is no error of a claim
    # The engine is back: what could not be removed is found by its label.
    cleared = compose.clear_containers(client, journals(tmp_path))
    assert cleared
    assert all(entry.cleared for entry in cleared)
    assert left_by(client, tmp_path) == set()
