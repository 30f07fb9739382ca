"""Whether a value is a share from 0 to 1 or a percentage, as the way it is computed says.

A quotient of two quantities of one unit is a share, whatever they are; a hundred times that is a percentage. Nothing is
concluded from what a metric may mean.
"""

from __future__ import annotations

import re
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.promql.tree import compares, metric, name, number, operator, selectors
from promproof.promql.values import is_part

RATIO, PERCENT = "ratio", "percent"
_ENDINGS = ("_seconds_total", "_bytes_total", "_total", "_bytes", "_seconds", "_count")
_OTHER_UNIT = re.compile(
    r"(?:_|^)(?:ms|milli|micro|nano|duration|time|latency|wait|size|seconds|bytes)(?:_|second|$)"
)
_KEPT = ("avg", "min", "max", "topk", "bottomk", "sum")
_PASSED = (
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "last_over_time",
    "abs",
    "clamp_max",
    "clamp_min",
    "round",
    "sort",
    "sort_desc",
    "label_replace",
    "label_join",
)  # (a list of words)


def share(node: Any) -> str:
    """ratio (1 is all), percent (100 is all); empty when it is neither for sure."""
    node = bare(node)
    if isinstance(node, promql.AggregateExpr):
        return share(node.expr) if operator(node) in _KEPT else ""
    if isinstance(node, promql.SubqueryExpr):
        return share(node.expr)
    if isinstance(node, promql.Call):
        return _of_time(node) or (share(node.args[0]) if name(node) in _PASSED else "")
    return _of_operation(node) if isinstance(node, promql.BinaryExpr) else ""


def _of_time(call: Any) -> str:
    """Seconds that pass in a second are a share of the time."""
    window = bare(call.args[0]) if name(call) in ("rate", "irate") else None
    is_time = isinstance(window, promql.MatrixSelector) and metric(window.vector_selector).endswith(
        "_seconds_total"
    )
    return RATIO if is_time else ""


def _of_operation(node: Any) -> str:
    sign, left, right = operator(node), bare(node.lhs), bare(node.rhs)
    if compares(node):
        return "" if node.modifier is not None and node.modifier.return_bool else share(_compared(node))
    if sign in ("and", "unless"):
        return share(left)
    if sign == "or":
        return share(left) if share(left) == share(right) or number(right) is not None else ""
    if sign == "/":
        part, factor = _without_factor(left)
        is_share = (factor == 1 and is_part(node)) or _is_quotient(part, right)
        return {1.0: RATIO, 100.0: PERCENT}.get(factor, "") if is_share else ""
    if sign == "*":
        factor, rest = (left, right) if number(left) is not None else (right, left)
        return PERCENT if number(factor) == 100 and share(rest) == RATIO else ""
    if sign == "-":
        whole = number(left)
        return share(right) if (whole, share(right)) in ((1, RATIO), (100, PERCENT)) else ""
    return ""


def _without_factor(node: Any) -> tuple[Any, float]:
    """`100 * a / b` is parsed as (100 * a) / b."""
    if isinstance(node, promql.BinaryExpr) and operator(node) == "*":
        for factor, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            found = number(factor)
            if found is not None:
                return bare(other), found
    return node, 1.0


def _compared(node: Any) -> Any:
    return node.rhs if number(node.lhs) is not None else node.lhs


def _is_quotient(left: Any, right: Any) -> bool:
    """Whether both sides are of one unit and none is multiplied."""
    units = {_ending(metric(selector)) for side in (left, right) for selector in selectors(side)}
    return (
        bool(selectors(left))
        and bool(selectors(right))
        and len(units) == 1
        and "" not in units
        and not any(_scales(part) for side in (left, right) for part in walk(side))
        and {_rated(left), _rated(right)} != {True, False}
    )


def _ending(metric_name: str) -> str:
    ending = next((ending for ending in _ENDINGS if metric_name.endswith(ending)), "")
    return "" if ending in ("_total", "_count") and _OTHER_UNIT.search(metric_name) else ending


def _scales(node: Any) -> bool:
    """Arithmetic that changes the unit, and functions and aggregations that count instead of adding up."""
    if isinstance(node, promql.BinaryExpr):
        return operator(node) in ("*", "/", "%", "^", "atan2") or compares(node)
    if isinstance(node, promql.AggregateExpr):
        return operator(node) not in _KEPT
    return isinstance(node, promql.Call) and name(node) not in (*_PASSED, "rate", "irate", "increase")


def _rated(node: Any) -> bool:
    return any(name(part) in ("rate", "irate", "increase") for part in walk(node))
