"""Grafana's own alerts under provisioning/alerting: references that lead nowhere, and queries that can't be right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promproof.config.promql import TooLarge
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.panels import tree
from promproof.findings.part import Part
from promproof.findings.setup import Setup
from promproof.grafana.queries import uses_in
from promproof.promql.mistakes import mistakes

CONDITION = register(
    Kind(
        id="grafana/alert-condition",
        severity=Severity.ERROR,
        title="an alert whose condition is none of its queries",
        why="`condition` names the query or expression that decides. Grafana refuses the file, and does not "
        "start with it.",
        example="condition: D, with the queries A, B and C",
        instead="condition: C",
    )
)
EXPRESSION = register(
    Kind(
        id="grafana/alert-expression",
        severity=Severity.ERROR,
        title="an expression of an alert that reads a query which is not there",
        why="Every evaluation fails, and the alert is in the state Error, or whatever execErrState says: OK, "
        "perhaps.",
        example="{refId: B, model: {type: reduce, expression: Z}}, with the queries A and B",
        instead="{refId: B, model: {type: reduce, expression: A}}",
    )
)
SOURCE = register(
    Kind(
        id="grafana/alert-source",
        severity=Severity.WARNING,
        title="an alert of a data source that is not provisioned",
        why="Every evaluation fails: the alert never tells what it is there for.",
        example="datasourceUid: gone",
        instead="datasourceUid: prom",
    )
)
QUERY = register(
    Kind(
        id="grafana/alert-query",
        severity=Severity.ERROR,
        title="a query of a Grafana-managed alert that can't be right",
        why="As in a panel: Prometheus refuses the query, or it never gives a number that means something.",
        example="histogram_quantile(95, sum by (le) (rate(http_seconds_bucket[5m])))",
        instead="histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket[5m])))",
    )
)
SILENT = register(
    Kind(
        id="grafana/alert-silent-on-errors",
        severity=Severity.INFO,
        title="an alert that takes no data and errors for health",
        why="With noDataState and execErrState at OK the alert is green when its target is gone, its metric "
        "has another name, or its data source can't be reached.",
        example="noDataState: OK, execErrState: OK",
        instead="noDataState: NoData, execErrState: Error",
    )
)
UID = register(
    Kind(
        id="grafana/alert-uid-twice",
        severity=Severity.ERROR,
        title="two alerts with one uid",
        why="A uid is there once: the second alert replaces the first one, or Grafana refuses the file.",
        example="two rules with uid: errors",
        instead="uid: errors and uid: latency",
    )
)
EXPRESSIONS = ("__expr__", "-100")
_READING = ("reduce", "resample", "threshold", "math")
"""Types of expressions that Grafana refuses without an `expression`: pkg/expr/commands.go, pkg/expr/threshold.go."""
_SHARED = (
    "rule/divided-by-itself",
    "rule/series-by-itself",
    "rule/sum-of-quantiles",
    "rule/contradicting-matchers",
)
_CERTAIN = ("le-dropped", "quantile-range", "quantile-of-no-bucket", "rate-of-sum")


@whole_setup(CONDITION, EXPRESSION, SOURCE, QUERY, SILENT, UID)
def judge_rules(setup: Setup) -> Iterator[Finding]:
    """Every rule of every file."""
    uids: dict[str, str] = {}
    for part in setup.grafana.alerting:
        for group in part.items("groups"):
            for rule in group.items("rules"):
                yield from _rule(rule, setup)
                uid, place = rule.text("uid"), rule.at("uid")
                if uid in uids:
                    yield UID.at(
                        place,
                        f"the uid {uid!r} is that of {uids[uid]} too",
                        effect="one of the two alerts is lost",
                        todo="give it a uid of its own",
                        see="curl http://GRAFANA/api/v1/provisioning/alert-rules",
                    )
                elif uid:
                    uids[uid] = str(place)


def _rule(rule: Part, setup: Setup) -> Iterator[Finding]:
    queries = list(rule.items("data"))
    refs = {query.text("refId") for query in queries}
    title = rule.text("title")
    if queries and rule.text("condition") not in refs:
        yield CONDITION.at(
            rule.at("condition"),
            f"{title}: the condition {rule.text('condition')!r} is none of {', '.join(sorted(refs))}",
            effect="Grafana refuses the file, and does not start with it",
            todo="name the expression that decides",
            see="Grafana's log when it starts (logger=provisioning.alerting)",
        )
    known = {name for source in setup.grafana.sources for name in (source.uid,)}
    for query in queries:
        uid = query.text("datasourceUid")
        if uid in EXPRESSIONS:
            kind = query.part("model").text("type")
            if kind in _READING and not query.part("model").text("expression"):
                yield EXPRESSION.at(
                    query.at("model"),
                    f"{title}: {query.text('refId')} is of the type {kind}, and has no `expression` to read",
                    effect="every evaluation fails",
                    todo=f"name the query that it reads: {_example(queries, query)}",
                    see="the rule's state in Alerting > Alert rules",
                )
            for name in sorted(_reads(query.part("model").data) - refs):
                yield EXPRESSION.at(
                    query.at("model"),
                    f"{title}: {query.text('refId')} reads {name}, which is none of {', '.join(sorted(refs))}",
                    effect="every evaluation fails",
                    todo="correct the name",
                    see="the rule's state in Alerting > Alert rules",
                )
            continue
        if known and uid and uid not in (*known, "grafana", "-- Grafana --") and "$" not in uid:
            yield SOURCE.at(
                query.at("datasourceUid"),
                f"{title}: the data source {uid!r} is not provisioned here",
                effect="unless somebody has made it by hand, every evaluation fails",
                todo=f"name one that is provisioned: {', '.join(sorted(known)[:6])}",
                see=f"curl http://GRAFANA/api/datasources/uid/{uid}",
            )
        model = query.part("model")
        expression = model.text("expr")
        if expression and is_of_prometheus(query, setup):
            yield from _promql(expression, model, title)
    yield from _silent(rule, title)


def _silent(rule: Part, title: str) -> Iterator[Finding]:
    if rule.text("noDataState") == "OK" and rule.text("execErrState") == "OK":
        yield SILENT.at(
            rule.at("noDataState"),
            f"{title}: no data and errors are OK",
            effect="the alert stays green when its target or its data source is gone",
            todo="set noDataState to NoData or Alerting, and execErrState to Error",
            see="misspell the metric: the alert stays Normal",
        )


def _example(queries: list[Part], query: Part) -> str:
    """The key with the query above, where there is one."""
    names = [earlier.text("refId") for earlier in queries[: queries.index(query)]]
    return f"expression: {names[-1] if names else 'A'}"


def _promql(expression: str, model: Part, title: str) -> Iterator[Finding]:
    if "$" in expression:  # a macro, or Grafana's own environment
        return
    try:
        root = tree(expression)
        troubles = [use.text for use in uses_in(root, lambda name: None) if use.kind in _CERTAIN]
        troubles += [mistake.message for mistake in mistakes(root) if mistake.kind in _SHARED]
    except TooLarge:
        return
    except ValueError as error:
        troubles = [f"cannot be parsed: {error}"]
    for trouble in troubles:
        yield QUERY.at(
            model.at("expr"),
            f"{title}: {trouble}",
            effect="the alert never fires for what it is there for",
            todo="correct the query",
            see=f"ask Prometheus: {' '.join(expression.split())}",
        )


def is_of_prometheus(query: Part, setup: Setup) -> bool:
    """Whether a query surely goes to a Prometheus: by its data source, or by its own word."""
    uid = query.text("datasourceUid")
    kinds = {source.type for source in setup.grafana.sources if source.uid == uid}
    is_called_so = not kinds and "prometheus" in uid.lower()
    return (
        kinds == {"prometheus"}
        or query.part("model", "datasource").text("type") == "prometheus"
        or is_called_so
    )


def _reads(model: Any) -> set[str]:
    """The queries that an expression reads."""
    if not isinstance(model, dict):
        return set()
    expression, kind = model.get("expression"), model.get("type")
    if kind in ("reduce", "resample", "threshold") and isinstance(expression, str) and expression:
        return {expression.removeprefix("$").strip("{}")}
    if kind == "math" and isinstance(expression, str):
        return {match[1] or match[2] for match in re.finditer(r"\$(?:\{(\w+)\}|(\w+))", expression)}
    if kind == "classic_conditions" and isinstance(model.get("conditions"), list):
        params = [
            condition["query"].get("params")
            for condition in model["conditions"]
            if isinstance(condition, dict) and isinstance(condition.get("query"), dict)
        ]
        return {str(values[0]) for values in params if isinstance(values, list) and values}
    return set()
