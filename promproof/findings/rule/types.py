"""Uses of counters and gauges that give a wrong number; a hint where a name or other queries alone say the type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.counted import counted
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.rules import asking
from promproof.findings.setup import Rule, Setup
from promproof.grafana.queries import Use, is_typed, uses_in
from promproof.promql.tree import is_call, metric, selectors

_RATE = "- record: job:{0}:rate5m\n  expr: sum by (job) (rate({0}_total[5m]))"
LEVEL = register(
    Kind(
        id="rule/counter-level",
        severity=Severity.WARNING,
        title="a counter without rate",
        why="The level of a counter tells how much was counted since the process began. An alert on it fires some day, "
        "whatever happens, and is silent after a restart.",
        example="- alert: Errors\n  expr: http_errors_total > 100\n" + _RATE.format("http_errors"),
        instead="- alert: Errors\n  expr: increase(http_errors_total[5m]) > 100\n"
        + _RATE.format("http_errors"),
    )
)
RATE = register(
    Kind(
        id="rule/rate-of-gauge",
        severity=Severity.WARNING,
        title="a rate of a gauge",
        why="rate() takes every fall of a gauge for the reset of a counter and adds what was there before. What a "
        "metric is, a running Prometheus says (`--prometheus`); without one it is a hint, by the metric's name.",
        example="# types: {queue_length: gauge}\nrate(queue_length[5m]) > 1",
        instead="# types: {queue_length: gauge}\nderiv(queue_length[5m]) > 1",
    )
)
DELTA = register(
    Kind(
        id="rule/delta-of-counter",
        severity=Severity.WARNING,
        title="a function of gauges on a counter",
        why="delta(), idelta(), deriv() and predict_linear() know no resets: a restart looks like a fall.",
        example="- alert: Busy\n  expr: delta(http_requests_total[5m]) > 100\n"
        + _RATE.format("http_requests"),
        instead="- alert: Busy\n  expr: increase(http_requests_total[5m]) > 100\n"
        + _RATE.format("http_requests"),
    )
)
_EVENTS = re.compile(
    r"^(?!.*(?:pending|active|current|in_?flight|open|queued?|running)_).*"
    r"(?:errors?|failures?|failed|requests?|retries|restarts?|exceptions?|timeouts?|rejected|dropped|aborted)_total$"
)
"""Names of counters: other names in _total may be those of gauges."""
_GAUGES = re.compile(
    r"(?:_(?:ratio|percent|celsius|depth|length|utili[sz]ation|timestamp_seconds)"
    r"|(?:[Aa]vail|[Aa]vailable|[Ff]ree|used|usage|resident_memory|working_set|limit)_bytes)$"
)
_SAID = {
    "counter-level": (LEVEL, "it fires for ever, until a restart", "use rate() or increase()"),
    "rate-of-gauge": (RATE, "each fall counts as a rise", "use deriv() or delta()"),
    "delta-of-counter": (DELTA, "a restart counts as a fall", "use increase() or rate()"),
}


@each_rule(LEVEL, RATE, DELTA)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """What the types say: those of a server or an exposition, else those that other queries take for granted."""
    if rule.tree is None:
        return
    levels = _levels(rule)
    for use in uses_in(rule.tree, lambda name: setup.knowledge.type_of(name) or _named(name)):
        if use.kind in _SAID and ":" not in use.metric and use.metric not in setup.recorded:
            known = is_typed(use.metric, setup.knowledge.type_of)
            if use.kind == "counter-level" and not known and use.metric in levels:
                yield _of_buckets(rule, use.metric)
            elif known:
                yield _finding(rule, use, "")
            elif use.metric in counted(setup) and use.kind != "rate-of-gauge":
                yield _finding(
                    rule, use, f"if {use.metric} is the counter that another rule or panel takes it for"
                )
            elif _named(use.metric) or (rule.is_alert and _EVENTS.search(use.metric)):
                yield _finding(rule, use, f"if {use.metric} is what its name says")


def _named(name: str) -> str | None:
    """gauge for a metric whose name is that of one; None where it says nothing."""
    return "gauge" if _GAUGES.search(name) else None


def _levels(rule: Rule) -> set[str]:
    """The buckets that a quantile is computed of: a histogram of gauges aside, which is rare, they are counters."""
    return {
        metric(selector)
        for node in rule.nodes
        if is_call(node, "histogram_quantile")
        for selector in selectors(node.args[1])
        if metric(selector).endswith("_bucket")
    }


def _of_buckets(rule: Rule, buckets: str) -> Finding:
    return LEVEL.at(
        rule.at("expr"),
        f"histogram_quantile() of {buckets} without rate(): the quantile of all since the process began",
        effect="after a day nothing that happens moves it any more",
        todo=f"use rate({buckets}[5m])",
        see=asking(rule.expression),
        severity=Severity.INFO,
    )


def _finding(rule: Rule, use: Use, condition: str) -> Finding:
    kind, effect, todo = _SAID[use.kind]
    return kind.at(
        rule.at("expr"),
        f"{condition}: {use.text}" if condition else use.text,
        effect=effect,
        todo=todo,
        see=asking(rule.expression),
        severity=Severity.HINT if condition else None,
    )
