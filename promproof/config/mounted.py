"""Which file of a folder a program of its compose file reads: mounted under another name, or from another folder.

Only what leaves no doubt is taken: one service whose image is the program's, and a mount of a file that is here, a
config of the compose file, or a file that a Dockerfile copies into the image.
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

from promproof.config import baked
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
    places = (root, root / program)  # without Compose an image is built in its program's folder
    told = told or {
        _configured(place, service, program) for place in places for service in _images(place)
    } - {None}
    return told.pop() if len(told) == 1 else None


def _configured(root: Path, service: Mapping[str, Any], program: str) -> Path | None:
    """The file that a service of this program mounts as its configuration."""
    if not _is(service, root, program):
        return None
    wanted = _named(_command(service, root)) or f"/etc/{program}/{program}.yml"
    mounts = list(_here(service, root))
    mounts.reverse()  # of two at one place the later one is seen
    for source, target in sorted(mounts, key=lambda mount: -len(mount[1])):
        inside = posixpath.relpath(wanted, target)
        if not inside.startswith(".."):
            file = source / inside if inside != "." else source
            return file if file.is_file() else None
    return None


def _is(service: Mapping[str, Any], project: Path, program: str) -> bool:
    """Whether a service's image is the program's, or begins with it."""
    return bool(re.search(rf"(?:^|/){program}(?:[:@]|$)", _image(service, project)))


def _image(service: Mapping[str, Any], project: Path) -> str:
    """The image of a service; of one that is built here the one that it begins with."""
    made = _built(service, project)
    return made.base if made is not None else str(service.get("image") or "")


def _built(service: Mapping[str, Any], project: Path) -> baked.Image | None:
    return baked.built(service["build"], project) if service.get("build") else None


def _command(service: Mapping[str, Any], project: Path) -> Any:
    """What a service's container runs, as far as it is said here."""
    if service.get("command"):
        return service["command"]
    made = _built(service, project)
    return list(made.command) if made is not None else None


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
    told = told or {
        found
        for root in above
        for service in _images(root)
        if (found := _read_by(service, root, configuration, pattern))
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
        if _GRAFANA.search(_image(service, project))
        for source, target in mine
        if os.path.exists(source)
    )


def _here(service: Mapping[str, Any], project: Path) -> Iterator[tuple[Path, str]]:
    """The files and folders of this machine that are named from the project's folder; later ones hide earlier ones."""
    made = _built(service, project)
    yield from made.copies if made is not None else ()
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
    if not _is(service, project, "prometheus"):
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
    found, configs = data.get("services"), data.get("configs")
    for name, service in found.items() if isinstance(found, dict) else ():
        if isinstance(service, dict):
            own = list(_configs(service, configs if isinstance(configs, dict) else {}))
            given = service.get("volumes")
            volumes = [*(given if isinstance(given, list) else ()), *own]
            yield str(name), {**service, "volumes": volumes} if own else service


def _images(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The Dockerfiles of a folder as services, for whoever builds an image without Compose, from here or from above."""
    for dockerfile in baked.beside(folder):
        for context in (".", *("/".join([".."] * up) for up in range(1, FOLDERS_ABOVE + 1))):
            yield {"build": {"context": context, "dockerfile": os.path.relpath(dockerfile, folder / context)}}


def _configs(service: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The configs of a service (as those of a Swarm's stack) as mounts of their files."""
    given = service.get("configs")
    for entry in given if isinstance(given, list) else ():
        long = entry if isinstance(entry, dict) else {"source": entry}
        name = str(long.get("source") or "")
        config = told.get(name)
        file = str(config.get("file") or "") if isinstance(config, dict) else ""
        if file:
            source = file if file.startswith((".", "/", "$")) else f"./{file}"
            yield {"source": source, "target": str(long.get("target") or f"/{name}")}


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
