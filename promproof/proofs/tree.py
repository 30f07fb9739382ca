"""An alert's expression as plain records: what the search walks many times, without the parser's own objects.

Every node keeps its text, so that promtool can be asked for the value of each side of a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import promql_parser as promql

from promproof.config.promql import parse as parse_promql

COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
SETS = ("and", "or", "unless")


class NotCovered(Exception):
    """Nothing is known about an expression; its text says why."""


@dataclass(eq=False)
class Node:
    """A part of an expression, with its text."""

    text: str

    def children(self) -> tuple[Node, ...]:
        return ()


@dataclass(eq=False)
class Number(Node):
    value: float


@dataclass(eq=False)
class Text(Node):
    value: str


@dataclass(eq=False)
class Selector(Node):
    """matchers: (label, operator, value). shift: what `offset` goes back, in seconds. at: what `@` says, if it does."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    shift: float = 0.0
    at: float | None = None


@dataclass(eq=False)
class Window(Node):
    """A range of samples: of a selector, or (step is not 0) of an expression evaluated again and again."""

    inner: Node
    seconds: float
    step: float = 0.0
    shift: float = 0.0
    at: float | None = None

    def children(self) -> tuple[Node, ...]:
        return (self.inner,)


@dataclass(eq=False)
class Call(Node):
    name: str
    args: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.args


@dataclass(eq=False)
class Aggregate(Node):
    """without: whether `labels` are those that go."""

    op: str
    inner: Node
    param: Node | None
    without: bool
    labels: tuple[str, ...]

    def children(self) -> tuple[Node, ...]:
        return (self.inner,) if self.param is None else (self.param, self.inner)


@dataclass(eq=False)
class Binary(Node):
    """on: the labels of `on`; ignoring: those of `ignoring`; many: the side with several series ("" if neither)."""

    op: str
    left: Node
    right: Node
    on: tuple[str, ...] | None = None
    ignoring: tuple[str, ...] = ()
    many: str = ""
    include: tuple[str, ...] = ()
    is_bool: bool = False

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


def parse(expression: str) -> Node:
    """The tree of an expression.

    Raises:
        NotCovered: it does not parse, or holds what has no record here.
    """
    try:
        return _node(parse_promql(expression))
    except ValueError as error:
        said = " ".join(str(error).split())[:120]
        raise NotCovered(f"the expression can't be read: {said}{_dialect(expression)}") from error


DIALECTS = (
    (r"\{\{", "it has a template: render it before, with helm template say"),
    (
        r"\|[=~]|!=\s*`|\|\s*(json|logfmt|unwrap|pattern)\b",
        "it looks like LogQL, which promtool does not judge",
    ),
    (
        r"\b(default|if|ifnot|keep_metric_names)\b|\bWITH\s*\(|\b(rate|increase|delta|\w+_over_time)\(\s*[\w:]+(\{[^}]*\})?\s*\)"
        r"|\b\w+_prometheus\(|\b(rollup|aggr_over_time|range_|running_|histogram_share|label_(set|del|keep|map|copy|move))\w*\("
        r"|(?<![\w.])\d+(\.\d+)?[KMGT]i?B?\b|\[\d+i\b",
        "it looks like MetricsQL, which promtool does not judge",
    ),
)
"""What an expression that is no PromQL has, and what it is then likely to be."""


def _dialect(expression: str) -> str:
    return next((f"; {words}" for pattern, words in DIALECTS if re.search(pattern, expression)), "")


def walk(node: Node) -> Iterator[Node]:
    """All nodes, outermost first."""
    yield node
    for child in node.children():
        yield from walk(child)


def _node(node: Any) -> Node:
    if isinstance(node, promql.ParenExpr):
        return _node(node.expr)
    text = str(node.prettify())
    if isinstance(node, promql.NumberLiteral):
        return Number(text, float(node.val))
    if isinstance(node, promql.StringLiteral):
        return Text(text, str(node.val))
    if isinstance(node, promql.VectorSelector):
        return _selector(node, text)
    if isinstance(node, promql.MatrixSelector):
        inner = _selector(node.vector_selector, text)
        return Window(text, inner, node.range.total_seconds(), 0.0, inner.shift, inner.at)
    if isinstance(node, promql.SubqueryExpr):
        step = _seconds(node.step) or 60.0
        return Window(text, _node(node.expr), _seconds(node.range), step, _seconds(node.offset), _at(node.at))
    if isinstance(node, promql.UnaryExpr):
        return Binary(text, "*", Number("-1", -1.0), _node(node.expr))
    if isinstance(node, promql.Call):
        return Call(text, str(node.func.name), tuple(_node(arg) for arg in node.args))
    if isinstance(node, promql.AggregateExpr):
        modifier = node.modifier
        without = modifier is not None and "Without" in str(modifier.type)
        labels = tuple(modifier.labels) if modifier is not None else ()
        param = _node(node.param) if node.param is not None else None
        return Aggregate(text, str(node.op), _node(node.expr), param, without, labels)
    if isinstance(node, promql.BinaryExpr):
        return _binary(node, text)
    raise NotCovered(f"{type(node).__name__} is not known")


def _selector(node: Any, text: str) -> Selector:
    if node.matchers.or_matchers:
        raise NotCovered("alternatives between matchers are another dialect than Prometheus'")
    operators = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
    matchers = [
        (str(m.name), operators[str(m.op).rpartition(".")[2]], str(m.value)) for m in node.matchers.matchers
    ]
    name = str(node.name or "")
    for matcher in list(matchers):
        if matcher[0] == "__name__" and matcher[1] == "=":
            name = matcher[2]
            matchers.remove(matcher)
    return Selector(text, name, tuple(matchers), _seconds(node.offset), _at(node.at))


def _binary(node: Any, text: str) -> Binary:
    modifier = node.modifier
    made = Binary(text, str(node.op).split()[0], _node(node.lhs), _node(node.rhs))
    if modifier is not None:
        made.is_bool = bool(modifier.return_bool)
        if modifier.matching is not None:
            labels = tuple(modifier.matching.labels)
            if "Include" in str(modifier.matching.type):
                made.on = labels
            else:
                made.ignoring = labels
        card = str(modifier.card)
        made.many = "left" if "ManyToOne" in card else "right" if "OneToMany" in card else ""
        made.include = tuple(modifier.group_labels or ())
    return made


def _seconds(duration: timedelta | None) -> float:
    return duration.total_seconds() if duration is not None else 0.0


def _at(modifier: Any) -> float | None:
    if modifier is None:
        return None
    if modifier.at is None:
        raise NotCovered("@ start() and @ end() have no meaning in a rule")
    return float(modifier.at.timestamp())
