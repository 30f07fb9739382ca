"""Drills with containers: an engine's action and its undo, and a drill on the documented stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promproof.faults.undo import Container, UndoBook, recover
from tests.drills.bench import drill

pytestmark = pytest.mark.containers


@pytest.fixture
def container(client: Any) -> Iterator[Any]:
    """A container that does nothing."""
    image = next(
        image
        for image in client.images.list()
        for tag in image.tags
        if tag.startswith("monitoring-harness/python")
    )
    made = client.containers.run(
        image.id, ["-c", "import time; time.sleep(600)"], entrypoint="python3", detach=True
    )
    yield made
    made.remove(force=True)


def status(container: Any) -> str:
    container.reload()
    return str(container.status)


@pytest.mark.whole_run
def test_a_container_that_was_paused_goes_on_after_recover(tmp_path: Path, container: Any) -> None:
    with UndoBook(tmp_path) as book:
        book.add(Container(container=container.id, action="unpause"))
        Container(container=container.id, action="pause").perform()
        assert status(container) == "paused"
    assert recover(tmp_path) == ([f"unpause of container {container.id}"], [])
    assert status(container) == "running"
    assert "was not paused" in Container(container=container.id, action="unpause").perform()


@pytest.mark.whole_run
def test_a_killed_container_is_started_and_a_lost_one_is_no_trouble(container: Any) -> None:
    Container(container=container.id, action="kill").perform()
    assert status(container) == "exited"
    Container(container=container.id, action="start").perform()
    assert status(container) == "running"
    assert "gone" in Container(container="nobody-has-this-name", action="start").perform()


@pytest.mark.whole_run(alone=True)
@pytest.mark.nightly
def test_drills_in_containers_pass(tmp_path: Path, client: Any) -> None:
    # Under its CPU limit the exporter needs more than a sixth of a second, the time-out at scale 60.
    done = drill(tmp_path, "HighMemoryUsage", "ServiceDown", "--time-scale", "20", stack="containers")
    bad = done.not_passed()
    assert not [text for text in bad.values() if text.startswith("fail")], done.output
    assert done.verdicts["drill/HighMemoryUsage/notified"][0] == "pass", done.output
    assert done.verdicts["drill/ServiceDown/notified"][0] == "pass", done.output
