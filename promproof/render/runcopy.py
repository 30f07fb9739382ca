"""One configuration file under change: every change is written down with its reason, and all else stays.

The text of a file that nothing changes is copied as it is; secrets are left out of changes and differences.
"""

import difflib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promproof.config.folder import Finding, Folder
from promproof.config.globs import matching_files, resolved
from promproof.config.inputs import Document
from promproof.config.masking import masked
from promproof.config.promql_durations import normal_form
from promproof.config.yamlfile import clone, dump, key_text, shown, value_at
from promproof.config.yamltext import Key

# Below these keys stand names that people chose: one that ends in _file is no path.
_TEXT_MAPS = ("labels", "external_labels", "annotations", "params", "headers", "http_headers", "fields")
_MOST_LINES = 5_000
"""difflib takes time with the square of the lines: two seconds for these, minutes for ten times as many."""
_PATH_REASON = "relative to the folder of the original"


@dataclass(frozen=True)
class Change:
    """One declared difference between the folder and its run copy; None stands for: not there."""

    file: str
    key: str
    before: str | None
    after: str | None
    reason: str

    def __str__(self) -> str:
        before = "nothing" if self.before is None else self.before
        after = "removed" if self.after is None else self.after
        return f"{self.file}, {self.key}: {before} -> {after} ({self.reason})"


class RunCopy:
    """A copy of one document of a folder."""

    def __init__(self, source: Folder, original: Document) -> None:
        self.source = source
        self.original = original
        self.file = source.relative(original.path)
        self.data: dict[str, Any] = clone(original.data)
        self.changes: list[Change] = []
        self.findings: list[Finding] = []

    def get(self, *key: str | int) -> Any:
        """The value of a key; None where nothing is."""
        return value_at(self.data, key)

    def mappings(self, *key: str | int) -> list[Key]:
        """The keys of the items of a list that are mappings; what else stands there is left alone."""
        items = self.get(*key)
        if not isinstance(items, list):
            return []
        return [(*key, index) for index, item in enumerate(items) if isinstance(item, dict)]

    def where(self, key: Key) -> str:
        """`file:line` of a key in the original, where a job may have another number than here."""
        if key[:1] == ("scrape_configs",) and len(key) > 1:
            jobs = self.original.data.get("scrape_configs") or []
            names = [job.get("job_name") for job in jobs]
            name = self.get(*key[:2], "job_name")
            key = (key[0], names.index(name), *key[2:]) if name in names else key[:1]
        return self.original.where(key)

    def put(self, key: Key, value: Any, reason: str) -> None:
        """Set a value whose parent is there."""
        before = self.get(*key)
        if before != value:
            self._note(key, before, value, reason)
            self.get(*key[:-1])[key[-1]] = value

    def remove(self, key: Key, reason: str) -> None:
        """Take a key or an item away, if it is there."""
        if self.get(*key) is not None:
            self._note(key, self.get(*key), None, reason)
            del self.get(*key[:-1])[key[-1]]

    def replace(self, data: dict[str, Any], reason: str) -> None:
        """Take over a document of the same shape; each value that differs is one change."""
        before, self.data = self.data, data
        for key, old, new in _leaves(before, data, ()):
            self._note(key, old, new, reason)

    def finding(self, key: Key, message: str) -> None:
        self.findings.append(Finding(self.file, key_text(self.data, key), message))

    def make_paths_absolute(self, home: str) -> None:
        """Replace paths relative to the file, which the copy has left behind, and those of an image."""
        base = self.original.path.parent
        for key, text in list(_paths(self.data, ())):
            if matching_files(base, text, home):
                self.put(key, resolved(str(base), text, home), _PATH_REASON)
            else:
                self.finding(key, f"{text} is not on this machine")

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.data == self.original.data:
            shutil.copyfile(self.original.path, path)
        else:
            path.write_text(dump(self.data), encoding="utf-8")

    def diff(self) -> str:
        """A unified diff of both documents in normal form; empty when they are equal."""
        if self.data == self.original.data:
            return ""
        before, after = (
            dump(_presented(masked(data))).splitlines(True) for data in (self.original.data, self.data)
        )
        names = f"monitoring/{self.file}", f"run/{self.file}"
        if max(len(before), len(after)) > _MOST_LINES:
            return f"--- {names[0]}\n+++ {names[1]}\n@@ too long to be compared line by line: see the changes @@\n"
        return "".join(difflib.unified_diff(before, after, *names))

    def _note(self, key: Key, before: Any, after: Any, reason: str) -> None:
        name, hook = str(key[-1]), "webhook_configs" in key
        values = [_presented(masked(value, name, hook=hook), name) for value in (before, after)]
        texts = [None if value is None else shown(value) for value in values]
        self.changes.append(Change(self.file, key_text(self.data, key), texts[0], texts[1], reason))


def _presented(value: Any, name: str = "") -> Any:
    """A value for people's eyes: expressions in normal form."""
    if isinstance(value, dict):
        return {key: _presented(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_presented(item) for item in value]
    return normal_form(value) if name == "expr" and isinstance(value, str) else value


def _paths(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    """The keys ending in `_file`, and Alertmanager's `templates`, with their paths."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*key, index))
    elif isinstance(value, dict) and not (key and key[-1] in _TEXT_MAPS):
        for name, item in value.items():
            if str(name).endswith("_file") and isinstance(item, str):
                yield (*key, name), item
            elif name == "templates" and not key and isinstance(item, list):
                yield from (((name, index), str(path)) for index, path in enumerate(item))
            else:
                yield from _paths(item, (*key, name))


def _leaves(before: Any, after: Any, key: Key) -> Iterable[tuple[Key, Any, Any]]:
    if isinstance(after, dict):
        old = before if isinstance(before, dict) else {}
        for name, value in after.items():
            yield from _leaves(old.get(name), value, (*key, name))
    elif isinstance(before, list) and isinstance(after, list):
        for index, (old_item, new_item) in enumerate(zip(before, after, strict=True)):
            yield from _leaves(old_item, new_item, (*key, index))
    elif before != after:
        yield key, before, after
