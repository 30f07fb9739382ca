"""Addresses and ports of a page: hosts, ports and paths are those of the compose file and of the target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from promproof.contract.deployment import Deployment
from promproof.promises.known import Known, close_to
from promproof.promises.promise import HEDGED, PAST, Promise, listed
from promproof.promises.sheet import Sheet

CLAIM = "page/addresses"
PATHS = {
    "prometheus": (
        "/targets",
        "/status",
        "/alerts",
        "/graph",
        "/rules",
        "/config",
        "/flags",
        "/service-discovery",
        "/query",
    ),
    "alertmanager": ("/#/alerts", "/#/silences", "/#/status"),
    "grafana": ("/dashboards", "/api/health", "/explore", "/login"),
}
"""Pages that only this component has."""
FURTHER = ("/-/healthy", "/-/ready", "/-/reload", "/-/quit", "/metrics", "/federate")
"""Paths that more than one of them has."""
_OWN, _WITH_OWN = "/-/", ("prometheus", "alertmanager")
_BELOW = [path for path in FURTHER if path.startswith(_OWN)]
LOCAL = ("localhost", "127.0.0.1")
_URL = re.compile(r"https?://[A-Za-z0-9][\w.-]*(?::\d+)?[^\s)>\"'`\]|,]*")
_HOST_PORT = re.compile(r"(?<![\w./:-])([a-z][a-z0-9-]*[a-z0-9]):(\d{4,5})(?![\w.:-])(?!/)")
_PORT = re.compile(
    r"\b(?P<name>[A-Za-z][\w-]*(?: [A-Z][\w-]*)?)(?P<between>[^.\d:;,`|]{0,24})\bport (?P<port>\d{2,5})\b(?![/.-]\d)"
)


_LISTENS = re.compile(
    r"(?:\W|\b(?:is|are|itself|runs?|running|listens?|listening|available|reachable|served|serves|published|exposed|"
    r"answers|on|at|the|its|here|by|under|uses|with|s|UI|web|server|API)\b)*",
    re.IGNORECASE,
)
"""What may stand between a name and its own port."""


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each URL, each `host:port`, and each `on port` beside a component."""
    for passage in sheet.passages:
        is_hedged = passage.is_hedged
        for line, promise in _in(passage.text, known):
            found = Promise(
                passage.line + line,
                promise.kind,
                promise.text,
                promise.claim,
                promise.outcome,
                promise.reason,
            )
            yield found.is_open(HEDGED) if is_hedged else found
        for match in _PORT.finditer(passage.text) if "port " in passage.text else ():
            for promise in _port(passage.line_at(match.start()), match, known):
                yield promise.unless(passage.is_doubtful)
    for block in sheet.page.blocks:
        if block.language.lower() in ("python", "py"):
            continue
        is_past = sheet.is_past(block.line)
        for line, promise in _in(block.text, known):
            found = Promise(
                block.line + 1 + line,
                promise.kind,
                promise.text,
                promise.claim,
                promise.outcome,
                promise.reason,
            )
            yield found.is_open(PAST) if is_past else found


def _in(text: str, known: Known) -> Iterator[tuple[int, Promise]]:
    """Lines from the first one, and promises, of the addresses in a text."""
    taken: list[tuple[int, int]] = []
    for match in _URL.finditer(text):
        taken.append(match.span())
        promise = _url(match[0].rstrip(".;:*"), known)
        if promise is not None:
            yield text.count("\n", 0, match.start()), promise
    for match in _HOST_PORT.finditer(text):
        if not any(begin <= match.start() < end for begin, end in taken):
            promise = _host(match[0], match[1], int(match[2]), known)
            yield text.count("\n", 0, match.start()), promise


def _url(url: str, known: Known) -> Promise | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if port is None and host not in known.hosts:
        return None
    promise = Promise(0, "address", url, CLAIM)
    path = parts.path + (f"#{parts.fragment}" if parts.fragment else "")
    if host in LOCAL:
        return _local(promise, port or 80, path, known)
    found = _host(url, host, port or 80, known)
    if found.reason.startswith("as in"):
        return _path(found, path, port or 80, known)
    return found


def _host(text: str, host: str, port: int, known: Known) -> Promise:
    promise = Promise(0, "address", text, CLAIM)
    if host in LOCAL:
        return _local(promise, port, "", known)
    ports = known.hosts.get(host)
    if ports is None:
        meant = close_to(host, list(known.hosts))
        if meant and port in known.hosts[meant]:
            return promise.fails(f"the files have no host {host}; {meant} is on port {port}")
        return promise.is_open(f"the files have no host {host}")
    if not ports:
        return promise.is_open(f"the files do not say a port of {host}")
    return promise.judged(port in ports, "as in the files", f"{host} is on port {listed(sorted(ports))}")


def _local(promise: Promise, port: int, path: str, known: Known) -> Promise:
    """An address on the machine that reads the page."""
    deployment = known.contract.deployment
    if deployment is None:
        return promise.is_open("the contract says nothing of the deployment")
    for component, paths in PATHS.items():
        service = next(
            (service for service in deployment.services.values() if service.component == component), None
        )
        if service is not None and path in paths:
            if port not in known.published and not known.contract.closed("ports"):
                return promise.is_open(f"port {port} is none of the deployment")
            return promise.judged(
                port == service.port,
                "as in the contract",
                f"{path} is a page of {component}, port {service.port}",
            )
    if path in known.routes - {"/"} and path != known.contract.target.metrics_path:
        if port not in known.published and not known.contract.closed("ports"):
            return promise.is_open(f"port {port} is none of the deployment")
        wanted = deployment.target.port
        return promise.judged(port == wanted, "as in the contract", f"{path} is the target's, port {wanted}")
    if port in known.published:
        return _path(promise.holds("the port is published"), path, port, known)
    if known.contract.closed("ports"):
        return promise.fails(
            f"nothing listens on port {port}; published are {listed(sorted(known.published))}"
        )
    return promise.is_open(f"port {port} is none of the deployment")


def _path(promise: Promise, path: str, port: int, known: Known) -> Promise:
    """The path of an address that is right so far."""
    deployment = known.contract.deployment
    if deployment is None or path in ("", "/"):
        return promise
    if port != deployment.target.port:
        return _page(promise, path, port, deployment)
    if any(_is_route(path, route) for route in known.routes):
        return promise
    meant = close_to(path, list(known.routes))
    if meant or known.contract.closed("routes"):
        return promise.fails(f"the target has no path {path}{f'; it has {meant}' if meant else ''}")
    return promise


def _page(promise: Promise, path: str, port: int, deployment: Deployment) -> Promise:
    """A page of a component: one that is nearly written like another is that one; most are not known here."""
    component = next(
        (service.component for service in deployment.services.values() if service.port == port), ""
    )
    if component in _WITH_OWN and path.startswith(_OWN) and path not in FURTHER:
        return promise.fails(f"{component} has no page {path}; below {_OWN} it has {listed(_BELOW)}")
    meant = close_to(path, [*PATHS[component], *FURTHER]) if component in PATHS else ""
    return promise.fails(f"{component} has no page {path}; it has {meant}") if meant else promise


def _is_route(path: str, route: str) -> bool:
    pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in route.split("/"))
    return re.fullmatch(f"{pattern}/?", path) is not None


def _port(line: int, match: re.Match[str], known: Known) -> Iterator[Promise]:
    """`Grafana on port 3001`: the name stands before, in as many words as it has."""
    if not _LISTENS.fullmatch(match["between"]):
        return
    words = match["name"].split()
    for begin in range(len(words)):
        found = known.components.get(" ".join(words[begin:]).lower())
        if found is not None:
            name, ports = found
            promise = Promise(line, "port", match[0], CLAIM, thing=f"port/{name}", value=match["port"])
            yield promise.judged(
                int(match["port"]) in ports, "as in the files", f"{name} is on port {listed(sorted(ports))}"
            )
            return
