"""Which file of a folder a program of its compose file reads: mounted under another name, or from another folder.

Only what leaves no doubt is taken: one service whose image is the program's, and a mount of a file that is here.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from promproof.config.yamlfile import load
from promproof.errors import InputError

FOLDERS_ABOVE = 3
"""Above the configuration a compose file is looked for in so many folders: that of a repository's root, say."""
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
OTHERS = ("compose*.y*ml", "docker-compose*.y*ml")
"""Of other names: `docker-compose.monitoring.yml` say. Behind another with `-f`, their paths count from its folder."""
_WORKING_FOLDER = re.compile(r"^\$(?:PWD|\{PWD\})(?=/|$)")
"""As most start Compose: in the folder of its file."""
_GRAFANA = re.compile(r"(?:^|/)grafana(?:-oss|-enterprise)?(?:[:@]|$)")


def configuration(root: Path, program: str) -> Path | None:
    """The configuration file of `prometheus` or `alertmanager` by the compose file beside it; None for none."""
    for service in _services(root, COMPOSE_FILES):
        if (file := _configured(root, service, program)) is not None:
            return file
    told = {_configured(root, service, program) for service in _services(root, _others(root))} - {None}
    return told.pop() if len(told) == 1 else None


def _configured(root: Path, service: Mapping[str, Any], program: str) -> Path | None:
    """The file that a service of this program mounts as its configuration."""
    if re.search(rf"(?:^|/){program}(?:[:@]|$)", str(service.get("image") or "")):
        wanted = _named(service.get("command")) or f"/etc/{program}/{program}.yml"
        for source, target in sorted(_mounts(service), key=lambda mount: len(mount[1]), reverse=True):
            inside = posixpath.relpath(wanted, target)
            if source.startswith(".") and not inside.startswith(".."):
                file = (root / source / inside) if inside != "." else root / source
                return file if file.is_file() else None
    return None


def files(configuration: Path, pattern: str) -> tuple[Path, ...]:
    """The files here that a pattern of Prometheus' configuration means in its container, sorted; none for no container.

    They are those that the compose file mounts there by themselves or with their folder: the one beside the
    configuration, or in a folder above it. A relative pattern counts from the configuration's place in the container.
    """
    above = _above(configuration.parent)
    for root in above:
        for service in _services(root, COMPOSE_FILES):
            if found := _read_by(service, root, configuration, pattern):
                return tuple(sorted(found))
    told = {
        found
        for root in above
        for service in _services(root, _others(root))
        for project in _above(root)
        if (found := _read_by(service, project, configuration, pattern))
    }
    return tuple(sorted(told.pop())) if len(told) == 1 else ()


def grafana(monitoring: Path) -> tuple[tuple[Path, str], ...]:
    """(here, in the container) of what a Grafana of the compose file mounts; nothing where that leaves a doubt.

    The compose file lies in the folder, or in one above it and mounts something of the folder.
    """
    for root in _above(monitoring):
        if found := _of_grafana(list(_services(root, COMPOSE_FILES)), root, monitoring):
            return tuple(sorted(found))
    told = {
        found
        for root in _above(monitoring)
        for name in _others(root)
        for project in _above(root)
        if (found := _of_grafana(list(_services(root, [name])), project, monitoring))
    }
    return tuple(sorted(told.pop())) if len(told) == 1 else ()


def _of_grafana(
    services: Sequence[Mapping[str, Any]], project: Path, monitoring: Path
) -> frozenset[tuple[Path, str]]:
    """The mounts of the Grafana of these services, as far as they are here, where the file is this folder's."""
    mounts = [list(_here(service, project)) for service in services]
    if project != monitoring and not any(
        source.is_relative_to(monitoring) for mine in mounts for source, _ in mine
    ):
        return frozenset()
    return frozenset(
        (source, target)
        for service, mine in zip(services, mounts, strict=True)
        if _GRAFANA.search(str(service.get("image") or ""))
        for source, target in mine
        if os.path.exists(source)
    )


def _here(service: Mapping[str, Any], project: Path) -> Iterator[tuple[Path, str]]:
    """The mounts of files and folders of this machine that are named from the project's folder."""
    for source, target in _mounts(service):
        if source.startswith(".") and target.startswith("/"):
            yield Path(os.path.normpath(project / source)), target


def services(configuration: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(name, service) of the nearest compose files, those beside a configuration or in a folder above it."""
    for root in _above(configuration.parent):
        names = [name for name in COMPOSE_FILES if (root / name).is_file()] or _others(root)
        found = [pair for name in names for pair in _named_services(root / name)]
        if found:
            yield from found
            return


def _above(folder: Path) -> list[Path]:
    return [folder, *list(folder.parents)[:FOLDERS_ABOVE]]


def _read_by(service: Mapping[str, Any], project: Path, configuration: Path, pattern: str) -> frozenset[Path]:
    """The files that a Prometheus with this configuration reads. project: from where the paths of its mounts count."""
    if not re.search(r"(?:^|/)prometheus(?:[:@]|$)", str(service.get("image") or "")):
        return frozenset()
    mounts = list(_here(service, project))
    for own in _inside(configuration, mounts):
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(own), pattern))
        if found := _matched(wanted, mounts):
            return frozenset(found)
    return frozenset()


def _inside(file: Path, mounts: Sequence[tuple[Path, str]]) -> Iterator[str]:
    """Where a file of this machine is in the container."""
    for source, target in mounts:
        if file == source:
            yield target
        elif file.is_relative_to(source):
            yield posixpath.join(target, file.relative_to(source).as_posix())


def _matched(wanted: str, mounts: Sequence[tuple[Path, str]]) -> set[Path]:
    """The files of mounts that a pattern of the container matches, whose `*` stays within one name."""
    names = wanted.split("/")
    found: dict[str, Path] = {}
    for source, target in sorted(
        mounts, key=lambda mount: len(mount[1])
    ):  # a longer place hides a shorter one
        own = target.split("/")
        if not all(fnmatch.fnmatchcase(name, like) for name, like in zip(own, names, strict=False)):
            continue
        if len(own) == len(names) and source.is_file():
            found[target] = source
        elif len(own) < len(names) and source.is_dir():
            rest = "/".join(names[len(own) :])
            for path in glob.glob(rest, root_dir=source, include_hidden=True):
                if os.path.isfile(source / path):
                    found[posixpath.join(target, path)] = source / path
    return set(found.values())


def _others(root: Path) -> list[str]:
    """The names of the compose files of a folder that are not the usual ones."""
    found = {name for pattern in OTHERS for name in glob.glob(pattern, root_dir=root)}
    return sorted(found - set(COMPOSE_FILES))


def _services(root: Path, names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for path in (root / name for name in names):
        for _, service in _named_services(path):
            yield service


def _named_services(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        data = load(path, "a compose file").data if path.is_file() else {}
    except (InputError, OSError):  # what is wrong with it is said where it is asked for
        return
    found = data.get("services")
    for name, service in found.items() if isinstance(found, dict) else ():
        if isinstance(service, dict):
            yield str(name), service


def _named(command: Any) -> str:
    """What `--config.file` says, in a list or in one line."""
    try:
        words = (
            [str(word) for word in command] if isinstance(command, list) else shlex.split(str(command or ""))
        )
    except ValueError:
        return ""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, _, value = word.partition("=")
        if name.lstrip("-") == "config.file":
            return value or following
    return ""


def _mounts(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(here, in the container) of each volume, in its short and its long form."""
    volumes = service.get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        if isinstance(volume, dict):
            source, target = str(volume.get("source") or ""), str(volume.get("target") or "")
        else:
            source, _, rest = str(volume).partition(":")
            target = rest.partition(":")[0]
        yield _WORKING_FOLDER.sub(".", source), target.rstrip("/")
