"""The recorded runs of tests/evidence as subjects of a page, each judged once."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from promproof.cli.report import subject_of
from promproof.report.page.subject import Subject

RUNS = Path(__file__).parents[1] / "evidence" / "runs"
VOID = {"meta", "input", "link", "br", "img"}


def copy(name: str, into: Path) -> Path:
    """The folder of a recorded run."""
    folder = into / name
    shutil.copytree(RUNS / name / "inputs", folder / "inputs")
    (folder / "history.jsonl").write_bytes(gzip.decompress((RUNS / name / "history.jsonl.gz").read_bytes()))
    return folder


@cache
def subject(name: str) -> Subject:
    """What the page of a recorded run tells."""
    with tempfile.TemporaryDirectory() as into:
        return subject_of(copy(name, Path(into)))


class Reader(HTMLParser):
    """A page's elements with their attributes, its text, and whether every element was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text.replace("<wbr>", ""))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        """What a reader sees."""
        return " ".join(" ".join(self.texts).split())

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of each element that has this class."""
        return [found for _, found in self.elements if name in (found.get("class") or "").split()]
