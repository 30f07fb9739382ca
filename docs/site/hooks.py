"""How pages of the repository become a site's: links out of `docs/` are turned, the top level's pages taken in."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
TOP = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the top level, and where they stand in the site."""
HOME = {"README.md": "index.md"}
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")

ROW, CODE = re.compile(r"^\|.*$", re.MULTILINE), re.compile(r"`[^`]*`")
NAMED = re.compile(r"^(?P<fence> *`{3,}\w+) (?P<name>[\w-]+)$", re.MULTILINE)
"""The first line of an example with a name, by which the tests find it."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the top level's pages in."""
    for name, place in TOP.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=with_links(text, PurePosixPath(name))))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of a page of `docs/` to where their targets stand in the site."""
    name = page.file.src_uri
    turned = markdown if name in TOP.values() else with_links(markdown, PurePosixPath("docs") / name)
    return with_pipes(with_titles(turned))


def with_titles(markdown: str) -> str:
    """A page whose named examples have their names as titles: a fence with two words is none to the site's parser."""
    return NAMED.sub(r'\g<fence> title="\g<name>"', markdown)


def with_pipes(markdown: str) -> str:
    """A page whose code in tables has its `|` bare: the repository's reader wants a backslash, the site's shows it."""
    return ROW.sub(lambda row: CODE.sub(lambda code: code[0].replace(r"\|", "|"), row[0]), markdown)


def with_links(markdown: str, source: PurePosixPath) -> str:
    """A page with the links of its place in the repository turned to the site's; what the site lacks is plain text.

    source: the page's path in the repository.
    """
    here = PurePosixPath(_place(str(source)) or source.name).parent

    def turned(match: re.Match[str]) -> str:
        target = normpath(str(source.parent / match["path"]))
        place = _place(target)
        if place is None:  # one that leads nowhere stays a link: the build ends with it
            return f"{match['text']} (`{target}`)" if (ROOT / target).exists() else match[0]
        return f"[{match['text']}]({relpath(place, str(here))}{match['anchor'] or ''})"

    return LINK.sub(turned, markdown)


def _place(path: str) -> str | None:
    """Where a file of the repository stands in the site; None for one that it does not have."""
    if path in {**TOP, **HOME}:
        return {**TOP, **HOME}[path]
    inside = path.removeprefix("docs/")
    return inside if inside != path and (ROOT / path).is_file() else None
