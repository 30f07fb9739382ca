"""Local Markdown pages that links of rules lead to; read when a link is followed, not before."""

from __future__ import annotations

import os
import re
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import unquote

from promproof.config.headings import plain_anchors
from promproof.findings.setup import Page

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|/|#", re.IGNORECASE)
_HOSTED = re.compile(
    r"https?://[^/]+/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:-/)?(?:blob|tree|src)/(?P<rest>[^?#]+)"
)
_LARGEST = 2_000_000
"""Bytes of a page that is read."""


def page_of(link: str, folder: str) -> Page | None:
    """The page that a link in a file of this folder means; None for one that is not surely local, or a template.

    A relative path is looked for from the folder and from each above it. The address of a file in a repository is
    local when the folder is in a clone of that repository.
    """
    target = unquote(link.partition("#")[0]).strip()
    if not folder or not target.endswith(".md") or "{}" in link:
        return None
    if not _SCHEME.match(target):
        places = (str(parent / target) for parent in (Path(folder), *Path(folder).parents))
        found = next((place for place in places if os.path.isfile(place)), "")
        return _page(target, found) if found else Page(target, False)
    hosted = _HOSTED.match(target)
    clone = _clone_of(folder, f"{hosted['owner']}/{hosted['name']}") if hosted else ""
    if hosted is None or not clone:
        return None
    # The branch may have slashes: the path begins at any of them.
    parts = hosted["rest"].split("/")
    for begin in range(1, len(parts)):
        place = os.path.join(clone, *parts[begin:])
        if os.path.isfile(place):
            return _page("/".join(parts[begin:]), place)
    return Page("/".join(parts[1:]), False)


def _page(name: str, place: str) -> Page:
    return Page(name, True, plain_anchors(_text(place)), partial(_anchors, place))


@lru_cache(maxsize=16)
def _text(place: str) -> str:
    """The text of a page; empty for one that is too large or can't be read."""
    try:
        is_small = os.path.isfile(place) and os.path.getsize(place) <= _LARGEST
        return Path(place).read_text(encoding="utf-8", errors="replace") if is_small else ""
    except OSError:
        return ""


@lru_cache(maxsize=256)
def _anchors(place: str) -> frozenset[str]:
    from promproof.config.markdown import anchors  # its parser takes long to import, and few links need it

    return anchors(_text(place))


@lru_cache(maxsize=64)
def _clone_of(folder: str, name: str) -> str:
    """The top of the clone that has the folder, when its remote has this name; else empty."""
    for parent in (Path(folder), *Path(folder).parents):
        settings = parent / ".git" / "config"
        if settings.is_file():
            text = settings.read_text(encoding="utf-8", errors="replace")
            is_it = re.search(
                rf"url\s*=\s*\S*[/:]{re.escape(name)}(?:\.git)?/?\s*$", text, re.MULTILINE | re.IGNORECASE
            )
            return str(parent) if is_it else ""
    return ""
