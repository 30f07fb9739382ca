"""What is provisioned against what runs: dashboards that nothing loads, data sources that are not Prometheus'."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from promproof.findings.compose_grafana import grafana_services, is_prometheus, shares_its_host
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.jsonpath import key_of
from promproof.findings.kind import Kind, each_dashboard, register, whole_setup
from promproof.findings.part import Document
from promproof.findings.services import Mount, Service
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.durations import go_form, milliseconds
from promproof.grafana.origins import DataSource
from promproof.grafana.steps import DEFAULT_INTERVAL

NOT_LOADED = register(
    Kind(
        id="grafana/not-provisioned",
        severity=Severity.WARNING,
        title="a dashboard that nothing loads",
        why="The compose file does not mount it where a dashboard provider reads: Grafana does not show it.",
        example="a provider that reads /var/lib/grafana/dashboards, and ./dashboards mounted at /dashboards",
        instead="./dashboards:/var/lib/grafana/dashboards:ro",
    )
)
LOCALHOST = register(
    Kind(
        id="grafana/source-at-localhost",
        severity=Severity.ERROR,
        title="a data source at localhost, of a Grafana in a container",
        why="Grafana asks its data sources itself, and localhost in a container is the container.",
        example="url: http://localhost:9090",
        instead="url: http://prometheus:9090",
    )
)
PORT = register(
    Kind(
        id="grafana/source-port",
        severity=Severity.ERROR,
        title="a data source at a port that Prometheus does not listen on",
        why="Between containers the port inside counts, not the published one.",
        example="url: http://prometheus:9091, where the compose file publishes 9091:9090",
        instead="url: http://prometheus:9090",
    )
)
PATH = register(
    Kind(
        id="grafana/source-path",
        severity=Severity.ERROR,
        title="a data source at a page or a call of Prometheus instead of its root",
        why="Grafana puts /api/v1/query behind the address. With the path of a page or of the API in it, Prometheus "
        "answers 404 to every query.",
        example="url: http://prometheus:9090/graph",
        instead="url: http://prometheus:9090",
    )
)
INTERVAL = register(
    Kind(
        id="grafana/source-interval",
        severity=Severity.WARNING,
        title="a data source whose interval is under half of the scrape interval",
        why="$__rate_interval is four times `timeInterval`, or a minute without one. Under two scrapes it "
        "can't hold two samples, and every rate is empty or has gaps.",
        example="jsonData: {} at a scrape interval of 60s",
        instead="jsonData: {timeInterval: 60s}",
    )
)


_PAGES = re.compile(r"^/(?:graph|query|alerts|targets|metrics|-/\w+|api(?:/v1(?:/\w+)?)?)/?$")


@each_dashboard(NOT_LOADED)
def judge_dashboards(file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Where the compose file puts a dashboard, against where providers read."""
    services = grafana_services(setup)
    folder = file.part.document.folder
    paths = [provider.path for provider in setup.grafana.providers]
    if len(services) != 1 or not folder or not paths or not _is_near(folder, services[0]):
        return
    if "build" in services[0].part or file.providers:
        return
    if any("$" in path or not path for path in paths):
        return
    place = posixpath.join(folder, posixpath.basename(file.file))
    mounts = _mounts(services[0], setup)
    if any(mount.source.startswith(("/", "~")) and not os.path.lexists(mount.path) for mount in mounts):
        return  # of the machine that it runs on: what is in it is not known here
    inside = list(_inside(place, mounts))
    if not any(f"{seen}/".startswith(f"{posixpath.normpath(path)}/") for seen in inside for path in paths):
        # One that is not mounted while others are loaded may be for people to import.
        is_apart = not inside and any(
            other.providers and other.part.document.folder != folder for other in setup.dashboards
        )
        yield NOT_LOADED.at(
            file.at(),
            severity=Severity.HINT if is_apart else None,
            message=f"the compose file mounts it at {' and '.join(inside)}"
            if inside
            else "the compose file does not mount it",
            effect=f"Grafana does not show it: its providers read {', '.join(paths)}",
            todo="mount it below one of them",
            see="curl http://GRAFANA/api/search",
        )


def _is_near(folder: str, service: Service) -> bool:
    """Whether a dashboard lies below the compose file: others are of other set-ups."""
    root = service.part.document.folder
    return bool(root) and f"{folder}/".startswith(f"{root.rstrip('/')}/")


def _mounts(service: Service, setup: Setup) -> list[Mount]:
    """Its mounts, also those that another compose file adds."""
    return [
        mount
        for file in setup.compose
        for other in file.services
        if other.name == service.name
        for mount in other.mounts
    ]


def _inside(place: str, mounts: list[Mount]) -> Iterator[str]:
    for mount in mounts:
        if mount.path and (place == mount.path or place.startswith(f"{mount.path.rstrip('/')}/")):
            rest = os.path.relpath(place, mount.path)
            yield posixpath.normpath(posixpath.join(mount.target, rest))


@whole_setup(LOCALHOST, PORT, PATH, INTERVAL)
def judge_sources(setup: Setup) -> Iterator[Finding]:
    """Address and interval of every provisioned Prometheus."""
    services = grafana_services(setup)
    for source in setup.grafana.sources:
        if source.type != "prometheus":
            continue
        try:
            address = urlsplit(source.url)
            host, port = address.hostname or "", address.port
        except ValueError:
            continue
        if (
            host in ("localhost", "127.0.0.1", "::1")
            and not any(map(shares_its_host, services))
            and any(_is_mounted(source, service, setup) for service in services)
        ):
            yield LOCALHOST.at(
                _place(source, setup, "url"),
                f"{source.url} is Grafana's own container",
                effect="every panel shows an error: connection refused",
                todo="name the service of the compose file",
                see=f"docker compose exec {services[0].name} wget -qO- {source.url}/-/ready",
            )
        if _PAGES.search(address.path):
            yield PATH.at(
                _place(source, setup, "url"),
                f"{source.url} is no root of a Prometheus",
                effect="every panel shows an error: 404",
                todo=f"write {source.url[: source.url.rindex(address.path)]}",
                see=f"curl {source.url.rstrip('/')}/api/v1/query?query=up",
            )
        mine = [service for file in setup.compose for service in file.services if service.name == host]
        if len(mine) == 1 and is_prometheus(mine[0]) and address.scheme == "http":
            listens = _listens(mine[0])
            if listens and (port or 80) != listens:
                yield PORT.at(
                    _place(source, setup, "url"),
                    f"{source.url}: {host} listens on {listens}",
                    effect="every panel shows an error: connection refused",
                    todo=f"write http://{host}:{listens}",
                    see=f"docker compose exec {host} wget -qO- http://localhost:{listens}/-/ready",
                )
        yield from _interval(source, setup)


def _is_mounted(source: DataSource, service: Service, setup: Setup) -> bool:
    """Whether a service gets the file of a data source: others are of other set-ups."""
    document = _document(source, setup)
    return document is not None and any(_inside(document.address, _mounts(service, setup)))


def _interval(source: DataSource, setup: Setup) -> Iterator[Finding]:
    scrapes = [round(job.scrape_interval * 1000) for job in setup.jobs]
    if len(setup.prometheuses) != 1 or not scrapes:
        return
    mine = milliseconds(source.interval) if source.interval else DEFAULT_INTERVAL
    if mine and 4 * mine < 2 * min(scrapes):
        said = f"timeInterval is {source.interval}" if source.interval else "timeInterval is not set (15s)"
        yield INTERVAL.at(
            _place(source, setup, "jsonData.timeInterval"),
            f"{said}, the shortest scrape interval {go_form(min(scrapes))}",
            effect=f"$__rate_interval is {go_form(4 * mine)} and can't hold two samples: rates are empty",
            todo="set timeInterval to the scrape interval",
            see="the panel's query inspector shows the window",
        )


def _listens(service: Service) -> int:
    """The port that a Prometheus listens on; 0 when it is not known."""
    for word in service.command:
        if word.startswith("--web.listen-address"):
            port = word.rpartition(":")[2]
            return int(port) if port.isdecimal() else 0
    return 0 if any("$" in word for word in service.command) else 9090


def _place(source: DataSource, setup: Setup, key: str) -> Place:
    file, _, path = source.where.partition(": ")
    document = _document(source, setup)
    line = document.part(*key_of(f"{path}.{key}")).at().line if document is not None else None
    return Place(file, line, f"{path}.{key}")


def _document(source: DataSource, setup: Setup) -> Document | None:
    """What a data source was read from."""
    file = source.where.partition(": ")[0]
    return next((document for document in setup.documents if document.file == file), None)
