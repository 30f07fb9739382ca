"""Settings of prometheus.yml that it refuses, or that leave alerts without anybody who hears of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.config.durations import format_duration, parse_duration
from promproof.findings.finding import Finding, Severity
from promproof.findings.foreign import is_of_an_agent
from promproof.findings.kind import Kind, each_job, each_prometheus, register
from promproof.findings.network import targets_of
from promproof.findings.part import Part
from promproof.findings.prometheus.keys import misspelt
from promproof.findings.setup import Job, Prometheus, Setup
from promproof.findings.thing import argument_of
from promproof.promql.tree import metric, selectors

_JOB = (
    "scrape_configs:\n- job_name: api\n  scrape_interval: {}\n  static_configs: [{{targets: ['api:80']}}]\n"
)
_RULES = "# rules.yml\ngroups: [{name: api, rules: [{alert: Down, expr: up == 0}]}]\n"
TIMEOUT = register(
    Kind(
        id="prometheus/timeout-over-interval",
        severity=Severity.ERROR,
        title="a scrape time-out over the scrape interval",
        why="Prometheus refuses its configuration: it does not start, or goes on with the old one.",
        example=_JOB.format("5s\n  scrape_timeout: 10s"),
        instead=_JOB.format("5s"),
    )
)
TWICE = register(
    Kind(
        id="prometheus/job-twice",
        severity=Severity.ERROR,
        title="two jobs of one name",
        why="Prometheus refuses its configuration: it does not start, or goes on with the old one.",
        example=_JOB.format("5s") + "- job_name: api\n  static_configs: [{targets: ['web:80']}]",
        instead=_JOB.format("5s") + "- job_name: web\n  static_configs: [{targets: ['web:80']}]",
    )
)
REFUSED = register(
    Kind(
        id="prometheus/refused",
        severity=Severity.ERROR,
        title="a setting that Prometheus refuses",
        why="One duration that is none, a job without a name or an action that does not exist, and Prometheus does "
        "not start, or goes on with the old configuration.",
        example=_JOB.format("15 seconds"),
        instead=_JOB.format("15s"),
    )
)
NOBODY = register(
    Kind(
        id="prometheus/no-alertmanager",
        severity=Severity.WARNING,
        title="alerts without an Alertmanager",
        why="The configuration names no Alertmanager: alerts fire on Prometheus' own page, and nobody is told.",
        example=f"# prometheus.yml\nrule_files: [rules.yml]\n{_RULES}",
        instead="# prometheus.yml\nrule_files: [rules.yml]\nalerting: {alertmanagers: [{static_configs: [{targets: "
        f"['alertmanager:9093']}}]}}]}}\n{_RULES}",
    )
)
VERSION = register(
    Kind(
        id="prometheus/alertmanager-api",
        severity=Severity.ERROR,
        title="the API v1 of Alertmanager",
        why="Alertmanager 0.27 removed it, and Prometheus 3 refuses a configuration that asks for it.",
        example="alerting: {alertmanagers: [{api_version: v1, static_configs: [{targets: ['alertmanager:9093']}]}]}\n"
        "scrape_configs: []",
        instead="alerting: {alertmanagers: [{api_version: v2, static_configs: [{targets: ['alertmanager:9093']}]}]}\n"
        "scrape_configs: []",
    )
)
PUSHED = register(
    Kind(
        id="prometheus/pushed-labels",
        severity=Severity.INFO,
        title="a Pushgateway without honor_labels",
        why="job and instance of what was pushed become exported_job and exported_instance, and every pushed metric "
        "looks as if it were the Pushgateway's own.",
        example="scrape_configs:\n- job_name: pushgateway\n  static_configs: [{targets: ['pushgateway:9091']}]",
        instead="scrape_configs:\n- job_name: pushgateway\n  honor_labels: true\n"
        "  static_configs: [{targets: ['pushgateway:9091']}]",
    )
)
LIMIT = register(
    Kind(
        id="prometheus/limit-unwatched",
        severity=Severity.INFO,
        title="a sample limit that no alert watches",
        why="A scrape over sample_limit fails as a whole: the day a label gets more values, all metrics of the "
        "target are gone, and no alert on up or on the limit says so.",
        example=f"# prometheus.yml\nrule_files: [rules.yml]\n{_JOB.format('5s')}  sample_limit: 1000\n"
        "# rules.yml\ngroups: [{name: api, rules: [{alert: Slow, expr: seconds > 1}]}]",
        instead=f"# prometheus.yml\nrule_files: [rules.yml]\n{_JOB.format('5s')}  sample_limit: 1000\n{_RULES}",
    )
)
HONOR = register(
    Kind(
        id="prometheus/honor-labels",
        severity=Severity.HINT,
        title="`honor_labels` for a job that is no gateway",
        why="What the target says of job and instance replaces what Prometheus knows: two targets that say the same "
        "write into the same series. It is meant for a Pushgateway and for federation.",
        example="scrape_configs:\n- job_name: api\n  honor_labels: true\n  static_configs: [{targets: ['api:80']}]",
        instead="scrape_configs:\n- job_name: all\n  honor_labels: true\n  metrics_path: /federate\n"
        "  static_configs: [{targets: ['prometheus:9090']}]",
    )
)
_ACTIONS = (
    "replace",
    "keep",
    "drop",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
    "keepequal",
    "dropequal",
)
_GATEWAY = re.compile(
    r"gateway|federat|prometheus|thanos|cadvisor|kube-state|exporter-proxy|statsd|graphite|influx|push"
)
_DURATION = re.compile(r"_(?:interval|timeout|cutoff)$|^(?:timeout|refresh_interval|query_offset)$")
_EFFECT = "Prometheus does not start with it, or goes on with the old configuration"


def _effect(part: Part) -> str:
    return "the operator leaves the whole resource out" if Part(part.document).text("kind") else _EFFECT


def _see(part: Part) -> str:
    whole = Part(part.document)
    if whole.text("kind"):
        name = whole.part("metadata").text("name") or "skipping"
        return f"kubectl logs deploy/prometheus-operator | grep {name}"
    return f"promtool check config {argument_of(part)}"


@each_job(TIMEOUT)
def judge_timeout(job: Job, server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """The time-out that a job writes itself: one of `global` is cut to the interval of each job."""
    timeout, interval = format_duration(job.scrape_timeout), format_duration(job.scrape_interval)
    if job.scrape_timeout > job.scrape_interval and not is_of_an_agent(server):
        yield TIMEOUT.at(
            job.at("scrape_timeout" if "scrape_timeout" in job.part else "scrapeTimeout"),
            f"the time-out of job {job.name} is {timeout}, its interval {interval}",
            effect=_effect(job.part),
            todo=f"at most {interval}, or leave it out",
            see=_see(job.part),
        )


@each_prometheus(TIMEOUT, TWICE, REFUSED)
def judge_refused(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """What a look at the file tells that Prometheus refuses."""
    if is_of_an_agent(server):
        return
    everywhere = server.part.part("global")
    timeout = everywhere.seconds("scrape_timeout")
    if timeout and timeout > server.scrape_interval:
        yield TIMEOUT.at(
            everywhere.at("scrape_timeout"),
            f"the time-out is {format_duration(timeout)}, the interval {format_duration(server.scrape_interval)}",
            effect=_EFFECT,
            todo=f"at most {format_duration(server.scrape_interval)}, or leave it out",
            see=_see(server.part),
        )
    seen: set[str] = set()
    for job in server.jobs:
        if job.name and job.name in seen:
            yield TWICE.at(
                job.at("job_name"),
                f"the job {job.name} is here a second time",
                effect=_EFFECT,
                todo="give it another name, or add its targets to the first",
                see=_see(server.part),
            )
        seen.add(job.name)
        for part, key, message in (*_of_job(job), *_durations(job.part)):
            yield _refused(part, key, message)
    for part, key, message in (*_durations(everywhere), *misspelt(server)):
        yield _refused(part, key, message)


def _refused(part: Part, key: str, message: str) -> Finding:
    return REFUSED.at(part.at(key), message, effect=_EFFECT, todo="correct it", see=_see(part))


def _of_job(job: Job) -> Iterator[tuple[Part, str, str]]:
    if not job.name:
        yield job.part, "job_name", "a job without job_name"
    for rule in (*job.relabel_configs, *job.metric_relabel_configs):
        action = rule.text("action", "replace").lower()
        if action not in _ACTIONS:
            yield rule, "action", f"there is no action {action!r}: {', '.join(_ACTIONS)}"
        elif action in ("replace", "hashmod", "lowercase", "uppercase") and not rule.text("target_label"):
            yield rule, "action", f"the action {action} needs target_label"


def _durations(part: Part) -> Iterator[tuple[Part, str, str]]:
    for key in part.data if isinstance(part.data, dict) else ():
        text = part.text(str(key))
        if _DURATION.search(str(key)) and text and "$" not in text and "{" not in text:
            try:
                parse_duration(text)
            except ValueError as error:
                yield part, str(key), f"{key}: {error}"


@each_prometheus(NOBODY, VERSION)
def judge_alertmanagers(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """Whether there is anybody whom alerts are sent to, and by which API."""
    for part in server.alertmanagers:
        if part.text("api_version") == "v1":
            yield VERSION.at(
                part.at("api_version"),
                "api_version is v1",
                effect="Prometheus 3 does not start with it, and no Alertmanager since 0.27 answers it",
                todo="delete the line: v2 is what it is without one",
                see=f"promtool check config {server.argument}, of Prometheus 3",
            )
    if any(map(_names_any, server.alertmanagers)):
        return
    alerts = [alert for alert in setup.alerts if server in alert.group.prometheuses]
    if alerts:
        said = f"it loads {len(alerts)} alert{'s' if alerts[1:] else ''} and names no Alertmanager"
    elif _is_forgotten(setup):
        said = f"it names no Alertmanager, though {setup.alertmanagers[0].file} is there"
    else:
        return
    yield NOBODY.at(
        server.at("alerting", "alertmanagers"),
        said,
        effect="alerts fire, and nobody is told",
        todo="add alerting.alertmanagers",
        see="curl http://PROMETHEUS:9090/api/v1/alertmanagers",
    )


def _is_forgotten(setup: Setup) -> bool:
    """Whether alerts that nobody loads and an Alertmanager stand beside the one server that could do both.

    Loki, vmalert and their kin evaluate rules and tell an Alertmanager as well, past Prometheus.
    """
    unloaded = any(not alert.group.prometheuses for alert in setup.alerts)
    alone = len(setup.alertmanagers) == 1 and len(setup.prometheuses) == 1 and not setup.operated
    services = [service for file in setup.compose for service in file.services]
    others = any(_OTHERS.search(f"{service.name} {service.image}") for service in services)
    return unloaded and alone and bool(services) and not others


_OTHERS = re.compile(r"loki|vmalert|victoria|mimir|cortex|thanos|ruler|grafana-agent|alloy", re.IGNORECASE)
"""Services that evaluate rules by themselves."""


def _names_any(part: Part) -> bool:
    others = [key for key in part.data if str(key).endswith("_sd_configs") and part.data[key]]
    return bool(others) or any(True for _ in targets_of(part))


@each_job(PUSHED, LIMIT, HONOR)
def judge_job(job: Job, server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """What a Pushgateway needs, and limits whose effect nobody hears of."""
    if not job.honor_labels and any(_is_gateway(target) for target in job.targets):
        yield PUSHED.at(
            job.at("job_name"),
            f"job {job.name} scrapes a Pushgateway without honor_labels",
            effect="job and instance of what is pushed become exported_job and exported_instance",
            todo="honor_labels: true",
            see="promtool query instant http://PROMETHEUS:9090 'count by (exported_job) ({exported_job!=\"\"})'",
        )
    words = " ".join((job.name, *job.targets)).lower()
    if job.honor_labels and job.origin == "scrape_configs" and not _GATEWAY.search(words + job.metrics_path):
        yield HONOR.at(
            job.at("honor_labels"),
            f"job {job.name} takes job and instance from what its targets say",
            effect="where they say the same, the samples of two targets are in one series",
            todo="leave it out, unless the targets stand for others",
            see="promtool query instant http://PROMETHEUS:9090 'count by (job, instance) (up)'",
        )
    limit = job.part.text("sample_limit")
    alerts = [alert for alert in setup.alerts if server in alert.group.prometheuses]
    if limit.isdecimal() and int(limit) and alerts and not any(map(_watches, alerts)):
        yield LIMIT.at(
            job.at("sample_limit"),
            f"a scrape of job {job.name} with over {limit} samples fails as a whole, and no alert watches it",
            effect="all metrics of the target are gone, without an alert",
            todo='alert on up{job="' + job.name + '"} == 0',
            see="promtool query instant http://PROMETHEUS:9090 prometheus_target_scrapes_exceeded_sample_limit_total",
        )


def _is_gateway(target: str) -> bool:
    host, _, port = target.rpartition(":")
    return "pushgateway" in host.lower() and port == "9091"


def _watches(alert: object) -> bool:
    tree = getattr(alert, "tree", None)
    names = [metric(selector) for selector in selectors(tree)] if tree is not None else [""]
    return any(name in ("", "up", "prometheus_target_scrapes_exceeded_sample_limit_total") for name in names)
