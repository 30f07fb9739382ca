"""How the tests share a machine: those of one file run in one process. Whole runs are marked in their files."""

from __future__ import annotations

from typing import Any

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests of a file in one process, so that they share what the file brings up; a group of its own wins."""
    if item.get_closest_marker("xdist_group") is None:
        place = item.path.relative_to(item.config.rootpath / "tests").as_posix()
        item.add_marker(pytest.mark.xdist_group(place))


def chosen(request: pytest.FixtureRequest, argument: str) -> list[Any]:
    """What the tests of this session ask a shared run about, in their order: with `-k` or `--last-failed`, a part.

    Every test that uses the requesting fixture has the argument.
    """
    mine = [
        one for one in request.session.items if one.path == request.path and isinstance(one, pytest.Function)
    ]
    asked = [one.callspec.params[argument] for one in mine if request.fixturename in one.fixturenames]
    return list(dict.fromkeys(asked))
