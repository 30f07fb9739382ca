"""Reads a compose file: services with their ports, mounts, networks and environment, in either syntax of each."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from typing import Any

from promproof.findings.part import Part, scalar_text
from promproof.findings.setup import ComposeFile, Mount, Service


def compose_of(part: Part) -> ComposeFile:
    """The services of a compose file."""
    return ComposeFile(part, tuple(_service(name, entry) for name, entry in part.entries("services")))


def _service(name: str, part: Part) -> Service:
    health = part.part("healthcheck")
    return Service(
        part,
        name,
        part.text("image"),
        _command(part),
        tuple(_ports(part)),
        tuple(_mounts(part)),
        _names(part, "networks") or ("default",),
        _environment(part),
        health if isinstance(health.data, dict) else None,
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


def _ports(part: Part) -> Iterator[tuple[str, str]]:
    for port in _list(part, "ports"):
        if isinstance(port, dict):
            yield scalar_text(port.get("published") or ""), scalar_text(port.get("target") or "")
        elif port is not None:
            before, _, inside = scalar_text(port).partition("/")[0].rpartition(":")
            yield before.rpartition(":")[2], inside


def _mounts(part: Part) -> Iterator[Mount]:
    folder = part.document.folder
    for volume in _list(part, "volumes"):
        if isinstance(volume, dict):
            source, target = scalar_text(volume.get("source") or ""), scalar_text(volume.get("target") or "")
            read_only = volume.get("read_only") is True
        else:
            source, target, mode = [*scalar_text(volume).split(":"), "", ""][:3]
            read_only = "ro" in mode.split(",")
        is_file = source.startswith((".", "/", "~"))
        path = os.path.normpath(os.path.join(folder, source)) if is_file and folder else ""
        yield Mount(source, target, path, read_only)


def _names(part: Part, key: str) -> tuple[str, ...]:
    value = part.data.get(key)
    return tuple(map(str, value)) if isinstance(value, dict) else part.words(key)


def _environment(part: Part) -> dict[str, str]:
    if isinstance(part.data.get("environment"), dict):
        return part.texts("environment")
    pairs = (word.partition("=") for word in part.words("environment"))
    return {name: value for name, _, value in pairs}
