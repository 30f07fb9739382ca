"""Fixtures of the container tests: an engine with the local images, or a skip that says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promproof.errors import InputError
from promproof.stack import compose, supply
from promproof.stack.journal import Journal

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
NEEDED: tuple[tuple[tuple[str, ...], tuple[Path, ...]], ...] = (
    (("prometheus", "alertmanager", "node-exporter", "api"), ()),
    (("proxy",), (MONITORING / "production/proxy/docker-compose.yml",)),
    (("store",), (MONITORING / "production/long-term/docker-compose.yml",)),
)


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """The engine's client."""
    try:
        found = compose.engine()
        compose.compose_command()
    except InputError as error:
        pytest.skip(f"needs a container engine: {error}")
    lacking: dict[str, str] = {}
    for services, overrides in NEEDED:
        got = supply.supply(
            found,
            MONITORING / "docker-compose.yml",
            services,
            supply.LONG_SECONDS,
            print,
            overrides=overrides,
        )
        lacking |= got.missing
    if lacking:
        pytest.skip(f"needs images: {lacking}; nox -s images builds them")
    yield found
    found.close()


@pytest.fixture
def journal(client: Any, tmp_path: Path) -> Iterator[Journal]:
    """The journal of a run; whatever a broken test leaves goes with it."""
    with Journal(tmp_path / "runs") as opened:
        yield opened
        compose.remove(client, compose.project_name(opened.run))
