"""A private PostgreSQL cluster on a loopback port, from binaries that are installed."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.promptpilot.support import DEADLINE_SECONDS, eventually

OWNER = "promptpilot"


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, newest version first; None: not installed."""
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True
    )
    if found := shutil.which("initdb"):
        candidates.append(Path(found).parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _account() -> dict[str, object]:
    """How to start a program that refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    name = "postgres" if "postgres" in names else "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


class Cluster:
    """Made by `initdb` in a temporary folder; started, stopped and removed by the tests."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder
        self._account = _account()
        # Not pytest's own folder: that one is closed to other accounts.
        self.home = Path(tempfile.mkdtemp(prefix="promptpilot-postgres-"))
        if user := self._account.get("user"):
            shutil.chown(self.home, str(user))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._run("initdb", "-D", str(self.home / "data"), "-A", "trust", "-U", OWNER, "--no-sync")
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            **self._account,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (self.home / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.home / "data"), "-p", str(self.port), *options],
                cwd=self.home,
                stdout=log,
                stderr=log,
                **self._account,  # type: ignore[call-overload]
            )
        eventually(self._trouble, lambda trouble: trouble == "", "PostgreSQL to take connections")

    def _trouble(self) -> str:
        assert self._server is not None
        assert self._server.poll() is None, (self.home / "log").read_text()
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError as exc:
            return str(exc)
        return ""

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def signal(self, signum: signal.Signals) -> None:
        """To the server and all of its children."""
        assert self._server is not None
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        for pid in [self._server.pid, *map(int, children)]:
            os.kill(pid, signum)

    def stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # "fast": sessions are ended
            self._server.wait(DEADLINE_SECONDS)
            self._server = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home)


def create_database(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())


def drop_database(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
