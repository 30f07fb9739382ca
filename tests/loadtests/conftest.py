"""A clock that tests turn by hand, and real Locust processes against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loadtests.processes import LocustRuns
from tests.loadtests.target import Target


class HandClock:
    """CLOCK_MONOTONIC as the test wants it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as server:
        yield server


@pytest.fixture
def locust(tmp_path: Path) -> Iterator[LocustRuns]:
    with LocustRuns(tmp_path) as runs:
        yield runs
