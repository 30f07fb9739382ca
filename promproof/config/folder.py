"""Reads a monitoring folder: the Prometheus configuration, the rule files that it names, Alertmanager's.

Any folder that Prometheus itself would take is taken: nothing is expected of job names, receivers or rule
files, and what Prometheus passes over in silence (a pattern that matches no file) becomes a finding.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.config import mounted
from promproof.config.globs import matching_files
from promproof.config.inputs import Document
from promproof.config.shapes import (
    AlertmanagerFile,
    JobsFile,
    JobShape,
    PrometheusFile,
    RuleFile,
    Shape,
    shaped,
)
from promproof.config.yamlfile import load
from promproof.errors import InputError

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
    is_mounted: bool = False
    """Whether some of them are in the container alone, by a mount of their own or of their folder."""


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
        shape = shaped(self.prometheus, PrometheusFile, "a Prometheus configuration")
        return {job.job_name: _job(job) for job in shape.scrape_configs or ()}

    @property
    def receivers(self) -> list[str]:
        """The names of Alertmanager's receivers."""
        if self.alertmanager is None:
            return []
        shape = shaped(self.alertmanager, AlertmanagerFile, "an Alertmanager configuration")
        return [receiver.name for receiver in shape.receivers or ()]

    def relative(self, path: Path) -> str:
        """A path as it is shown: from the folder's root, or in full when it lies elsewhere."""
        return _relative(self.root, path)


def find_prometheus(root: Path) -> Path | None:
    """The configuration of Prometheus in a folder, under a usual name or as its compose file mounts it.

    Raises:
        InputError: this user may not look.
    """
    return _first(root, PROMETHEUS_FILES) or mounted.configuration(root, "prometheus")


def read_folder(monitoring: Path) -> Folder:
    """Read all files of a monitoring folder.

    Raises:
        InputError: there is no Prometheus configuration, or a file is not what it should be; with its line.
    """
    root = Path(os.path.abspath(monitoring))
    path = find_prometheus(root)
    if path is None:
        raise InputError(
            what="no Prometheus configuration is there",
            where=str(monitoring),
            expected=f"one of {', '.join(PROMETHEUS_FILES)}, or a compose file that mounts one",
            todo="name the folder that holds it with --monitoring",
        )
    prometheus = _load(path, PrometheusFile, "a Prometheus configuration")
    patterns = _patterns(prometheus, "rule_files")
    unmatched = [
        Finding(_relative(root, path), f"rule_files[{index}]", f"{pattern.text} matches no file")
        for index, pattern in enumerate(patterns)
        if not pattern.files
    ]
    for pattern in _patterns(prometheus, "scrape_config_files"):
        for file in pattern.files:
            _load(file, JobsFile, "a file of scrape_configs")
    names = dict.fromkeys(file for pattern in patterns for file in pattern.files)
    rules = tuple(_load(file, RuleFile, "a rule file") for file in names)
    alertmanager = _alertmanager(root)
    dropped = [
        Finding(_relative(root, document.path), f"line {note.line}", note.text)
        for document in (prometheus, *rules, alertmanager)
        if document is not None
        for note in document.notes
    ]
    return Folder(root, prometheus, patterns, rules, alertmanager, (*unmatched, *dropped))


def _alertmanager(root: Path) -> Document | None:
    """Alertmanager's configuration; None for none, and for a file with comments alone beside a template of it, say."""
    mounts = mounted.configuration(root, "alertmanager")
    found = _first(root, ALERTMANAGER_FILES) or mounts
    document = _load(found, AlertmanagerFile, "an Alertmanager configuration") if found else None
    # one that is mounted is what Alertmanager reads, and refuses
    return document if document is None or document.data or found == mounts else None


def _patterns(prometheus: Document, key: str) -> tuple[Pattern, ...]:
    """The entries of a list of patterns; the shape of the file has been looked at before."""
    base = prometheus.path.parent
    entries = prometheus.data.get(key) or ()
    found = []
    for entry in map(str, entries):
        here, there = matching_files(base, entry), mounted.files(prometheus.path, entry)
        # what is mounted is what the container has at the place that is named
        is_mounted = bool(there) and set(there) != set(here)
        found.append(Pattern(entry, there if is_mounted else here, is_mounted))
    return tuple(found)


def _job(job: JobShape) -> Job:
    return Job(
        job.job_name,
        job.scheme or "http",
        job.metrics_path or "/metrics",
        tuple(target for group in job.static_configs or () for target in group.targets or ()),
    )


def _first(root: Path, names: Sequence[str]) -> Path | None:
    for path in (root / name for name in names):
        try:
            if path.is_file():
                return path
        except OSError as error:  # behind a folder that may not be entered
            raise InputError(
                what=f"cannot be read: {error.strerror}",
                where=str(path),
                expected="a monitoring folder that this user can read",
            ) from error
    return None


def _load(path: Path, shape: type[Shape], what: str) -> Document:
    document = load(path, what)
    shaped(document, shape, what)
    return document


def _relative(root: Path, path: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
