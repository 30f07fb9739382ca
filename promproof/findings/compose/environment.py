"""What a service is told at its start: secrets in its environment, flags as Prometheus 1 had them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_service, register
from promproof.findings.read_compose import environment_of
from promproof.findings.secrets import is_secret
from promproof.findings.services import ComposeFile, Service
from promproof.findings.setup import Setup

_SERVICE = "services:\n  grafana:\n    image: grafana/grafana:11.6.0\n    environment:\n"
SECRET = register(
    Kind(
        id="compose/secret-in-clear",
        severity=Severity.WARNING,
        title="a secret in clear text in the environment of a service",
        why="Who can read the repository has the password or the token, and it stays in the history. "
        "`docker inspect` shows it too.",
        example=f"{_SERVICE}      GF_SECURITY_ADMIN_PASSWORD: u7Rk2vQx9LmA\n",
        instead=f"{_SERVICE}      GF_SECURITY_ADMIN_PASSWORD: ${{GRAFANA_PASSWORD}}\n",
    )
)
DASH = register(
    Kind(
        id="compose/single-dash-flag",
        severity=Severity.ERROR,
        title="a flag with one dash",
        why="Prometheus took `-config.file` until version 1, Alertmanager until 0.14, exporters until 0.15. Since then "
        "a long flag has two dashes, and one dash is a mistake: the program ends at its start.",
        example="services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n"
        "    command: ['-config.file=/etc/prometheus/prometheus.yml']\n",
        instead="services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n"
        "    command: ['--config.file=/etc/prometheus/prometheus.yml']\n",
    )
)
_SECRET_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|PASS|SECRET|TOKEN|API_?KEY|SECRET_KEY|WEBHOOK_URL)(?:__?\w+)?$"
)
_NO_SECRET = re.compile(r"(?:FILE|PATH|NAME|URL|ENABLED|TTL|EXPIRY|LENGTH|HEADER|TYPE|USER)$")
_FLAG = re.compile(r"-([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)(?:=|$)")
_KINGPIN = re.compile(
    r"(?:^|/)(?:(?:prom|prometheus)/(?P<program>prometheus|alertmanager|node-exporter|blackbox-exporter|pushgateway))"
    r"(?::v?(?P<tag>[\w.-]+))?(?:@|$)"
)
_FIRST = {
    "prometheus": (2, 0),
    "alertmanager": (0, 15),
    "node-exporter": (0, 16),
    "blackbox-exporter": (0, 10),
    "pushgateway": (0, 5),
}
"""The first versions whose long flags have two dashes."""


@each_service(SECRET)
def judge_secrets(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """Values that look like real secrets: words of examples, and what a variable gives, are none."""
    environment = service.part.data.get("environment")
    for index, (name, value) in enumerate(environment_of(service.part).items()):
        if "$" in value or not _holds_secret(name, value):
            continue
        key = name if isinstance(environment, dict) else index
        yield SECRET.at(
            service.at("environment", key),
            f"{name} of {service.name!r} is a secret in clear text",
            effect="who can read the file can use it",
            todo=f"write ${{{name}}} and give its value in a file that is not committed, or use `secrets:`; renew it",
            see=f"docker compose config {service.name}",
        )


def _holds_secret(name: str, value: str) -> bool:
    upper = name.upper()
    if not _SECRET_NAME.search(upper) or _NO_SECRET.search(upper) or "://" in value:
        return "://" in value and is_secret("url", value)
    return is_secret("password" if "PASS" in upper else "token", value)


@each_service(DASH)
def judge_flags(service: Service, file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """Flags of programs of the stack whose version is known to want two dashes."""
    image = _KINGPIN.search(service.image)
    if image is None or "entrypoint" in service.part or "build" in service.part:
        return
    if (version := _version(image["tag"] or "latest")) is None or version < _FIRST[image["program"]]:
        return
    found = [(index, match[1]) for index, word in enumerate(service.command) if (match := _FLAG.match(word))]
    if found:
        index, flag = found[0]
        is_list = isinstance(service.part.data.get("command"), list)
        more = f", and so {'has' if len(found) == 2 else 'have'} {len(found) - 1} more" if found[1:] else ""
        yield DASH.at(
            service.at("command", *([index] if is_list else [])),
            f"-{flag} has one dash{more}",
            effect=f"{image['program']} ends at its start: unknown short flag '-{flag[0]}'",
            todo=f"write --{flag}",
            see=f"docker compose up {service.name}",
        )


def _version(tag: str) -> tuple[int, ...] | None:
    """The version of a tag; that of today for `latest`, None for one that says nothing."""
    if tag in ("latest", "main", "master"):
        return (99,)
    numbers = re.match(r"(\d+)\.(\d+)", tag)
    return tuple(map(int, numbers.groups())) if numbers else None
