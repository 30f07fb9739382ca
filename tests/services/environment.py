"""The apps of this folder and what they need: an environment in the cache, made from the pinned files here."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from promproof.places import cache_dir

HERE = Path(__file__).parent
NAMES = (
    "django",
    "express",
    "flask_exporter",
    "instrumentator",
    "opentelemetry",
    "promhttp",
    "starlette_exporter",
    "statsd",
    "status_class",
)


def command(name: str, port: str) -> list[str]:
    """How to start an app on a port; makes its environment first, which takes a minute the first time.

    Raises:
        OSError, subprocess.CalledProcessError: the registries can't be reached, or there is no Node.
    """
    if name != "express":
        return [str(_python()), str(HERE / name / "app.py"), port]
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("node is not on the PATH: express-prom-bundle can't be tried")
    return ["env", f"NODE_PATH={_modules()}", node, str(HERE / name / "app.js"), port]


def _python() -> Path:
    wanted = HERE / "requirements.txt"

    def make(folder: Path) -> None:
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "-r", str(wanted)]
        subprocess.run(pip, check=True, timeout=600)

    return _made(wanted, make) / "bin" / "python"


def _modules() -> Path:
    wanted = HERE / "package.json"

    def make(folder: Path) -> None:
        folder.mkdir()
        shutil.copy(wanted, folder)
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True, timeout=600)

    return _made(wanted, make) / "node_modules"


def _made(wanted: Path, make: Callable[[Path], None]) -> Path:
    """The folder that goes with the content of a file; made once, whoever comes first."""
    text = wanted.read_bytes() + sys.version.encode()
    parent = cache_dir() / "test-services"
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{wanted.stem}-{hashlib.sha256(text).hexdigest()[:12]}"
    with open(parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "done"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.write_text(f"{os.getpid()}\n")
    return folder
