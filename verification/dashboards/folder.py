"""A Grafana folder: data sources, dashboard providers, and every dashboard file that is there.

The folder is that of the monitoring configuration (`grafana/` below it, or the folder itself). Any JSON file below
`dashboards` counts, whoever wrote it; YAML that cannot be read is a problem, like everything else here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.inputs import load_document
from verification.dashboards.model import Dashboard, Problem
from verification.dashboards.read import read
from verification.errors import InputError

COMPOSE_FILE = "docker-compose.yml"


@dataclass(frozen=True)
class DataSource:
    """One provisioned data source; `interval` is jsonData.timeInterval, empty when it is unset."""

    name: str
    uid: str
    type: str
    url: str
    interval: str
    is_default: bool
    where: str


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
        mine = [one for one in self.sources if one.type == "prometheus"]
        return next((one.interval for one in mine if one.is_default), mine[0].interval if mine else "")


def texts(monitoring: Path) -> Texts:
    """Read the files of a monitoring folder; a folder without Grafana gives nothing, without a problem."""
    root = monitoring / "grafana" if (monitoring / "grafana").is_dir() else monitoring
    problems: list[Problem] = []
    dashboards: dict[str, str] = {}
    for path in sorted(root.rglob("*.json")) if root.is_dir() else ():
        name = str(path.relative_to(monitoring))
        try:
            dashboards[name] = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            problems.append(Problem(name, "$", f"cannot be read: {reason}"))
    sources: list[DataSource] = []
    providers: list[Provider] = []
    for path in sorted([*root.rglob("datasources/*.y*ml"), *root.rglob("provisioning/dashboards/*.y*ml")]):
        name = str(path.relative_to(monitoring))
        try:
            data = load_document(path, "a Grafana provisioning file").data
        except InputError as error:
            problems.append(Problem(name, "$", error.what))
            continue
        sources += _sources(data, name, problems)
        providers += _providers(data, name)
    problems += _unmounted(providers, _mounts(monitoring, root))
    return Texts(dashboards, tuple(sources), tuple(providers), tuple(problems))


def parsed(files: Texts) -> GrafanaFolder:
    """The dashboards of the files."""
    dashboards = tuple(read(name, text) for name, text in files.dashboards.items())
    return GrafanaFolder(dashboards, files.sources, files.providers, files.problems)


def _sources(data: Any, file: str, problems: list[Problem]) -> list[DataSource]:
    result = []
    for index, one in enumerate(_entries(data, "datasources")):
        where = f"datasources[{index}]"
        options = one.get("jsonData") if isinstance(one.get("jsonData"), dict) else {}
        source = DataSource(
            str(one.get("name") or ""),
            str(one.get("uid") or ""),
            str(one.get("type") or ""),
            str(one.get("url") or ""),
            str((options or {}).get("timeInterval") or ""),
            one.get("isDefault") is True,
            f"{file}: {where}",
        )
        if source.type == "prometheus" and not source.uid:
            problems.append(Problem(file, f"{where}.uid", "missing: dashboards cannot refer to it"))
        if source.type == "prometheus" and not source.interval:
            problems.append(
                Problem(
                    file,
                    f"{where}.jsonData.timeInterval",
                    "missing: Grafana takes 15s for the scrape interval",
                )
            )
        result.append(source)
    return result


def _providers(data: Any, file: str) -> list[Provider]:
    return [
        Provider(
            str(one.get("name") or ""),
            str((one.get("options") or {}).get("path") or "") if isinstance(one.get("options"), dict) else "",
            f"{file}: providers[{index}]",
        )
        for index, one in enumerate(_entries(data, "providers"))
    ]


def _mounts(monitoring: Path, root: Path) -> list[str]:
    """Where the compose file beside it, if there is one, puts the folder of dashboards."""
    path = monitoring / COMPOSE_FILE
    if not path.is_file():
        return []
    try:
        data = load_document(path, "a compose file").data
    except InputError:
        return []  # others judge it
    services = data.get("services") if isinstance(data, dict) else None
    found = []
    for service in services.values() if isinstance(services, dict) else ():
        for volume in (service.get("volumes") or ()) if isinstance(service, dict) else ():
            if isinstance(volume, dict):
                source, target = str(volume.get("source")), str(volume.get("target"))
            else:
                source, target = [*str(volume).split(":"), ""][:2]
            if (monitoring / source).resolve() == (root / "dashboards").resolve():
                found.append(target.rstrip("/"))
    return found


def _unmounted(providers: list[Provider], mounts: list[str]) -> list[Problem]:
    """Providers that read a folder which the compose file does not fill."""
    return [
        Problem(
            one.where.partition(": ")[0],
            f"{one.where.partition(': ')[2]}.options.path",
            f"reads {one.path}, and the compose file puts the dashboards at {', '.join(mounts)}",
        )
        for one in providers
        if mounts and one.path.rstrip("/") not in mounts
    ]


def _entries(data: Any, key: str) -> list[dict[str, Any]]:
    value = data.get(key) if isinstance(data, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
