"""Reads any layout into a set-up: every YAML and JSON file of the paths, each taken for what its keys say it is.

No file name is expected. Which Prometheus loads a rule file is what its `rule_files` match, through the mounts of the
container that runs it; a rule file that none matches is judged all the same, as one of a set-up that is not known.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from promproof.findings.containers import Container, containers_of
from promproof.findings.deployed import Deployed
from promproof.findings.gather import Gathered, files_of, take_file, take_pipe, take_stream
from promproof.findings.part import STREAM, Part
from promproof.findings.read_compose import compose_of
from promproof.findings.read_kubernetes import containers_of_workloads, labelled_files, operated
from promproof.findings.read_markdown import page_of, pages_beside
from promproof.findings.read_operator import resource_of
from promproof.findings.read_rules import groups_of
from promproof.findings.setup import DashboardFile, Grafana, Group, Prometheus, Rule, Setup
from promproof.findings.sorts import holds_rules, sort_of

__all__ = ["STREAM", "discover", "discover_text", "sort_of"]


def discover(
    paths: Sequence[Path],
    root: Path | None = None,
    stream: str | None = None,
    *,
    prometheus_configs: Sequence[Path] = (),
    alertmanager_configs: Sequence[Path] = (),
    dashboards: Sequence[Path] = (),
) -> Setup:
    """The set-up of files and folders; files are shown as from `root`, the current folder unless given.

    stream: YAML or JSON of no file, what `helm template` writes say; shown as `stdin`.
    prometheus_configs, alertmanager_configs: files that are the configurations, whatever else is there; the rule files
    that they name are read too. dashboards: files or folders of dashboards besides the paths.

    Raises:
        InputError: a path is not there.
    """
    base = Path(os.path.abspath(root or Path.cwd()))
    found = Gathered()
    given = {"prometheus": prometheus_configs, "alertmanager": alertmanager_configs}
    sorts = {os.path.abspath(file): sort for sort, files in given.items() for file in files}
    chosen = [*paths, *dashboards, *prometheus_configs, *alertmanager_configs]

    def missed(error: OSError) -> None:
        found.leave(os.path.relpath(str(error.filename), base), f"cannot be read: {error.strerror}")

    # a pipe in a folder may have nobody who writes into it, and a configuration names files from where it lies
    pipes = {os.path.abspath(path) for path in (*paths, *dashboards) if path.is_fifo()}
    for file in files_of(chosen, missed=missed):
        if str(file) in pipes:
            take_pipe(file, base, found)
        else:
            take_file(file, os.path.relpath(file, base), found, sorts.get(str(file), ""))
    if stream is not None:
        take_stream(stream, STREAM, base, found)
    for sort, files in given.items():
        if files:
            mine = [part for part in found.of(sort) if part.document.address in sorts]
            found.parts[sort] = mine
            if sort == "prometheus":
                _take_named(found, base)
    return replace(_setup(found, base), root=", ".join(map(str, paths or chosen)))


def discover_text(name: str, text: str) -> Setup:
    """The set-up of a text of no file, shown by this name."""
    found = Gathered()
    take_stream(text, name, Path.cwd(), found)
    return replace(_setup(found, Path.cwd()), root=name)


def _take_named(found: Gathered, base: Path) -> None:
    """Read the rule files and scrape files that the configurations name, when they lie elsewhere."""
    read = {document.address for document in found.documents}
    for server in _deployed(found, base).prometheuses(found.of("prometheus")):
        for pattern in server.patterns:
            for address in pattern.addresses:
                if address.startswith("/") and address not in read:
                    read.add(address)
                    take_file(Path(address), os.path.relpath(address, base), found, "rules")


def _deployed(found: Gathered, base: Path) -> Deployed:
    containers = containers_of([compose_of(part) for part in found.of("compose")])
    return Deployed(
        [*containers, *containers_of_workloads(found.of("resource"))], tuple(found.documents), base
    )


def _setup(found: Gathered, base: Path) -> Setup:
    compose, resources = tuple(map(compose_of, found.of("compose"))), tuple(found.of("resource"))
    containers = [*containers_of(compose), *containers_of_workloads(resources)]
    deployed = Deployed(containers, tuple(found.documents), base)
    prometheuses = tuple(deployed.prometheuses(found.of("prometheus")))
    servers = operated(resources)
    pairs = list(_groups(found, prometheuses, servers))
    labelled = labelled_files(resources, "grafana_dashboard")
    boards = [
        replace(board, is_labelled=board.is_labelled or board.part.document.address in labelled)
        for board in found.boards
    ]
    grafana, dashboards = _grafana(found, boards, containers)
    return Setup(
        prometheuses=prometheuses,
        groups=tuple(group for group, _ in pairs),
        rules=tuple(rule for _, rules in pairs for rule in rules),
        alertmanagers=(
            *deployed.alertmanagers(found.of("alertmanager")),
            *filter(None, map(resource_of, resources)),
        ),
        dashboards=dashboards,
        grafana=grafana,
        compose=compose,
        rule_parts=(*found.of("rules"), *_specs(found)),
        resources=resources,
        page_of=page_of,
        pages_beside=pages_beside,
        troubles=tuple(found.troubles),
        documents=tuple(found.documents),
        unread={reason: tuple(names) for reason, names in found.unread.items()},
        operated=servers,
    )


def _grafana(
    found: Gathered, boards: Sequence[DashboardFile], containers: Sequence[Container]
) -> tuple[Grafana, tuple[DashboardFile, ...]]:
    provisioning, alerting = found.of("provisioning"), found.of("alerting")
    if not (provisioning or alerting or boards):
        return Grafana(), ()
    from promproof.findings.read_grafana import grafana_of, with_providers  # a rule file needs nothing of it

    grafana = grafana_of(provisioning, alerting)
    return grafana, tuple(with_providers(board, grafana.providers, containers) for board in boards)


def _groups(
    found: Gathered, prometheuses: Sequence[Prometheus], servers: Sequence[Prometheus]
) -> Iterator[tuple[Group, tuple[Rule, ...]]]:
    for part in found.of("rules"):
        mine = [
            server
            for server in prometheuses
            if any(part.document.address in pattern.addresses for pattern in server.patterns)
        ]
        yield from groups_of(part, mine)
    known = [server for server in servers if server.part.text("kind") == "Prometheus"]
    for spec in _specs(found):
        is_of_operator = Part(spec.document).part(*spec.key[:-1]).text("kind") == "PrometheusRule"
        yield from groups_of(spec, known if is_of_operator else ())


def _specs(found: Gathered) -> Iterator[Part]:
    return (part.part("spec") for part in found.of("resource") if holds_rules(part.data))
