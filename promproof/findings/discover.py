"""Reads any layout into a set-up: every YAML and JSON file of the paths, each taken for what its keys say it is.

No file name is expected. Which Prometheus loads a rule file is what its `rule_files` match; a rule file that none
matches is judged all the same, as one of a set-up that is not known.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promproof.config import jsontext, usertext, yamlfile
from promproof.config.usertext import BYTE_ORDER_MARK, Mistake
from promproof.errors import InputError
from promproof.findings.finding import Place
from promproof.findings.part import Document, Part
from promproof.findings.read_alertmanager import alertmanager_of
from promproof.findings.read_compose import compose_of
from promproof.findings.read_prometheus import prometheus_of
from promproof.findings.read_rules import groups_of
from promproof.findings.setup import DashboardFile, Grafana, Group, Prometheus, Rule, Setup, Trouble
from promproof.grafana.provisioning import texts
from promproof.grafana.read import read

STREAM = "stdin"
"""What is shown for the file of a stream."""
SUFFIXES = (".yml", ".yaml", ".json")
_ONE_DOCUMENT = ("prometheus", "rules", "alertmanager")
"""Sorts of files of which the program reads the first document only."""


@dataclass
class _Found:
    """What has been read, by sort."""

    parts: dict[str, list[Part]] = field(default_factory=dict)
    boards: list[DashboardFile] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    def of(self, sort: str) -> list[Part]:
        return self.parts.get(sort, [])


def discover(paths: Sequence[Path], root: Path | None = None, stream: str | None = None) -> Setup:
    """The set-up of files and folders; files are shown as from `root`, the current folder unless given.

    stream: YAML or JSON of no file, what `helm template` writes say; shown as `stdin`.

    Raises:
        InputError: a path is not there.
    """
    base = Path(os.path.abspath(root or Path.cwd()))
    found = _Found()
    for file in _files(paths):
        _read(file, os.path.relpath(file, base), found)
    if stream is not None:
        _taken(lambda: stream, STREAM, str(base), found)
    prometheuses = tuple(prometheus_of(part, base) for part in found.of("prometheus"))
    pairs = list(_groups(found, prometheuses))
    return Setup(
        root=", ".join(map(str, paths)),
        prometheuses=prometheuses,
        groups=tuple(group for group, _ in pairs),
        rules=tuple(rule for _, rules in pairs for rule in rules),
        alertmanagers=tuple(alertmanager_of(part) for part in found.of("alertmanager")),
        dashboards=tuple(found.boards),
        grafana=_grafana(paths, found),
        compose=tuple(compose_of(part) for part in found.of("compose")),
        rule_parts=(*found.of("rules"), *_specs(found)),
        resources=tuple(found.of("resource")),
        troubles=tuple(found.troubles),
        documents=tuple(found.documents),
    )


def sort_of(data: Any) -> str:
    """What a document is by its keys; empty when it is nothing that is known here."""
    if not isinstance(data, dict):
        return ""
    keys = set(data)
    if {"apiVersion", "kind"} <= keys:
        return "resource"
    if "apiVersion" in keys and keys & {"contactPoints", "policies", "muteTimes", "templates", "groups"}:
        return "alerting"
    if "apiVersion" in keys and keys & {"datasources", "providers"}:
        return "provisioning"
    if {"rule_files", "tests"} <= keys:  # of promtool test rules
        return ""
    if keys & {"scrape_configs", "rule_files", "alerting"}:
        return "prometheus"
    if "route" in keys or "inhibit_rules" in keys:
        return "alertmanager"
    if isinstance(data.get("groups"), list):
        return "rules"
    return "compose" if isinstance(data.get("services"), dict) else ""


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files of the paths, once each, in the order of their names; not those of hidden folders."""
    seen: set[str] = set()
    for path in paths:
        whole = os.path.abspath(path)
        if not os.path.exists(whole):
            raise InputError(
                "no file or folder is there", str(path), "a folder of monitoring files", "correct the path"
            )
        for file in [whole] if os.path.isfile(whole) else _below(whole):
            if file not in seen:
                seen.add(file)
                yield Path(file)


def _below(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "node_modules")
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith(SUFFIXES))


def _read(file: Path, name: str, found: _Found) -> None:
    _taken(lambda: usertext.read(file), name, str(file.parent), found)


def _taken(read_text: Callable[[], str], name: str, folder: str, found: _Found) -> None:
    try:
        text = read_text()
        is_stream = name == STREAM
        if name.endswith(".json") or (is_stream and text.lstrip().startswith("{")):
            _read_json(text, name, folder, found)
            return
        # A helm template is a text that makes YAML, and none itself.
        if "{{" in text and "/templates/" in f"/{name}":
            return
        for number, parsed in enumerate(yamlfile.documents(text)):
            document = Document(name, parsed.data, parsed.lines, number, text, folder=folder)
            found.documents.append(document)
            sort = sort_of(parsed.data)
            first = found.of("first")[-1:] if number and not is_stream else []
            if first and sort_of(first[0].data) in _ONE_DOCUMENT and parsed.data is not None:
                found.troubles.append(
                    Trouble("second-document", document.part().at(), "only the first document is loaded")
                )
                return
            if sort:
                found.parts.setdefault(sort, []).append(document.part())
            if not number:
                found.parts.setdefault("first", []).append(document.part())
    except Mistake as mistake:
        found.troubles.append(Trouble("unreadable", Place(name, mistake.line or None), mistake.text))


def _read_json(text: str, name: str, folder: str, found: _Found) -> None:
    data = jsontext.value(text.removeprefix(BYTE_ORDER_MARK))
    if not isinstance(data, dict):
        return
    inner = data["dashboard"] if isinstance(data.get("dashboard"), dict) else data
    spec = data["spec"] if isinstance(data.get("spec"), dict) else {}
    if any(isinstance(inner.get(key), list) for key in ("panels", "rows")) or "elements" in spec:
        part = Document(name, data, {}, 0, text, folder=folder).part()
        found.documents.append(part.document)
        found.boards.append(DashboardFile(part, read(name, text)))
    elif sort := sort_of(data):
        lines = jsontext.parse(text.removeprefix(BYTE_ORDER_MARK)).lines
        document = Document(name, data, lines, 0, text, folder=folder)
        found.documents.append(document)
        found.parts.setdefault(sort, []).append(document.part())


def _groups(found: _Found, prometheuses: Sequence[Prometheus]) -> Iterator[tuple[Group, tuple[Rule, ...]]]:
    for part in found.of("rules"):
        mine = [
            server
            for server in prometheuses
            if any(part.document.file in pattern.files for pattern in server.patterns)
        ]
        yield from groups_of(part, mine)
    for spec in _specs(found):
        yield from groups_of(spec, ())


def _specs(found: _Found) -> Iterator[Part]:
    return (part.part("spec") for part in found.of("resource") if part.text("kind") == "PrometheusRule")


def _grafana(paths: Sequence[Path], found: _Found) -> Grafana:
    """What provisioning says; the files themselves are read by `grafana.provisioning`."""
    files = [texts(path) for path in paths if path.is_dir()] if found.of("provisioning") else []
    return Grafana(
        tuple(source for each in files for source in each.sources),
        tuple(provider for each in files for provider in each.providers),
        tuple(found.of("alerting")),
        bool(found.of("provisioning")),
    )
