"""Anchors of a Markdown page that can be told without a parser of Markdown, which takes long to import."""

from __future__ import annotations

import re

_HEADING = re.compile(r"#{1,6}[ \t]+(\w[\w \t.,:;()/?'-]*?)[ \t]*#*[ \t]*$")
"""A heading without any markup, so that its words are its text."""
_HTML = re.compile(r"[ \t]*<(?!https?:)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")


def slug(text: str) -> str:
    """The fragment that GitHub gives a heading: lower case, punctuation dropped, spaces as hyphens."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def plain_anchors(text: str) -> frozenset[str]:
    """Anchors that the page surely has, of its plain headings; others may be there. None of a page with HTML."""
    found: set[str] = set()
    fence = ""
    for line in text.splitlines():
        opened = _FENCE.match(line)
        if fence:
            if opened is not None and opened[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif opened is not None:
            fence = opened[1]
        elif _HTML.match(line):
            return frozenset()  # what follows may be HTML
        elif (heading := _HEADING.match(line)) is not None and "_" not in heading[1]:
            found.add(slug(heading[1]))
    return frozenset(found)
