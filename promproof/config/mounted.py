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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from promproof.config.yamlfile import load
from promproof.errors import InputError

FOLDERS_ABOVE = 3
"""Above the configuration a compose file is looked for in so many folders: that of a repository's root, say."""
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def configuration(root: Path, program: str) -> Path | None:
    """The configuration file of `prometheus` or `alertmanager` by the compose file beside it; None for none."""
    for service in _services(root):
        if not re.search(rf"(?:^|/){program}(?:[:@]|$)", str(service.get("image") or "")):
            continue
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
    for root in (configuration.parent, *list(configuration.parent.parents)[:FOLDERS_ABOVE]):
        for service in _services(root):
            if not re.search(r"(?:^|/)prometheus(?:[:@]|$)", str(service.get("image") or "")):
                continue
            mounts = [
                (Path(os.path.normpath(root / source)), target)
                for source, target in _mounts(service)
                if source.startswith(".") and target.startswith("/")
            ]
            for own in _inside(configuration, mounts):
                wanted = posixpath.normpath(posixpath.join(posixpath.dirname(own), pattern))
                if found := _matched(wanted, mounts):
                    return tuple(sorted(found))
    return ()


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


def _services(root: Path) -> Iterator[Mapping[str, Any]]:
    for path in (root / name for name in COMPOSE_FILES):
        try:
            data = load(path, "a compose file").data if path.is_file() else {}
        except (InputError, OSError):  # what is wrong with it is said where it is asked for
            continue
        services = data.get("services")
        for service in services.values() if isinstance(services, dict) else ():
            if isinstance(service, dict):
                yield service


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
            yield str(volume.get("source") or ""), str(volume.get("target") or "").rstrip("/")
        else:
            source, _, rest = str(volume).partition(":")
            yield source, rest.partition(":")[0].rstrip("/")
