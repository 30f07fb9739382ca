"""Recorded metrics that are read before they are computed, too seldom computed, or computed nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import promql_parser as promql

from promproof.config.durations import format_duration
from promproof.findings.finding import Finding, Severity
from promproof.findings.foreign import is_of_another_program
from promproof.findings.kind import Kind, each_group, each_rule, register
from promproof.findings.rules import asking
from promproof.findings.setup import Group, Prometheus, Rule, Setup
from promproof.promql.tree import metric, selectors

_SERVER = (
    "# prometheus.yml\nrule_files: [api.rules.yml]\nscrape_configs: [{job_name: api}]\n# api.rules.yml\n"
)
_RECORD = "record: job:up:sum\n    expr: sum by (job) (up)\n"
_ALERT = "alert: Down\n    expr: job:up:sum == 0\n"
LOOKBACK_SECONDS = 300.0
"""How long a sample stands for its series, unless --query.lookback-delta says otherwise."""

LATER = register(
    Kind(
        id="rule/recorded-later",
        severity=Severity.WARNING,
        title="a recorded metric that is read before it is computed",
        why="The rules of a group are evaluated one after the other. A rule above the one that records its metric "
        "reads the value of the evaluation before: it is late by a whole interval, and after a start there is none.",
        example=f"groups:\n- name: api\n  rules:\n  - {_ALERT}  - {_RECORD}",
        instead=f"groups:\n- name: api\n  rules:\n  - {_RECORD}  - {_ALERT}",
    )
)
LATER_GROUP = register(
    Kind(
        id="rule/recorded-in-later-group",
        severity=Severity.INFO,
        title="a recorded metric that a later group computes",
        why="Groups are evaluated independently, each at its own moment of the interval: what is read is up to an "
        "interval old. In one group, the recording rule first, it is always of the same evaluation.",
        example=f"groups:\n- name: api\n  rules:\n  - {_ALERT}- name: later\n  rules:\n  - {_RECORD}",
        instead=f"groups:\n- name: first\n  rules:\n  - {_RECORD}- name: api\n  rules:\n  - {_ALERT}",
    )
)
RARELY = register(
    Kind(
        id="rule/recorded-too-rarely",
        severity=Severity.ERROR,
        title="a metric that is recorded less often than every five minutes",
        why="A sample stands for its series for five minutes. A metric that is recorded every ten is gone half of the "
        "time: panels have gaps, alerts on it end and begin.",
        example=f"groups:\n- name: api\n  interval: 10m\n  rules:\n  - {_RECORD}"
        f"- name: alerts\n  interval: 1m\n  rules:\n  - {_ALERT}",
        instead=f"groups:\n- name: api\n  interval: 2m\n  rules:\n  - {_RECORD}"
        f"- name: alerts\n  interval: 1m\n  rules:\n  - {_ALERT}",
    )
)
NOWHERE = register(
    Kind(
        id="rule/never-recorded",
        severity=Severity.ERROR,
        title="a recorded metric that nothing records",
        why="A name with a colon is that of a recording rule. When no rule that this Prometheus loads records it, the "
        "expression is always empty: the alert never fires.",
        example=f"{_SERVER}groups:\n- name: api\n  rules:\n  - {_RECORD}  - alert: Down\n    expr: job:up:count == 0\n",
        instead=f"{_SERVER}groups:\n- name: api\n  rules:\n  - {_RECORD}  - {_ALERT}",
    )
)


def _read(rule: Rule) -> list[str]:
    """The metrics that a rule reads as they are now; a window or an offset has what came before anyhow."""
    instant = _instant(rule)
    now = (found for found in (selectors(rule.tree) if instant else ()) if found.offset is None)
    return [name for name in dict.fromkeys(map(metric, now)) if name in instant]


@each_rule(LATER, LATER_GROUP)
def judge_order(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare the place of a rule with those of the rules that record what it reads."""
    for name in _read(rule):
        recorders = [found for found in setup.recorded.get(name, ()) if found is not rule]
        mine = [found for found in recorders if found.group is rule.group]
        here = [found for found in recorders if found.file == rule.file]
        if mine and all(found.index > rule.index for found in mine):
            yield LATER.at(
                rule.at("expr"),
                f"{name} is recorded below, in line {mine[0].at().line}",
                effect="the rule judges the value of the evaluation before",
                todo="move the recording rule above this one",
                see=f"promtool test rules, one interval after a change: {rule.name} does not know it yet",
            )
        elif not mine and here and all(found.group.index > rule.group.index for found in here):
            yield LATER_GROUP.at(
                rule.at("expr"),
                f"{name} is recorded by the group {here[0].group.name}, in line {here[0].at().line}",
                effect="what the rule judges is up to an interval old",
                todo="move the recording rule into this group, above this rule",
                see=f"compare timestamp({name}) with time()",
            )


@each_group(RARELY)
def judge_rarely(group: Group, setup: Setup) -> Iterator[Finding]:
    """A group that is evaluated less often than a sample lives, and whose metrics a rule reads."""
    interval = group.evaluation_interval
    if not interval or interval <= LOOKBACK_SECONDS or _has_lookback(setup):
        return
    if is_of_another_program(group.part.document, setup):
        return
    records = {rule.name for rule in setup.records if rule.group is group}
    readers = [
        rule for rule in setup.rules if rule.group is not group and records.intersection(_instant(rule))
    ]
    for reader in readers[:1]:
        name = min(records.intersection(_instant(reader)))
        yield RARELY.at(
            group.at("interval")
            if group.interval
            else group.prometheuses[0].at("global", "evaluation_interval"),
            f"{name} is recorded every {format_duration(interval)}, and {reader.name} reads it: "
            f"a sample is there for {format_duration(LOOKBACK_SECONDS)}",
            effect="the metric is gone between two evaluations",
            todo="record it every two minutes, or read it with last_over_time()",
            see=asking(f"count_over_time({name}[1h])"),
        )


def _instant(rule: Rule) -> set[str]:
    """The metrics of which a rule reads the newest sample, not those of a window."""
    every = Counter(map(metric, selectors(rule.tree) if rule.tree is not None else ()))
    for node in rule.nodes:
        if isinstance(node, promql.MatrixSelector | promql.SubqueryExpr):
            every -= Counter(map(metric, selectors(node)))
    return set(every)


@each_rule(NOWHERE)
def judge_nowhere(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """A name with a colon that is recorded by no rule of a Prometheus whose rules are all here."""
    servers = rule.group.prometheuses
    if rule.tree is None or not servers or not all(_is_whole(server) for server in servers):
        return
    for name in dict.fromkeys(map(metric, selectors(rule.tree))):
        if ":" in name and name not in setup.recorded:
            yield NOWHERE.at(
                rule.at("expr"),
                f"no rule records {name}",
                effect="the expression is empty",
                todo="correct the name, or load the file that records it",
                see=asking(name),
            )


def _is_whole(server: Prometheus) -> bool:
    """Whether all metrics with a colon must come from its own rules: no file is missing, no other server is asked."""
    has_all = bool(server.patterns) and all(pattern.files for pattern in server.patterns)
    asks_others = any(job.metrics_path.endswith("/federate") or job.honor_labels for job in server.jobs)
    return has_all and not asks_others and not {"remote_read", "scrape_config_files"} & set(server.part.data)


def _has_lookback(setup: Setup) -> bool:
    """Whether a compose file sets how long a sample stands for its series."""
    words = (word for file in setup.compose for service in file.services for word in service.command)
    return any("lookback-delta" in word for word in words)
