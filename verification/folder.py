"""Reads a monitoring folder: the Prometheus configuration, the rule files that it names, Alertmanager's.

Any folder that Prometheus itself would take is taken: nothing is expected of job names, receivers or rule
files, and what Prometheus passes over in silence (a pattern that matches no file) becomes a finding.
"""

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.inputs import Document
from verification.errors import InputError
from verification.yamlfile import Key, key_text, load

PROMETHEUS_FILES = (
    "prometheus/prometheus.yml",
    "prometheus/prometheus.yaml",
    "prometheus.yml",
    "prometheus.yaml",
)
ALERTMANAGER_FILES = (
    "alertmanager/alertmanager.yml",
    "alertmanager/alertmanager.yaml",
    "alertmanager/config.yml",
    "alertmanager.yml",
    "alertmanager.yaml",
)
# Where the official images keep their configuration: a path below it means the folder of the file at hand.
PROMETHEUS_HOME = "/etc/prometheus/"
ALERTMANAGER_HOME = "/etc/alertmanager/"


@dataclass(frozen=True)
class Finding:
    """Something in the configuration that works without an error message and is probably not meant."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}, {self.key}: {self.message}" if self.key else f"{self.file}: {self.message}"


@dataclass(frozen=True)
class Job:
    """A scrape job as the file has it; targets are those of its static_configs."""

    name: str
    scheme: str
    metrics_path: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """An entry of rule_files and the files that it matches now, sorted."""

    text: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Folder:
    """A monitoring folder as it is written. Documents hold the data of `yamlfile.load`."""

    root: Path
    prometheus: Document
    patterns: tuple[Pattern, ...]
    rules: tuple[Document, ...]
    alertmanager: Document | None
    findings: tuple[Finding, ...]

    @property
    def jobs(self) -> dict[str, Job]:
        """The scrape jobs by name."""
        jobs = (_job(self.prometheus.data["scrape_configs"][key[-1]]) for key in self.job_keys)
        return {job.name: job for job in jobs}

    @property
    def job_keys(self) -> list[Key]:
        return mappings(self.prometheus, ("scrape_configs",))

    @property
    def receivers(self) -> list[str]:
        """The names of Alertmanager's receivers."""
        if self.alertmanager is None:
            return []
        receivers = self.alertmanager.data.get("receivers")
        keys = mappings(self.alertmanager, ("receivers",))
        return [str(receivers[key[-1]].get("name")) for key in keys]

    def relative(self, path: Path) -> str:
        """A path as it is shown: from the folder's root, or in full when it lies elsewhere."""
        return _relative(self.root, path)


def read_folder(monitoring: Path) -> Folder:
    """Read all files of a monitoring folder.

    Raises:
        InputError: there is no Prometheus configuration, or a file is not what it should be; with its line.
    """
    root = Path(os.path.abspath(monitoring))
    path = _first(root, PROMETHEUS_FILES)
    if path is None:
        raise InputError(
            "no Prometheus configuration is there",
            str(monitoring),
            f"one of {', '.join(PROMETHEUS_FILES)}",
            "name the folder that holds it with --monitoring",
        )
    prometheus = _load(path, "a Prometheus configuration", ("scrape_configs",), ("alerting", "alertmanagers"))
    patterns = _patterns(prometheus)
    unmatched = [
        Finding(_relative(root, path), f"rule_files[{index}]", f"{pattern.text} matches no file")
        for index, pattern in enumerate(patterns)
        if not pattern.files
    ]
    names = dict.fromkeys(file for pattern in patterns for file in pattern.files)
    rules = tuple(_load(file, "a rule file", ("groups",)) for file in names)
    found = _first(root, ALERTMANAGER_FILES)
    alertmanager = _load(found, "an Alertmanager configuration", ("receivers",)) if found else None
    dropped = [
        Finding(_relative(root, document.path), f"line {note.line}", note.text)
        for document in (prometheus, *rules, alertmanager)
        if document is not None
        for note in document.notes
    ]
    return Folder(root, prometheus, patterns, rules, alertmanager, (*unmatched, *dropped))


def mappings(document: Document, key: Key) -> list[Key]:
    """The keys of the items of a list of mappings; none where there is no list.

    Raises:
        InputError: it is no list, or an item of it is no mapping.
    """
    value: Any = document.data
    for part in key:
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return []
    if not isinstance(value, list):
        raise InputError(f"found {value!r}", _where(document, key), "a list")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise InputError(f"found {item!r}", _where(document, (*key, index)), "keys and values")
    return [(*key, index) for index in range(len(value))]


def matching_files(base: Path, pattern: str, home: str = PROMETHEUS_HOME) -> tuple[Path, ...]:
    """The files that a pattern of a configuration in the folder `base` matches, sorted."""
    return _glob(resolved(glob.escape(str(base)), pattern, home))


def resolved(base: str, pattern: str, home: str) -> str:
    """A path or pattern from the root of this machine.

    One below `home` that matches nothing here means the folder `base`, which an image would have there.
    """
    if not os.path.isabs(pattern):
        return os.path.join(base, pattern)
    if pattern.startswith(home) and not _glob(pattern):
        return os.path.join(base, pattern.removeprefix(home))
    return pattern


def _glob(pattern: str) -> tuple[Path, ...]:
    # As Go's filepath.Glob does, `*` matches names that begin with a dot too.
    names = sorted(glob.glob(pattern, include_hidden=True))
    return tuple(Path(os.path.normpath(name)) for name in names if os.path.isfile(name))


def _patterns(prometheus: Document) -> tuple[Pattern, ...]:
    entries = prometheus.data.get("rule_files") or []
    if not isinstance(entries, list):
        raise InputError(f"found {entries!r}", _where(prometheus, ("rule_files",)), "a list of paths")
    base = prometheus.path.parent
    return tuple(Pattern(str(entry), matching_files(base, str(entry))) for entry in entries)


def _job(config: dict[str, Any]) -> Job:
    groups = config.get("static_configs") or []
    targets = [
        str(target) for group in groups if isinstance(group, dict) for target in group.get("targets") or []
    ]
    return Job(
        str(config.get("job_name")),
        str(config.get("scheme") or "http"),
        str(config.get("metrics_path") or "/metrics"),
        tuple(targets),
    )


def _first(root: Path, names: Sequence[str]) -> Path | None:
    return next((root / name for name in names if (root / name).is_file()), None)


def _load(path: Path, what: str, *lists: Key) -> Document:
    document = load(path, what)
    for key in lists:
        mappings(document, key)
    return document


def _relative(root: Path, path: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _where(document: Document, key: Key) -> str:
    return f"{document.where(key)}, {key_text(document.data, key)}"
