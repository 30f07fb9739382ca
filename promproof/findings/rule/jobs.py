"""Rules about a scrape job that the Prometheus which loads them does not have."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.jobnames import knows_jobs, meant_by, strange_jobs
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.setup import Rule, Setup
from promproof.promql.tree import is_call

_PROMETHEUS = """# prometheus.yml
rule_files: [rules.yml]
scrape_configs:
- {job_name: node, static_configs: [{targets: ['node:9100']}]}
# rules.yml
groups:
- name: node
  rules:
"""
UNKNOWN = register(
    Kind(
        id="rule/unknown-job",
        severity=Severity.WARNING,
        title="a job that no scrape job of the configuration has",
        why="The label `job` is the name of the scrape job. A selector of another one finds nothing: the alert never "
        "fires, also when the target is down; absent() of it always fires.",
        example=f"{_PROMETHEUS}  - {{alert: Down, expr: 'up{{job=\"node-exporter\"}} == 0'}}\n",
        instead=f"{_PROMETHEUS}  - {{alert: Down, expr: 'up{{job=\"node\"}} == 0'}}\n",
    )
)


@each_rule(UNKNOWN)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """A rule whose servers all are known, and of which none has the job."""
    servers = rule.group.prometheuses
    if rule.tree is None or not servers or not all(map(knows_jobs, servers)):
        return
    strange = [dict(strange_jobs(rule.tree, server, setup)) for server in servers]
    for selector, value in strange[0].items():
        if all(selector in others for others in strange):
            names = [job.name for job in servers[0].jobs]
            is_absent = any(is_call(node, "absent", "absent_over_time") for node in rule.nodes)
            outcome = "it fires all the time" if is_absent else "it never fires, also when the target is down"
            yield UNKNOWN.at(
                rule.at("expr"),
                f"{selector}: {servers[0].file} has no job {value!r}",
                effect=outcome if rule.is_alert else "nothing is recorded",
                todo=meant_by(value, names),
                see="promtool query instant http://PROMETHEUS:9090 'count by (job) (up)'",
            )
            return
