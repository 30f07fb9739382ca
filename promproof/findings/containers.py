"""What a container sees of the files that are here: its mounts, from a path inside to one here and back.

A Prometheus asks for /etc/prometheus/rules/*.yml; which file that is, only the mounts say.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promproof.findings.services import ComposeFile, Mount, Service

HOMES = {"prometheus": "/etc/prometheus/prometheus.yml", "alertmanager": "/etc/alertmanager/alertmanager.yml"}
"""Where the official images read their configuration when no flag says otherwise."""
_IMAGES = {
    "prometheus": re.compile(r"(?:^|/)(?:prom|prometheus|ubuntu)/prometheus(?:[:@]|$)"),
    "alertmanager": re.compile(r"(?:^|/)(?:prom|prometheus)/alertmanager(?:[:@]|$)"),
    "grafana": re.compile(r"(?:^|/)grafana/grafana(?:-oss|-enterprise)?(?:[:@]|$)"),
}
_EVALUATORS = re.compile(
    r"(?:^|[/-])(?:vmalert|victoria-metrics|thanos|mimir|cortex|loki|enterprise-metrics|enterprise-logs)(?:[:@-]|$)"
)
"""Images of other programs that evaluate files of rules, in their own languages."""
_OPEN = re.compile(r"\$[A-Za-z_{]")
_MAGIC = re.compile(r"[*?\[]")


def is_open(text: str) -> bool:
    """Whether a text holds a variable that nothing here sets."""
    return _OPEN.search(text) is not None


def component_of(service: Service) -> str:
    """prometheus, alertmanager or grafana for a service that runs an image as it is published; else empty."""
    if "build" in service.part:
        return ""
    return next((name for name, image in _IMAGES.items() if image.search(service.image)), "")


@dataclass(frozen=True, eq=False)
class Container:
    """A service with all its mounts, also those that another compose file of the folder adds."""

    service: Service
    mounts: tuple[Mount, ...]

    @property
    def component(self) -> str:
        """prometheus, alertmanager, grafana or nothing."""
        return component_of(self.service)

    def config_paths(self, component: str) -> tuple[str, ...]:
        """Where inside it the configuration of a component is read."""
        flag = self.service.flag("config.file")
        if flag:
            return (posixpath.normpath(flag),)
        return (HOMES[component],) if self.component in ("", component) and flag is None else ()

    def inside(self, address: str) -> tuple[str, ...]:
        """The paths at which it sees a file that is here; mounts over mounts are heeded."""
        found = []
        for mount in self.mounts:
            if mount.path and (address == mount.path or address.startswith(f"{mount.path.rstrip('/')}/")):
                rest = address[len(mount.path.rstrip("/")) :].lstrip("/")
                path = posixpath.join(mount.target, rest) if rest else mount.target
                if self.owner(path) is mount:
                    found.append(path)
        return tuple(found)

    def owner(self, path: str) -> Mount | None:
        """The mount that a path inside lies in; None for the image's own."""
        mine = [
            mount
            for mount in self.mounts
            if path == mount.target or path.startswith(f"{mount.target.rstrip('/')}/")
        ]
        return max(mine, key=lambda mount: len(mount.target), default=None)

    def on_disk(self, pattern: str) -> tuple[str, ...]:
        """The files here that a pattern inside matches, sorted."""
        found: set[str] = set()
        for mount in self.mounts:
            if mount.path.startswith("/"):
                found.update(
                    file for file in _matched(mount, pattern) if matches_any(self.inside(file), pattern)
                )
        return tuple(sorted(found))

    def knows(self, pattern: str) -> bool:
        """Whether all that a pattern can match inside is known: official image, and folders that are here."""
        if not self.component or any(map(is_open, [pattern, *(mount.source for mount in self.mounts)])):
            return False
        fixed = _fixed(pattern)
        owner = self.owner(fixed)
        below = [mount for mount in self.mounts if f"{mount.target}/".startswith(f"{fixed.rstrip('/')}/")]
        return all(
            mount.path and (os.path.exists(mount.path) or "#" in mount.path)
            for mount in [*below, *([owner] if owner is not None else [])]
        )


def containers_of(files: Sequence[ComposeFile]) -> list[Container]:
    """The services of compose files as containers; each once, with what the other files of its folder add."""
    found = []
    for file in files:
        for service in file.services:
            others = [
                other
                for near in files
                if near.part.document.folder == file.part.document.folder
                for other in near.services
                if other.name == service.name
            ]
            mounts = dict.fromkeys(mount for other in others for mount in other.mounts)
            found.append(Container(service, tuple(mounts)))
    return sorted(found, key=lambda container: container.component == "")


def is_evaluated_elsewhere(address: str, files: Sequence[ComposeFile]) -> bool:
    """Whether a program that is no Prometheus and evaluates rules gets this file."""
    return any(
        container.inside(address)
        for container in containers_of(files)
        if _EVALUATORS.search(container.service.image)
    )


def matches(path: str, pattern: str) -> bool:
    """Whether a pattern matches a path as Go's filepath.Match has it: no star crosses a slash."""
    mine, wanted = path.split("/"), pattern.split("/")
    return len(mine) == len(wanted) and all(map(fnmatch.fnmatchcase, mine, wanted))


def matches_any(paths: Iterable[str], pattern: str) -> bool:
    """Whether a pattern matches one of the paths."""
    return any(matches(path, pattern) for path in paths)


def _fixed(pattern: str) -> str:
    """The folder of a pattern up to its first star."""
    parts = pattern.split("/")
    count = next((index for index, part in enumerate(parts) if _MAGIC.search(part)), len(parts) - 1)
    return "/".join(parts[:count]) or "/"


def _matched(mount: Mount, pattern: str) -> Iterator[str]:
    if os.path.isfile(mount.path):
        if matches(mount.target, pattern):
            yield mount.path
        return
    target, wanted = mount.target.rstrip("/").split("/"), pattern.split("/")
    if len(target) < len(wanted) and all(map(fnmatch.fnmatchcase, target, wanted)):
        rest = "/".join(wanted[len(target) :])
        for file in glob.glob(os.path.join(glob.escape(mount.path), rest), include_hidden=True):
            if os.path.isfile(file):
                yield os.path.normpath(file)
