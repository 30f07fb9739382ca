"""Questions to a syntax tree that need no knowledge of metrics: numbers, selectors, matchers, the normal form.

Nodes are promql-parser's; `config.promql` parses and bounds them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.config.re2 import whole

COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
SETS = ("and", "or", "unless")


def text(node: Any) -> str:
    """The normal form of a node on one line, without brackets around it: equal texts mean the same query."""
    return " ".join(str(bare(node).prettify()).split())


def number(node: Any) -> float | None:
    """The value of a number or of arithmetic on numbers; None when it depends on samples or the clock."""
    node = bare(node)
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql.UnaryExpr):
        inner = number(node.expr)
        return None if inner is None else -inner
    if isinstance(node, promql.BinaryExpr):
        return _computed(operator(node), number(node.lhs), number(node.rhs))
    if isinstance(node, promql.Call) and name(node) in ("vector", "scalar") and node.args:
        return number(node.args[0])
    return None


def _computed(sign: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        match sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right if right else None
            case "^":
                return float(math.pow(left, right))
    except (OverflowError, ValueError):
        return None
    return None


def is_scalar(node: Any) -> bool:
    """Whether the node gives one number and no labelled samples."""
    node = bare(node)
    if isinstance(node, promql.NumberLiteral):
        return True
    if isinstance(node, promql.UnaryExpr):
        return is_scalar(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return is_scalar(node.lhs) and is_scalar(node.rhs)
    return isinstance(node, promql.Call) and name(node) in ("scalar", "time", "pi")


def operator(node: Any) -> str:
    """The operator of a binary expression or the name of an aggregation, in lower case."""
    return str(node.op).lower()


def is_alternative(node: Any) -> bool:
    """Whether an expression has two sides, each of which is enough."""
    node = bare(node)
    return isinstance(node, promql.BinaryExpr) and operator(node) == "or"


def name(node: Any) -> str:
    """The name of a called function; empty for every other node."""
    return str(node.func.name) if isinstance(node, promql.Call) else ""


def is_call(node: Any, *names: str) -> bool:
    """Whether the node, without brackets, calls one of these functions."""
    return name(bare(node)) in names


def compares(node: Any) -> bool:
    """Whether the node is a comparison."""
    return isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS


def with_bool(node: Any) -> bool:
    """Whether a comparison answers 0 or 1 instead of leaving samples out."""
    return node.modifier is not None and bool(node.modifier.return_bool)


def selectors(node: Any) -> list[Any]:
    """All selectors at and below a node, in walking order."""
    return [found for found in walk(node) if isinstance(found, promql.VectorSelector)]


def matchers(selector: Any) -> list[tuple[str, str, str]]:
    """Label, operator (`=`, `!=`, `=~`, `!~`) and value of each matcher; empty when alternatives are in braces."""
    if selector.matchers.or_matchers:
        return []
    return [
        (str(matcher.name), OPERATORS[str(matcher.op)], str(matcher.value))
        for matcher in selector.matchers.matchers
    ]


OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def metric(selector: Any) -> str:
    """The metric's name of a selector; empty when it has no single one."""
    if selector.name:
        return str(selector.name)
    named = [value for label, sign, value in matchers(selector) if (label, sign) == ("__name__", "=")]
    return named[0] if named else ""


def offset(selector: Any) -> object:
    """What moves the selector in time, to be compared for equality."""
    return str(selector.offset), str(selector.at)


def fits(value: str, sign: str, wanted: str) -> bool | None:
    """Whether a label's value meets a matcher; None where the regular expression can't be read here."""
    if sign in ("=", "!="):
        return (value == wanted) == (sign == "=")
    try:
        return (whole(wanted).fullmatch(value) is not None) == (sign == "=~")
    except ValueError:
        return None


def ranged(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every call over a window with its range selector or subquery."""
    for call in walk(node):
        if isinstance(call, promql.Call):
            for argument in call.args:
                if isinstance(bare(argument), promql.MatrixSelector | promql.SubqueryExpr):
                    yield call, bare(argument)


def grouping(node: Any) -> tuple[bool, frozenset[str]]:
    """Of an aggregation: whether it names what is dropped (without), and the labels. `sum(x)` is by nothing."""
    if node.modifier is None:
        return False, frozenset()
    return "Without" in str(node.modifier.type), frozenset(str(label) for label in node.modifier.labels)


def matching(node: Any) -> tuple[str, frozenset[str]]:
    """Of a binary expression: `on`, `ignoring` or empty, and the labels."""
    modifier = node.modifier
    if modifier is None or modifier.matching is None:
        return "", frozenset()
    kind = "on" if "Include" in str(modifier.matching.type) else "ignoring"
    return kind, frozenset(str(label) for label in modifier.matching.labels)


def cardinality(node: Any) -> str:
    """OneToOne, ManyToOne (group_left), OneToMany (group_right) or ManyToMany."""
    return "OneToOne" if node.modifier is None else str(node.modifier.card).rsplit(".", 1)[-1]


def group_labels(node: Any) -> frozenset[str]:
    """The labels that group_left or group_right copies."""
    return (
        frozenset(str(label) for label in node.modifier.group_labels or ()) if node.modifier else frozenset()
    )
