"""The wheel as a release builds it, from a copy: setuptools writes beside what it builds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from promproof.places import REPOSITORY

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "promproof", "promptpilot", "loadtests", "verification")


def build(folder: Path) -> Path:
    """The wheel of this checkout, in a new folder."""
    source = folder / "source"
    source.mkdir(parents=True)
    for name in SOURCES:
        origin = REPOSITORY / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--python", sys.executable,
         "--offline", "--out-dir", str(folder / "dist"), str(source)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel
