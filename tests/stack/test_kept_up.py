"""`promproof stack` by processes as a user types it: up, found, ended from another terminal, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.places import REPOSITORY, cache_dir
from promproof.stack.ports import bound_port
from tests.load.processes import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.whole_run, pytest.mark.nightly, pytest.mark.takes(20)]
UP_SECONDS = 120.0


def test_a_stack_is_brought_up_found_and_ended_from_another_terminal(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache" / "promproof", tmp_path / "here"
    cache.mkdir(parents=True)
    (cache / "programs").symlink_to(cache_dir() / "programs")
    folder.mkdir()
    for name in ("monitoring", "scenarios", "promptpilot", "docs"):
        (folder / name).symlink_to(REPOSITORY / name)
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(cache.parent),
        "PYTHONPATH": str(REPOSITORY),
        "DOCKER_HOST": f"unix://{tmp_path}/none.sock",
    }
    command = [sys.executable, "-m", "promproof", "stack"]

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=90
        )

    output = tmp_path / "out.txt"
    with output.open("wb") as stream:
        keeper = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: "up until Ctrl-C" in output.read_text(encoding="utf-8"), "the stack", UP_SECONDS)
        assert "stack: processes, since no container engine answers" in output.read_text(encoding="utf-8")
        urls = json.loads((cache / "kept.json").read_text(encoding="utf-8"))["urls"]
        found = typed("status")
        assert found.returncode == 0, found.stdout + found.stderr
        assert all(f"{url}  up" in found.stdout for url in urls.values())
        assert "promptpilot listening on" in typed("logs", "target").stdout
        assert typed("down").returncode == 0
        assert keeper.wait(60) == 0, output.read_text(encoding="utf-8")
        assert "ended by SIGTERM" in output.read_text(encoding="utf-8")
        assert all(bound_port(int(url.rpartition(":")[2])) is not None for url in urls.values())
        assert typed("status").returncode == 4
    finally:
        keeper.kill()
        keeper.wait()
