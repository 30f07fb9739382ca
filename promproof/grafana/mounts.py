"""The files that a Grafana of the compose file gets by mounts, those of folders and of single files.

What they are is told by their place in the container alone: provisioning by its home, dashboards by the path of a
provider. So a folder that is mounted for another purpose is not searched.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promproof.config import mounted
from promproof.config.inputs import load_document
from promproof.errors import InputError

PROVISIONING = "/etc/grafana/provisioning"
_YAML = (".yml", ".yaml")


@dataclass(frozen=True)
class Mounted:
    """A file of this machine and its place in the container."""

    path: Path
    place: str

    @property
    def sort(self) -> str:
        """`datasources`, `dashboards` and so on of a provisioning file; else empty."""
        inside = posixpath.relpath(self.place, PROVISIONING).split("/")
        is_provisioning = len(inside) > 1 and inside[0] != ".." and self.place.endswith(_YAML)
        return inside[0] if is_provisioning else ""


def provisioning(monitoring: Path) -> tuple[Mounted, ...]:
    """The files of data sources and of dashboard providers, in the order of their places."""
    found = _below(mounted.grafana(monitoring), PROVISIONING, _YAML)
    return tuple(file for file in found if file.sort in ("datasources", "dashboards"))


def dashboards(monitoring: Path) -> tuple[Mounted, ...]:
    """The dashboards that the mounted providers read."""
    mounts = mounted.grafana(monitoring)
    paths = [path for file in provisioning(monitoring) if file.sort == "dashboards" for path in _paths(file)]
    found = {file.place: file for path in paths for file in _below(mounts, path, (".json",))}
    return tuple(found[place] for place in sorted(found))


def places(monitoring: Path) -> tuple[str, ...]:
    """Where in the container something of this machine is mounted."""
    return tuple(target for _, target in mounted.grafana(monitoring))


def _paths(file: Mounted) -> Iterator[str]:
    """The paths of the providers of a file; what can't be read is told where the file itself is judged."""
    try:
        data = load_document(file.path, "a Grafana provisioning file").data
    except InputError:
        return
    entries = data.get("providers") if isinstance(data, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        options = entry.get("options") if isinstance(entry, dict) else None
        path = options.get("path") if isinstance(options, dict) else None
        if isinstance(path, str) and path.startswith("/"):
            yield posixpath.normpath(path)


def _below(mounts: tuple[tuple[Path, str], ...], home: str, endings: tuple[str, ...]) -> list[Mounted]:
    """The files of these endings at or below a place of the container; a longer mount hides a shorter one."""
    found: dict[str, Path] = {}
    for source, target in sorted(mounts, key=lambda mount: len(mount[1])):
        found = {place: path for place, path in found.items() if not is_below(place, target)}
        inside = posixpath.relpath(home, target)
        if is_below(target, home):
            start, place = source, target
        elif not inside.startswith(".."):
            start, place = source / inside, home
        else:
            continue
        files = [start] if os.path.isfile(start) else sorted(start.rglob("*"))
        for path in files:
            if path.suffix in endings and not path.is_dir():
                found[
                    posixpath.join(place, path.relative_to(start).as_posix()) if path != start else place
                ] = path
    return [Mounted(found[place], place) for place in sorted(found)]


def is_below(path: str, folder: str) -> bool:
    """Whether a path of the container is a folder of it or lies in that."""
    return f"{posixpath.normpath(path)}/".startswith(f"{folder.rstrip('/')}/")
