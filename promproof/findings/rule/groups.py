"""Times of a group that do not go with those of its rules, and limits that hide alerts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from promproof.config.durations import format_duration
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, each_group, register
from promproof.findings.setup import Group, Rule, Setup

_SERVER = (
    "# prometheus.yml\nglobal: {evaluation_interval: 1m}\nrule_files: [api.rules.yml]\n# api.rules.yml\n"
)
_RULES = "groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n"

FOR = register(
    Kind(
        id="rule/for-under-interval",
        severity=Severity.WARNING,
        title="a `for` shorter than the evaluation interval",
        why="Whether `for` is over is looked at once in each evaluation interval: `for: 10s` evaluated every minute "
        "waits for a minute, and two samples a minute apart decide.",
        example=f"{_SERVER}{_RULES}    for: 10s\n",
        instead=f"{_SERVER}{_RULES}    for: 1m\n",
    )
)
KEEP = register(
    Kind(
        id="rule/keep-firing-under-interval",
        severity=Severity.WARNING,
        title="a `keep_firing_for` shorter than the evaluation interval",
        why="Whether `keep_firing_for` is over is looked at once in each evaluation interval: the alert stays for "
        "a whole one.",
        example=f"{_SERVER}{_RULES}    keep_firing_for: 10s\n",
        instead=f"{_SERVER}{_RULES}    keep_firing_for: 10m\n",
    )
)
INTERVAL = register(
    Kind(
        id="rule/group-interval",
        severity=Severity.INFO,
        title="an interval of a group over half of a `for` in it",
        why="A group with an interval of its own, longer than that of all others, looks at the condition two or "
        "three times before the alert fires: a condition that is false in between is not seen, and `for` is longer.",
        example=f"{_SERVER}groups:\n- name: api\n  interval: 3m\n  rules:\n"
        "  - alert: Down\n    expr: up == 0\n    for: 5m\n",
        instead=f"{_SERVER}groups:\n- name: api\n  interval: 2m\n  rules:\n"
        "  - alert: Down\n    expr: up == 0\n    for: 5m\n",
    )
)
LIMIT = register(
    Kind(
        id="rule/limit-hides-alerts",
        severity=Severity.WARNING,
        title="a limit on alerts",
        why="When a rule has more alerts than the `limit` of its group, the evaluation fails and all alerts of the "
        "rule are dropped: the larger the outage, the surer nobody hears of it.",
        example="groups:\n- name: api\n  limit: 5\n  rules:\n  - alert: Down\n    expr: up == 0\n",
        instead="groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n",
    )
)


@each_alert(FOR, KEEP, INTERVAL)
def judge_times(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare the times of an alert with the interval of its group."""
    own, usual = rule.group.interval, [server.evaluation_interval for server in rule.group.prometheuses]
    interval = own or min(usual, default=0.0)
    if not interval:
        return
    every = format_duration(interval)
    for kind, key, seconds in ((FOR, "for", rule.hold), (KEEP, "keep_firing_for", rule.keep_firing_for)):
        if 0 < seconds < interval:
            yield kind.at(
                rule.at(key),
                f"`{key}: {format_duration(seconds)}` is {every} in effect: the group is evaluated every {every}",
                effect=f"the alert {'waits' if kind is FOR else 'stays'} longer than written",
                todo=f"write `{key}: {every}` or more, or a shorter `interval` of the group",
                see=_see(rule),
            )
    if own and usual and own > max(usual) and own <= rule.hold < 2 * own:
        times = math.ceil(rule.hold / own)
        yield INTERVAL.at(
            rule.group.at("interval"),
            f"evaluated every {every} instead of every {format_duration(max(usual))}, {rule.name} with "
            f"`for: {format_duration(rule.hold)}` fires after {format_duration(times * own)}, looked at "
            f"{times + 1} times",
            effect="a condition that is false in between is not seen",
            todo="leave the interval out, or make it a third of `for` or less",
            see=_see(rule),
        )


def _see(rule: Rule) -> str:
    return f"the page /alerts of Prometheus: {rule.name} is pending until an evaluation finds `for` over"


@each_group(LIMIT)
def judge_limit(group: Group, setup: Setup) -> Iterator[Finding]:
    """A limit on a group that has alerts."""
    alerts = [rule.name for rule in setup.alerts if rule.group is group]
    if group.limit and alerts:
        yield LIMIT.at(
            group.at("limit"),
            f"over {group.limit} alerts of one rule, none of them is sent: {', '.join(alerts[:3])}"
            f"{', ...' if len(alerts) > 3 else ''}",
            effect="a large outage is silent",
            todo="remove the limit, or move the alerts to a group without one",
            see="a promtool test with more series than the limit has no alerts",
        )
