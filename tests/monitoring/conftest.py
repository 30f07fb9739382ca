"""The checking tools of Prometheus and Alertmanager, from where the harness itself takes them."""

from pathlib import Path

import pytest

from promproof.stack.binaries import Binaries, find_binaries


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    return find_binaries()


@pytest.fixture(scope="session")
def promtool(binaries: Binaries) -> Path:
    return binaries.promtool.path


@pytest.fixture(scope="session")
def amtool(binaries: Binaries) -> Path:
    return binaries.amtool.path
