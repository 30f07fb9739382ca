"""The apps as they run: `promproof verify` says of each that all is well."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.environment import HERE, NAMES, command

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run]


@pytest.mark.parametrize("name", NAMES)
def test_a_healthy_service_with_a_usual_library_is_green(name: str, tmp_path: Path) -> None:
    folder = HERE / name
    started = shlex.join(command(name, "{port}"))
    places = ["--contract", str(folder / "contract.yaml"), "--monitoring", str(folder), "--app", started]
    options = ["--time-scale", "30", "--reports", str(tmp_path / "reports"), *places]
    done = subprocess.run(
        [sys.executable, "-m", "promproof", "verify", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
