"""Variables of an environment in a configuration: Alertmanager does not fill them in."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.placeholders import placeholders, severity
from promproof.findings.setup import Alertmanager, Setup

_FILES = """# compose.yml
services:
  alertmanager:
    image: prom/alertmanager:v0.28.0
    volumes: ['./alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro']
# alertmanager.yml
route: {receiver: hook, group_by: [alertname]}
"""
PLACEHOLDER = register(
    Kind(
        id="alertmanager/placeholder",
        severity=Severity.ERROR,
        title="a variable that nothing fills in",
        why="Alertmanager does not read variables of the environment: the text is taken letter for letter. It is a "
        "hint where the files do not say what reads the file.",
        example=f"{_FILES}receivers: [{{name: hook, webhook_configs: [{{url: 'http://${{HOOK}}/'}}]}}]\n",
        instead=f"{_FILES}receivers: [{{name: hook, webhook_configs: [{{url_file: /run/secrets/hook}}]}}]\n",
    )
)


@each_alertmanager(PLACEHOLDER)
def judge(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Every value with a variable in it."""
    if is_resource(server):
        return
    for key, variable in placeholders(server):
        yield PLACEHOLDER.at(
            server.at(*key),
            f"Alertmanager does not fill in {variable}",
            effect="the text is taken as it is written: the file is refused, or nobody is told",
            todo="read it from a file (url_file, api_url_file, ...), or fill the file in before it is mounted",
            see=f"amtool check-config {server.argument}: it takes the text as it is",
            severity=severity(server, setup),
        )
