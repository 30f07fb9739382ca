"""Uses of counters and gauges that give a wrong number; a hint where only the metric's name says what it is."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.rules import asking
from promproof.findings.setup import Rule, Setup
from promproof.grafana.queries import Use, uses_in

LEVEL = register(
    Kind(
        id="rule/counter-level",
        severity=Severity.WARNING,
        title="a counter without rate",
        why="The level of a counter tells how much was counted since the process began. An alert on it fires some day, "
        "whatever happens, and is silent after a restart.",
        example="http_errors_total > 100",
        instead="increase(http_errors_total[5m]) > 100",
    )
)
RATE = register(
    Kind(
        id="rule/rate-of-gauge",
        severity=Severity.WARNING,
        title="a rate of a gauge",
        why="rate() takes every fall of a gauge for the reset of a counter and adds what was there before.",
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
        example="delta(http_requests_total[5m]) > 100",
        instead="increase(http_requests_total[5m]) > 100",
    )
)
_SAID = {
    "counter-level": (LEVEL, "it fires for ever, until a restart", "use rate() or increase()"),
    "rate-of-gauge": (RATE, "each fall counts as a rise", "use deriv() or delta()"),
    "delta-of-counter": (DELTA, "a restart counts as a fall", "use increase() or rate()"),
}


@each_rule(LEVEL, RATE, DELTA)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """What the types say: those of a server or an exposition, else those that names suggest."""
    if rule.tree is None:
        return
    for use in uses_in(rule.tree, lambda name: setup.knowledge.type_of(name) or None):
        if use.kind in _SAID and ":" not in use.metric and use.metric not in setup.recorded:
            yield _finding(rule, use, is_known(use.metric, setup))


def _finding(rule: Rule, use: Use, known: bool) -> Finding:
    kind, effect, todo = _SAID[use.kind]
    return kind.at(
        rule.at("expr"),
        use.text if known else f"if {use.metric} has the type that its name says: {use.text}",
        effect=effect,
        todo=todo,
        see=asking(rule.expression),
        severity=None if known else Severity.HINT,
    )


def is_known(name: str, setup: Setup) -> bool:
    """Whether a server or an exposition says the type."""
    endings = ("", "_total", "_bucket", "_sum", "_count")
    return any(setup.knowledge.type_of(name.removesuffix(ending)) for ending in endings)
