"""Addresses and secrets of receivers: what stands for another value, what Alertmanager refuses, what a chat does not take."""

# ruff: noqa: E501  (files in flow style: one thing, one line)

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.finding import Severity
from tests.findings.alertmanagers import found, rules

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("address", "times"),
    [
        ("https://hooks.slack.com", 1),
        ("https://hooks.slack.com/services/T0/B0/X0", 0),
        ("https://hooks.slack.com/triggers/T0/B0", 0),
        ("https://chat.example.org/hooks/a", 0),
        ("<secret>", 0),
    ],
)
def test_a_slack_address_without_the_path_of_a_webhook_is_found(
    address: str, times: int, tmp_path: Path
) -> None:
    text = f"""route: {{receiver: a, group_by: [alertname]}}
receivers: [{{name: a, slack_configs: [{{channel: a, api_url: '{address}'}}]}}]
"""
    assert [each.rule for each in found(tmp_path, text)].count("alertmanager/path") == times


@pytest.mark.parametrize(
    ("address", "times"),
    [
        ("https://hooks.slack.com/services/T0/B0/X0", 1),
        ("https://discord.com/api/webhooks/1/${TOKEN}/slack", 1),
        ("https://api.telegram.org/bot${TOKEN}/sendMessage?chat_id=${CHAT}&parse_mode=Markdown", 1),
        ("https://oapi.dingtalk.com/robot/send?access_token=x", 1),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", 1),
        ("https://acme.webhook.office.com/webhookb2/x", 1),
        ("https://api.telegram.org/bot1:x/sendMessage?chat_id=1&text=alert", 0),
        ("https://hooks.slack.com/triggers/T0/B0", 0),
        ("https://ntfy.sh/alerts", 0),
        ("http://bridge:8080/https://discord.com/api/webhooks/1/x", 0),
        ("https://api.telegram.org.example.org/bot1/sendMessage", 0),
    ],
)
def test_a_webhook_at_a_chat_that_wants_another_message_is_found(
    address: str, times: int, tmp_path: Path
) -> None:
    text = f"""route: {{receiver: a, group_by: [alertname]}}
receivers: [{{name: a, webhook_configs: [{{url: '{address}'}}]}}]
"""
    assert [each.rule for each in found(tmp_path, text)].count("alertmanager/foreign-webhook") == times


def left(folder: Path, value: str, name: str = "alertmanager.yml", more: str = "") -> list[Severity]:
    text = f"{more}# {name}\nroute: {{receiver: a, group_by: [alertname]}}\nreceivers: [{{name: a, webhook_configs: [{{url: '{value}'}}]}}]"
    return [each.severity for each in found(folder, text) if each.rule == "alertmanager/not-filled-in"]


@pytest.mark.parametrize(
    "value",
    [
        "https://hooks.example.org/services/YOUR/WEBHOOK",
        "http://your-service.svc/alerts",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://example.org/REPLACE_WITH_YOUR_KEY",
        "https://events.example.org/<integration-key>",
    ],
)
def test_a_value_that_stands_for_another_is_found(value: str, tmp_path: Path) -> None:
    assert left(tmp_path, value) == [Severity.WARNING]


@pytest.mark.parametrize(
    "value",
    [
        "http://yourls/hook",
        "http://bridge/yourteam",
        "http://bridge/alerts?x=your",
        "http://bridge/${KEY}",
        "http://{{ .ExternalURL }}/<x>",
        "http://xxl/hook",
    ],
)
def test_a_value_that_may_be_meant_is_no_finding(value: str, tmp_path: Path) -> None:
    assert left(tmp_path, value) == []


def test_a_value_of_a_file_that_something_fills_in_is_a_hint(tmp_path: Path) -> None:
    value = "https://example.org/REPLACE_ME"
    image = "services: {alertmanager: {image: 'prom/alertmanager:v0.28.0', volumes: ['./alertmanager.yml:/etc/alertmanager/alertmanager.yml'], entrypoint: /fill}}"
    assert left(tmp_path / "filled", value, more=f"# compose.yml\n{image}\n") == [Severity.HINT]
    assert left(tmp_path / "example", value, "alertmanager.example.yml") == [Severity.HINT]


@pytest.mark.parametrize("url", ["SLACK_WEBHOOK", "bridge:8080/alerts", "http:", "ftp://bridge/"])
def test_an_address_that_alertmanager_does_not_parse_is_refused(url: str, tmp_path: Path) -> None:
    text = f"route: {{receiver: a, group_by: [a]}}\nreceivers: [{{name: a, webhook_configs: [{{url: '{url}'}}]}}]"
    assert rules(found(tmp_path, text)) == ["alertmanager/refused"]


@pytest.mark.parametrize("url", ["HTTP://bridge", "https://b", "${HOOK}", "{{ .ExternalURL }}/x", "<secret>"])
def test_an_address_that_alertmanager_parses_or_that_is_filled_in_is_no_finding(
    url: str, tmp_path: Path
) -> None:
    text = f"route: {{receiver: a, group_by: [a]}}\nreceivers: [{{name: a, webhook_configs: [{{url: '{url}'}}]}}]"
    assert "alertmanager/refused" not in rules(found(tmp_path, text), Severity.HINT)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("https://hooks.slack.com/services/T1/B1/x", ["alertmanager/resource-key"]),
        ("{name: chat, key: url}", []),
    ],
)
def test_a_receiver_of_a_resource_names_a_secret(value: str, rule: list[str], tmp_path: Path) -> None:
    head = "# r.yaml\napiVersion: monitoring.coreos.com/v1alpha1\nkind: AlertmanagerConfig\nmetadata: {name: a}\n"
    spec = f"spec: {{route: {{receiver: a, groupBy: [b]}}, receivers: [{{name: a, slackConfigs: [{{apiURL: {value}}}]}}]}}"
    assert rules(found(tmp_path, head + spec)) == rule
