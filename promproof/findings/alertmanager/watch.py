"""What nobody would notice: a Prometheus that is dead, and notifications that fail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.alertlabels import sent
from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.rules import IS_WATCHDOG
from promproof.findings.setup import Setup
from promproof.promql.tree import metric, selectors

_ALERTING = """# prometheus.yml
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['alertmanager:9093']}]}]}
scrape_configs: [{job_name: alertmanager, static_configs: [{targets: ['alertmanager:9093']}]}]
# alertmanager.yml
route: {receiver: mail, group_by: [alertname]}
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
# rules.yml
groups:
- name: api
  rules:
  - {alert: Down, expr: up == 0, labels: {severity: page}}
"""
_WATCHED = f"""{_ALERTING}  - {{alert: Watchdog, expr: vector(1), labels: {{severity: none}}}}
  - {{alert: NotificationsFail, expr: 'rate(alertmanager_notifications_failed_total[5m]) > 0'}}
"""
WATCHDOG = register(
    Kind(
        id="alertmanager/no-watchdog",
        severity=Severity.INFO,
        title="no alert that always fires",
        why="A Prometheus that is dead, or that does not reach Alertmanager, sends nothing: silence looks like"
        " health. A watchdog always fires, and whoever gets it notices when it stops.",
        example=_ALERTING,
        instead=_WATCHED,
    )
)
FAILING = register(
    Kind(
        id="alertmanager/no-alert-for-notifications",
        severity=Severity.INFO,
        title="no alert for notifications that fail",
        why="A receiver whose address or key has become wrong is told nothing, and only Alertmanager's own metrics"
        " show it. It is scraped, and no rule reads alertmanager_notifications_failed_total.",
        example=_ALERTING,
        instead=_WATCHED,
    )
)
_FAILING = re.compile(r"(?:alertmanager|prometheus)_notifications?_.*(?:failed|errors|dropped|total)")
_ALERTMANAGER = re.compile(r"alert-?manager|:9093\b", re.IGNORECASE)


@whole_setup(WATCHDOG, FAILING)
def judge(setup: Setup) -> Iterator[Finding]:
    """The rules of a set-up whose Prometheus and Alertmanager are both known."""
    servers = [server for server in setup.alertmanagers if server.routes and not is_resource(server)]
    if not servers:
        return
    alerts = sent(setup)
    for prometheus in setup.prometheuses:
        mine = [alert for alert in alerts if alert.server is prometheus]
        if (
            not mine
            or not prometheus.alertmanagers
            or not all(pattern.files for pattern in prometheus.patterns)
        ):
            continue
        if not any(alert.fires_always or IS_WATCHDOG.search(alert.rule.name) for alert in mine):
            yield WATCHDOG.at(
                prometheus.at("rule_files"),
                "no rule always fires",
                effect="nobody is told when this Prometheus is dead",
                todo="add a rule `expr: vector(1)`, and send it to a receiver that notices its absence",
                see="stop Prometheus: nothing arrives",
            )
        is_scraped = any(
            _ALERTMANAGER.search(text) for job in prometheus.jobs for text in (job.name, *job.targets)
        )
        if is_scraped and not any(
            _FAILING.search(text) for rule in setup.rules for text in _metrics(rule.nodes)
        ):
            yield FAILING.at(
                prometheus.at("rule_files"),
                "no rule reads alertmanager_notifications_failed_total, and Alertmanager is scraped",
                effect="nobody notices when notifications do not arrive",
                todo="add a rule on rate(alertmanager_notifications_failed_total[5m])",
                see="promtool query instant URL 'alertmanager_notifications_failed_total'",
            )


def _metrics(nodes: tuple[object, ...]) -> Iterator[str]:
    for node in nodes:
        for selector in selectors(node):
            yield metric(selector)
