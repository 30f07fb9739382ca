"""Texts of alerts that are about another alert or another program are told; general ones and variants are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.findings.ruletexts import found

pytestmark = pytest.mark.unit
KIND = "rule/number-in-text"


def rules(*alerts: tuple[str, str, str]) -> str:
    """Alerts of these names, expressions and summaries."""
    listed = "".join(
        f"  - alert: {name}\n    expr: '{expression}'\n    annotations: {{summary: \"{summary}\"}}\n"
        for name, expression, summary in alerts
    )
    return f"groups:\n- name: g\n  rules:\n{listed}"


def said(folder: Path, text: str) -> list[str]:
    return [finding.message for finding in found(folder, text) if finding.rule == KIND]


FAILING = "rate(rule_failures_total[5m]) > 0"
UNSENT = "rate(notification_failures_total[5m]) > 0"


def test_a_text_that_was_copied_from_another_alert_is_told(tmp_path: Path) -> None:
    summary = "Notifications of {{ $labels.instance }} fail"
    (message,) = said(
        tmp_path,
        rules(("RuleEvaluationFailing", FAILING, summary), ("NotificationsFailing", UNSENT, summary)),
    )
    assert message == (
        "summary: the text is that of NotificationsFailing, word for word, and says nothing of RuleEvaluationFailing"
    )


@pytest.mark.parametrize(
    "text",
    [
        rules(
            ("RuleEvaluationFailing", FAILING, "{{ $labels.instance }} fails"),
            ("NotificationsFailing", UNSENT, "{{ $labels.instance }} fails"),
        ),
        rules(
            ("RuleEvaluationFailing", FAILING, "Notifications of rules fail"),
            ("NotificationsFailing", UNSENT, "Notifications of rules fail"),
        ),
        rules(
            ("ErrorsFast", FAILING + ".5", "Errors burn fast or slowly"),
            ("ErrorsSlow", FAILING, "Errors burn fast or slowly"),
        ),
        rules(
            ("DiskFull", "disk_free_bytes < 1", "The disk is filling up"),
            ("DiskFilling", "disk_free_bytes < 9", "The disk is filling up"),
        ),
    ],
    ids=["of neither", "of both", "of both speeds", "of one metric"],
)
def test_a_text_that_two_alerts_share_is_not(text: str, tmp_path: Path) -> None:
    assert said(tmp_path, text) == []


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("AlertmanagerUnreachable", "{{ $labels.instance }} cannot reach Prometheus"),
        ("RedisDown", "The API can't connect to PostgreSQL"),
    ],
)
def test_another_program_than_that_of_the_alert_is_told(name: str, summary: str, tmp_path: Path) -> None:
    (message,) = said(tmp_path, rules((name, UNSENT, summary)))
    assert "and the alert is about" in message


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("AlertmanagerUnreachable", "{{ $labels.instance }} cannot reach Alertmanager"),
        ("AlertmanagerUnreachable", "Prometheus cannot reach Alertmanager, nor Alertmanager its peers"),
        ("PrometheusErrorSending", "{{ $labels.instance }} cannot reach Alertmanager"),
        ("PrometheusNotConnectedToAlertmanager", "It cannot reach Alertmanager"),
        ("NodeExporterDown", "Prometheus cannot scrape {{ $labels.instance }}"),
        ("RedisDown", "The API cannot reach Redis, and falls back to Postgres"),
    ],
)
def test_the_program_of_the_alert_or_one_that_acts_is_not(name: str, summary: str, tmp_path: Path) -> None:
    assert said(tmp_path, rules((name, UNSENT, summary))) == []
