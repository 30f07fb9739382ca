"""The wheel as a release builds it, from a copy: setuptools writes beside what it builds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from promproof.places import REPOSITORY
from tests.test_contributing import example

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
    return _built(source, folder / "dist")


PLUGIN = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "promproof-bursts"
version = "1.0"

[project.entry-points."promproof.plugins"]
bursts = "bursts"

[tool.setuptools]
py-modules = ["bursts"]
"""


def build_plugin(folder: Path) -> Path:
    """The wheel of a distribution with the load model of CONTRIBUTING.md, found by its entry point."""
    source = folder / "plugin"
    source.mkdir(parents=True)
    (source / "pyproject.toml").write_text(PLUGIN, encoding="utf-8")
    (source / "bursts.py").write_text(example("bursts.py"), encoding="utf-8")
    return _built(source, folder / "dist-plugin")


def _built(source: Path, dist: Path) -> Path:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--offline"),
            *("--python", sys.executable, "--out-dir", str(dist), str(source)),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = dist.glob("*.whl")
    return wheel
