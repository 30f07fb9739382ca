"""The monitoring page, and the programs that its examples need, from where the harness itself takes them."""

from pathlib import Path

import pytest

from promproof.contract.documentation import Page, parse
from promproof.stack.binaries import Binaries, find_binaries


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    return find_binaries()


@pytest.fixture(scope="session")
def prometheus(binaries: Binaries) -> Path:
    return binaries.prometheus.path


@pytest.fixture(scope="session")
def page() -> Page:
    return parse(Path(__file__).parents[2] / "docs" / "monitoring.md")
