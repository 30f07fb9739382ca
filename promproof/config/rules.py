"""Rules as they are written in files or loaded in a server, and what their syntax tree says.

The tree (promql-parser) answers for structure only: thresholds, windows, metric names, the normal form. Whether an
expression is valid is promtool's and the server's word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import promql_parser as promql

from promproof.config.durations import parse_duration
from promproof.config.inputs import Document
from promproof.config.promql import bare, labels_in_order, parse, walk

if TYPE_CHECKING:
    from promproof.config.shapes import GroupShape, RuleShape

COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Rule:
    """An alerting rule: durations in seconds, `where` is file:line of its name (empty for a loaded rule)."""

    name: str
    expression: str
    hold: float
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    group: str = ""
    where: str = ""


@dataclass(frozen=True)
class Facts:
    """What an expression's tree says: comparisons with a number, range windows in seconds, metric names."""

    thresholds: tuple[tuple[str, float], ...]
    windows: tuple[float, ...]
    metrics: tuple[str, ...]
    functions: tuple[str, ...]


def read(documents: Iterable[Document]) -> list[Rule]:
    """The alerting rules of parsed rule files, in file order.

    Raises:
        InputError: a document is no rule file; with file, line and key.
    """
    from promproof.config.shapes import RuleFile, shaped  # pydantic's models take long to make

    rules = []
    for document in documents:
        for g, group in enumerate(shaped(document, RuleFile, "a Prometheus rule file").groups or ()):
            for r, rule in enumerate(group.rules or ()):
                if rule.alert:
                    where = document.where(("groups", g, "rules", r, "alert"))
                    rules.append(_rule(rule, group, where))
    return rules


def recordings(documents: Iterable[Document]) -> tuple[tuple[str, str], ...]:
    """The recording rules of parsed rule files: the metric that each writes, and its expression.

    Raises:
        InputError: a document is no rule file; with file, line and key.
    """
    from promproof.config.shapes import RuleFile, shaped  # as above

    shapes = [shaped(document, RuleFile, "a Prometheus rule file") for document in documents]
    rules = [rule for shape in shapes for group in shape.groups or () for rule in group.rules or ()]
    return tuple((rule.record, rule.expr) for rule in rules if rule.record)


def _rule(rule: RuleShape, group: GroupShape, where: str) -> Rule:
    return Rule(
        rule.alert or "",
        rule.expr,
        parse_duration(rule.hold or "0s"),
        _given({**(group.labels or {}), **(rule.labels or {})}),
        _given(rule.annotations or {}),
        group.name,
        where,
    )


def _given(texts: dict[str, str]) -> dict[str, str]:
    """A label without a value is no label."""
    return {key: value for key, value in texts.items() if value}


def loaded(groups: Iterable[dict[str, Any]]) -> list[Rule]:
    """The alerting rules of Prometheus' rules API."""
    return [
        Rule(
            rule["name"],
            rule["query"],
            float(rule["duration"]),
            _given(dict(rule.get("labels") or {})),
            _given(dict(rule.get("annotations") or {})),
            group["name"],
        )
        for group in groups
        for rule in group["rules"]
        if rule.get("type") == "alerting"
    ]


def normal(expression: str) -> str:
    """The normal form of an expression: equal texts mean the same query; unparsable text comes back stripped."""
    try:
        return labels_in_order(parse(expression).prettify())
    except ValueError:
        return " ".join(expression.split())


def facts(expression: str, recordings: Iterable[tuple[str, str]] = ()) -> Facts:
    """What the tree of an expression says, and those of the recording rules that it reads.

    recordings: name and expression of each. Comparisons are those of the expression alone.

    Raises:
        ValueError: promql-parser cannot parse it.
    """
    own = walk(parse(expression))
    nodes = [*own, *_read(own, list(recordings))]
    return Facts(
        tuple(found for node in own if (found := threshold(node)) is not None),
        tuple(node.range.total_seconds() for node in nodes if isinstance(node, promql.MatrixSelector)),
        tuple(dict.fromkeys(name for node in nodes if (name := _metric(node)))),
        tuple(dict.fromkeys(str(node.func.name) for node in nodes if isinstance(node, promql.Call))),
    )


def _read(nodes: Sequence[Any], recordings: Sequence[tuple[str, str]]) -> list[Any]:
    """The nodes of all recording rules that some nodes read, those that they read themselves among them."""
    found: list[Any] = []
    waiting, seen = [_metric(node) for node in nodes], set[str]()
    while waiting:
        name = waiting.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        for record, expression in recordings:
            if record == name:
                inner = walk(parse(expression))
                found += inner
                waiting += [_metric(node) for node in inner]
    return found


def _metric(node: Any) -> str:
    if not isinstance(node, promql.VectorSelector):
        return ""
    if node.name:
        return str(node.name)
    return next((str(matcher.value) for matcher in node.matchers.matchers if matcher.name == "__name__"), "")


def threshold(node: Any) -> tuple[str, float] | None:
    """What a node compares with a number, the number on the right: `0.2 < x` is `> 0.2`; None if it does not."""
    if not isinstance(node, promql.BinaryExpr) or str(node.op) not in COMPARISONS:
        return None
    left, right = number(node.lhs), number(node.rhs)
    if right is not None:
        return str(node.op), right
    if left is not None:
        return _TURNED[str(node.op)], left
    return None


def number(node: Any) -> float | None:
    """The value of a number, or of arithmetic with numbers alone."""
    node = bare(node)
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql.UnaryExpr):
        inner = number(node.expr)
        return None if inner is None else -inner
    if isinstance(node, promql.BinaryExpr) and str(node.op) in _ARITHMETIC:
        left, right = number(node.lhs), number(node.rhs)
        if left is None or right is None or (str(node.op) == "/" and right == 0):
            return None
        return _ARITHMETIC[str(node.op)](left, right)
    return None
