"""Variables of an environment in a configuration: Prometheus does not fill them in."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.foreign import is_of_an_agent
from promproof.findings.kind import Kind, each_prometheus, register
from promproof.findings.placeholders import placeholders, severity
from promproof.findings.setup import Prometheus, Setup

_FILES = """# compose.yml
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro']
# prometheus.yml
"""
PLACEHOLDER = register(
    Kind(
        id="prometheus/placeholder",
        severity=Severity.ERROR,
        title="a variable that nothing fills in",
        why="Prometheus reads variables of the environment in external_labels only: elsewhere the text is taken letter "
        "for letter. It is a hint where the files do not say what reads the file.",
        example=f"{_FILES}scrape_configs: [{{job_name: api, static_configs: [{{targets: ['${{HOST}}:80']}}]}}]\n",
        instead=f"{_FILES}global: {{external_labels: {{host: '${{HOST}}'}}}}\n"
        "scrape_configs: [{job_name: api, static_configs: [{targets: ['host:80']}]}]\n",
    )
)


@each_prometheus(PLACEHOLDER)
def judge(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """Every value with a variable in it."""
    if is_of_an_agent(server):
        return
    for key, variable in placeholders(server):
        yield PLACEHOLDER.at(
            server.at(*key),
            f"Prometheus does not fill in {variable}",
            effect="the text is taken as it is written: what it names is not found",
            todo="write the value, or fill the file in before it is mounted",
            see="curl http://PROMETHEUS:9090/api/v1/targets",
            severity=severity(server, setup),
        )
