"""Keys, values and spellings of Alertmanager's file: what it refuses is found, what it takes is not."""

# ruff: noqa: E501  (files in flow style: one thing, one line)

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.alertmanager.values import is_near
from promproof.findings.finding import Severity
from promproof.findings.secrets import is_secret
from tests.findings.alertmanagers import INHIBITED, PROMETHEUS, found, rules

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "value", "is_one"),
    [
        ("api_url", "https://hooks.slack.com/services/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", True),
        ("api_url", "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", False),
        ("bot_token", "7301234569:AAHk2mPq9rStUvWxYz0123456789abcdefg", True),
        ("smtp_auth_password", "Tr0ub4dor&3", True),
        ("smtp_auth_password", "wqhzvkpdmnrjtcbl", True),
        ("smtp_auth_password", "passwordpassword", False),
        ("smtp_auth_password", "your-app-password1", False),
        ("smtp_auth_password", "${SMTP_PASSWORD}", False),
        ("routing_key", "3f9c1ab27de84c60a5b1e2d47c9f0a86", True),
        ("routing_key", "PAGERDUTY-SERVICE-KEY-1", False),
        ("url", "http://operator:9095/alerts", False),
        ("url", "https://alerts:kT9vwQ2zR@hook.internal/", True),
        ("url", "https://alerts:password1@hook.internal/", False),
        ("url", "https://alerts@hook.internal/", False),
    ],
)
def test_a_secret_is_told_from_a_placeholder(name: str, value: str, is_one: bool) -> None:
    assert is_secret(name, value) is is_one


SHAPES = {
    "an address without a scheme": "global: {slack_api_url: 'SLACK_WEBHOOK'}\nroute: {receiver: x}",
    "group_by is a text": "route: {receiver: x, group_by: alertname}",
    "equal is a text": "route: {receiver: x}\ninhibit_rules: [{source_matchers: [a=b], target_matchers: [a=c], equal: d}]",
    "routes is a mapping": "route: {receiver: x, routes: {receiver: x}}",
    "templates is a text": "route: {receiver: x}\ntemplates: a.tmpl",
    "a mail server without a port": "global: {smtp_smarthost: mail.example.org}\nroute: {receiver: x}",
    "a duration without a unit": "route: {receiver: x, group_wait: 30}",
    "a duration in words": "route: {receiver: x, routes: [{receiver: x, group_interval: 5 minutes}]}",
    "matcher for matchers": "route: {receiver: x, routes: [{receiver: x, matcher: [a=b]}]}",
    "inhibition_rules": "route: {receiver: x}\ninhibition_rules: []",
    "source_matcher": "route: {receiver: x}\ninhibit_rules: [{source_matcher: [a=b]}]",
    "groupBy": "route: {receiver: x, groupBy: [a]}",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_a_value_of_a_wrong_shape_and_an_unknown_key_are_refused(text: str, tmp_path: Path) -> None:
    seen = rules(found(tmp_path, f"{text}\nreceivers: [{{name: x}}]\n"), Severity.ERROR)
    assert len(seen) == 1
    assert seen[0] in ("alertmanager/refused", "alertmanager/unknown-key")


VALUES = {
    "a number in quotes": "telegram_configs: [{bot_token: a, chat_id: '-100123'}]",
    "a number in words": "telegram_configs: [{bot_token: a, chat_id: YOUR_CHAT_ID}]",
    "a number between angles": "telegram_configs: [{bot_token: a, chat_id: <chat>}]",
    "a count in quotes": "webhook_configs: [{url_file: /a, max_alerts: '5'}]",
    "a host without a port": "email_configs: [{to: a@example.org, from: b@example.org, smarthost: mail}]",
}
TAKEN = {
    "a number": "telegram_configs: [{bot_token: a, chat_id: -100123}]",
    "a count": "webhook_configs: [{url: 'http://hook/', max_alerts: 5}]",
    "a host with a port": "email_configs: [{to: a@example.org, from: b@example.org, smarthost: 'mail:25'}]",
}


def received(integration: str) -> str:
    return f"route: {{receiver: a, group_by: [b]}}\nreceivers: [{{name: a, {integration}}}]"


@pytest.mark.parametrize("text", VALUES.values(), ids=VALUES)
def test_a_text_for_a_number_and_a_host_without_its_port_are_refused(text: str, tmp_path: Path) -> None:
    assert rules(found(tmp_path, received(text)), Severity.ERROR) == ["alertmanager/refused"]


@pytest.mark.parametrize(
    "text",
    [
        *TAKEN.values(),
        "telegram_configs: [{bot_token: a, chat_id: '${CHAT}'}]",
        "telegram_configs: [{bot_token: a, chat_id: __CHAT__}]",
        "email_configs: [{to: a@example.org, from: b@example.org, smarthost: $MAIL}]",
    ],
)
def test_a_number_a_host_with_its_port_and_what_is_filled_in_are_not_refused(
    text: str, tmp_path: Path
) -> None:
    assert "alertmanager/refused" not in rules(found(tmp_path, received(text)), Severity.HINT)


def test_an_example_may_leave_a_number_open(tmp_path: Path) -> None:
    text = f"# alertmanager.example.yml\n{received(VALUES['a number in words'])}"
    assert "alertmanager/refused" not in rules(found(tmp_path, text), Severity.HINT)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("$SMTP_TO", True), ("$SMTP_HOST:25", True), ("pa$MY_CAT", False), ("$ECRET", False), ("$1_A", False)],
)
def test_a_variable_without_braces_is_a_placeholder_where_it_is_the_whole_value(
    value: str, is_one: bool, tmp_path: Path
) -> None:
    image = "services: {alertmanager: {image: 'prom/alertmanager:v0.28.0', volumes: ['./alertmanager.yml:/etc/alertmanager/alertmanager.yml']}}"
    mail = f"email_configs: [{{to: a@example.org, from: b@example.org, smarthost: 'mail:25', auth_identity: '{value}'}}]"
    seen = rules(
        found(tmp_path, f"# compose.yml\n{image}\n# alertmanager.yml\n{received(mail)}"), Severity.ERROR
    )
    assert seen == (["alertmanager/placeholder"] if is_one else [])


@pytest.mark.parametrize(
    ("value", "other", "is_one"),
    [
        ("page", "Page", True),
        ("warn", "warning", True),
        ("critcal", "critical", True),
        ("high-load", "high_load", True),
        ("HighCPU", "HighGPU", False),
        ("HTTPDown", "HTTPSDown", False),
        ("Disk80", "Disk90", False),
        ("info", "page", False),
    ],
)
def test_two_spellings_of_one_word_are_told_from_two_words(value: str, other: str, is_one: bool) -> None:
    assert is_near(value, other) is is_one


def test_a_severity_that_an_inhibition_spells_otherwise_is_found(tmp_path: Path) -> None:
    text = f"{PROMETHEUS}  - {{alert: Slow, expr: slow > 1, labels: {{severity: warning}}}}\n{INHIBITED}"
    text = text.replace("info", "Page").replace('"page"', '"warning"')
    assert rules(found(tmp_path, text)) == ["alertmanager/near-miss"]


@pytest.mark.parametrize(
    "text",
    [
        "replicaCount: 1\nroute: {enabled: true, host: shop.example.org}\n",
        "route: {main: {parentRefs: []}}\n",
        "inhibit_rules: [{source_matchers: [a=b], target_matchers: [a=c]}]\n",
        "receivers: {otlp: {}}\nservice: {pipelines: {}}\n",
    ],
    ids=["values of a chart", "another program's route", "a part of a file", "a collector"],
)
def test_a_file_of_another_program_is_no_alertmanager_configuration(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, f"# values.yaml\n{text}") == []


def test_a_file_that_is_filled_in_before_it_is_loaded_is_not_refused(tmp_path: Path) -> None:
    text = "route: {receiver: '{{ first }}', group_wait: '${WAIT}', routes: '{{ routes }}'}\nreceivers: '{{ receivers }}'\n"
    assert rules(found(tmp_path, text), Severity.ERROR) == []


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("slack_api_ulr: 'http://a'", "slack_api_url"),
        ("smtp_auth_pasword: a", "smtp_auth_password"),
        ("resolveTimeout: 5m", "resolve_timeout"),
        ("a_key_of_tomorrow: a", ""),
    ],
)
def test_a_misspelt_key_of_global_is_reported_with_what_is_meant(
    key: str, meant: str, tmp_path: Path
) -> None:
    text = f"global: {{{key}}}\nroute: {{receiver: a, group_by: [alertname]}}\nreceivers: [{{name: a}}]\n"
    said = [each.todo for each in found(tmp_path, text) if each.rule == "alertmanager/unknown-key"]
    assert said == ([f"write {meant}"] if meant else [])


@pytest.mark.parametrize(
    ("integration", "meant"),
    [
        ("slack_configs: [{api_url: 'http://a', chanel: a}]", "channel"),
        ("webhook_configs: [{url: 'http://a', send_resolve: true}]", "send_resolved"),
        ("webhooks_configs: [{url: 'http://a'}]", "webhook_configs"),
        ("webhook_configs: [{url: 'http://a', a_key_of_tomorrow: true}]", ""),
        ("pushover_configs: [{user_key: a, tokn: b}]", ""),
    ],
)
def test_a_misspelt_key_of_a_receiver_is_reported_with_what_is_meant(
    integration: str, meant: str, tmp_path: Path
) -> None:
    text = f"route: {{receiver: a, group_by: [alertname]}}\nreceivers: [{{name: a, {integration}}}]\n"
    said = [each.todo for each in found(tmp_path, text) if each.rule == "alertmanager/unknown-key"]
    assert said == ([f"write {meant}"] if meant else [])


@pytest.mark.parametrize(
    ("matcher", "times"),
    [('serverity="critical"', 1), ('severity="critical"', 0), ('service="critical"', 0), ('instence="a"', 0)],
)
def test_a_label_that_is_one_letter_away_from_one_of_the_rules_is_reported(
    matcher: str, times: int, tmp_path: Path
) -> None:
    rule = "groups: [{name: a, rules: [{alert: Down, expr: up == 0, labels: {severity: critical}}]}]"
    text = f"""# prometheus.yml
rule_files: [rules.yml]
# rules.yml
{rule}
# alertmanager.yml
route: {{receiver: a, group_by: [alertname], routes: [{{matchers: ['{matcher}'], receiver: b}}]}}
receivers: [{{name: a, webhook_configs: [{{url: 'http://a'}}]}}, {{name: b, webhook_configs: [{{url: 'http://b'}}]}}]
"""
    assert [each.rule for each in found(tmp_path, text)].count("alertmanager/near-miss") == times
