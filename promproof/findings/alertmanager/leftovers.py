"""Values of an example that nobody has filled in: the file loads, and what is sent with them is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.part import Part
from promproof.findings.placeholders import is_example, is_filled_in
from promproof.findings.setup import Alertmanager, Setup

_ROUTE = "route: {receiver: pager, group_by: [alertname]}\n"
LEFT = register(
    Kind(
        id="alertmanager/not-filled-in",
        severity=Severity.WARNING,
        title="a value of an example that nobody has filled in",
        why="`<integration-key>` and `YOUR/SLACK/WEBHOOK` are taken as they stand: the file loads, and each"
        " notification is refused. Nobody is told that nobody is told. It is a hint where something fills the file"
        " in, and in a file that calls itself an example.",
        example=f"{_ROUTE}receivers: [{{name: pager, pagerduty_configs: [{{routing_key: '<integration-key>'}}]}}]",
        instead=f"{_ROUTE}receivers: [{{name: pager, pagerduty_configs: [{{routing_key_file: /run/secrets/pager}}]}}]",
    )
)
_LEFT = re.compile(
    r"^<[^<>]+>$|<[A-Za-z][\w .-]*>$|(?:^|[/_=:-])YOUR[-_/ ]|^your[-_ ]|/your[-_/]"
    r"|(?i:replace[-_ ]?(?:me|with|this)|fill[-_ ]?me)|/services/T0+/B0+/|(?:^|/)X{4,}$"
)
_KEY = re.compile(
    r"(?:^|_)(?:password|secret|token|credentials|api_key|service_key|routing_key|secret_key|user_key)$"
    r"|(?:^|_)url$"
)


@each_alertmanager(LEFT)
def judge(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Keys that take a secret or an address, where nothing fills the file in before it is read."""
    if is_resource(server):
        return
    is_certain = not is_filled_in(server) and not is_example(server)
    for part in (
        server.part.part("global"),
        *(part for receiver in server.receivers for _, part in receiver.integrations),
    ):
        for name, value in _texts(part):
            if _KEY.search(name) and _LEFT.search(value) and "{{" not in value and "${" not in value:
                yield LEFT.at(
                    part.at(name),
                    f"{name} is {value!r}, which stands for a value",
                    effect="each notification is refused, and nobody is told of it",
                    todo=f"write the value, or name a file that holds it: {name}_file",
                    see="amtool alert add alertname=Test, and the log of Alertmanager",
                    severity=None if is_certain else Severity.HINT,
                )


def _texts(part: Part) -> Iterator[tuple[str, str]]:
    data = part.data if isinstance(part.data, dict) else {}
    return ((str(name), value) for name, value in data.items() if isinstance(value, str))
