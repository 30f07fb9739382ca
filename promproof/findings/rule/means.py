"""Means and sums of what can't be added up: shares of instances, percentiles of summaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.rules import asking, one_line
from promproof.findings.setup import Rule, Setup
from promproof.promql.shares import share
from promproof.promql.tree import grouping, matchers, metric, name, operator, selectors, text

MEAN = register(
    Kind(
        id="rule/mean-of-ratios",
        severity=Severity.INFO,
        title="a mean of the shares of instances",
        why="Each instance weighs the same, whatever it serves: one that fails at its only request counts as much as "
        "one that answers ten thousand.",
        example="avg(rate(http_errors_total[5m]) / rate(http_requests_total[5m])) > 0.05",
        instead="sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m])) > 0.05",
    )
)
SUMMARY = register(
    Kind(
        id="rule/mean-of-percentiles",
        severity=Severity.WARNING,
        title="a mean or a sum of the percentiles of a summary",
        why="A summary computes its quantiles in each process. The mean of the 99th percentiles of two processes is "
        "the 99th percentile of nothing.",
        example='avg(rpc_latency_seconds{quantile="0.99"}) > 1',
        instead='max(rpc_latency_seconds{quantile="0.99"}) > 1',
    )
)


@each_rule(MEAN, SUMMARY)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Look at every sum and mean."""
    for node in rule.nodes:
        if not isinstance(node, promql.AggregateExpr) or operator(node) not in ("avg", "sum"):
            continue
        if operator(node) == "avg" and _is_ratio_of_rates(node.expr):
            yield MEAN.at(
                rule.at("expr"),
                f"{one_line(text(node))}: a mean of ratios",
                effect="instances with few requests decide as much as those with many",
                todo="divide the sums: sum(...) / sum(...)",
                see=asking(rule.expression),
            )
        elif summary := _quantile_of(node):
            yield SUMMARY.at(
                rule.at("expr"),
                f"{operator(node)}() of the quantile {summary[1]} of {summary[0]}",
                effect="the number is no quantile of any request",
                todo="use max(), or a histogram and its buckets",
                see=asking(rule.expression),
            )


def _is_ratio_of_rates(node: Any) -> bool:
    """Whether each series is divided by another: shares of what is counted, not of sizes."""
    node = bare(node)
    return (
        isinstance(node, promql.BinaryExpr)
        and operator(node) == "/"
        and (share(node) == "ratio" or _is_mean(node))
        and not any(isinstance(part, promql.AggregateExpr) for part in walk(node))
        and any(name(part) in ("rate", "increase") for part in walk(node))
    )


def _is_mean(division: Any) -> bool:
    """Whether the sum of a histogram or summary is divided by its count: the mean of each series."""
    left, right = ({metric(part) for part in selectors(side)} for side in (division.lhs, division.rhs))
    if len(left) != 1 or len(right) != 1:
        return False
    base = left.pop().removesuffix("_sum")
    return {f"{base}_count"} == right


def _quantile_of(node: Any) -> tuple[str, str] | None:
    """Metric and quantile when the samples are those of a summary, and more than one may be put together."""
    inner = bare(node.expr)
    if not isinstance(inner, promql.VectorSelector):
        return None
    without, labels = grouping(node)
    if "instance" in labels and not without:
        return None
    found = [value for label, sign, value in matchers(inner) if (label, sign) == ("quantile", "=") and value]
    return (metric(inner), found[0]) if found and ":" not in metric(inner) else None
