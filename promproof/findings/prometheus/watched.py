"""Jobs of which nobody would hear that their targets are down."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.jobnames import knows_jobs
from promproof.findings.kind import Kind, each_prometheus, register
from promproof.findings.setup import Job, Prometheus, Rule, Setup
from promproof.promql.tree import fits, is_call, matchers, metric, selectors

_SCRAPES = """# prometheus.yml
rule_files: [rules.yml]
scrape_configs:
- {job_name: api, static_configs: [{targets: ['api:80']}]}
- {job_name: db, static_configs: [{targets: ['db:9187']}]}
# rules.yml
"""
UNWATCHED = register(
    Kind(
        id="prometheus/job-unwatched",
        severity=Severity.INFO,
        title="a job that no alert on up watches",
        why="When a target is down its metrics are gone, and alerts on them are silent: only an alert on `up`, or on "
        "absent(), tells it. It is said where all rule files are here.",
        example=f"{_SCRAPES}groups: [{{name: all, rules: [{{alert: Down, expr: 'up{{job=\"api\"}} == 0'}}]}}]\n",
        instead=f"{_SCRAPES}groups: [{{name: all, rules: [{{alert: Down, expr: 'up{{job=~\"api|db\"}} == 0'}}]}}]\n",
    )
)


@each_prometheus(UNWATCHED)
def judge(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """A configuration whose rule files all are here."""
    if not knows_jobs(server) or not server.patterns or not all(pattern.files for pattern in server.patterns):
        return
    alerts = [alert for alert in setup.alerts if server in alert.group.prometheuses]
    asked = [job for job in server.jobs if _is_watched(job, alerts, setup)]
    if not alerts or any(alert.tree is None for alert in alerts):
        return
    if not asked:
        yield UNWATCHED.at(
            server.at("rule_files"),
            f"no alert watches up: it has {len(alerts)} alert{'s' if alerts[1:] else ''} on other metrics",
            effect="nobody is told when a target is down",
            todo="add an alert: expr: up == 0",
            see="promtool query instant http://PROMETHEUS:9090 'up == 0'",
        )
        return
    names = ", ".join(job.name for job in asked[:3])
    for job in server.jobs:
        is_itself = job.name == "prometheus" or any(target.endswith(":9090") for target in job.targets)
        if (
            job not in asked and not is_itself and "sample_limit" not in job.part
        ):  # limit-unwatched says it of those
            yield UNWATCHED.at(
                job.at("job_name"),
                f"alerts watch up of {names}, and none that of {job.name}",
                effect="nobody is told when its targets are down",
                todo=f"watch it too: up{{job={job.name!r}}} == 0".replace("'", '"'),
                see=f"promtool query instant http://PROMETHEUS:9090 'up{{job=\"{job.name}\"}} == 0'",
            )


def _is_watched(job: Job, alerts: list[Rule], setup: Setup) -> bool:
    return any(_watches(alert, job, setup, set()) for alert in alerts)


def _watches(rule: Rule, job: Job, setup: Setup, seen: set[str]) -> bool:
    """Whether a rule reads `up` of a job, itself or through what is recorded; or asks whether something is absent."""
    if any(is_call(node, "absent", "absent_over_time") for node in rule.nodes):
        return True
    for selector in selectors(rule.tree) if rule.tree is not None else ():
        name = metric(selector)
        wanted = [(sign, value) for label, sign, value in matchers(selector) if label == "job"]
        if name in ("", "up") and all(fits(job.name, sign, value) is not False for sign, value in wanted):
            return True
        if name in setup.recorded and name not in seen:
            seen.add(name)
            if any(_watches(record, job, setup, seen) for record in setup.recorded[name]):
                return True
    return False
