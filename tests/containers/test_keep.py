"""`nox -s stack` as a user types it: up, looked at, down, nothing left; and what it says where it can't be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from promproof.cli import stack as keep
from promproof.places import REPOSITORY
from promproof.stack import compose
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session

pytestmark = [pytest.mark.containers, pytest.mark.whole_run, pytest.mark.takes(24)]
NAMES = ("PROMETHEUS_PORT", "ALERTMANAGER_PORT", "NODE_EXPORTER_PORT", "API_PORT")


def stack(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "promproof", "stack", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **more},
    )


def test_a_kept_stack_is_reached_keeps_its_data_and_leaves_nothing(client: Any) -> None:
    if compose.contents(client, keep.NAME):
        pytest.skip(f"needs a stack that nobody keeps: somebody keeps {keep.NAME} up on this machine")
    ports = {name: str(port) for name, port in zip(NAMES, allocate_ports(len(NAMES)), strict=True)}
    url = f"http://127.0.0.1:{ports['API_PORT']}/api/v1/prompts"
    try:
        up = stack("up", **ports)
        assert up.returncode == 0, up.stdout + up.stderr
        assert f"http://127.0.0.1:{ports['PROMETHEUS_PORT']}  healthy" in up.stdout
        assert "cadvisor is left out: " in up.stdout or "cadvisor       http" in up.stdout
        with loopback_session() as session:
            made = session.post(url, json={"name": "a", "template": "b"}, timeout=5)
            assert made.status_code == requests.codes.created
        assert "(healthy)" in stack("status", **ports).stdout
        assert "listening on" in stack("logs", "api", **ports).stdout
        assert stack("down", **ports).returncode == 0
        assert not [thing for thing in compose.contents(client, keep.NAME) if not thing.startswith("volume")]
        assert stack("up", **ports).returncode == 0
        with loopback_session() as session:
            assert session.get(url, timeout=5).json()["total"] == 1
    finally:
        done = stack("down", "--volumes", **ports)
    assert done.returncode == 0, done.stdout + done.stderr
    assert compose.contents(client, keep.NAME) == []


def test_a_stack_that_cannot_be_kept_ends_with_4(tmp_path: Path) -> None:
    done = stack("up", "--stack", "containers", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 4
    assert "no container engine answers" in done.stderr
    assert "Traceback" not in done.stderr
    assert stack("sideways").returncode == 4
