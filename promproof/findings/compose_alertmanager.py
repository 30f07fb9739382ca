"""The service of the compose files that runs an Alertmanager configuration."""

from __future__ import annotations

import posixpath
import re

from promproof.findings.setup import Alertmanager, Service, Setup

_ALERTMANAGER = re.compile(r"(?:^|/)(?:prom|prometheus|bitnami)/alertmanager(?:[:@]|$)")


def service_of(server: Alertmanager, setup: Setup) -> Service | None:
    """The one service that runs an image of Alertmanager and mounts the file; None when that is not sure."""
    folder = server.part.document.folder
    file = posixpath.join(folder, posixpath.basename(server.file))
    found = [
        service
        for compose in setup.compose
        for service in compose.services
        if _ALERTMANAGER.search(service.image) and folder and _mounts(service, file)
    ]
    return found[0] if len(found) == 1 else None


def flag(service: Service, name: str) -> str:
    """The value of a flag of its command line; empty when it is not there."""
    words = service.command
    for index, word in enumerate(words):
        key, equals, value = word.lstrip("-").partition("=")
        if word.startswith("-") and key == name:
            return value if equals else words[index + 1] if index + 1 < len(words) else ""
    return ""


def inside(service: Service, path: str) -> str:
    """The path on this machine of a path in the container; empty when it is not mounted from here."""
    for mount in sorted(service.mounts, key=lambda mount: -len(mount.target)):
        target = mount.target.rstrip("/")
        if mount.path and (path == target or path.startswith(f"{target}/")):
            return mount.path.rstrip("/") + path.removeprefix(target)
    return ""


def _mounts(service: Service, file: str) -> bool:
    return any(
        mount.path and (file == mount.path or file.startswith(f"{mount.path.rstrip('/')}/"))
        for mount in service.mounts
    )
