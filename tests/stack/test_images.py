"""What is said of images where promproof is installed and its repository, with their recipes, is somewhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.cli import stack
from promproof.errors import InputError
from promproof.optiontable import options
from promproof.stack import images

pytestmark = pytest.mark.unit


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "RECIPES", tmp_path / "monitoring" / "images")
    monkeypatch.setattr(images, "REPOSITORY", tmp_path)
    monkeypatch.setattr(stack, "FILE", tmp_path / "monitoring" / "docker-compose.yml")


@pytest.mark.usefixtures("elsewhere")
def test_nothing_is_built_without_recipes() -> None:
    with pytest.raises(InputError, match="no recipes of images are there") as caught:
        images.build(pytest.fail)
    assert "PROMETHEUS_IMAGE" in caught.value.todo


@pytest.mark.usefixtures("elsewhere")
def test_only_the_repository_is_sent_to_the_command_that_builds() -> None:
    assert "promproof images" not in images.without_a_registry()


def test_in_the_repository_the_command_that_builds_them_is_named() -> None:
    assert images.without_a_registry().startswith("promproof images builds them; ")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("action", ["up", "status", "logs"])
def test_a_folder_without_a_compose_file_has_no_stack_to_keep(action: str) -> None:
    usual = {option.name.replace("-", "_"): option.default_of("stack") for option in options("stack")}
    with pytest.raises(InputError, match="no compose file is there") as caught:
        stack.run({**usual, "action": action, "stack": "containers"})
    assert caught.value.where.endswith("docker-compose.yml")
