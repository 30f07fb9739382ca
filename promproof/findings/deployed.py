"""Which container reads which file: the Prometheus of a configuration, the rule files of a pattern, templates.

What a compose file or a workload mounts decides. Where nothing says how a configuration is deployed, relative paths
count from its folder, /etc/prometheus means that folder, and of another absolute path the longest end that files here
have is taken: the intervals are then most likely right, and nothing is said about what is missing.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promproof.config import usertext
from promproof.config.durations import parse_duration
from promproof.config.globs import ALERTMANAGER_HOME, PROMETHEUS_HOME, matching_files
from promproof.config.usertext import Mistake
from promproof.findings.containers import Container, matches, matches_any
from promproof.findings.part import Document, Part
from promproof.findings.read_alertmanager import alertmanager_of
from promproof.findings.read_prometheus import prometheus_of
from promproof.findings.setup import Alertmanager, Pattern, Prometheus, Template

DEFAULT_RETENTION = 15 * 86_400.0


@dataclass(frozen=True)
class Deployed:
    """The containers, the documents that patterns may match, and the folder that files are shown from."""

    containers: Sequence[Container]
    documents: Sequence[Document]
    base: Path

    def shown(self, address: str) -> str:
        """A file as it is shown."""
        if not address.startswith("/"):
            return next((found.file for found in self.documents if found.address == address), address)
        return os.path.relpath(address, self.base)

    def runs(self, part: Part, component: str) -> tuple[Container, str] | None:
        """The container that reads a configuration, and the path at which it does."""
        for container in self.containers:
            paths = container.config_paths(component)
            for path in container.inside(part.document.address) if part.document.address else ():
                if posixpath.normpath(path) in paths:
                    return container, path
        return None

    def prometheuses(self, parts: Sequence[Part]) -> list[Prometheus]:
        """The configurations; a file that another one names under scrape_config_files is none."""
        found: list[Prometheus] = []
        inner: set[Document] = set()
        for part in parts:
            run = self.runs(part, "prometheus")
            named = [
                other
                for index, text in enumerate(part.words("scrape_config_files"))
                for other in self._others(self._pattern(part, "scrape_config_files", index, text, run), parts)
            ]
            inner.update(other.document for other in named)
            patterns = [
                self._pattern(part, "rule_files", index, text, run)
                for index, text in enumerate(part.words("rule_files"))
            ]
            retention = _retention(part, run[0] if run else None)
            server = prometheus_of(part, patterns, named, retention=retention)
            found.append(replace(server, **_running(run)))
        return [server for server in found if server.part.document not in inner]

    def _others(self, pattern: Pattern, parts: Sequence[Part]) -> list[Part]:
        return [other for other in parts if other.document.address in pattern.addresses]

    def _pattern(
        self, part: Part, key: str, index: int, text: str, run: tuple[Container, str] | None
    ) -> Pattern:
        addresses, is_known = self._matched(part, text, run, PROMETHEUS_HOME)
        files = tuple(dict.fromkeys(map(self.shown, addresses)))
        return Pattern(part.part(key, index), text, files, tuple(addresses), is_known)

    def _matched(
        self, part: Part, text: str, run: tuple[Container, str] | None, home: str
    ) -> tuple[list[str], bool]:
        if run is None:
            return self._guessed(part, text, home), False
        container, path = run
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
        found = [
            document.address
            for document in self.documents
            if document.address and matches_any(container.inside(document.address), inside)
        ]
        found = list(dict.fromkeys([*found, *container.on_disk(inside)]))
        is_known = container.knows(inside)
        return (found if found or is_known else self._guessed(part, text, home)), is_known

    def _guessed(self, part: Part, text: str, home: str) -> list[str]:
        folder = part.document.folder
        if not folder:
            return self._beside(part, text)
        found = [str(file) for file in matching_files(Path(folder), text, home)]
        return found or (self._by_their_ends(folder, text) if text.startswith("/") else [])

    def _beside(self, part: Part, text: str) -> list[str]:
        """The entries of the same ConfigMap: it is mounted as one folder."""
        name = posixpath.dirname(part.document.address)
        return [
            document.address
            for document in self.documents
            if name
            and posixpath.dirname(document.address) == name
            and document.entry != part.document.entry
            and matches(document.entry, posixpath.basename(text))
        ]

    def _by_their_ends(self, folder: str, text: str) -> list[str]:
        near = f"{os.path.dirname(folder).rstrip('/')}/"
        mine = [found.address for found in self.documents if found.address.startswith(near)]
        wanted = text.strip("/").split("/")
        for start in range(len(wanted)):
            end = "/".join(wanted[start:])
            count = len(wanted) - start
            found = [address for address in mine if matches("/".join(address.split("/")[-count:]), end)]
            if found:
                return list(dict.fromkeys(found))
        return []

    def alertmanagers(self, parts: Sequence[Part]) -> list[Alertmanager]:
        """The configurations with their templates."""
        found = []
        for part in parts:
            run = self.runs(part, "alertmanager")
            templates, unread = [], []
            for text in part.words("templates"):
                addresses, is_known = self._matched(part, text, run, ALERTMANAGER_HOME)
                read = list(self._templates(addresses))
                templates += read
                if len(read) < len(addresses) or not (is_known or (read and not text.startswith("/"))):
                    unread.append(text)
            found.append(
                replace(
                    alertmanager_of(part),
                    templates=tuple(templates),
                    unread_templates=tuple(unread),
                    **_running(run),
                )
            )
        return found

    def _templates(self, addresses: Sequence[str]) -> Iterator[Template]:
        for address in addresses:
            name = self.shown(address)
            try:
                text = usertext.read(Path(address))
            except Mistake:
                continue
            document = Document(
                name, text, {(): 1}, 0, text, folder=os.path.dirname(address), address=address
            )
            yield Template(document.part(), posixpath.basename(address), text)


def _running(run: tuple[Container, str] | None) -> dict[str, Any]:
    return {"service": run[0].service.name, "container": run[0].service} if run else {}


def _retention(part: Part, container: Container | None) -> float | None:
    """For how long it keeps samples: of its file (Prometheus 3), of its flags, or 15 days when it has neither."""
    written = part.part("storage", "tsdb", "retention").seconds("time")
    if written or container is None:
        return written
    service = container.service
    flags = [service.flag(f"storage.tsdb.retention{name}") for name in (".time", "")]
    text = next((flag for flag in flags if flag), None)
    try:
        if text is not None:
            return parse_duration(text)
    except ValueError:
        return None
    has_size = service.flag("storage.tsdb.retention.size") is not None
    return None if has_size or container.component != "prometheus" else DEFAULT_RETENTION
