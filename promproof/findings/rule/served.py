"""Metrics and label values that a server has never seen, and events that are not seen when they are the first."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import SERVER, Kind, each_alert, each_rule, register
from promproof.findings.rules import asking, one_line
from promproof.findings.setup import Knowledge, Rule, Setup
from promproof.promql.tree import is_call, matchers, metric, name, operator, selectors, text
from promproof.promql.values import comparison

_KNOWN = "# a server knows: {http_requests_total: {code: ['200'], method: [GET]}}\n"
METRIC = register(
    Kind(
        id="rule/unknown-metric",
        severity=Severity.WARNING,
        title="a metric that nothing exposes or records",
        why="The expression is empty: the alert never fires. Asked of a server only. A counter that is like no other "
        "metric may come with its first event, and is an info.",
        example=f"{_KNOWN}rate(http_request_total[5m]) > 5",
        instead=f"{_KNOWN}rate(http_requests_total[5m]) > 5",
        needs=SERVER,
    )
)
VALUE = register(
    Kind(
        id="rule/unknown-label-value",
        severity=Severity.WARNING,
        title="a label value that was never seen",
        why="No series of the metric has the label at that value: a misspelt one is as silent as one that never comes. "
        "Asked of a server only. A value that is like no other, a status that never was, is a hint.",
        example=f'{_KNOWN}rate(http_requests_total{{method="get"}}[5m]) > 5',
        instead=f'{_KNOWN}rate(http_requests_total{{method="GET"}}[5m]) > 5',
        needs=SERVER,
    )
)
FALLBACK = register(
    Kind(
        id="rule/fallback-hides-dead-metric",
        severity=Severity.WARNING,
        title="`or vector(...)` in place of a metric that nothing exposes",
        why="The number behind `or` is there because the metric is not: the rule looks alive, and judges a constant. "
        "Asked of a server only. For a counter that is like no other metric it is usual until the first event, "
        "and an info.",
        example=f"{_KNOWN}(sum(rate(http_request_total[5m])) or vector(0)) > 5",
        instead=f"{_KNOWN}(sum(rate(http_requests_total[5m])) or vector(0)) > 5",
        needs=SERVER,
    )
)
FIRST = register(
    Kind(
        id="rule/first-event-unseen",
        severity=Severity.HINT,
        title="the first event of a series that is born with it",
        why="A series with a label for each kind of event comes into being with the first one, at 1. increase() sees "
        "no rise from nothing to 1: the alert on any event misses the first.",
        example='increase(http_requests_total{code="500"}[5m]) > 0',
        instead="increase(http_errors_total[5m]) > 0",
    )
)
_LIKE = 0.85
"""How much a name must be like another one to be taken for a slip of the pen (difflib's ratio)."""
_ENDINGS = ("_total", "_bucket", "_sum", "_count", "_created")
_OF_ABSENCE = ("absent", "absent_over_time")
_TARGET = ("job", "instance", "__name__", "namespace", "cluster", "env", "environment", "service")
"""Labels that a target has, not an event."""


@each_rule(METRIC, VALUE, FALLBACK)
def judge_known(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare what is asked for with what a server has."""
    if rule.tree is None or not setup.knowledge.complete:
        return
    hidden = set(_hidden(rule))
    for selector in _asked(rule.tree):
        asked = metric(selector)
        if not asked or asked in setup.recorded or asked in ("ALERTS", "ALERTS_FOR_STATE"):
            continue
        if _is_known(asked, setup.knowledge):
            yield from _values(rule, selector, setup.knowledge)
        else:
            yield _unknown(rule, asked, FALLBACK if asked in hidden else METRIC, setup.knowledge)


def _unknown(rule: Rule, asked: str, kind: Kind, known: Knowledge) -> Finding:
    near = get_close_matches(asked, {*known.types, *known.labels}, n=1, cutoff=_LIKE)
    may_come = not near and asked.endswith(_ENDINGS)
    return kind.at(
        rule.at("expr"),
        f"{known.source or 'the server'} has no metric {asked}",
        effect="the expression is empty" if kind is METRIC else "what is judged is the number behind `or`",
        todo=f"write {near[0]}"
        if near
        else "correct the name, or scrape what exposes it, from the start at 0",
        see=asking(asked),
        severity=Severity.INFO if may_come else None,
    )


def _values(rule: Rule, selector: Any, known: Knowledge) -> Iterator[Finding]:
    labels = known.labels.get(metric(selector)) or {}
    for label, sign, value in matchers(selector) if labels else ():
        seen = labels.get(label, frozenset())
        if sign != "=" or not value or label == "__name__" or value in seen:
            continue
        near = [other for other in sorted(seen) if other.lower() == value.lower()]
        near = near or get_close_matches(value, seen, n=1, cutoff=_LIKE)
        yield VALUE.at(
            rule.at("expr"),
            f'no series of {metric(selector)} has {label}="{value}"'
            + (f"; there are {', '.join(sorted(seen)[:5])}" if seen else ", or that label"),
            effect="the selector is empty until such a series comes",
            todo=f'write "{near[0]}"' if near else "correct the value, or expose it at 0 from the start",
            see=asking(f"count by ({label}) ({metric(selector)})"),
            severity=None if near or not seen or label in ("job", "instance") else Severity.HINT,
        )


def _asked(node: Any) -> Iterator[Any]:
    """The selectors, without those of metrics whose absence is asked for."""
    absent = {
        metric(found) for call in walk(node) if is_call(call, *_OF_ABSENCE) for found in selectors(call)
    }
    return (found for found in selectors(node) if metric(found) not in absent)


def _is_known(asked: str, known: Knowledge) -> bool:
    names = {asked, *(asked.removesuffix(ending) for ending in _ENDINGS)}
    return bool(names & set(known.types)) or bool(names & set(known.labels))


def _hidden(rule: Rule) -> Iterator[str]:
    """The metrics for which a number stands when they are not there."""
    for node in rule.nodes:
        if (
            isinstance(node, promql.BinaryExpr)
            and operator(node) == "or"
            and name(bare(node.rhs)) == "vector"
        ):
            yield from map(metric, selectors(node.lhs))


@each_alert(FIRST)
def judge_first(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """An alert on any event of a kind that has a series of its own."""
    found = comparison(bare(rule.tree)) if rule.tree is not None else None
    if found is None or found[1:] != (">", 0.0):
        return
    for call in walk(found[0]):
        if name(call) not in ("rate", "increase") or not isinstance(
            bare(call.args[0]), promql.MatrixSelector
        ):
            continue
        selector = bare(call.args[0]).vector_selector
        kinds = sorted({label for label, sign, _ in matchers(selector) if sign in ("=", "=~")} - set(_TARGET))
        if kinds and metric(selector).endswith("_total"):
            yield FIRST.at(
                rule.at("expr"),
                f"unless {metric(selector)} is exposed at 0 for each {', '.join(kinds)}, "
                f"{one_line(text(call))} is 0 at the first event",
                effect="the first event is not seen",
                todo="expose the series at 0 from the start",
                see=asking(text(selector)),
            )
