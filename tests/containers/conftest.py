"""Fixtures of the container tests: an engine with the local images, or a skip that says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from verification.errors import InputError
from verification.stack import compose, images
from verification.stack.journal import Journal


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """The engine's client."""
    try:
        found = compose.engine()
        compose.compose_binary()
    except InputError as error:
        pytest.skip(f"containers: {error}")
    missing = images.VARIABLES.keys() - images.local_images().keys()
    if missing:
        pytest.skip(f"containers: no image for {', '.join(sorted(missing))}; nox -s images builds them")
    yield found
    found.close()


@pytest.fixture
def journal(client: Any, tmp_path: Path) -> Iterator[Journal]:
    """The journal of a run; whatever a broken test leaves goes with it."""
    with Journal(tmp_path / "runs") as opened:
        yield opened
        compose.remove(client, compose.project_name(opened.run))
