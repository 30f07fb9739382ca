"""Faults in keys that work silently, and in the texts of alerts."""

from __future__ import annotations

from tests.twins.fault import (
    ALERTMANAGER,
    AVAILABILITY,
    EXECUTIONS,
    HTTP,
    JOB,
    PROMETHEUS,
    RESOURCES,
    ROUTE,
    Fault,
    fault,
    text_of,
)
from tests.twins.planting import GONE, Change, instead

DROP = [{"source_labels": ["status"], "regex": "5..", "action": "drop"}]
MUTE = [{"name": "weekend", "time_intervals": [{"weekdays": ["saturday", "sunday"]}]}]
INHIBIT = [
    {"source_matchers": ["severity = critical"], "target_matchers": ["severity = warning"], "equal": ["job"]}
]


def _muted(key: str) -> Fault:
    """A route that goes by times."""
    changes = (
        Change(ALERTMANAGER, "time_intervals", MUTE),
        Change(ALERTMANAGER, f"route>routes>1>{key}", ["weekend"]),
    )
    return Fault(f"a route with {key}", changes, "setting/muted")


KEYS = (
    fault(
        "a group that is evaluated every minute",
        "setting/evaluation_interval",
        HTTP,
        "groups>0>interval",
        "1m",
    ),
    fault(
        "evaluation every minute",
        "setting/evaluation_interval",
        PROMETHEUS,
        "global>evaluation_interval",
        "1m",
    ),
    fault(
        "no evaluation interval",
        "setting/evaluation_interval",
        PROMETHEUS,
        "global>evaluation_interval",
        GONE,
    ),
    fault("a group with a limit", "setting/limits", EXECUTIONS, "groups>0>limit", 1),
    fault("a group with an offset", "setting/limits", HTTP, "groups>0>query_offset", "10m"),
    fault("an offset of all rules", "setting/limits", PROMETHEUS, "global>rule_query_offset", "5m"),
    fault("scrapes every minute", "setting/scrape_interval", PROMETHEUS, "global>scrape_interval", "1m"),
    fault(
        "one job every minute",
        "setting/scrape_interval",
        PROMETHEUS,
        "scrape_configs>cadvisor>scrape_interval",
        "1m",
    ),
    fault(
        "a short time-out", "setting/scrape_timeout", PROMETHEUS, "scrape_configs>node>scrape_timeout", "5s"
    ),
    fault("a sample limit", "setting/limits", PROMETHEUS, f"{JOB}>sample_limit", 200),
    fault("a label limit of all jobs", "setting/limits", PROMETHEUS, "global>label_limit", 4),
    fault("a target limit", "setting/limits", PROMETHEUS, f"{JOB}>target_limit", 1),
    fault("a limit of the answer's size", "setting/limits", PROMETHEUS, f"{JOB}>body_size_limit", "10KB"),
    fault(
        "metrics that are dropped", "setting/relabelling", PROMETHEUS, f"{JOB}>metric_relabel_configs", DROP
    ),
    fault(
        "a label that is renamed",
        "setting/relabelling",
        PROMETHEUS,
        f"{JOB}>relabel_configs",
        [{"target_label": "env", "replacement": "test"}],
    ),
    fault(
        "collectors that are left out",
        "setting/relabelling",
        PROMETHEUS,
        "scrape_configs>node>params",
        {"collect[]": ["cpu", "meminfo"]},
    ),
    fault(
        "alerts that are relabelled",
        "setting/relabelling",
        PROMETHEUS,
        "alerting>alert_relabel_configs",
        [{"regex": "severity", "action": "labeldrop"}],
    ),
    fault(
        "histograms without buckets",
        "setting/relabelling",
        PROMETHEUS,
        f"{JOB}>convert_classic_histograms_to_nhcb",
        True,
    ),
    fault(
        "a job under another name",
        "setting/relabelling",
        PROMETHEUS,
        "scrape_configs>node>static_configs",
        [{"targets": ["node-exporter:9100"], "labels": {"job": "nodes"}}],
    ),
    fault("labels of the target's own", "setting/relabelling", PROMETHEUS, f"{JOB}>honor_labels", True),
    fault(
        "other times than the target's", "setting/relabelling", PROMETHEUS, f"{JOB}>honor_timestamps", False
    ),
    fault(
        "an external label",
        "setting/external_labels",
        PROMETHEUS,
        "global>external_labels",
        {"severity": "info"},
    ),
    fault("a long group_wait", "setting/group_wait", ALERTMANAGER, "route>group_wait", "5m"),
    fault("a long group_wait of one route", "setting/group_wait", ALERTMANAGER, f"{ROUTE}>group_wait", "1h"),
    fault("a long group_interval", "setting/group_interval", ALERTMANAGER, "route>group_interval", "30m"),
    fault("no group_interval", "setting/group_interval", ALERTMANAGER, "route>group_interval", GONE),
    fault("repeated after days", "setting/repeat_interval", ALERTMANAGER, "route>repeat_interval", "4d"),
    fault(
        "one route repeats all the time",
        "setting/repeat_interval",
        ALERTMANAGER,
        f"{ROUTE}>repeat_interval",
        "2m",
    ),
    fault("grouped by nothing", "setting/group_by", ALERTMANAGER, "route>group_by", []),
    fault("grouped by all", "setting/group_by", ALERTMANAGER, "route>group_by", ["..."]),
    fault("one route groups otherwise", "setting/group_by", ALERTMANAGER, f"{ROUTE}>group_by", ["job"]),
    fault("an inhibition", "setting/inhibitions", ALERTMANAGER, "inhibit_rules", INHIBIT),
    _muted("mute_time_intervals"),
    _muted("active_time_intervals"),
    fault(
        "one alert in a notification",
        "setting/max_alerts",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>max_alerts",
        1,
    ),
    fault(
        "nothing of the end",
        "setting/send_resolved",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>send_resolved",
        False,
    ),
    fault(
        "nothing of the end for one",
        "setting/send_resolved",
        ALERTMANAGER,
        "receivers>operator>webhook_configs>0>send_resolved",
        False,
    ),
    fault(
        "an alert that goes on",
        "setting/keep_firing_for",
        HTTP,
        "groups>0>rules>HighErrorRate>keep_firing_for",
        "1h",
    ),
)  # (a table)
TEXTS = (
    text_of(
        "the device for the mount", "DiskWillFill", RESOURCES, "description", instead("mountpoint", "device")
    ),
    text_of("a limit without its unit", "HighCPUUsage", RESOURCES, "description", instead("80%", "80")),
    text_of(
        "another resource", "HighMemoryUsage", RESOURCES, "description", instead("memory of", "CPU time of")
    ),
    text_of(
        "a runbook of another file",
        "HighCPUUsage",
        RESOURCES,
        "runbook_url",
        instead("monitoring.md", "alerts.md"),
    ),
    text_of(
        "the panel of another alert",
        "DiskWillFill",
        RESOURCES,
        "dashboard_url",
        instead("viewPanel=3", "viewPanel=2"),
    ),
    text_of(
        "a label that no file system has",
        "DiskWillFill",
        RESOURCES,
        "summary",
        "{{ $labels.mount }} fills up",
    ),
    text_of("the opposite", "ServiceDown", AVAILABILITY, "summary", instead("is down", "is up")),
    text_of("what is left", "HighCPUUsage", RESOURCES, "description", instead("in use", "idle")),
    text_of("a mean", "SlowResponses", HTTP, "description", instead("95th percentile", "average")),
    text_of("another horizon", "DiskWillFill", RESOURCES, "description", instead("a day", "an hour")),
    text_of(
        "nothing for what has no instance",
        "ServiceDown",
        AVAILABILITY,
        "description",
        "{{ if $labels.instance }}Prometheus cannot scrape {{ $labels.instance }}.{{ end }}",
    ),
    text_of(
        "an instance of what has none",
        "ServiceDown",
        AVAILABILITY,
        "description",
        "Prometheus cannot scrape {{ $labels.instance }}.",
    ),
    text_of(
        "a label of another configuration",
        "HighMemoryUsage",
        RESOURCES,
        "summary",
        "{{ $externalLabels.cluster }}",
    ),
    text_of("the other class of errors", "HighErrorRate", HTTP, "description", instead("5xx", "4xx")),
    text_of(
        "a function without its argument", "HighErrorRate", HTTP, "description", instead("$value", "value")
    ),
    text_of(
        "a label that is summed away", "HighErrorRate", HTTP, "summary", "Errors on {{ $labels.instance }}"
    ),
    text_of(
        "a label of another metric",
        "HighPromptFailureRate",
        EXECUTIONS,
        "summary",
        "{{ $labels.pipeline_id }} fails",
    ),
    text_of(
        "a link to another panel",
        "HighCPUUsage",
        RESOURCES,
        "dashboard_url",
        instead("viewPanel=1", "viewPanel=2"),
    ),
    text_of(
        "a label in two ways", "DiskWillFill", RESOURCES, "summary", instead("mountpoint", "mount_point")
    ),
    text_of("another percentile", "SlowResponses", HTTP, "description", instead("95th", "99th")),
    text_of("a misspelt label", "HighCPUUsage", RESOURCES, "summary", instead("instance", "instnace")),
    text_of(
        "a share as per cent", "HighErrorRate", HTTP, "description", instead(" | humanizePercentage", "")
    ),
    text_of(
        "a share with a percent sign",
        "HighErrorRate",
        HTTP,
        "description",
        instead("{{ $value | humanizePercentage }}", "{{ $value }}%"),
    ),
    text_of(
        "a share as a duration",
        "HighCPUUsage",
        RESOURCES,
        "description",
        instead("humanizePercentage", "humanizeDuration"),
    ),
    text_of(
        "a duration as per cent",
        "SlowResponses",
        HTTP,
        "description",
        instead("humanizeDuration", "humanizePercentage"),
    ),
    text_of("another threshold in per cent", "HighErrorRate", HTTP, "description", instead("5%)", "50%)")),
    text_of(
        "another threshold in seconds",
        "SlowResponses",
        HTTP,
        "description",
        instead("threshold: 1s", "threshold: 2s"),
    ),
    text_of(
        "another wait",
        "HighMemoryUsage",
        RESOURCES,
        "description",
        "{{ $value | humanizePercentage }} for 10 minutes",
    ),
    text_of("no such variable", "ServiceDown", AVAILABILITY, "summary", "{{ $label.job }} is down"),
    text_of("an if without end", "ServiceDown", AVAILABILITY, "description", instead("{{ end }}", "")),
    text_of("an anchor that no heading has", "HighErrorRate", HTTP, "runbook", "docs/monitoring.md#errors"),
    text_of("a page that is not there", "HighErrorRate", HTTP, "runbook", "docs/runbooks.md#higherrorrate"),
    text_of(
        "the runbook of another alert",
        "HighMemoryUsage",
        RESOURCES,
        "runbook",
        "docs/monitoring.md#highcpuusage",
    ),
    text_of("an empty summary", "HighErrorRate", HTTP, "summary", ""),
    text_of("no description", "SlowResponses", HTTP, "description", GONE),
    text_of("no runbook", "ServiceDown", AVAILABILITY, "runbook", GONE),
)  # (a table)
