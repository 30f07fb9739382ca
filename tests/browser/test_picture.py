"""The pictures of the documentation against the pages that are drawn today, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from promproof.report.page.document import page
from tests.browser.chromium import BROWSER, Chromium
from tests.browser.picture import PICTURES, Difference, Picture, difference, draw
from tests.report.stored import subject

pytestmark = [
    pytest.mark.browser,
    pytest.mark.nightly,
    pytest.mark.skipif(
        not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not there: apt-get install chromium"
    ),
]
LANES, RED = PICTURES


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("picture")) as browser:
        yield browser


def drawn(chromium: Chromium, picture: Picture, text: str) -> bytes:
    path: Path = chromium.folder / "drawn.png"
    draw(chromium, picture, text, path)
    return path.read_bytes()


def compared(chromium: Chromium, picture: Picture, text: str) -> Difference:
    """Of the picture in the documentation and what a page looks like."""
    return difference(chromium, picture.path.read_bytes(), drawn(chromium, picture, text))


@pytest.mark.parametrize("picture", PICTURES, ids=[picture.name for picture in PICTURES])
def test_a_picture_of_the_documentation_is_what_the_page_looks_like(
    chromium: Chromium, picture: Picture
) -> None:
    found = compared(chromium, picture, page(subject(picture.run)))
    assert not found.is_seen, f"{found}: nox -s pictures makes {picture.path.name} anew"


def without_bands(text: str) -> str:
    return re.sub(r'<rect class="(must|may|ground)"[^>]*?(/>|>.*?</rect>)', "", text)


def without_hops(text: str) -> str:
    return re.sub(r'<table class="hops">.*?</table>', "", text, flags=re.DOTALL)


def in_other_colours(text: str) -> str:
    return text.replace("--card: #ffffff", "--card: #151b23", 1)


@pytest.mark.parametrize("change", [without_bands, without_hops, in_other_colours])
def test_a_picture_that_lacks_something_is_told(chromium: Chromium, change: object) -> None:
    assert callable(change)
    text = page(subject(LANES.run))
    assert change(text) != text
    found = compared(chromium, LANES, change(text))
    assert found.is_seen, found


def test_letters_that_another_machine_draws_otherwise_are_no_difference(chromium: Chromium) -> None:
    text = page(subject(LANES.run)).replace("</head>", "<style>* { letter-spacing: .02px }</style></head>", 1)
    found = compared(chromium, LANES, text)
    assert not found.is_seen, found


def test_a_red_page_without_its_cause_is_told(chromium: Chromium) -> None:
    text = re.sub(r'<section class="causes.*?</section>', "", page(subject(RED.run)), flags=re.DOTALL)
    found = compared(chromium, RED, text)
    assert found.is_seen, found
