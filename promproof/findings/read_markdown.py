"""Local Markdown pages: those that links of rules lead to, and those beside a file; read when they are asked for."""

from __future__ import annotations

import os
import re
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import unquote

from promproof.config.headings import plain_anchors
from promproof.findings.pagetext import PageText
from promproof.findings.setup import Page

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|/|#", re.IGNORECASE)
_HOSTED = re.compile(
    r"https?://[^/]+/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:-/)?(?:blob|tree|src)/(?P<rest>[^?#]+)"
)
_LARGEST = 2_000_000
"""Bytes of a page that is read."""
_OF_VARIABLES = re.compile(r"^\.?env(?:\.|$)|\.env(?:\.|$)")
_ABOVE = 2
"""Folders above that of a file whose pages may be about it."""


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


def pages_beside(folder: str, file: str) -> tuple[PageText, ...]:
    """The pages in a folder, and those up to two folders above that name this file of it; shown as from the folder.

    Files of variables (`.env.example`) are among them.
    """
    found, place, inside = [], folder, file
    for level in range(1 + _ABOVE):
        for name in _texts_in(place):
            text = _read(os.path.join(place, name))
            if not level or inside in text or not name.lower().endswith(".md"):
                found.append(PageText(os.path.join(*[".."] * level, name), text))
        above, last = os.path.split(place)
        if os.path.exists(os.path.join(place, ".git")) or not last:
            break
        place, inside = above, f"{last}/{inside}"
    return tuple(found)


def _texts_in(folder: str) -> list[str]:
    try:
        return sorted(
            name for name in os.listdir(folder) if name.lower().endswith(".md") or _OF_VARIABLES.search(name)
        )
    except OSError:
        return []


def _page(name: str, place: str) -> Page:
    return Page(name, True, plain_anchors(_text(place)), partial(_anchors, place))


@lru_cache(maxsize=16)
def _text(place: str) -> str:
    return _read(place)


def _read(place: str) -> str:
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
