"""How large a node's value can be, and what unit it has: only what holds for all samples.

Bounds come from the operations (a count is at least 1, a rate at least 0, a part of a whole at most 1), units from
names that the naming conventions fix (https://prometheus.io/docs/practices/naming/).
"""

from __future__ import annotations

import math
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.promql.tree import (
    SETS,
    TURNED,
    compares,
    is_scalar,
    matchers,
    metric,
    name,
    number,
    offset,
    operator,
    selectors,
    text,
    with_bool,
)

Bounds = tuple[float, float]
ANY: Bounds = (-math.inf, math.inf)
POSITIVE: Bounds = (0.0, math.inf)
_COUNTED = ("rate", "irate", "increase", "resets", "changes", "stddev_over_time", "stdvar_over_time")
_OVER_TIME = ("first_over_time", "last_over_time", "max_over_time", "min_over_time", "avg_over_time")
_KEPT = (*_OVER_TIME, "quantile_over_time", "sort", "sort_desc", "label_replace", "label_join")


def bounds(node: Any) -> Bounds:
    """The smallest and the largest value that a sample of the node can have (NaN aside)."""
    node = bare(node)
    known = number(node)
    if known is not None:
        return known, known
    if isinstance(node, promql.VectorSelector):
        return (0.0, 1.0) if metric(node) in ("up", "ALERTS") else ANY
    if isinstance(node, promql.MatrixSelector):
        return bounds(node.vector_selector)
    if isinstance(node, promql.SubqueryExpr):
        return bounds(node.expr)
    if isinstance(node, promql.AggregateExpr):
        return _of_aggregation(node)
    if isinstance(node, promql.Call):
        return _of_call(node)
    if isinstance(node, promql.BinaryExpr):
        return _of_operation(node)
    return ANY


def _of_aggregation(node: Any) -> Bounds:
    kind, inner = operator(node), bounds(node.expr)
    if kind in ("count", "count_values"):
        return 1.0, math.inf
    if kind == "group":
        return 1.0, 1.0
    if kind in ("min", "max", "avg", "topk", "bottomk", "limitk", "limit_ratio"):
        return inner
    if kind == "sum":
        return (inner[0] if inner[0] >= 0 else -math.inf), (inner[1] if inner[1] <= 0 else math.inf)
    return POSITIVE if kind in ("stddev", "stdvar") else ANY


def _of_call(node: Any) -> Bounds:
    called = name(node)
    if called in ("absent", "absent_over_time", "present_over_time"):
        return 1.0, 1.0
    if called == "count_over_time":
        return 1.0, math.inf
    if called in _COUNTED:
        return POSITIVE
    if called == "hour":
        return 0.0, 23.0
    if called == "minute":
        return 0.0, 59.0
    if called == "day_of_week":
        return 0.0, 6.0
    if called == "abs":
        return POSITIVE
    if called in _KEPT:
        vectors = [argument for argument in node.args if not is_scalar(argument)]
        return bounds(vectors[0]) if vectors else ANY
    return ANY


def _of_operation(node: Any) -> Bounds:
    kind = operator(node)
    if compares(node):
        if with_bool(node):
            return 0.0, 1.0
        return bounds(node.rhs) if number(node.lhs) is not None else _narrowed(node)
    left, right = bounds(node.lhs), bounds(node.rhs)
    if kind == "or":
        return min(left[0], right[0]), max(left[1], right[1])
    if kind in SETS:
        return left
    if kind == "+" and left[0] >= 0 and right[0] >= 0:
        return left[0] + right[0], left[1] + right[1]
    if kind == "/" and is_part(node):
        return 0.0, 1.0
    if kind in "*/" and left[0] >= 0 and right[0] >= 0:
        return _of_product(node, left, right)
    if kind == "-" and left == (1.0, 1.0) and right[0] >= 0 and right[1] <= 1:
        return 0.0, 1.0
    return ANY


def _of_product(node: Any, left: Bounds, right: Bounds) -> Bounds:
    factor = number(node.rhs)
    if factor is None and operator(node) == "*":
        factor, left = number(node.lhs), right
    if not factor or factor <= 0:
        return POSITIVE
    factor = factor if operator(node) == "*" else 1 / factor
    return left[0] * factor, left[1] * factor


def _narrowed(node: Any) -> Bounds:
    """What passes a comparison with a number."""
    low, high = bounds(node.lhs)
    limit = number(node.rhs)
    if limit is None:
        return low, high
    match str(node.op):
        case ">" | ">=":
            return max(low, limit), high
        case "<" | "<=":
            return low, min(high, limit)
        case "==":
            return limit, limit
    return low, high


def comparison(node: Any) -> tuple[Any, str, float] | None:
    """What is compared, how, and with which number, whichever side the number stands on."""
    if not compares(node):
        return None
    right = number(node.rhs)
    if right is not None and number(node.lhs) is None:
        return node.lhs, str(node.op), right
    left = number(node.lhs)
    if left is not None and right is None:
        return node.rhs, TURNED[str(node.op)], left
    return None


def meet(first: tuple[str, float], second: tuple[str, float]) -> bool:
    """Whether a value can meet two comparisons with numbers; true where one of them is an inequality."""
    both = (first, second)
    low = max((limit for sign, limit in both if sign in (">", ">=", "==")), default=-math.inf)
    high = min((limit for sign, limit in both if sign in ("<", "<=", "==")), default=math.inf)
    is_open = any((sign == ">" and limit == low) or (sign == "<" and limit == high) for sign, limit in both)
    return any(sign == "!=" for sign, _ in both) or low < high or (low == high and not is_open)


def possible(low: float, high: float, sign: str, limit: float) -> bool:
    """Whether a value between the bounds can meet the comparison."""
    match sign:
        case ">":
            return high > limit
        case ">=":
            return high >= limit
        case "<":
            return low < limit
        case "<=":
            return low <= limit
        case "==":
            return low <= limit <= high
    return not low == high == limit


def is_part(node: Any) -> bool:
    """Whether a division has a part of its own denominator above the line: the same sum with more matchers."""
    left, right = bare(node.lhs), bare(node.rhs)
    while True:
        if isinstance(left, promql.AggregateExpr) and isinstance(right, promql.AggregateExpr):
            if operator(left) != "sum" or operator(right) != "sum":
                return False
            if _grouped(left) != _grouped(right):
                return False
            left, right = bare(left.expr), bare(right.expr)
        elif isinstance(left, promql.Call) and isinstance(right, promql.Call):
            if name(left) != name(right) or name(left) not in ("rate", "increase"):
                return False
            left, right = bare(left.args[0]), bare(right.args[0])
        elif isinstance(left, promql.MatrixSelector) and isinstance(right, promql.MatrixSelector):
            return left.range == right.range and narrower(left.vector_selector, right.vector_selector)
        else:
            return False


def _grouped(node: Any) -> str:
    modifier = node.modifier
    if modifier is None or (not modifier.labels and "Without" not in str(modifier.type)):
        return "by "
    kind = "without" if "Without" in str(modifier.type) else "by"
    return f"{kind} {','.join(sorted(map(str, modifier.labels)))}"


def narrower(part: Any, whole: Any) -> bool:
    """Whether a selector takes all matchers of another one of the same metric, and more."""
    if not metric(part) or metric(part) != metric(whole) or offset(part) != offset(whole):
        return False
    if part.matchers.or_matchers or whole.matchers.or_matchers:
        return False
    inside, outside = set(matchers(part)), set(matchers(whole))
    return outside < inside


def unit(node: Any) -> str:
    """ratio (0 to 1), percent (0 to 100), seconds, milliseconds, bytes; empty when the unit is not sure."""
    node = bare(node)
    if isinstance(node, promql.BinaryExpr):
        return _unit_of_operation(node)
    if isinstance(node, promql.AggregateExpr):
        return unit(node.expr) if operator(node) in ("sum", "avg", "min", "max", "topk", "bottomk") else ""
    if isinstance(node, promql.Call):
        if name(node) == "histogram_quantile":
            return unit_of_name(_only_metric(node.args[1]).removesuffix("_bucket"))
        if name(node) == "predict_linear":
            return unit(node.args[0])
        return unit(node.args[-1]) if name(node) in _KEPT and name(node) != "label_replace" else ""
    if isinstance(node, promql.SubqueryExpr):
        return unit(node.expr)
    selector = node.vector_selector if isinstance(node, promql.MatrixSelector) else node
    return unit_of_name(metric(selector)) if isinstance(selector, promql.VectorSelector) else ""


def _unit_of_operation(node: Any) -> str:
    kind = operator(node)
    if compares(node):
        return "" if with_bool(node) else unit(node.rhs if number(node.lhs) is not None else node.lhs)
    if kind in ("and", "unless"):
        return unit(node.lhs)
    if kind == "/":
        return "ratio" if is_part(node) else _unit_of_mean(node)
    if kind == "*":
        for factor, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            if number(factor) == 100 and unit(other) == "ratio":
                return "percent"
        return ""
    if kind == "-" and number(node.lhs) == 1 and unit(node.rhs) == "ratio":
        return "ratio"
    if kind == "-" and number(node.lhs) == 100 and unit(node.rhs) == "percent":
        return "percent"
    if kind in "+-" and unit(node.lhs) == unit(node.rhs):
        return unit(node.lhs)
    return ""


def _unit_of_mean(node: Any) -> str:
    """The unit of the sum of what was observed by its count; empty for another quotient."""
    above, below = _only_metric(node.lhs), _only_metric(node.rhs)
    observed = above.removesuffix("_sum")
    is_mean = above.endswith("_sum") and below == f"{observed}_count"
    is_plain = not any(
        isinstance(part, promql.BinaryExpr) for side in (node.lhs, node.rhs) for part in walk(side)
    )
    return unit_of_name(observed) if is_mean and is_plain else ""


def unit_of_name(metric_name: str) -> str:
    """The unit that a metric's name ends with; a total is no level of its unit."""
    if metric_name.endswith("_timestamp_seconds"):
        return ""
    for ending in ("milliseconds", "seconds", "bytes", "ratio"):
        if metric_name.endswith(f"_{ending}"):
            return ending
    return ""


def _only_metric(node: Any) -> str:
    names = {metric(selector) for selector in selectors(node)}
    return names.pop() if len(names) == 1 else ""


def same(left: Any, right: Any) -> bool:
    """Whether two nodes are one query."""
    return text(left) == text(right)
