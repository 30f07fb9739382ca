"""Numbers that are off by a fixed factor: a share as percent, seconds as milliseconds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.config.rules import COMPARISONS
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_panel, register
from promproof.findings.panels import Query, board_of
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel
from promproof.grafana.queries import RATES, metric_of
from promproof.grafana.units import dimension, factor

HUNDRED = register(
    Kind(
        id="grafana/percent-of-share",
        severity=Severity.WARNING,
        title="a share that is shown 100 times off",
        why="The unit `percent` takes 0 to 100, `percentunit` takes 0 to 1. With the wrong one an error share"
        " of 5% is shown as 0.05% or 500%.",
        example='errors / requests with "unit": "percent"',
        instead='errors / requests with "unit": "percentunit"',
    )
)
UNIT = register(
    Kind(
        id="grafana/unit-of-metric",
        severity=Severity.WARNING,
        title="a unit that is not the metric's",
        why="The name of a metric ends in its unit. Shown in another one without a conversion, every number "
        "is off by the same factor.",
        example='http_request_duration_seconds with "unit": "ms"',
        instead='http_request_duration_seconds with "unit": "s"',
    )
)
_SUFFIXES = (
    ("_milliseconds", "seconds", 1e-3),
    ("_microseconds", "seconds", 1e-6),
    ("_nanoseconds", "seconds", 1e-9),
    ("_seconds", "seconds", 1.0),
    ("_bytes", "bytes", 1.0),
)
"""Not ratios: exporters do not agree on whether a ratio goes to 1 or to 100."""
_SAME = re.compile(
    r"(?:avg|max|min|last|quantile)_over_time|abs|round|ceil|floor|clamp(?:_min|_max)?|sort(?:_desc)?|label_\w+"
)


@each_panel(HUNDRED, UNIT)
def judge(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Shares and units of metrics against the unit of the panel, where nothing else may convert them."""
    board = board_of(file, setup)
    raw = board.raw(panel.path)
    if panel.transformed or panel.overridden_units or raw.get("seriesOverrides") or not panel.unit:
        return
    for query in board.queries(panel.path):
        if query.tree is None:
            continue
        path = f"{query.target.path}.expr"
        if text := _hundred(query, panel.unit):
            yield HUNDRED.at(
                file.at(path),
                text,
                effect="the number is 100 times off",
                todo="use `percentunit` for 0 to 1 and `percent` for 0 to 100",
                see=f"ask Prometheus: {' '.join(query.text.split())}",
            )
            continue
        size = _unit(query.tree)
        if size is not None and (effect := _mistaken(size, panel.unit)):
            yield UNIT.at(
                file.at(path),
                f"the metric's name says {size[2]}, the panel's unit is {panel.unit}",
                effect=effect,
                todo="choose the metric's unit",
                see=f"ask Prometheus: {' '.join(query.text.split())}",
            )


def _mistaken(size: tuple[str, float, str], unit: str) -> str:
    """How a reader of the panel is misled; empty where the unit is the metric's, or cannot be compared with it."""
    what, one, _ = size
    if {what, dimension(unit)} == {"bytes", "seconds"}:
        return "a size reads as a time" if what == "bytes" else "a time reads as a size"
    if what != dimension(unit) or math.isclose(one, factor(unit)):
        return ""
    off = one / factor(unit)
    return f"the number is {max(off, 1 / off):g} times too {'small' if off > 1 else 'large'}"


def _hundred(query: Query, unit: str) -> str:
    node = bare(query.tree)
    if unit == "percent" and _is_share(node):
        return "a share from 0 to 1, shown in percent"
    if unit == "percent" and _is_busy(node):
        return "seconds of each second, which are 0 to 1 for one of them, shown in percent"
    if unit != "percentunit" or not isinstance(node, promql.BinaryExpr):
        return ""
    if str(node.op) == "/" and _is_hundredfold(node):
        return "a share times 100, shown as a share from 0 to 1"
    if str(node.op) == "-" and _literal(node.lhs) == 100:
        node = bare(node.rhs)
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "*":
        for left, right in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            if _literal(left) == 100 and (_is_share(bare(right)) or _is_busy(right)):
                return "a share times 100, shown as a share from 0 to 1"
    return ""


def _is_hundredfold(node: promql.BinaryExpr) -> bool:
    """Whether it is `100 * a / b`, which is read from the left, of two quantities of one kind."""
    left = bare(node.lhs)
    if not isinstance(left, promql.BinaryExpr) or str(left.op) != "*":
        return False
    sides = [side for side, other in ((left.lhs, left.rhs), (left.rhs, left.lhs)) if _literal(other) == 100]
    return any(_kind(side) is not None and _kind(side) == _kind(node.rhs) for side in sides)


def _is_share(node: Any) -> bool:
    """Whether it is one quantity divided by another of its kind, with nothing that scales it."""
    node = bare(node)
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "-" and _literal(node.lhs) == 1:
        return _is_share(node.rhs)
    if not isinstance(node, promql.BinaryExpr) or str(node.op) != "/":
        return False
    left, right = _kind(node.lhs), _kind(node.rhs)
    return left is not None and left == right


def _is_busy(node: Any) -> bool:
    """Whether it is how long something was busy in each second, as `rate(node_cpu_seconds_total[5m])` says."""
    node = bare(node)
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "-" and _literal(node.lhs) == 1:
        return _is_busy(node.rhs)
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "/":  # by the number of cores
        below = bare(node.rhs)
        return isinstance(below, promql.AggregateExpr) and str(below.op) == "count" and _is_busy(node.lhs)
    if isinstance(node, promql.AggregateExpr) and str(node.op) in ("sum", "avg", "max", "min"):
        return _is_busy(node.expr)
    if isinstance(node, promql.Call) and str(node.func.name) in ("rate", "irate"):
        inner = node.args[0]
        return isinstance(inner, promql.MatrixSelector) and metric_of(inner.vector_selector).endswith(
            "_seconds_total"
        )
    return False


def _kind(node: Any) -> str | None:
    """What a side of a division counts: `rate`, or the unit of a plain metric; None where that is not sure."""
    node = bare(node)
    if isinstance(node, promql.AggregateExpr) and str(node.op) in ("sum", "avg", "max", "min"):
        return _kind(node.expr)
    if isinstance(node, promql.Call) and str(node.func.name) in RATES and len(node.args) == 1:
        inner = node.args[0]
        name = metric_of(inner.vector_selector) if isinstance(inner, promql.MatrixSelector) else ""
        ends = ("_seconds_total", "_bytes_total", "_total", "_count")
        end = next((end for end in ends if name.endswith(end)), "")
        return f"{node.func.name} {'events' if end in ('_total', '_count') else end}" if end else None
    if isinstance(node, promql.VectorSelector):
        size = _of_name(metric_of(node))
        return size[0] if size and size[0] in ("bytes", "seconds") else None
    if isinstance(node, promql.BinaryExpr) and str(node.op) in ("+", "-"):
        left, right = _kind(node.lhs), _kind(node.rhs)
        return left if left == right else None
    return None


def _unit(node: Any) -> tuple[str, float, str] | None:
    """Dimension, size and name of the unit that the value surely has; None when it may be another."""
    node = bare(node)
    if isinstance(node, promql.VectorSelector):
        return _of_name(metric_of(node))
    if isinstance(node, promql.AggregateExpr):
        return None if str(node.op) in ("count", "count_values", "group", "stdvar") else _unit(node.expr)
    if isinstance(node, promql.Call):
        function = str(node.func.name)
        if function == "histogram_quantile":
            names = {
                metric_of(part) for part in walk(node.args[1]) if isinstance(part, promql.VectorSelector)
            }
            found = {_of_name(name.removesuffix("_bucket")) for name in names}
            scaled = any(isinstance(part, promql.BinaryExpr) for part in walk(node.args[1]))
            return found.pop() if len(found) == 1 and not scaled else None
        if _SAME.fullmatch(function) and node.args:
            vectors = [
                argument
                for argument in node.args
                if not isinstance(argument, promql.NumberLiteral | promql.StringLiteral)
            ]
            return _unit(vectors[0]) if vectors else None
        return None
    if isinstance(node, promql.MatrixSelector):
        return _of_name(metric_of(node.vector_selector))
    if isinstance(node, promql.BinaryExpr):
        operator = str(node.op)
        if operator in ("and", "unless") or (operator in COMPARISONS and _literal(node.rhs) is not None):
            return None if node.modifier is not None and node.modifier.return_bool else _unit(node.lhs)
        if operator in ("or", "+", "-"):
            left, right = _unit(node.lhs), _unit(node.rhs)
            return left if left == right else None
        if operator == "/":
            return _mean(_increase_of(node.lhs), _increase_of(node.rhs))
    return None


def _mean(upper: str, lower: str) -> tuple[str, float, str] | None:
    """The unit of a mean: the sum of a histogram by its count."""
    if upper.endswith("_sum") and upper.removesuffix("_sum") == lower.removesuffix("_count"):
        return _of_name(upper.removesuffix("_sum"))
    return None


def _increase_of(node: Any) -> str:
    node = bare(node)
    if isinstance(node, promql.AggregateExpr) and str(node.op) == "sum":
        return _increase_of(node.expr)
    if isinstance(node, promql.Call) and str(node.func.name) in RATES and len(node.args) == 1:
        inner = node.args[0]
        return metric_of(inner.vector_selector) if isinstance(inner, promql.MatrixSelector) else ""
    return ""


def _of_name(name: str) -> tuple[str, float, str] | None:
    if name.endswith("_timestamp_seconds") or ":" in name:
        return None
    return next(((what, size, end.strip("_")) for end, what, size in _SUFFIXES if name.endswith(end)), None)


def _literal(node: Any) -> float | None:
    node = bare(node)
    return float(node.val) if isinstance(node, promql.NumberLiteral) else None
