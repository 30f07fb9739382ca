"""Reads a compose file: services with their ports, mounts, networks and environment, in either syntax of each.

Variables are filled as Compose does, from `.env` beside the file and from their defaults; one that nothing here sets
stays as it is written, so that a judge sees that it does not know.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promproof.config import usertext
from promproof.config.usertext import Mistake
from promproof.findings.part import Part, scalar_text
from promproof.findings.services import ComposeFile, Mount, Service

Fill = Callable[[str], str]
_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<rest>[^{}]*))?\})"
)


def compose_of(part: Part) -> ComposeFile:
    """The services of a compose file."""
    values = _environment_file(part.document.folder)

    def fill(text: str) -> str:
        return filled(text, values)

    services = (_service(name, entry, fill) for name, entry in part.entries("services"))
    return ComposeFile(part, tuple(services), values)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables filled (compose-spec, Interpolation); one without a value stays as it is."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        known = values.get(match["plain"] or match["name"])
        operator = match["operator"] or ""
        if operator.endswith("-"):
            return match["rest"] if known is None or (not known and operator[0] == ":") else known
        if operator.endswith("+"):
            return match["rest"] if known else ""
        return match[0] if known is None else known

    return _VARIABLE.sub(value, text) if "$" in text else text


def _environment_file(folder: str) -> dict[str, str]:
    """What `.env` beside the file says, and the folder itself."""
    values = {"PWD": folder} if folder else {}
    try:
        text = usertext.read(Path(folder, ".env")) if folder else ""
    except Mistake:  # a pipe, say: a password manager may serve it so
        return values
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            values[name.strip()] = value.split(" #")[0].strip().strip("'\"")
    return values


def _service(name: str, part: Part, fill: Fill) -> Service:
    health = part.part("healthcheck")
    return Service(
        part,
        name,
        fill(part.text("image")),
        tuple(map(fill, _command(part))),
        tuple(_ports(part, fill)),
        (*_mounts(part, fill), *_configs(part, fill)),
        _names(part, "networks") or ("default",),
        {key: fill(value) for key, value in environment_of(part).items()},
        health if isinstance(health.data, dict) else None,
        tuple(_published(part, fill)),
    )


def _list(part: Part, key: str) -> list[Any]:
    value = part.data.get(key)
    return value if isinstance(value, list) else []


def _command(part: Part) -> tuple[str, ...]:
    value = part.data.get("command")
    if isinstance(value, list):
        return part.words("command")
    try:
        return tuple(shlex.split(part.text("command")))
    except ValueError:
        return ()


def _ports(part: Part, fill: Fill) -> Iterator[tuple[str, str]]:
    for port in _list(part, "ports"):
        if isinstance(port, dict):
            published, target = (scalar_text(port.get(key) or "") for key in ("published", "target"))
            yield fill(published), fill(target)
        elif port is not None:
            before, _, inside = fill(scalar_text(port)).partition("/")[0].rpartition(":")
            yield before.rpartition(":")[2], inside


def _published(part: Part, fill: Fill) -> Iterator[str]:
    for port in _list(part, "ports"):
        if isinstance(port, dict):
            words = [scalar_text(port.get(key) or "") for key in ("host_ip", "published", "target")]
            yield ":".join(fill(word) for word in words if word)
        elif port is not None:
            yield fill(scalar_text(port))


def _mounts(part: Part, fill: Fill) -> Iterator[Mount]:
    for volume in _list(part, "volumes"):
        if isinstance(volume, dict):
            source, target = scalar_text(volume.get("source") or ""), scalar_text(volume.get("target") or "")
            source, target = fill(source), fill(target)
            read_only = volume.get("read_only") is True
        else:
            source, target, mode = [*fill(scalar_text(volume)).split(":"), "", ""][:3]
            read_only = "ro" in mode.split(",")
            source, target = (source, target) if target else ("", source)
        yield Mount(source, target.rstrip("/") or "/", _here(part, source), read_only)


def _here(part: Part, source: str) -> str:
    """The path on this machine of the source of a mount; empty for a named volume.

    One from the root of the machine that it runs on (/opt/monitoring/prometheus) is the longest end of it that is
    there beside the compose file, or in a folder above.
    """
    folder = part.document.folder
    if not folder or not source.startswith((".", "/", "~")):
        return ""
    path = os.path.normpath(os.path.join(folder, os.path.expanduser(source)))
    if source.startswith("/") and not os.path.lexists(path):
        names = path.strip("/").split("/")
        ends = [os.path.join(*names[start:]) for start in range(1, len(names))]
        near = (os.path.join(place, end) for end in ends for place in (folder, os.path.dirname(folder)))
        return next((found for found in near if os.path.lexists(found)), path)
    return path


def _configs(part: Part, fill: Fill) -> Iterator[Mount]:
    """Files that come as `configs` or `secrets` of the file: mounts of single files, too."""
    for key, home in (("configs", "/"), ("secrets", "/run/secrets/")):
        declared = part.document.data.get(key)
        for entry in _list(part, key):
            name = scalar_text(entry.get("source") or "") if isinstance(entry, dict) else scalar_text(entry)
            target = scalar_text(entry.get("target") or "") if isinstance(entry, dict) else ""
            config = declared.get(name) if isinstance(declared, dict) else None
            file = fill(scalar_text(config.get("file") or "")) if isinstance(config, dict) else ""
            path = _here(part, file if file.startswith(("/", ".", "~")) else f"./{file}") if file else ""
            if isinstance(config, dict) and "content" in config and part.document.address:
                path = f"{part.document.address}#{name}"
            yield Mount(file or name, os.path.join(home, fill(target) or name), path, True)


def _names(part: Part, key: str) -> tuple[str, ...]:
    value = part.data.get(key)
    return tuple(map(str, value)) if isinstance(value, dict) else part.words(key)


def environment_of(part: Part) -> dict[str, str]:
    """The environment of a service as it is written, before variables are filled."""
    if isinstance(part.data.get("environment"), dict):
        return part.texts("environment")
    pairs = (word.partition("=") for word in part.words("environment"))
    return {name: value for name, _, value in pairs}
