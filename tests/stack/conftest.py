"""What the tests of the stack share: the binaries, found as a user's run finds them, and an own folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promproof.config.timescale import TimeScale
from promproof.render.monitoring import Rendered, render
from promproof.stack.binaries import Binaries, find_binaries
from promproof.stack.journal import Journal
from promproof.stack.processes import Ports

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    return find_binaries()


@pytest.fixture
def server() -> Path:
    """A small server that behaves as its environment tells it."""
    return DATA / "server.py"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "runs") as journal:
        yield journal


@pytest.fixture
def configure(shop: Path, tmp_path: Path) -> Callable[[Ports], Rendered]:
    """Renders the shop's folder: its Prometheus scrapes itself and the Node Exporter."""

    def configure(ports: Ports) -> Rendered:
        return render(
            shop,
            tmp_path / "configuration",
            scale=TimeScale(60),
            addresses={"itself": ports.address("prometheus"), "hosts": ports.address("node_exporter")},
            alertmanager=ports.address("alertmanager"),
            receivers={"pager": "http://127.0.0.1:9/"},
        )

    return configure
