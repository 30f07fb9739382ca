"""Shares of a limit that is 0 where there is none: the quotient is infinite, and over every threshold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.rules import asking
from promproof.findings.setup import Rule, Setup
from promproof.promql.tree import compares, metric, name, operator, selectors
from promproof.promql.values import comparison

_SHARE = "container_memory_usage_bytes / container_spec_memory_limit_bytes"
UNLIMITED = register(
    Kind(
        id="rule/share-of-no-limit",
        severity=Severity.INFO,
        title="a share of a limit that is 0 where there is none",
        why="cAdvisor and the exporter of Redis write 0 for `no limit`. A quotient by 0 is +Inf, which is over every"
        " threshold: the alert fires for each container without a limit, as long as it runs.",
        example=f"{_SHARE} > 0.9",
        instead=f"{_SHARE.replace('container_spec', '(container_spec')} > 0) > 0.9",
    )
)
_ZERO_IS_NONE = frozenset(
    (
        "container_spec_memory_limit_bytes",
        "container_spec_memory_swap_limit_bytes",
        "container_spec_memory_reservation_limit_bytes",
        "redis_memory_max_bytes",
        "redis_config_maxmemory",
    )
)
"""Metrics that are 0 where nothing is limited. Source: cAdvisor's metrics/prometheus.go, redis_exporter's README."""


@each_alert(UNLIMITED)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Divisions by such a metric, in an alert that looks upwards and guards against 0 nowhere."""
    found: dict[str, None] = {}
    for compared in filter(None, map(comparison, rule.nodes)):
        if compared[1] in (">", ">=") and compared[2] > 0:
            found |= dict.fromkeys(_unlimited(compared[0]))
    if not found or _is_guarded(rule.nodes):
        return
    for limit in found:
        yield UNLIMITED.at(
            rule.at("expr"),
            f"{limit} is 0 where no limit is set: the quotient is +Inf",
            effect="it fires as long as something without a limit runs",
            todo=f"divide by ({limit} > 0)",
            see=asking(rule.expression),
        )


def _unlimited(node: Any) -> Iterator[str]:
    """The limits that a part of a node is divided by as they are."""
    for division in walk(node):
        if _sign(division) != "/":
            continue
        below = bare(division.rhs)
        if name(below) not in ("clamp_min", "clamp") and _sign(below) not in ("+", "-"):
            yield from sorted({metric(selector) for selector in selectors(below)} & _ZERO_IS_NONE)


def _is_guarded(nodes: Iterable[Any]) -> bool:
    """Whether a part compares a limit itself, or a quotient downwards: with +Inf, or with what it may be at most."""
    for node in nodes:
        if not compares(node):
            continue
        for side in (node.lhs, node.rhs):
            divides = any(_sign(part) == "/" for part in walk(side))
            has_limit = any(metric(selector) in _ZERO_IS_NONE for selector in selectors(side))
            if has_limit and (not divides or str(node.op) in ("<", "<=", "!=")):
                return True
    return False


def _sign(node: Any) -> str:
    return operator(node) if isinstance(node, promql.BinaryExpr) else ""
