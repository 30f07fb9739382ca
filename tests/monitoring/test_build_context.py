"""What a Dockerfile copies is in the context that .dockerignore leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from docker.utils.build import exclude_paths

from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
DOCKERFILES = ("Dockerfile", "monitoring/load/Dockerfile")


def lacking(dockerfile: str, patterns: list[str]) -> list[str]:
    """Sources of COPY that are not in the context."""
    context = exclude_paths(str(REPOSITORY), patterns)
    lines = (REPOSITORY / dockerfile).read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for line in lines
        if line.startswith("COPY ") and "--from=" not in line
        for source in line.split()[1:-1]
    ]
    assert sources
    return [source for source in sources if not any(Path(path).is_relative_to(source) for path in context)]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_context_holds_what_is_copied(dockerfile: str) -> None:
    patterns = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split()
    assert lacking(dockerfile, patterns) == []


def test_a_folder_that_is_ignored_is_named() -> None:
    assert "promproof" in lacking("monitoring/load/Dockerfile", ["*", "!promptpilot", "!requirements.lock"])
