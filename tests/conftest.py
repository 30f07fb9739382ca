"""How the tests share a machine: those of one file run in one process. Whole runs are marked in their files."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

STACK_DATA = Path(__file__).parent / "stack" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, by `takes`, then by count: both processes end together."""
    weights: dict[Path, tuple[float, int]] = {}
    for item in items:
        seconds = max((mark.args[0] for mark in item.iter_markers("takes")), default=0.0)
        total, count = weights.get(item.path, (0.0, 0))
        weights[item.path] = total + seconds, count + 1
    items.sort(key=lambda item: weights[item.path], reverse=True)


@pytest.fixture(autouse=True)
def _signals_come_in() -> Iterator[None]:
    """A blocked signal would be handed on to every process of the tests that follow, which nothing ends any more."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert after == before, f"left blocked: {after - before}"


def chosen(request: pytest.FixtureRequest, argument: str) -> list[Any]:
    """What the tests of this session ask a shared run about, in their order: with `-k` or `--last-failed`, a part.

    A test that uses the requesting fixture through another one, and has no such argument, asks nothing.
    """
    mine = [
        one for one in request.session.items if one.path == request.path and isinstance(one, pytest.Function)
    ]
    asking = [one for one in mine if request.fixturename in one.fixturenames and hasattr(one, "callspec")]
    asked = [one.callspec.params[argument] for one in asking if argument in one.callspec.params]
    return list(dict.fromkeys(asked))


@pytest.fixture
def shop() -> Path:
    """A monitoring folder of a service that has nothing to do with this project."""
    return STACK_DATA / "shop"
