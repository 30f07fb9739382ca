"""`promproof.yaml`: what a folder wants left out of its checks, by kind, path and name. It is read strictly.

ignore:
- id: grafana/counter-level
  path: dashboards/legacy/*
  reason: they go in spring
- id: rule/label-lost
  name: HighErrorRate
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from promproof.config import usertext, yamlfile
from promproof.config.usertext import Mistake
from promproof.errors import InputError, meant
from promproof.findings.choosing import matches, unknown
from promproof.findings.file.suppressions import UNUSED
from promproof.findings.finding import Finding, Place
from promproof.findings.identity import Identities
from promproof.findings.part import Document, Part

NAME = "promproof.yaml"
KEYS = ("ignore",)
ENTRY = ("id", "path", "name", "reason")
EXAMPLE = "ignore: [{id: rule/label-lost, path: rules/*, name: HighErrorRate, reason: ...}]"


@dataclass(frozen=True)
class Entry:
    """One entry of `ignore`: what has all that it names is left out. Empty: whatever it is."""

    place: Place
    id: str = ""
    path: str = ""
    name: str = ""

    def covers(self, finding: Finding, file: str, identities: Identities) -> bool:
        """Whether it leaves this finding out; file: from the folder of the settings."""
        if self.id and not matches(self.id, finding.rule):
            return False
        if self.path and not (
            fnmatchcase(file, self.path) or file.startswith(f"{self.path.rstrip('/')}/") or file == self.path
        ):
            return False
        return not self.name or any(fnmatchcase(name, self.name) for name in identities.names(finding))


@dataclass(frozen=True)
class Settings:
    """What the file says, and the folder that it is in, absolute."""

    folder: str
    entries: tuple[Entry, ...] = ()

    def covering(self, finding: Finding, identities: Identities) -> Entry | None:
        """The entry that leaves a finding out."""
        file = os.path.relpath(os.path.abspath(finding.file), self.folder).replace(os.sep, "/")
        return next((entry for entry in self.entries if entry.covers(finding, file, identities)), None)


def idle_entry(entry: Entry) -> Finding:
    """The finding about an entry that leaves nothing out."""
    named = " ".join(word for word in (entry.id, entry.path, entry.name) if word)
    return UNUSED.at(
        entry.place,
        f"{named} is left out, and is not found",
        effect="the next one goes unseen",
        todo="remove the entry",
        see="run the check again without it: the findings are the same",
    )


def found(paths: Sequence[Path]) -> Settings | None:
    """The settings of the folder here, else of the one folder that is checked.

    Raises:
        InputError: the file has a mistake.
    """
    folders = [Path(), *(path for path in paths if len(paths) == 1 and path.is_dir())]
    for folder in folders:
        if os.path.isfile(folder / NAME):
            return load(folder / NAME)
    return None


def load(path: Path) -> Settings:
    """Read the file.

    Raises:
        InputError: with file and line, it has a mistake.
    """
    try:
        (parsed, *more) = yamlfile.documents(usertext.read(path))
    except Mistake as mistake:
        raise _wrong(mistake.text, str(Place(str(path), mistake.line or None))) from mistake
    except ValueError:
        raise _wrong("is empty", str(path)) from None
    document = Document(str(path), parsed.data, parsed.lines)
    if more:
        raise _wrong("has several documents", str(path))
    part = document.part()
    if not isinstance(part.data, dict):
        raise _wrong("holds no keys and values", str(part.at()))
    _only(part, KEYS)
    listed = part.data.get("ignore")
    if listed is not None and not isinstance(listed, list):
        raise _wrong("ignore is no list", str(part.at("ignore")))
    entries = tuple(_entries(part, listed or []))
    return Settings(os.path.dirname(os.path.abspath(path)), entries)


def _entries(part: Part, listed: list[object]) -> Iterator[Entry]:
    for index in range(len(listed)):
        entry = part.part("ignore", index)
        if not isinstance(entry.data, dict):
            raise _wrong(f"ignore[{index}] holds no keys and values", str(entry.at()))
        _only(entry, ENTRY)
        for key, value in entry.data.items():
            if value is None or isinstance(value, dict | list) or not str(value).strip():
                raise _wrong(f"{key} is no text", str(entry.at(key)))
        if not entry.data.keys() & {"id", "path", "name"}:
            raise _wrong(f"ignore[{index}] names nothing to leave out", str(entry.at()))
        if "id" in entry and (wrong := unknown(entry.text("id"))):
            raise _wrong(wrong, str(entry.at("id")))
        yield Entry(entry.at(), entry.text("id"), entry.text("path").removeprefix("./"), entry.text("name"))


def _only(part: Part, keys: tuple[str, ...]) -> None:
    for key in part.data:
        if key not in keys:
            raise _wrong(f"there is no key {key!r}{meant(str(key), keys)}", str(part.at(key)))


def _wrong(what: str, where: str) -> InputError:
    return InputError(
        what=what, where=where, expected=EXAMPLE, todo="docs/check.md tells what can be written there"
    )
