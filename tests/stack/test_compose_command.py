"""Which Compose is called: the extra's beside this Python, the one on PATH, or the engine's own sub-command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from promproof.errors import InputError
from promproof.stack import compose

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; this Python has no Compose beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python" / "python"))
    return folder


def program(path: Path, status: int = 0) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_extra_s_compose_comes_first(path: Path, tmp_path: Path) -> None:
    program(path / "docker-compose")
    beside = program(tmp_path / "python" / "docker-compose")
    assert compose.compose_command() == [str(beside)]


def test_compose_on_path_comes_before_the_engine_s(path: Path) -> None:
    program(path / "docker")
    own = program(path / "docker-compose")
    assert compose.compose_command() == [str(own)]


def test_the_engine_s_own_compose_is_taken(path: Path) -> None:
    docker = program(path / "docker")
    assert compose.compose_command() == [str(docker), "compose"]


@pytest.mark.parametrize("docker", [False, True], ids=["no docker", "docker without Compose"])
def test_where_there_is_none_the_extra_is_named(path: Path, docker: bool) -> None:
    if docker:
        program(path / "docker", status=1)
    with pytest.raises(InputError) as caught:
        compose.compose_command()
    assert "Compose is not installed" in str(caught.value)
    assert "pip install 'promproof[compose]'" in str(caught.value)
