"""Relabel rules that drop every target, or a metric, a bucket or a label that a rule or a panel asks for.

A metric is lost only where every job that it can come from surely drops it.
"""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config.labelsets import known
from promproof.config.relabelling import Labels, Rule, relabelled, removed
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.kind import Kind, each_job, each_prometheus, register
from promproof.findings.needs import Need, givers, needs
from promproof.findings.part import Part
from promproof.findings.relabels import rules_of, series_of, targets_of
from promproof.findings.setup import Job, Prometheus, Setup
from promproof.promql.tree import fits

_FILE = """# prometheus.yml
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['am.example.org:9093']}}]}}]}}
scrape_configs:
- job_name: api
  static_configs: [{{targets: ['api:80']}}]
  metric_relabel_configs:
  - {}
# rules.yml
groups:
- name: api
  rules:
  - alert: Slow
    expr: histogram_quantile(0.9, sum by (le) (rate(http_seconds_bucket{{code="200"}}[5m]))) > 1
"""
_PODS = "scrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{{role: pod}}]\n  relabel_configs:\n  - {}\n"
TARGETS = register(
    Kind(
        id="prometheus/drops-every-target",
        severity=Severity.ERROR,
        title="relabel rules that drop every target of a job",
        why="The job is there and scrapes nothing: no target, no up, no metric.",
        example=_PODS.format(
            '{source_labels: [__meta_kubernetes_service_annotation_scrape], regex: "true", action: keep}'
        ),
        instead=_PODS.format(
            '{source_labels: [__meta_kubernetes_pod_annotation_scrape], regex: "true", action: keep}'
        ),
    )
)
METRIC = register(
    Kind(
        id="prometheus/drops-needed-metric",
        severity=Severity.ERROR,
        title="relabel rules that drop a metric that a rule or a panel asks for",
        why="metric_relabel_configs drops it after the scrape: the alert never fires, the panel is empty.",
        example=_FILE.format("{source_labels: [__name__], regex: http_seconds_.*, action: drop}"),
        instead=_FILE.format("{source_labels: [__name__], regex: go_.*, action: drop}"),
    )
)
BUCKET = register(
    Kind(
        id="prometheus/drops-needed-bucket",
        severity=Severity.ERROR,
        title="relabel rules that drop a bucket that a rule or a panel asks for",
        why='Without the bucket le="+Inf" histogram_quantile is NaN; without the bucket of a selector that is empty.',
        example=_FILE.format('{source_labels: [le], regex: "[+]Inf|0.1", action: drop}'),
        instead=_FILE.format('{source_labels: [le], regex: "0.1|0.2", action: drop}'),
    )
)
LABEL = register(
    Kind(
        id="prometheus/needed-label-gone",
        severity=Severity.ERROR,
        title="relabel rules that remove a label that a rule or a panel asks for",
        why="A selector with a matcher on a label that no series has any more is empty. A sum by such labels alone is "
        "one sum of all, and a warning.",
        example=_FILE.format("{regex: code|pod, action: labeldrop}"),
        instead=_FILE.format("{regex: version|pod, action: labeldrop}"),
    )
)
_PUSHED = ("web.enable-remote-write-receiver", "web.enable-otlp-receiver")


@each_job(TARGETS)
def judge_targets(job: Job, server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """What the relabel rules of a job leave of its targets."""
    rules = rules_of(job.relabel_configs)
    dropping = [relabelled(rules, labels).dropped for _, labels in targets_of(job)] if rules else []
    surely = [index for index in dropping if index is not None]
    if not dropping or len(surely) < len(dropping):
        return
    part = job.relabel_configs[surely[0]]
    labels = ", ".join(part.words("source_labels"))
    yield TARGETS.at(
        _place(part),
        f"{rules[surely[0]].action} on {labels or 'no label'} drops every target of job {job.name}",
        effect="the job scrapes nothing, and nothing says so",
        todo="name a label that the targets have before relabelling, and a value that it has",
        see="curl http://PROMETHEUS:9090/api/v1/targets?state=dropped",
    )


@each_prometheus(METRIC, BUCKET, LABEL)
def judge_metrics(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """What the rules and panels of a Prometheus ask for, against what its jobs keep."""
    if not any(job.metric_relabel_configs for job in server.jobs) or _gets_others(server):
        return
    seen: set[tuple[object, ...]] = set()
    for need in needs(server, setup):
        jobs = givers(need, server)
        if jobs and all(job.metric_relabel_configs and not _renames(job) for job in jobs):
            for finding, key in _lost(need, jobs):
                if key not in seen:
                    seen.add(key)
                    yield finding


def _lost(need: Need, jobs: list[Job]) -> Iterator[tuple[Finding, tuple[object, ...]]]:
    """What is lost of a need in all its jobs, told at the rule of the first."""
    without_le = [matcher for matcher in need.matchers if matcher[0] != "le"]
    drops = [_dropping(job, series_of(need.metric, without_le)) for job in jobs]
    if all(drops):
        yield _finding(METRIC, drops[0], need, need.metric, "drops"), (need.metric, drops[0])
        return
    buckets = {value for name, sign, value in need.matchers if (name, sign) == ("le", "=")}
    for bucket in sorted(buckets or ({"+Inf"} if need.quantile else set())):
        labels = series_of(need.metric, without_le).with_("le", known(bucket))
        drops = [_dropping(job, labels) for job in jobs]
        if all(drops):
            lost = f'{need.metric}{{le="{bucket}"}}'
            yield _finding(BUCKET, drops[0], need, lost, "drops"), (lost, drops[0])
            return
    names = [name for name, sign, value in need.matchers if fits("", sign, value) is False]
    names = [name for name in names if name != "__name__"] + (["le"] if need.quantile else [])
    gone = [dict(removed(rules_of(job.metric_relabel_configs), names)) for job in jobs]
    for name in dict.fromkeys(names):
        if all(name in labels for labels in gone):
            part = jobs[0].metric_relabel_configs[gone[0][name]]
            yield _finding(LABEL, part, need, f"the label {name} of {need.metric}", "removes"), (name, part)
            return
    yield from _ungrouped(need, jobs)


def _ungrouped(need: Need, jobs: list[Job]) -> Iterator[tuple[Finding, tuple[object, ...]]]:
    """`sum by (pod)` where no series has a pod any more. One label that is left makes groups, and nothing is said."""
    names = sorted(need.grouped)
    gone = [dict(removed(rules_of(job.metric_relabel_configs), names)) for job in jobs]
    if names and all(name in labels for labels in gone for name in names):
        part = jobs[0].metric_relabel_configs[gone[0][names[0]]]
        labels = ", ".join(names)
        yield (
            LABEL.at(
                _place(part),
                f"removes {labels} of {need.metric}, by which {need.who} groups ({need.place})",
                effect="there is one group of all",
                todo="leave it out of this rule, or group by something else",
                see=f"promtool query instant http://PROMETHEUS:9090 'count by ({labels}) ({need.metric})'",
                severity=Severity.WARNING,
            ),
            (labels, part),
        )


def _dropping(job: Job, labels: Labels) -> Part | None:
    """The rule by which a job surely drops series; none for a selector that contradicts itself."""
    if any(values.finite == frozenset() for values in labels.values.values()):
        return None
    index = relabelled(rules_of(job.metric_relabel_configs), labels).dropped
    return None if index is None else job.metric_relabel_configs[index]


def _finding(kind: Kind, part: Part | None, need: Need, lost: str, verb: str) -> Finding:
    assert part is not None
    return kind.at(
        _place(part),
        f"{verb} {lost}, which {need.who} asks for ({need.place})",
        effect="what asks for it is empty: an alert never fires",
        todo="leave it out of this rule, or ask for something else",
        see=f"promtool query instant http://PROMETHEUS:9090 'count({need.metric})'",
    )


def _place(part: Part) -> Place:
    return part.at("regex") if "regex" in part else part.at()


def _renames(job: Job) -> bool:
    """Whether a rule makes names of metrics: what is asked for may be made of another."""
    rules: list[Rule] = rules_of(job.metric_relabel_configs)
    return any(
        rule.target_label == "__name__" or "$" in rule.target_label or rule.action == "labelmap"
        for rule in rules
    )


def _gets_others(server: Prometheus) -> bool:
    """Whether metrics come otherwise than by the jobs that are known here."""
    is_scattered = "scrape_config_files" in server.part and all(
        job.part.document is server.part.document for job in server.jobs
    )
    if is_scattered or "remote_read" in server.part or "otlp" in server.part:
        return True
    container = server.container
    return container is not None and any(container.flag(flag) is not None for flag in _PUSHED)
