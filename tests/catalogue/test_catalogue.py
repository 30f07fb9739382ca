"""The catalogue itself: large enough, each fault with a story, every change readable, and the page made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.catalogue.model import HARMLESS, catalogue
from promproof.catalogue.page import page
from promproof.errors import InputError
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit


def test_the_catalogue_has_150_faults_and_30_harmless_changes() -> None:
    known = catalogue()
    assert len(known.faults) >= 150
    assert len(known.harmless) >= 30


def test_each_fault_has_a_story_in_one_line_and_says_what_names_it() -> None:
    for fault in catalogue():
        assert fault.story, fault.name
        assert "\n" not in fault.story, fault.name
        assert fault.fits or fault.family == HARMLESS, fault.name


def test_the_page_of_the_faults_is_that_of_the_catalogue() -> None:
    written = (REPOSITORY / "docs" / "faults.md").read_text(encoding="utf-8")
    assert written == page(catalogue()), "python -m promproof.catalogue.page > docs/faults.md"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("{id: a, story: b, in: rules, change: {at: x, set: 1, drop: true}}", "exactly one of"),
        ("{id: a, story: b, in: rules, change: {at: x}}", "exactly one of"),
        ("{id: a, story: b, in: elsewhere, change: {at: x, drop: true}}", "Input should be"),
        ("{id: a, stroy: b, in: rules, change: {at: x, drop: true}}", "Field required"),
    ],
    ids=["two changes", "no change", "an unknown sort", "a misspelt key"],
)
def test_a_file_that_is_no_catalogue_is_refused(fault: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "10-own.yaml").write_text(f"title: own\nabout: mine\nfaults: [{fault}]\n", encoding="utf-8")
    with pytest.raises(InputError, match=said):
        catalogue(tmp_path)
