"""The files of a set-up by sort, and copies of all that is judged with one file changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promproof.catalogue.model import Sort
from promproof.config.folder import Folder
from promproof.grafana.provisioning import texts
from promproof.run.prepared import Prepared

COMPOSE = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
LEFT_OUT = (".git", ".nox", ".venv", "venv", "node_modules", "__pycache__", "reports")


@dataclass(frozen=True)
class SetUp:
    """A monitoring folder, its contract and its page, below one root. files: absolute paths by sort."""

    root: Path
    monitoring: Path
    contract: Path
    files: Mapping[Sort, tuple[Path, ...]]
    job: str = ""
    """The scrape job that reads the target."""

    def shown(self, path: Path) -> str:
        """A path from the root."""
        return os.path.relpath(path, self.root)


def set_up(prepared: Prepared) -> SetUp:
    """The files of a set-up that was read."""
    folder, options = prepared.folder, prepared.options
    monitoring, contract = Path(os.path.abspath(options.monitoring)), Path(os.path.abspath(options.contract))
    documentation = prepared.contract.documentation
    page = Path(os.path.normpath(contract.parent / documentation)) if documentation else None
    named = prepared.contract.deployment
    composes = [named.compose] if named is not None else [*COMPOSE]
    files: dict[Sort, tuple[Path, ...]] = {
        "prometheus": (folder.prometheus.path,),
        "rules": tuple(document.path for document in folder.rules),
        "alertmanager": (folder.alertmanager.path,) if folder.alertmanager is not None else (),
        **_grafana(monitoring, folder),
        "compose": tuple(monitoring / name for name in composes if (monitoring / name).is_file())[:1],
        "page": (page,) if page is not None and page.is_file() else (),
    }
    every = [monitoring, contract.parent, *(path for paths in files.values() for path in paths)]
    root = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in every]))
    return SetUp(root, monitoring, contract, files, prepared.contract.target.job)


def _grafana(monitoring: Path, folder: Folder) -> dict[Sort, tuple[Path, ...]]:
    read = texts(monitoring)

    def named(names: list[str]) -> tuple[Path, ...]:
        return tuple(Path(os.path.normpath(monitoring / name)) for name in dict.fromkeys(names))

    return {
        "dashboards": named(list(read.dashboards)),
        "sources": named([source.where.partition(":")[0] for source in read.sources]),
        "providers": named([provider.where.partition(":")[0] for provider in read.providers]),
    }


def copy(setup: SetUp, target: Path) -> SetUp:
    """All that is judged, below another root (new): what is on the way is copied, everything else is linked."""
    kept = {setup.monitoring, setup.contract.parent, *(path.parent for path in setup.files["page"])}
    _copy(setup.root, target, kept)

    def moved(path: Path) -> Path:
        return target / path.relative_to(setup.root)

    files = {sort: tuple(map(moved, paths)) for sort, paths in setup.files.items()}
    return SetUp(target, moved(setup.monitoring), moved(setup.contract), files, setup.job)


def _copy(source: Path, target: Path, kept: set[Path]) -> None:
    if source in kept:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
        return
    target.mkdir()
    for entry in source.iterdir():
        if any(folder.is_relative_to(entry) for folder in kept):
            _copy(entry, target / entry.name, kept)
        elif entry.name not in LEFT_OUT:
            (target / entry.name).symlink_to(entry)
