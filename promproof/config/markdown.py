"""Reads Markdown: the headings of a page, and the anchors by which links reach them."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from promproof.config.headings import slug

_ANCHOR = re.compile(r"<\w+\s[^>]*\b(?:id|name)\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_OWN = re.compile(r"\s*\{:?\s*#([\w:.-]+)[^{}]*\}\s*$")
"""The anchor that a heading names itself: `## Alerts {#alerts}`, of MkDocs, Pandoc and Docusaurus."""
_RENDERED = re.compile(r"user-content-|fn(ref)?[:-]?\w|L\d+(C\d+)?(-L\d+(C\d+)?)?$|:~:")
"""Fragments that a renderer makes: footnotes, lines of a file, a text to mark."""


@dataclass(frozen=True)
class Heading:
    """A heading; `anchor` is the fragment by which GitHub and most renderers reach it. Lines count from 1."""

    level: int
    text: str
    anchor: str
    line: int


@lru_cache(maxsize=8)
def parsed(text: str) -> tuple[Token, ...]:
    """The tokens of a page in CommonMark with tables; a page that is read for several reasons is parsed once."""
    return tuple(MarkdownIt("commonmark").enable("table").parse(text))


def anchors(text: str) -> frozenset[str]:
    """The fragments by which a link reaches a place of the page."""
    tokens = parsed(text)
    return frozenset(heading.anchor for heading in headings_in(tokens)) | frozenset(html_anchors(tokens))


def leads_to(fragment: str, known: Iterable[str]) -> bool:
    """Whether a link with this fragment reaches one of the anchors, as one of the usual renderers makes them."""
    if not fragment or fragment.lower() == "top" or _RENDERED.match(fragment):
        return True
    known = frozenset(known)
    return fragment in known or _squeezed(fragment) in {_squeezed(anchor) for anchor in known}


def _squeezed(anchor: str) -> str:
    """An anchor without what renderers differ in: capitals, accents, runs of hyphens, how twins are numbered."""
    plain = unicodedata.normalize("NFKD", anchor.casefold())
    return re.sub(
        r"[\W_]+", "-", "".join(letter for letter in plain if not unicodedata.combining(letter))
    ).strip("-")


def line_of(token: Token) -> int:
    """The line where a token begins, from 1; 0 when it has none."""
    return token.map[0] + 1 if token.map else 0


def plain_text(token: Token) -> str:
    """Text of an inline token without its markup; tags of raw HTML are dropped."""
    parts = []
    for child in token.children or []:
        if child.type in ("text", "code_inline", "image"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts).strip()


def headings_in(tokens: Sequence[Token]) -> Iterator[Heading]:
    """The headings, each with its anchor: of several with one text the later ones are numbered."""
    seen: Counter[str] = Counter()
    for opening, inline in itertools.pairwise(tokens):
        if opening.type != "heading_open":
            continue
        text = plain_text(inline)
        given = _OWN.search(text)
        text = text[: given.start()] if given else text
        plain = given[1] if given else slug(text)
        anchor = f"{plain}-{seen[plain]}" if seen[plain] else plain
        seen[plain] += 1
        yield Heading(int(opening.tag[1:]), text, anchor, line_of(opening))


def html_anchors(tokens: Sequence[Token]) -> Iterator[str]:
    """The anchors that raw HTML of the page sets."""
    for token in tokens:
        for part in (token, *(token.children or [])):
            if part.type in ("html_block", "html_inline"):
                yield from _ANCHOR.findall(part.content)
