"""Asking for a container engine where there is none."""

import gc
import warnings
from pathlib import Path

import pytest

from promproof.errors import EvidenceError, InputError
from promproof.faults.undo import Container
from promproof.stack import compose

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("place", ["unix://{folder}/none.sock", "tcp://127.0.0.1:9"])
def test_asking_an_engine_that_is_not_there_leaves_no_open_socket(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", place.format(folder=tmp_path))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with pytest.raises(InputError, match="no container engine answers: ") as caught:
            compose.engine(2)
        assert caught.value.where == "--stack containers"
        del caught
        gc.collect()
    assert not [warning for warning in found if issubclass(warning.category, ResourceWarning)]


def test_an_undo_without_an_engine_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EvidenceError, match=r"container api: unpause: .*no container engine answers"):
        Container(container="api", action="unpause").perform()
