"""Panels about a scrape job that the Prometheus of the set-up does not have."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.jobnames import knows_jobs, meant_by, strange_jobs
from promproof.findings.kind import Kind, each_panel, register
from promproof.findings.panels import board_of
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel

_PROMETHEUS = """# prometheus.yml
scrape_configs:
- {job_name: node, static_configs: [{targets: ['node:9100']}]}
# datasources.yml
apiVersion: 1
datasources: [{name: Prometheus, type: prometheus, url: 'http://prometheus:9090'}]
# providers.yml
apiVersion: 1
providers: [{name: all, options: {path: /dashboards}}]
# dashboard.json
"""
_BOARD = (
    '{{"title": "Node", "panels": [{{"type": "timeseries", "title": "Up", "targets": '
    '[{{"refId": "A", "expr": "up{{job=\\"{}\\"}}"}}]}}]}}\n'
)
UNKNOWN = register(
    Kind(
        id="grafana/unknown-job",
        severity=Severity.WARNING,
        title="a panel of a job that no scrape job of the configuration has",
        why="The label `job` is the name of the scrape job. A panel of another one is empty. It is said where one "
        "Prometheus is the only data source of its kind.",
        example=_PROMETHEUS + _BOARD.format("node-exporter"),
        instead=_PROMETHEUS + _BOARD.format("node"),
    )
)


@each_panel(UNKNOWN)
def judge(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """The queries of a panel, where one Prometheus must be what is asked."""
    sources = [source for source in setup.grafana.sources if source.type == "prometheus"]
    if len(setup.prometheuses) != 1 or setup.operated or len(sources) != 1:
        return
    (server,) = setup.prometheuses
    if not knows_jobs(server):
        return
    told: set[str] = set()
    for query in board_of(file, setup).queries(panel.path):
        for _, value in strange_jobs(query.tree, server, setup) if query.tree is not None else ():
            if value not in told:
                told.add(value)
                yield UNKNOWN.at(
                    file.at(f"{query.target.path}.expr"),
                    f"{server.file} has no job {value!r}",
                    effect="the panel is empty, or a part of it",
                    todo=meant_by(value, [job.name for job in server.jobs]),
                    see="promtool query instant http://PROMETHEUS:9090 'count by (job) (up)'",
                )
