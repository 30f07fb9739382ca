"""What a Grafana-managed alert asks and when it fires: conditions that can't be met, windows, times, lost labels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql

from promproof.config.promql import TooLarge
from promproof.findings.finding import Finding, Severity
from promproof.findings.grafana.alerts import EXPRESSIONS, is_of_prometheus
from promproof.findings.grafana.steps import scrape_of, windows_of
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.panels import tree
from promproof.findings.part import Part
from promproof.findings.setup import Setup
from promproof.grafana.durations import go_form
from promproof.promql.labels import labels_of
from promproof.promql.templates import labels_used
from promproof.promql.values import ANY, Bounds, bounds, possible

_SHARE = 'sum(rate(errors_total{code="500"}[5m])) / sum(rate(errors_total[5m]))'
NEVER = register(
    Kind(
        id="grafana/alert-never-fires",
        severity=Severity.ERROR,
        title="an alert whose threshold no value reaches",
        why="What is compared has bounds: a share goes from 0 to 1, never above 5. The alert is silent for ever.",
        example=f"{_SHARE}, with a threshold of {{type: gt, params: [5]}}",
        instead=f"{_SHARE}, with a threshold of {{type: gt, params: [0.05]}}",
    )
)
WINDOW = register(
    Kind(
        id="grafana/alert-window",
        severity=Severity.ERROR,
        title="a window of an alert that can't hold two samples",
        why="A rate needs two samples in its window. Where it holds one or none the query gives nothing, and the "
        "alert is in the state NoData, or whatever noDataState says.",
        example="expr: rate(errors_total[1m]), at a scrape interval of 1m",
        instead="expr: rate(errors_total[5m])",
    )
)
INTERVAL = register(
    Kind(
        id="grafana/alert-interval",
        severity=Severity.ERROR,
        title="an evaluation interval that is no multiple of 10 seconds",
        why="Grafana's scheduler ticks every 10 seconds. It refuses a group with another interval, and does not "
        "start with the file.",
        example="groups: [{name: api, interval: 15s, rules: [...]}]",
        instead="groups: [{name: api, interval: 20s, rules: [...]}]",
    )
)
LOST = register(
    Kind(
        id="grafana/alert-label-lost",
        severity=Severity.WARNING,
        title="a text of an alert that reads a label which its query does not leave",
        why="A label that the query sums away is empty in the text: nobody knows which instance is meant.",
        example="sum(rate(errors_total[5m])), with the summary: errors on {{ $labels.instance }}",
        instead="sum by (instance) (rate(errors_total[5m])), with the summary: errors on {{ $labels.instance }}",
    )
)
SERIES = register(
    Kind(
        id="grafana/alert-not-reduced",
        severity=Severity.ERROR,
        title="an alert whose condition gets a series instead of a number",
        why="A query without `instant: true` gives a series of points. Grafana decides about numbers only: every "
        "evaluation ends in `looks like time series data, only reduced data can be alerted on`.",
        example="{refId: A, model: {expr: up}}, {refId: B, model: {type: threshold, expression: A}}, condition: B",
        instead="{refId: A, model: {expr: up, instant: true}}, {refId: B, model: {type: threshold, expression: A}}",
    )
)
_SIGNS = {"gt": ">", "lt": "<", "gte": ">=", "lte": "<=", "eq": "==", "ne": "!="}
_KEPT = ("last", "mean", "avg", "median", "min", "max")
"""Reducers whose result lies between the smallest and the largest value."""
_MATH = re.compile(r"\s*\$\{?(\w+)\}?\s*(>=?|<=?|==|!=)\s*(-?\d+(?:\.\d+)?)\s*")
_READ = re.compile(r"\$\{?(\w+)")
_RESERVED = frozenset(("alertname", "grafana_folder", "datasource_uid", "ref_id", "__alert_rule_uid__"))


@whole_setup(NEVER, WINDOW, INTERVAL, LOST, SERIES)
def judge(setup: Setup) -> Iterator[Finding]:
    """Every group and rule of every file."""
    for part in setup.grafana.alerting:
        for group in part.items("groups"):
            seconds = group.seconds("interval")
            if seconds and seconds % 10:
                yield INTERVAL.at(
                    group.at("interval"),
                    f"{group.text('name')}: every {group.text('interval')}, which is no multiple of 10s",
                    effect="Grafana refuses the file, and does not start with it",
                    todo=f"write {max(10, round(seconds / 10) * 10)}s",
                    see="Grafana's log when it starts (logger=provisioning.alerting)",
                )
            for rule in group.items("rules"):
                yield from _rule(rule, setup)


def _rule(rule: Part, setup: Setup) -> Iterator[Finding]:
    queries = {query.text("refId"): query for query in rule.items("data")}
    trees = {name: _tree(query, setup) for name, query in queries.items()}
    title = rule.text("title")
    yield from _never(rule, queries, trees)
    if series := _series(rule.text("condition"), queries, setup, frozenset()):
        yield SERIES.at(
            queries[series].part("model").at(),
            f"{title}: {series} is a range query, and nothing reduces it on its way to the condition",
            effect="every evaluation fails: the alert is in the state Error, or whatever execErrState says",
            todo="set `instant: true`, or put an expression of the type reduce between",
            see="Grafana says: looks like time series data, only reduced data can be alerted on",
        )
    for name, root in trees.items():
        for node, function in windows_of(root):
            scrape, window = (
                scrape_of(node.vector_selector, setup),
                round(node.range.total_seconds() * 1000),
            )
            if scrape and window < 2 * scrape:
                yield WINDOW.at(
                    queries[name].part("model").at("expr"),
                    f"{title}: {function}() over {go_form(window)} at a scrape interval of {go_form(scrape)}",
                    effect="the query gives nothing"
                    if window <= scrape
                    else "the query gives nothing at times",
                    todo="take a window of four scrapes",
                    see=f"ask Prometheus: count_over_time({node.prettify()})",
                )
    asked = [query for query in queries.values() if query.text("datasourceUid") not in EXPRESSIONS]
    known = [root for root in trees.values() if root is not None]
    if len(asked) == len(known) == 1:
        yield from _texts(rule, known[0])


def _tree(query: Part, setup: Setup) -> Any:
    """The syntax tree of a query to a Prometheus; None where nothing surely parses it."""
    expression = query.part("model").text("expr")
    if not expression or "$" in expression or not is_of_prometheus(query, setup):
        return None
    try:
        return tree(expression)
    except (TooLarge, ValueError):
        return None


def _never(rule: Part, queries: Mapping[str, Part], trees: Mapping[str, Any]) -> Iterator[Finding]:
    found = _comparison(queries.get(rule.text("condition")))
    if found is None:
        return
    name, sign, limits = found
    low, high = _bounds(name, queries, trees, frozenset())
    if all(_can(low, high, sign, limits)):
        return
    shown = f"{sign} {limits[0]:g}" if len(limits) == 1 else f"{sign} {limits[0]:g} and {limits[1]:g}"
    span = f"from {low:g} to {high:g}" if high < math.inf else f"at least {low:g}"
    yield NEVER.at(
        queries[rule.text("condition")].at("model"),
        f"{rule.text('title')}: asks for {shown}, and {name} is {span}",
        effect="the alert never fires",
        todo="correct the threshold, or its unit",
        see="the rule's preview: the condition is never met",
    )


def _can(low: float, high: float, sign: str, limits: tuple[float, ...]) -> Iterator[bool]:
    if sign == "within":
        yield high > limits[0] and low < limits[1]
    elif sign == "outside":
        yield low < limits[0] or high > limits[1]
    else:
        yield possible(low, high, sign, limits[0])


def _comparison(query: Part | None) -> tuple[str, str, tuple[float, ...]] | None:
    """What the condition compares, how, and with which numbers; None where that is not sure."""
    model = query.part("model") if query is not None and query.text("datasourceUid") in EXPRESSIONS else None
    if model is None:
        return None
    if model.text("type") == "math":
        match = _MATH.fullmatch(model.text("expression"))
        return (match[1], match[2], (float(match[3]),)) if match else None
    conditions = list(model.items("conditions"))
    if len(conditions) != 1 or model.text("type") not in ("threshold", "classic_conditions"):
        return None
    evaluator = conditions[0].part("evaluator")
    params = evaluator.part("params").data
    if not isinstance(params, list) or not all(isinstance(value, int | float) for value in params):
        return None
    name = model.text("expression")
    if model.text("type") == "classic_conditions":
        asked = conditions[0].part("query").words("params")
        if not asked or conditions[0].part("reducer").text("type") not in _KEPT:
            return None
        name = asked[0]
    kind = evaluator.text("type")
    if kind in _SIGNS and params:
        return name, _SIGNS[kind], (float(params[0]),)
    if kind in ("within_range", "outside_range") and len(params) == 2:
        return name, kind.partition("_")[0], (float(min(params)), float(max(params)))
    return None


def _bounds(name: str, queries: Mapping[str, Part], trees: Mapping[str, Any], seen: frozenset[str]) -> Bounds:
    """Between which numbers a query or an expression lies."""
    query = queries.get(name)
    if query is None or name in seen:
        return ANY
    if trees.get(name) is not None:
        return bounds(trees[name])
    model = query.part("model")
    is_kept = model.text("reducer") in _KEPT and model.part("settings").text("mode") != "replaceNN"
    if query.text("datasourceUid") in EXPRESSIONS and model.text("type") == "reduce" and is_kept:
        return _bounds(model.text("expression").lstrip("$").strip("{}"), queries, trees, seen | {name})
    return ANY


def _series(name: str, queries: Mapping[str, Part], setup: Setup, seen: frozenset[str]) -> str:
    """The range query whose points reach an expression; empty when that is not sure."""
    query = queries.get(name)
    if query is None or name in seen:
        return ""
    model = query.part("model")
    if query.text("datasourceUid") not in EXPRESSIONS:
        is_range = model.truth("range") or not model.truth("instant")
        is_sure = bool(model.text("expr")) and is_of_prometheus(query, setup) and not model.truth("instant")
        return name if is_range and is_sure else ""
    if model.text("type") not in ("threshold", "math", "resample"):
        return ""
    expression = model.text("expression")
    read = _READ.findall(expression) if model.text("type") == "math" else [expression.lstrip("$").strip("{}")]
    return next(filter(None, (_series(other, queries, setup, seen | {name}) for other in read)), "")


def _texts(rule: Part, root: promql.Expr) -> Iterator[Finding]:
    labels = labels_of(root)
    own = {*rule.texts("labels"), *_RESERVED}
    for key in ("annotations", "labels"):
        for name, text in rule.texts(key).items():
            for label, is_guarded in labels_used(text).items():
                if not is_guarded and label not in own and not labels.can_have(label):
                    yield LOST.at(
                        rule.at(key, name),
                        f"{rule.text('title')}: the text reads $labels.{label}, which the query does not leave",
                        effect="the text has nothing in its place",
                        todo=f"keep {label} in the query, or take it out of the text",
                        see="the rule's preview shows the labels that are left",
                    )
