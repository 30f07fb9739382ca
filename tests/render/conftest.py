"""The shop's folder, which a test may break, and its run copy."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from promproof.config.timescale import TimeScale
from promproof.render.monitoring import Rendered, render
from tests.render.bench import ALL_JOBS, RECEIVERS, Render


@pytest.fixture
def folder(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop's folder that a test may break."""
    return Path(shutil.copytree(shop, tmp_path / "monitoring"))


@pytest.fixture
def rendered(folder: Path, tmp_path: Path) -> Render:
    def render_it(**options: Any) -> Rendered:
        usual: dict[str, Any] = {
            "scale": TimeScale(1),
            "addresses": ALL_JOBS,
            "alertmanager": "127.0.0.1:9093",
            "receivers": RECEIVERS,
        }
        return render(folder, tmp_path / "out", **{**usual, **options})

    return render_it
