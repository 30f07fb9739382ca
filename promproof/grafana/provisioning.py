"""A Grafana folder: data sources, dashboard providers, and every dashboard file that is there.

The folder is that of the monitoring configuration (`grafana/` below it, or the folder itself). Any JSON file below
`dashboards` counts, whoever wrote it; YAML that cannot be read is a problem, like everything else here.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from promproof.config import jsontext, usertext
from promproof.config.inputs import load_document
from promproof.config.usertext import Mistake
from promproof.errors import InputError
from promproof.grafana import mounts
from promproof.grafana.dashboard import Dashboard, Problem
from promproof.grafana.durations import milliseconds
from promproof.grafana.origins import DataSource, resolved
from promproof.grafana.read import read
from promproof.grafana.values import kind_of

COMPOSE_FILE = "docker-compose.yml"
HISTORY = "history.jsonl"
"""What the folder of a run has."""


@dataclass(frozen=True)
class Provider:
    """One dashboard provider and the path that it reads, as Grafana sees it."""

    name: str
    path: str
    where: str


@dataclass(frozen=True)
class Texts:
    """The files as they are: dashboards by name, provisioning files by name. This is what a history keeps."""

    dashboards: dict[str, str]
    sources: tuple[DataSource, ...]
    providers: tuple[Provider, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class GrafanaFolder:
    """Everything read, dashboards in the order of their file names."""

    dashboards: tuple[Dashboard, ...]
    sources: tuple[DataSource, ...]
    providers: tuple[Provider, ...]
    problems: tuple[Problem, ...]

    @property
    def source_interval(self) -> str:
        """The interval of the default Prometheus data source, or of the first one; empty when unset."""
        mine = [source for source in self.sources if source.type == "prometheus"]
        return next(
            (source.interval for source in mine if source.is_default), mine[0].interval if mine else ""
        )


def texts(monitoring: Path) -> Texts:
    """Read the files of a monitoring folder, and those that its compose file mounts into Grafana from elsewhere.

    A folder without Grafana gives nothing, without a problem.
    """
    root = monitoring / "grafana" if (monitoring / "grafana").is_dir() else monitoring
    problems: list[Problem] = []
    dashboards: dict[str, str] = {}
    for path in _boards(monitoring, root):
        name = os.path.relpath(path, monitoring)
        try:
            text = usertext.read(path)
        except Mistake as mistake:
            problems.append(Problem(name, "$", mistake.text))
            continue
        if root != monitoring or not _is_of_targets(text):
            dashboards[name] = text
    sources: list[DataSource] = []
    providers: list[Provider] = []
    for path in provisioning_files(monitoring):
        name = os.path.relpath(path, monitoring)
        try:
            data = load_document(path, "a Grafana provisioning file").data
        except InputError as error:
            problems.append(Problem(name, "$", error.what))
            continue
        reader = _Provisioned(name, problems)
        sources += reader.sources(data)
        providers += reader.providers(data)
    problems += _unmounted(providers, _mounts(monitoring, root), mounts.places(monitoring))
    return Texts(dashboards, tuple(sources), tuple(providers), tuple(problems))


def provisioning_files(monitoring: Path) -> tuple[Path, ...]:
    """The files of data sources and of dashboard providers: those of the folder, and what is mounted from elsewhere."""
    root = monitoring / "grafana" if (monitoring / "grafana").is_dir() else monitoring
    own = [*root.rglob("datasources/*.y*ml"), *root.rglob("provisioning/dashboards/*.y*ml")]
    others = [file.path for file in mounts.provisioning(Path(os.path.abspath(monitoring)))]
    return _each_once([*sorted(own), *others])


def _boards(monitoring: Path, root: Path) -> tuple[Path, ...]:
    """The files of dashboards, without those that a run has written."""
    own = [
        path
        for path in (sorted(root.rglob("*.json")) if root.is_dir() else ())
        if not any((folder / HISTORY).is_file() for folder in path.parents if folder.is_relative_to(root))
    ]
    return _each_once([*own, *(file.path for file in mounts.dashboards(Path(os.path.abspath(monitoring))))])


def _each_once(paths: Sequence[Path]) -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.abspath(path), path)
    return tuple(found.values())


def _is_of_targets(text: str) -> bool:
    """Whether a file is one that Prometheus discovers targets in: a list of groups of them, as no dashboard is."""
    try:
        groups = jsontext.value(text)
    except Mistake:
        return False
    return (
        isinstance(groups, list)
        and bool(groups)
        and all(isinstance(group, dict) and isinstance(group.get("targets"), list) for group in groups)
    )


def parsed(files: Texts) -> GrafanaFolder:
    """The dashboards of the files."""
    dashboards = read_all(files.dashboards, files.sources, files.providers)
    return GrafanaFolder(dashboards, files.sources, files.providers, files.problems)


def read_all(
    files: Mapping[str, str], sources: Sequence[DataSource], providers: Sequence[Provider] = ()
) -> tuple[Dashboard, ...]:
    """The dashboards of texts by file name, each query with its data source.

    Where nothing is provisioned they get into Grafana by its import dialog, which fills in the inputs of an export.
    """
    is_imported = not sources and not providers
    return tuple(resolved(read(name, text, is_imported=is_imported), sources) for name, text in files.items())


def uid_of(name: str) -> str:
    """The uid that Grafana gives to a data source without one."""
    return "P" + sha256(name.encode("utf-8", "replace")).hexdigest()[:16].upper()


def provisioned(file: str, data: Any) -> tuple[list[DataSource], list[Provider]]:
    """The data sources and the providers of one provisioning file, whatever folder it is in."""
    reader = _Provisioned(file, [])
    return list(reader.sources(data)), list(reader.providers(data))


class _Provisioned:
    """Reads the entries of one provisioning file; what is not as Grafana wants it is a problem with its key."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems

    def sources(self, data: Any) -> Iterator[DataSource]:
        """The data sources of a file."""
        for entry, where in self._entries(data, "datasources"):
            options, inside = self._mapping(entry, "jsonData", where), f"{where}.jsonData"
            name, type_ = self._text(entry, "name", where), self._text(entry, "type", where)
            yield DataSource(
                name,
                self._text(entry, "uid", where) or uid_of(name),
                type_,
                self._text(entry, "url", where),
                self._interval(options, inside, is_prometheus=type_ == "prometheus"),
                entry.get("isDefault") is True,
                f"{self.file}: {where}",
            )

    def providers(self, data: Any) -> Iterator[Provider]:
        """The dashboard providers of a file."""
        for entry, where in self._entries(data, "providers"):
            options = self._mapping(entry, "options", where)
            path = self._text(options, "path", f"{where}.options")
            yield Provider(self._text(entry, "name", where), path, f"{self.file}: {where}")

    def _interval(self, options: dict[str, Any], where: str, *, is_prometheus: bool) -> str:
        written = self._text(options, "timeInterval", where)
        if not is_prometheus:
            return ""
        if "$" in written:  # of Grafana's own environment, which is not known here
            return ""
        try:
            milliseconds(written or "0")
        except ValueError as error:
            self._problem(f"{where}.timeInterval", str(error))
            return ""
        return written

    def _entries(self, data: Any, key: str) -> Iterator[tuple[dict[str, Any], str]]:
        value = data.get(key) if isinstance(data, dict) else None
        if value is None:
            return
        if not isinstance(value, list):
            self._problem(key, f"found {kind_of(value)}, expected a list")
            return
        for index, entry in enumerate(value):
            if isinstance(entry, dict):
                yield entry, f"{key}[{index}]"
            else:
                self._problem(f"{key}[{index}]", f"found {kind_of(entry)}, expected a mapping")

    def _mapping(self, entry: dict[str, Any], key: str, where: str) -> dict[str, Any]:
        value = entry.get(key)
        if value is not None and not isinstance(value, dict):
            self._problem(f"{where}.{key}", f"found {kind_of(value)}, expected a mapping")
        return value if isinstance(value, dict) else {}

    def _text(self, entry: dict[str, Any], key: str, where: str) -> str:
        value = entry.get(key)
        if value is not None and not isinstance(value, str):
            self._problem(f"{where}.{key}", f"found {kind_of(value)}, expected text")
        return value if isinstance(value, str) else ""

    def _problem(self, path: str, message: str) -> None:
        self.problems.append(Problem(self.file, path, message))


def _mounts(monitoring: Path, root: Path) -> list[str]:
    """Where the compose file beside it, if there is one, puts the folder of dashboards; others judge that file."""
    path = monitoring / COMPOSE_FILE
    if not path.is_file():
        return []
    try:
        data = load_document(path, "a compose file").data
    except InputError:
        return []
    found = []
    for source, target in _volumes(data):
        try:
            is_ours = (monitoring / source).resolve() == (root / "dashboards").resolve()
        except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links
            continue
        if is_ours:
            found.append(posixpath.normpath(target))
    return found


def _volumes(compose: Any) -> Iterator[tuple[str, str]]:
    """Source and target of every volume of a compose file."""
    services = compose.get("services") if isinstance(compose, dict) else None
    for service in services.values() if isinstance(services, dict) else ():
        volumes = service.get("volumes") if isinstance(service, dict) else None
        for volume in volumes if isinstance(volumes, list) else ():
            if isinstance(volume, dict):
                yield str(volume.get("source")), str(volume.get("target"))
            else:
                source, target = [*str(volume).split(":"), ""][:2]
                yield source, target


def _unmounted(providers: list[Provider], boards: list[str], others: Sequence[str]) -> list[Problem]:
    """Providers that read a folder which the compose file does not fill.

    boards: where it puts the folder of dashboards; others: where it puts anything of Grafana's.
    """
    return [
        Problem(
            provider.where.partition(": ")[0],
            f"{provider.where.partition(': ')[2]}.options.path",
            f"reads {provider.path}, and the compose file puts the dashboards at {', '.join(boards)}",
        )
        for provider in providers
        if boards
        and "$" not in provider.path
        and not any(mounts.is_below(provider.path, place) for place in (*boards, *others))
    ]
