"""Receivers: pagers that do not hear of the end, secrets in clear text, addresses that can't be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from promproof.findings.alertroutes import PAGERS, is_resource, services_of
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, each_receiver, register
from promproof.findings.part import Part
from promproof.findings.secrets import is_secret
from promproof.findings.services import Service
from promproof.findings.setup import Alertmanager, Receiver, Setup

_COMPOSE = """# compose.yml
services:
  alertmanager:
    image: prom/alertmanager:v0.28.0
    volumes: ['./alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro']
  hook: {image: 'hook:1', ports: ['8080:80']}
# alertmanager.yml
"""
UNRESOLVED = register(
    Kind(
        id="alertmanager/pager-not-resolved",
        severity=Severity.WARNING,
        title="a pager that is not told when an alert ends",
        why="The incident stays open until somebody closes it, and the next alert of the group joins it unheard.",
        example="""
route: {receiver: pager, group_by: [alertname]}
receivers: [{name: pager, pagerduty_configs: [{routing_key_file: /key, send_resolved: false}]}]
""",
        instead="""
route: {receiver: pager, group_by: [alertname]}
receivers:
- name: pager
  pagerduty_configs: [{routing_key_file: /key}]
  webhook_configs: [{url: 'http://log', send_resolved: false}]
""",
    )
)
SECRET = register(
    Kind(
        id="alertmanager/secret-in-clear",
        severity=Severity.WARNING,
        title="a secret in clear text",
        why="Who can read the repository can page the team, or read its chat. Each such key has a twin that names"
        " a file.",
        example="""
route: {receiver: pager, group_by: [alertname]}
receivers: [{name: pager, pagerduty_configs: [{routing_key: 3f9c1ab27de84c60a5b1e2d47c9f0a86}]}]
""",
        instead="""
route: {receiver: pager, group_by: [alertname]}
receivers:
- name: pager
  pagerduty_configs: [{routing_key_file: /run/secrets/pager}]
""",
    )
)
LOCALHOST = register(
    Kind(
        id="alertmanager/localhost",
        severity=Severity.ERROR,
        title="a receiver at localhost, of an Alertmanager in a container",
        why="localhost in a container is the container: no notification arrives.",
        example=f"{_COMPOSE}route: {{receiver: hook}}\nreceivers: [{{name: hook, webhook_configs: [{{url: 'http://localhost:8080/'}}]}}]",
        instead=f"{_COMPOSE}route: {{receiver: hook}}\nreceivers: [{{name: hook, webhook_configs: [{{url: 'http://hook/'}}]}}]",
    )
)
PORT = register(
    Kind(
        id="alertmanager/port",
        severity=Severity.ERROR,
        title="a receiver at the port that a service publishes, not at the one that it listens on",
        why="Between containers the port inside counts, not the published one: no notification arrives.",
        example=f"{_COMPOSE}route: {{receiver: hook}}\nreceivers: [{{name: hook, webhook_configs: [{{url: 'http://hook:8080/'}}]}}]",
        instead=f"{_COMPOSE}route: {{receiver: hook}}\nreceivers: [{{name: hook, webhook_configs: [{{url: 'http://hook:80/'}}]}}]",
    )
)
PATH = register(
    Kind(
        id="alertmanager/path",
        severity=Severity.ERROR,
        title="an address at a path that the API does not have",
        why="Slack and Discord answer under the path of a webhook only: every notification fails, and nobody is told.",
        example="""
route: {receiver: chat, group_by: [alertname]}
receivers: [{name: chat, slack_configs: [{channel: '#alerts', api_url: 'https://hooks.slack.com/'}]}]
""",
        instead="""
route: {receiver: chat, group_by: [alertname]}
receivers: [{name: chat, slack_configs: [{channel: '#alerts', api_url: 'https://hooks.slack.com/services/T/B/X'}]}]
""",
    )
)
_PATHS = {
    "hooks.slack.com": ("/services/", "/workflows/", "/triggers/"),
    "discord.com": ("/api/webhooks/",),
    "discordapp.com": ("/api/webhooks/",),
}
"""Hosts of webhooks, and how their paths begin; a version may stand in Discord's."""
_SECRET_KEY = re.compile(
    r"(?:^|_)(?:password|secret|token|credentials|api_key|service_key|routing_key|secret_key|user_key|webhook_url)$"
    r"|^(?:slack_)?api_url$|^url$"
)
_LOCAL = ("localhost", "127.0.0.1", "::1")
_URLS = ("url", "webhook_url", "api_url")


@each_receiver(UNRESOLVED)
def judge_resolved(receiver: Receiver, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """send_resolved of pagers; a webhook is none."""
    for kind, part in receiver.integrations:
        if kind in PAGERS and "send_resolved" in part and not part.truth("send_resolved", True):
            yield UNRESOLVED.at(
                part.at("send_resolved"),
                f"{kind} of {receiver.name!r} has send_resolved: false",
                effect="incidents stay open after the alert has ended",
                todo="delete the line: true is what a pager has unless told otherwise",
                see="end an alert, and look at the incident in the pager",
            )


@each_alertmanager(SECRET)
def judge_secrets(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Texts that look like real secrets, under keys that take one."""
    if is_resource(server):
        return
    parts = [server.part.part("global"), *(receiver.part for receiver in server.receivers)]
    for part in parts:
        for key, name, value in _texts(part.data):
            if _SECRET_KEY.search(name) and is_secret(name, value):
                yield SECRET.at(
                    part.at(*key),
                    f"{name} holds a secret",
                    effect="who can read the file can use it",
                    todo=f"write {name}_file, and renew the secret"
                    if name != "url"
                    else "write url_file, and renew the secret",
                    see="git log -p of the file: it stays in the history",
                )


def _texts(data: object, key: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, str):
                yield (*key, name), str(name), value
            else:
                yield from _texts(value, (*key, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*key, index))


@each_alertmanager(PATH)
def judge_paths(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Addresses at hosts whose paths are known."""
    for part, key, host, _ in _addresses(server):
        path = re.sub(r"^/api/v\d+/", "/api/", urlsplit(part.text(key)).path)
        if host in _PATHS and not path.startswith(_PATHS[host]) and not set("<$%") & set(part.text(key)):
            yield PATH.at(
                part.at(key),
                f"{part.text(key)} is no webhook: its path does not begin with {' or '.join(_PATHS[host])}",
                effect="every notification fails, and nobody is told",
                todo="write the whole address of the webhook, better in a file: " + f"{key}_file",
                see=f"curl -X POST -d '{{}}' {part.text(key)}",
            )


@each_alertmanager(LOCALHOST, PORT)
def judge_addresses(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Addresses of receivers, where the compose file says what runs Alertmanager."""
    services = services_of(server, setup)
    if not services or any(
        "host" in (service.part.text("network_mode"), *service.networks) for service in services
    ):
        return
    service = services[0]
    for part, key, host, port in _addresses(server):
        if host in _LOCAL and not _shares(service, setup):
            yield LOCALHOST.at(
                part.at(key),
                f"{part.text(key)} is the container of {service.name!r} itself",
                effect="connection refused: nobody is told",
                todo="name the service of the compose file",
                see=f"docker compose exec {service.name} wget -qO- {part.text(key)}",
            )
        other = _other(host, setup)
        if other is None or other.name == service.name:
            continue
        published = {outside for outside, inside in other.ports if outside and outside != inside}
        listens = {inside for _, inside in other.ports}
        if str(port) in published - listens - set(other.part.words("expose")):
            yield PORT.at(
                part.at(key),
                f"{other.name!r} publishes {port}, and listens on {', '.join(sorted(listens))}",
                effect="connection refused: nobody is told",
                todo=f"write {other.name}:{sorted(listens)[0]}",
                see=f"docker compose exec {service.name} wget -qO- {part.text(key)}",
            )


def _addresses(server: Alertmanager) -> Iterator[tuple[Part, str, str, int]]:
    for part in (
        server.part.part("global"),
        *(part for receiver in server.receivers for _, part in receiver.integrations),
    ):
        for key in _URLS:
            try:
                address = urlsplit(part.text(key))
                host, port = address.hostname, address.port or {"https": 443}.get(address.scheme, 80)
            except ValueError:
                continue
            if host:
                yield part, key, host, port
        for key in ("smarthost", "smtp_smarthost"):
            host, _, digits = part.text(key).rpartition(":")
            if host and digits.isdecimal():
                yield part, key, host, int(digits)


def _other(host: str, setup: Setup) -> Service | None:
    found = [service for file in setup.compose for service in file.services if service.name == host]
    return found[0] if len(found) == 1 else None


def _shares(service: Service, setup: Setup) -> bool:
    """Whether another container shares its network: localhost is then that one too."""
    return any(
        other.part.text("network_mode") == f"service:{service.name}"
        for file in setup.compose
        for other in file.services
    )
