"""Rules against what a server knows, means that mean nothing, and events that nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.finding import Severity
from tests.findings.ruletexts import alert, found, ids

pytestmark = pytest.mark.unit

KNOWN = "# a server knows: {up: {job: [api]}, a_total: {job: [api], code: ['200', '500']}, b_bucket: {le: ['1']}}\n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("queue_length > 5", ["rule/unknown-metric"]),
        ("up{job='web'} == 0", ["rule/unknown-label-value"]),
        ("up{pod='a'} == 0", ["rule/unknown-label-value"]),
        ("rate(a_total{code=~'4..'}[5m]) > 5", []),
        ("absent(c) or up{job='api'} == 0", []),
        ("histogram_quantile(0.9, rate(b_bucket[5m])) > 5", []),
        ("(sum(rate(a_total[5m])) or vector(0)) > 5", []),
        ("ALERTS{alertname='A', x='y'} > 0", []),
    ],
)
def test_a_name_that_a_server_has_never_seen_is_found(
    expression: str, expected: list[str], tmp_path: Path
) -> None:
    assert ids(tmp_path, f"{KNOWN}{expression}") == expected


def test_a_label_that_a_server_never_saw_is_found_in_a_text_too(tmp_path: Path) -> None:
    text = alert("up == 0", "annotations: {summary: '{{ $labels.pod }}'}")
    assert ids(tmp_path, text) == []
    assert ids(tmp_path, f"{KNOWN}{text}") == ["rule/label-lost"]
    assert ids(tmp_path, f"{KNOWN}{text.replace('pod', 'job')}") == []


@pytest.mark.parametrize(
    "expression",
    [
        "avg(a_bytes / b_bytes) > 0.9",
        "avg(rate(a_seconds_sum[5m]) / rate(b_seconds_count[5m])) > 0.9",
        "sum(rate(a_seconds_sum[5m])) / sum(rate(a_seconds_count[5m])) > 0.9",
        "avg(sum by (job) (rate(a_total[5m])) / sum by (job) (rate(b_total[5m]))) > 0.9",
        "max(a_seconds{quantile='0.99'}) > 1",
        "avg by (instance) (a_seconds{quantile='0.99'}) > 1",
        "avg(job:a_seconds:p99{quantile='0.99'}) > 1",
        "sum(rate(a_seconds_count[5m])) > 1",
    ],
)
def test_a_mean_that_says_something_is_no_finding(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == []


def test_a_mean_of_the_means_of_instances_is_a_mean_of_ratios(tmp_path: Path) -> None:
    text = alert("avg by (job) (rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])) > 0.9")
    assert ids(tmp_path, text) == ["rule/mean-of-ratios"]


@pytest.mark.parametrize(
    "expression",
    [
        "increase(a_total{code='500'}[5m]) > 5",
        "increase(a_total{job='api'}[5m]) > 0",
        "rate(a_total{code!='200'}[5m]) > 0",
        "sum(rate(a_total[5m])) > 0",
    ],
)
def test_an_alert_that_need_not_wait_for_a_first_event_is_no_finding(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == []


@pytest.mark.parametrize(
    ("expression", "severity"),
    [
        ("rate(failures_total[5m]) > 0", Severity.INFO),
        ("(rate(failures_total[5m]) or vector(0)) > 0", Severity.INFO),
        ("rate(a_total{code='503'}[5m]) > 0", Severity.HINT),
        ("rate(a_total{job='Api'}[5m]) > 0", Severity.WARNING),
        ("queue_length > 5", Severity.WARNING),
    ],
)
def test_a_series_that_may_come_with_its_first_event_is_no_warning(
    expression: str, severity: Severity, tmp_path: Path
) -> None:
    seen = [
        finding for finding in found(tmp_path, f"{KNOWN}{expression}") if "first-event" not in finding.rule
    ]
    assert [finding.severity for finding in seen] == [severity]
