"""Reads files into documents, sorted by what they are; lists and ConfigMaps of Kubernetes give what is in them.

What stands in a ConfigMap has the place of its own lines in the manifest, so that a finding leads to the right line.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promproof.config import jsontext, usertext, yamlfile
from promproof.config.usertext import BYTE_ORDER_MARK, Mistake
from promproof.errors import InputError
from promproof.findings.finding import Place
from promproof.findings.part import STREAM, Document, Part
from promproof.findings.setup import DashboardFile, Trouble
from promproof.findings.sorts import ONE_DOCUMENT, is_of_the_stack, is_template, may_matter, sort_of

if TYPE_CHECKING:
    from promproof.grafana.dashboard import Dashboard

SUFFIXES = (".yml", ".yaml", ".json", ".rules")
_SKIPPED = ("node_modules", "__pycache__", "site-packages", "venv")
_MARKS = ("history.jsonl", "pyvenv.cfg")
"""What a folder of a run's evidence and one of installed packages have: copies, that nobody deploys."""
_LITERAL = re.compile(r":\s*\|[+-]?\s*(?:#.*)?$")


@dataclass
class Gathered:
    """What has been read, by sort. unread: files that nothing is said about, by the reason."""

    parts: dict[str, list[Part]] = field(default_factory=dict)
    boards: list[DashboardFile] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    unread: dict[str, list[str]] = field(default_factory=dict)

    def of(self, sort: str) -> list[Part]:
        """The parts of a sort."""
        return self.parts.get(sort, [])

    def add(self, part: Part, sort: str) -> None:
        """Add a part; a resource gives those inside it too."""
        if sort == "values":
            self.leave(part.document.file, "values")
        elif sort:
            self.parts.setdefault(sort, []).append(part)

    def leave(self, name: str, reason: str) -> None:
        """Say that a file was not read."""
        self.unread.setdefault(reason, []).append(name)


def files_of(
    paths: Iterable[Path],
    suffixes: Sequence[str] = SUFFIXES,
    missed: Callable[[OSError], None] | None = None,
) -> Iterator[Path]:
    """The files of the paths, once each, in the order of their names; not those of hidden folders.

    missed: is told each folder that can't be read.

    Raises:
        InputError: a path is not there.
    """
    seen: set[str] = set()
    for path in paths:
        whole = os.path.abspath(path)
        if not os.path.exists(whole):
            raise InputError(
                "no file or folder is there", str(path), "a folder of monitoring files", "correct the path"
            )
        # What is neither a file nor a folder, a pipe say, is told when it is read.
        for file in _below(whole, tuple(suffixes), missed) if os.path.isdir(whole) else [whole]:
            if file not in seen:
                seen.add(file)
                yield Path(file)


def _below(folder: str, suffixes: tuple[str, ...], missed: Callable[[OSError], None] | None) -> Iterator[str]:
    for place, folders, names in os.walk(folder, onerror=missed):
        if place != folder and any(mark in names for mark in _MARKS):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in _SKIPPED)
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith(suffixes))


def take_file(file: Path, name: str, found: Gathered, sort: str = "") -> None:
    """Read a file, shown by this name; sort: what it is known to be, whatever its keys say."""
    _take(lambda: usertext.read(file), file, name, found, sort)


def take_pipe(pipe: Path, folder: Path, found: Gathered) -> None:
    """Read what a command writes into a pipe that stands for a file, `<(helm template .)` say."""
    _take(lambda: usertext.given(pipe), folder / pipe.name, str(pipe), found, "", is_stream=True)


def take_stream(text: str, name: str, folder: Path, found: Gathered) -> None:
    """Read a text of no file."""
    _take(lambda: text, folder / STREAM, name, found, "", is_stream=True)


def _take(
    get: Callable[[], str], file: Path, name: str, found: Gathered, sort: str, *, is_stream: bool = False
) -> None:
    text = ""
    try:
        text = get()
        is_json = file.suffix == ".json" or (is_stream and text.lstrip().startswith("{"))
        if not sort and not may_matter(text, is_json=is_json):
            return
        if is_json:
            _take_json(text, name, file, found)
        else:
            address = "" if is_stream else str(file)
            _take_yaml(text, _Source(name, text, str(file.parent), address, is_stream), found, sort)
    except Mistake as mistake:
        if not text and mistake.text.startswith("cannot be read"):
            found.leave(name, mistake.text)
            return
        shown = text or usertext.beginning(file)
        if is_template(shown, is_readable=False) and (sort or may_matter(shown, is_json=False)):
            found.leave(name, "template")
        elif sort or is_stream or is_of_the_stack(shown, is_json=file.suffix == ".json"):
            found.troubles.append(Trouble("unreadable", Place(name, mistake.line or None), mistake.text))


@dataclass(frozen=True)
class _Source:
    """Where a text stands: the file it is shown as, the file's whole text, and what comes before its first line."""

    name: str
    text: str
    folder: str = ""
    address: str = ""
    keeps_all: bool = False
    first_line: int = 0
    is_literal: bool = True
    entry: str = ""

    def lines(self, lines: Mapping[Any, int]) -> dict[Any, int]:
        """The lines of the file for those of the text."""
        if not self.is_literal:
            return dict.fromkeys(lines, self.first_line)
        return {key: line + self.first_line for key, line in lines.items()}


def _take_yaml(text: str, source: _Source, found: Gathered, known: str = "") -> None:
    first = ""
    if not source.entry and is_template(text, is_readable=True):
        found.leave(source.name, "template")
        return
    for number, parsed in enumerate(yamlfile.documents(text)):
        lines = source.lines(parsed.lines) if source.first_line else parsed.lines
        document = Document(
            source.name,
            parsed.data,
            lines,
            number,
            source.text,
            folder=source.folder,
            address=source.address,
            entry=source.entry,
        )
        found.documents.append(document)
        sort = sort_of(parsed.data)
        if known and isinstance(parsed.data, dict):
            sort = known
        if number and first in ONE_DOCUMENT and parsed.data is not None and not source.keeps_all:
            place = document.part().at()
            found.troubles.append(Trouble("second-document", place, "only the first document is loaded"))
            return
        first = sort if not number else first
        _add(document, sort, found)


def _add(document: Document, sort: str, found: Gathered) -> None:
    """Add a document, or the resources of one, with the files that stand in them."""
    for part in _resources(document.part()) if sort == "resource" else [document.part()]:
        found.add(part, sort)
        if sort == "resource":
            _take_inside(part, found)
        elif sort == "compose":
            _take_configs(part, found)


def _resources(part: Part) -> Iterator[Part]:
    """A resource, or those of a list of them."""
    kind = part.text("kind")
    if kind.endswith("List") and isinstance(part.data.get("items"), list):
        for item in part.items("items"):
            yield from _resources(item)
    else:
        yield part


def _take_json(text: str, name: str, file: Path, found: Gathered) -> None:
    plain = text.removeprefix(BYTE_ORDER_MARK)
    data = jsontext.value(plain)
    if not isinstance(data, dict):
        return
    if is_board(data):
        document = Document(name, data, {}, 0, text, folder=str(file.parent), address=str(file))
        found.documents.append(document)
        found.boards.append(DashboardFile(document.part(), _dashboard(name, text, data)))
    elif sort := sort_of(data):
        lines = jsontext.parse(plain).lines
        document = Document(name, data, lines, 0, text, folder=str(file.parent), address=str(file))
        found.documents.append(document)
        _add(document, sort, found)


def is_board(data: dict[str, Any]) -> bool:
    """Whether a JSON document is a dashboard, in whatever form."""
    inner = data["dashboard"] if isinstance(data.get("dashboard"), dict) else data
    spec = data["spec"] if isinstance(data.get("spec"), dict) else {}
    return any(isinstance(inner.get(key), list) for key in ("panels", "rows")) or "elements" in spec


def _take_inside(part: Part, found: Gathered) -> None:
    """Read the files that a ConfigMap or a Secret holds."""
    kind = part.text("kind")
    if kind == "GrafanaDashboard" and part.part("spec").text("json"):
        _take_entry(part, ("spec", "json"), "dashboard.json", part.part("spec").text("json"), "", found)
    if kind not in ("ConfigMap", "Secret"):
        return
    name = part.part("metadata").text("name")
    for section in ("data", "stringData"):
        for entry, text in part.part(section).texts_of_all():
            decoded = _decoded(text) if (kind, section) == ("Secret", "data") else text
            is_json = entry.endswith(".json")
            if may_matter(decoded, is_json=is_json):
                address = f"{kind.lower()}:{name}/{entry}"
                _take_entry(part, (section, entry), entry, decoded, address, found)


def _take_configs(part: Part, found: Gathered) -> None:
    """Read the configs whose content stands in a compose file; `$$` is a dollar there."""
    for name, config in part.entries("configs"):
        text = config.text("content").replace("$$", "$")
        if may_matter(text, is_json=False):
            address = f"{part.document.address}#{name}"
            _take_entry(part, ("configs", name, "content"), name, text, address, found)


def _take_entry(
    part: Part, key: tuple[str, ...], name: str, text: str, address: str, found: Gathered
) -> None:
    """Read a file that stands in another, at a key."""
    document, place = part.document, part.at(*key)
    line = place.line or 0
    written = document.text.splitlines()[line - 1 : line] or [""]
    source = _Source(
        document.file, document.text, "", address, False, line, bool(_LITERAL.search(written[0])), name
    )
    is_json = name.endswith(".json")
    try:
        if is_json:
            _take_board(part, source, text, found)
        elif name.endswith((".yml", ".yaml", ".rules")) or "." not in name:
            _take_yaml(text, source, found)
    except Mistake as mistake:
        if is_json or is_of_the_stack(text, is_json=False):
            at = line + mistake.line if source.is_literal and mistake.line else line
            found.troubles.append(Trouble("unreadable", Place(document.file, at or None), mistake.text))


def _take_board(part: Part, source: _Source, text: str, found: Gathered) -> None:
    data = jsontext.value(text)
    if isinstance(data, dict) and is_board(data):
        document = Document(
            source.name,
            data,
            {(): source.first_line},
            0,
            source.text,
            kind=part.text("kind"),
            address=source.address,
            entry=source.entry,
        )
        found.documents.append(document)
        labels = part.part("metadata").texts("labels")
        found.boards.append(
            DashboardFile(
                document.part(),
                _dashboard(source.name, text, data),
                is_labelled="grafana_dashboard" in labels or part.text("kind") == "GrafanaDashboard",
            )
        )


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=False).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _dashboard(name: str, text: str, data: Any) -> Dashboard:
    from promproof.grafana.read import read_value  # a rule file needs nothing of dashboards

    return read_value(name, text, data)
