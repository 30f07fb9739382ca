"""How the tests share a machine: whole runs one after the other and alone, everything else in two processes.

A whole run keeps two cores busy and is judged by when things happen; two at once would make each other late.
"""

from __future__ import annotations

from typing import Any

import pytest

WHOLE_RUNS = (
    "browser/",
    "containers/test_production.py",
    "dashboards/",
    "drills/test_default.py",
    "drills/test_twins.py",
    "load/test_exact_minute.py",
    "load/test_ui_drills.py",
    "twins/test_live.py",
    "twins/test_targets.py",
    "verification/test_shop.py",
)
"""Files and folders whose tests judge whole runs."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that judge whole runs, and keep each of the other files in one process."""
    place = item.path.relative_to(item.config.rootpath / "tests").as_posix()
    if place.startswith(WHOLE_RUNS):
        item.add_marker(pytest.mark.whole_run)
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
