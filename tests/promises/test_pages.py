"""Pages in the manner of other people, about the shipped set-up and whatever is around it: nothing on them is wrong.

Tables with other columns and in other languages, examples of other services, incidents, hypotheses, advice, ranges.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.contract.page import PagePromises
from promproof.places import REPOSITORY
from promproof.promises.promise import Promise
from promproof.promises.reading import promises
from promproof.run.pageread import page_record
from promproof.verdict import Outcome

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
PAGES = sorted((HERE / "pages").glob("*.md"))
READ = Callable[[str], list[Promise]]


@pytest.fixture(scope="module")
def told() -> READ:
    """The claims that are red, on a page beside the shipped one of which the contract says no more."""
    contract = load(REPOSITORY / "monitoring" / "contract.yaml").model_copy(update={"page": PagePromises()})
    folder = read_folder(REPOSITORY / "monitoring")
    path = REPOSITORY / "docs" / "other.md"
    return lambda text: [
        promise
        for promise in promises(page_record(text, path, contract, folder), contract)
        if promise.outcome is Outcome.FAIL
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_which_nothing_is_wrong_is_red(page: Path, told: READ) -> None:
    assert told(page.read_text(encoding="utf-8")) == []
