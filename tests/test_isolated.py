"""A child process imports its libraries and this package, and nothing of the folder that it was started in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from promproof import isolated
from promproof.places import PACKAGE

pytestmark = pytest.mark.stack


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        isolated.command(module, *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_module_of_the_working_folder_shadows_nothing(tmp_path: Path) -> None:
    for name in ("yaml", "promproof", "loadtests"):
        (tmp_path / f"{name}.py").write_text(
            "raise SystemExit('a stranger was imported')\n", encoding="utf-8"
        )
    scenario = PACKAGE / "scenarios" / "root.yaml"
    done = run(tmp_path, "promproof", "scenarios", "check", str(scenario))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{scenario}: root")


def test_a_module_gets_its_arguments_and_gives_its_status(tmp_path: Path) -> None:
    done = run(tmp_path, "promproof", "scenarios", "check", "no-such-scenario")
    assert done.returncode == 4
    assert "no-such-scenario: no such scenario" in done.stderr
