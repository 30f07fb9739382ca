"""What a component needs and does not get: its configuration, the files of a mount, dashboards, long enough storage."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql

from promproof.config import usertext
from promproof.config.durations import format_duration
from promproof.config.promql import walk
from promproof.config.usertext import Mistake
from promproof.findings.containers import Container, containers_of, is_open
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_prometheus, register, whole_setup
from promproof.findings.part import Part
from promproof.findings.services import Mount, Service
from promproof.findings.setup import Prometheus, Setup

_PROMETHEUS = "services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n"
_GRAFANA = """# compose.yml
services:
  grafana:
    image: grafana/grafana:12.0.0
    volumes:
    - ./dashboards:/var/lib/grafana/dashboards:ro
    - ./provisioning:/etc/grafana/provisioning:ro
"""
_SOURCE = """# provisioning/datasources/prometheus.yml
apiVersion: 1
datasources: [{name: P, type: prometheus, url: 'http://prometheus:9090', jsonData: {timeInterval: 15s}}]
"""
_PROVIDER = "# provisioning/dashboards/files.yml\napiVersion: 1\nproviders: [{{name: files, options: {{path: {}}}}}]\n"
_BOARD = '# dashboards/api.json\n{"title": "API", "uid": "api", "schemaVersion": 39, "panels": []}\n'
_OF_RULE = (
    "# compose.yml\n"
    + _PROMETHEUS
    + """    command: [--config.file=/etc/prometheus/prometheus.yml, --storage.tsdb.retention.time={}]
    volumes: ['.:/etc/prometheus:ro']
# prometheus.yml
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['am.example.org:9093']}}]}}]}}
# rules.yml
groups: [{{name: api, rules: [{{record: 'job:up:avg30d', expr: 'avg_over_time(up[30d])'}}]}}]
"""
)
CONFIGURATION = register(
    Kind(
        id="compose/no-configuration",
        severity=Severity.ERROR,
        title="a component whose configuration is not mounted",
        why="The file that config.file names is not in the container: it does not start. Without the flag it runs "
        "with the image's own configuration, which scrapes itself alone, or notifies nobody.",
        example=f"{_PROMETHEUS}    command: [--config.file=/etc/prometheus/prom.yml]\n",
        instead=f"# compose.yml\n{_PROMETHEUS}    command: [--config.file=/etc/prometheus/prom.yml]\n"
        "    volumes: ['./prom.yml:/etc/prometheus/prom.yml:ro']\n# prom.yml\nscrape_configs: []\n",
    )
)
SOURCE = register(
    Kind(
        id="compose/missing-source",
        severity=Severity.WARNING,
        title="a mount of a file that is not there",
        why="The engine makes an empty folder of that name, and mounts it: the component refuses it, or sees nothing.",
        example=f"{_PROMETHEUS}    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro']\n",
        instead=f"# compose.yml\n{_PROMETHEUS}    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro']\n"
        "# prometheus.yml\nscrape_configs: []\n",
    )
)
RETENTION = register(
    Kind(
        id="compose/retention-under-window",
        severity=Severity.WARNING,
        title="a rule that looks back further than samples are kept",
        why="What is older than --storage.tsdb.retention.time is deleted: the window is never full, and what it says "
        "of thirty days is said of fifteen.",
        example=_OF_RULE.format("15d"),
        instead=_OF_RULE.format("45d"),
    )
)
UNPROVIDED = register(
    Kind(
        id="compose/dashboards-without-provider",
        severity=Severity.WARNING,
        title="dashboards in a Grafana that has no provider for them",
        why="Grafana loads dashboards of files only where a provider names their folder: it starts without any.",
        example=f"{_GRAFANA}{_SOURCE}{_BOARD}",
        instead=f"{_GRAFANA}{_SOURCE}{_PROVIDER.format('/var/lib/grafana/dashboards')}{_BOARD}",
    )
)
EMPTY = register(
    Kind(
        id="compose/empty-provider",
        severity=Severity.WARNING,
        title="a dashboard provider that reads a folder without dashboards",
        why="The path is one inside of Grafana's container, where the mounts put nothing: there are no dashboards.",
        example=f"{_GRAFANA}{_PROVIDER.format('/etc/grafana/dashboards')}{_BOARD}",
        instead=f"{_GRAFANA}{_PROVIDER.format('/var/lib/grafana/dashboards')}{_BOARD}",
    )
)
_OF_A_FILE = (".yml", ".yaml", ".json", ".ini", ".conf", ".toml", ".tmpl", ".rules")
_OF_CONFIGURATION = (
    "/etc/prometheus",
    "/etc/alertmanager",
    "/etc/grafana/provisioning",
    "/var/lib/grafana/dashboards",
)
_MADE_FROM = (".example", ".template", ".tmpl", ".j2", ".dist", ".sample", ".in", ".tpl", ".default")
_OLD = re.compile(r"alertmanager:v?0\.(?:\d|1[0-5])(?:\.|$)")
"""Alertmanagers whose image reads config.yml."""
_PROVISIONING = "/etc/grafana/provisioning/dashboards"
_SCRIPT = re.compile(r"\b(?:ba|a)?sh\b|\bcurl\b")


@whole_setup(CONFIGURATION)
def judge_configuration(setup: Setup) -> Iterator[Finding]:
    """The configuration of each Prometheus and Alertmanager of a published image."""
    for container in containers_of(setup.compose):
        component, service = container.component, container.service
        if component not in ("prometheus", "alertmanager") or any(map(is_open, service.command)):
            continue
        if (
            any(key in service.part for key in ("volumes_from", "extends", "entrypoint"))
            or not service.part.document.folder
        ):
            continue
        for path in container.config_paths(component):
            if container.owner(path) is None and not _is_open(container) and not _OLD.search(service.image):
                is_named = service.flag("config.file") is not None
                yield CONFIGURATION.at(
                    service.at("command" if is_named else "image"),
                    f"{service.name!r} gets no {path}",
                    severity=None if is_named and not _is_of_image(path, component) else Severity.WARNING,
                    effect="it does not start"
                    if is_named and not _is_of_image(path, component)
                    else "it runs with the image's own configuration",
                    todo=f"mount a file at {path}",
                    see=f"docker compose run --rm --entrypoint ls {service.name} -l {path}",
                )


def _is_of_image(path: str, component: str) -> bool:
    return path == f"/etc/{component}/{component}.yml"


def _is_open(container: Container) -> bool:
    return any(is_open(mount.target) for mount in container.mounts)


@whole_setup(SOURCE)
def judge_sources(setup: Setup) -> Iterator[Finding]:
    """Mounts of files and folders of configuration beside the compose file that are not there."""
    for file in setup.compose:
        shared = Counter(
            path for service in file.services for path in {mount.path for mount in service.mounts}
        )
        for service in file.services:
            for index, mount in enumerate(service.mounts):
                if shared[mount.path] > 1 and not mount.path.endswith(_OF_A_FILE):
                    continue  # one service writes what the other reads
                if _is_lost(mount, service.part.document.folder):
                    place = (
                        service.at("volumes", index)
                        if index < len(service.part.data.get("volumes") or ())
                        else service.at()
                    )
                    yield SOURCE.at(
                        place,
                        f"{mount.source} is not there",
                        effect=f"{service.name!r} finds an empty folder at {mount.target}",
                        todo="correct the path: it counts from the compose file's folder",
                        see=f"ls {mount.source}",
                    )


def _is_lost(mount: Mount, folder: str) -> bool:
    if not mount.source.startswith("./") and not mount.source.startswith("../"):
        return False
    if is_open(mount.source) or os.path.lexists(mount.path) or not folder:
        return False
    is_file = mount.path.endswith(_OF_A_FILE) and mount.target.endswith(_OF_A_FILE)
    if not is_file and not f"{mount.target}/".startswith(tuple(f"{home}/" for home in _OF_CONFIGURATION)):
        return False
    if any(os.path.exists(mount.path + ending) for ending in _MADE_FROM):
        return False
    # With several -f, paths count from the folder of the first file: that may be one above.
    above = [folder]
    while len(above) < 4 and above[-1] != "/":
        above.append(os.path.dirname(above[-1]))
    if any(os.path.exists(os.path.join(place, mount.source)) for place in above):
        return False
    return not any(_is_ignored(mount.path, place) for place in above)


def _is_ignored(path: str, folder: str) -> bool:
    """Whether a .gitignore names it: it is there where it runs, and not in the repository."""
    try:
        lines = [line.strip().strip("/") for line in usertext.read(Path(folder, ".gitignore")).splitlines()]
    except Mistake:
        return False
    names = {*os.path.relpath(path, folder).split("/"), os.path.relpath(path, folder)}
    return any(line and any(fnmatch.fnmatch(name, line) for name in names) for line in lines)


@each_prometheus(RETENTION)
def judge_retention(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """The longest look back of each rule that it loads."""
    if server.retention is None or "remote_read" in server.part:
        return
    for rule in setup.rules:
        longest = _longest(rule.tree) if rule.tree is not None and server in rule.group.prometheuses else 0
        if longest > server.retention:
            wanted, kept = format_duration(longest), format_duration(server.retention)
            yield RETENTION.at(
                rule.at("expr"),
                f"{rule.name} looks back {wanted}, and samples are kept for {kept}",
                effect="the window is never full",
                todo=f"keep samples longer: --storage.tsdb.retention.time={wanted}, or shorten the window",
                see="promtool query instant http://PROMETHEUS:9090 prometheus_tsdb_lowest_timestamp_seconds",
            )


def _longest(node: Any) -> float:
    """Seconds that an expression looks back, windows of subqueries and what they look back in turn added up."""
    found = 0.0
    for below in walk(node):
        if isinstance(below, promql.MatrixSelector):
            found = max(found, _seconds(below.range) + _offset(below.vector_selector))
        elif isinstance(below, promql.SubqueryExpr):
            found = max(found, _seconds(below.range) + _offset(below) + _longest(below.expr))
        elif isinstance(below, promql.VectorSelector):
            found = max(found, _offset(below))
    return found


def _offset(node: Any) -> float:
    return _seconds(node.offset)


def _seconds(span: Any) -> float:
    return 0.0 if span is None else float(span.total_seconds())


@whole_setup(UNPROVIDED, EMPTY)
def judge_dashboards(setup: Setup) -> Iterator[Finding]:
    """What each Grafana of a published image gets of dashboards and of providers."""
    seen: set[tuple[str, str]] = set()
    for container in containers_of(setup.compose):
        service = container.service
        key = (service.part.document.folder, service.name)
        is_usual = "GF_PATHS_PROVISIONING" not in service.environment and "env_file" not in service.part
        if container.component != "grafana" or not is_usual or key in seen:
            continue
        seen.add(key)  # the files of a folder that have it are told of once
        providers = list(_providers(container, setup))
        boards = [
            path for board in setup.dashboards for path in container.inside(board.part.document.address)
        ]
        is_told = container.knows(f"{_PROVISIONING}/x") and not _has_templates(setup)
        if not providers and is_told and not _runs_a_script(service):
            yield from _unprovided(container, boards, setup)
        for provider in providers:
            path = posixpath.normpath(provider.part("options").text("path") or "/")
            if path != "/" and not is_open(path) and _is_empty(container, path):
                yield EMPTY.at(
                    provider.at("options", "path"),
                    f"the mounts of {service.name!r} put no dashboard at {path}",
                    effect="Grafana starts without these dashboards",
                    todo=f"mount the dashboards at {path}",
                    see=f"docker compose exec {service.name} ls {path}",
                )


def _runs_a_script(service: Service) -> bool:
    """Whether a script of its own starts Grafana: it may send the dashboards to Grafana's API."""
    return "entrypoint" in service.part or bool(_SCRIPT.search(" ".join(service.command)))


def _unprovided(container: Container, boards: list[str], setup: Setup) -> Iterator[Finding]:
    """A Grafana without providers: dashboards that it gets, or that lie beside its compose file to be imported."""
    service = container.service
    root = f"{service.part.document.folder}/"
    beside = [board for board in setup.dashboards if board.part.document.folder.startswith(root[:-1])]
    count = len(boards) or len(beside)
    if count:
        verb = "are" if count > 1 else "is"
        yield UNPROVIDED.at(
            service.at("volumes") if boards else service.at("image"),
            f"{count} dashboard{'s' if count > 1 else ''} {verb} "
            + (
                f"mounted into {service.name!r}, and no provider"
                if boards
                else f"here, and {service.name!r} loads none"
            ),
            severity=None if boards else Severity.INFO,
            effect="Grafana starts without dashboards",
            todo=f"mount a file with `providers` at {_PROVISIONING}, and the dashboards where it reads",
            see="curl http://GRAFANA/api/search",
        )


def _providers(container: Container, setup: Setup) -> Iterator[Part]:
    for document in setup.documents:
        if isinstance(document.data, dict) and document.address and "providers" in document.data:
            inside = container.inside(document.address)
            if any(path.startswith(f"{_PROVISIONING}/") for path in inside):
                yield from document.part().items("providers")


def _has_templates(setup: Setup) -> bool:
    return bool(setup.unread.get("template"))


def _is_empty(container: Container, path: str) -> bool:
    """Whether what is mounted at or below a path surely holds no dashboard."""
    if not container.knows(f"{path}/x"):
        return False
    for mount in container.mounts:
        if not mount.path:
            continue
        for place, _, names in os.walk(mount.path):
            for name in names:
                inside = container.inside(os.path.join(place, name))
                if name.endswith(".json") and any(found.startswith(f"{path}/") for found in inside):
                    return False
        if os.path.isfile(mount.path) and mount.target.startswith(f"{path}/"):
            return False
    return True
