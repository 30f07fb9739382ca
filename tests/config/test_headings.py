"""Anchors that are told without a parser of Markdown are anchors of the page."""

from __future__ import annotations

import pytest

from promproof.config.headings import plain_anchors
from promproof.config.markdown import anchors
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
PAGE = """# API down
Words, and <https://example.com>.

## What to do, first? ##
```sh
# not a heading
```
~~~~
```
# nor this
~~~~
    # nor this
### A *marked* one
# API down
"""


def test_plain_headings_are_told_without_a_parser() -> None:
    assert plain_anchors(PAGE) == {"api-down", "what-to-do-first"}
    assert plain_anchors(PAGE) < anchors(PAGE)


@pytest.mark.parametrize("html", ["<!--\n# Gone\n-->\n", "<div>\n# Gone\n</div>\n"], ids=["comment", "block"])
def test_nothing_is_told_of_a_page_with_html(html: str) -> None:
    assert not plain_anchors(html)
    assert "gone" not in anchors(html)


def test_the_pages_of_this_repository_have_what_is_told_of_them() -> None:
    for page in (REPOSITORY / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert plain_anchors(text) <= anchors(text), page
