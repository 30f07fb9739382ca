"""The shipped page, its contract and its folder, and how a changed page is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.places import REPOSITORY
from promproof.promises.promise import Promise
from promproof.promises.reading import promises
from promproof.run.pageread import page_record

PAGE = REPOSITORY / "docs" / "monitoring.md"
Read = Callable[[str], list[Promise]]


@pytest.fixture(scope="session")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def read() -> Read:
    """The promises of a page with this text in the place of the shipped one; no tool is asked."""
    contract, folder = (
        load(REPOSITORY / "monitoring" / "contract.yaml"),
        read_folder(Path(REPOSITORY / "monitoring")),
    )
    return lambda text: promises(page_record(text, PAGE, contract, folder), contract)
