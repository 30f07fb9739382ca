"""How the tests share a machine: those of one file run in one process. Whole runs are marked in their files."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests of a file in one process, so that they share what the file brings up; a group of its own wins."""
    if item.get_closest_marker("xdist_group") is None:
        place = item.path.relative_to(item.config.rootpath / "tests").as_posix()
        item.add_marker(pytest.mark.xdist_group(place))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the groups that take longest, by `takes`, then by count: both processes end together."""
    weights: dict[str, tuple[float, int]] = {}
    for item in items:
        seconds = max((mark.args[0] for mark in item.iter_markers("takes")), default=0.0)
        total, count = weights.get(_group(item), (0.0, 0))
        weights[_group(item)] = total + seconds, count + 1
    items.sort(key=lambda item: weights[_group(item)], reverse=True)


def _group(item: pytest.Item) -> str:
    return " ".join(sorted(str(mark.args[0]) for mark in item.iter_markers("xdist_group")))


@pytest.fixture(autouse=True)
def _signals_come_in() -> Iterator[None]:
    """A blocked signal would be handed on to every process of the tests that follow, which nothing ends any more."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert after == before, f"left blocked: {after - before}"


def chosen(request: pytest.FixtureRequest, argument: str) -> list[Any]:
    """What the tests of this session ask a shared run about, in their order: with `-k` or `--last-failed`, a part.

    Every test that uses the requesting fixture has the argument.
    """
    mine = [
        one for one in request.session.items if one.path == request.path and isinstance(one, pytest.Function)
    ]
    asked = [one.callspec.params[argument] for one in mine if request.fixturename in one.fixturenames]
    return list(dict.fromkeys(asked))
