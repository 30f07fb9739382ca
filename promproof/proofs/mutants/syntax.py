"""The syntax tree of an expression with the place of every part, so that a change touches nothing else.

promql-parser gives no places. This reader knows less: what it can't read is not mutated, and every mutated text is
parsed by promql-parser before it is used (grammar: promql/parser/generated_parser.y).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<duration>[0-9]+(?:ms|[smhdwy])(?:[0-9]+(?:ms|[smhdwy]))*(?![A-Za-z0-9_]))
    |(?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    |(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)
    |(?P<operator>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}\[\],@])""",
    re.VERBOSE,
)
_LEVELS = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "==": 3,
    "!=": 3,
    "<=": 3,
    "<": 3,
    ">=": 3,
    ">": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "atan2": 5,
    "^": 6,
}  # one row a level would hide that they are levels
COMPARISONS = ("==", "!=", "<=", "<", ">=", ">")
AGGREGATIONS = frozenset(
    [
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "group",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "count_values",
        "quantile",
        "limitk",
        "limit_ratio",
    ]
)


@dataclass
class Matcher:
    """One matcher; `span` is all of it, `value_span` its string with the quotes."""

    name: str
    operator: str
    value: str
    span: Span
    operator_span: Span
    value_span: Span


@dataclass
class Node:
    """One part of an expression.

    kind: number, string, selector, aggregate, call, binary, paren, unary, subquery. word: the operator, function or
    metric; its place is `word_span`. windows: the ranges in brackets. labels: those of by or without.
    """

    kind: str
    span: Span
    word: str = ""
    word_span: Span = (0, 0)
    children: list[Node] = field(default_factory=list)
    matchers: list[Matcher] = field(default_factory=list)
    windows: list[Span] = field(default_factory=list)
    modifier: str = ""
    labels: list[tuple[str, Span]] = field(default_factory=list)
    labels_span: Span = (0, 0)

    def walk(self) -> Iterator[Node]:
        """This node and all below."""
        yield self
        for child in self.children:
            yield from child.walk()


def read(expression: str) -> Node:
    """The tree of an expression.

    Raises:
        ValueError: it is not read here.
    """
    reader = _Reader(expression)
    try:
        root = reader.binary(0)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if reader.at < len(reader.tokens):
        raise ValueError(f"{reader.word()!r} is not understood")
    return root


def literal(node: Node) -> Node | None:
    """The number that a node is, through brackets."""
    while node.kind == "paren":
        node = node.children[0]
    return node if node.kind == "number" else None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, Span]] = []
        self.at = position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise ValueError(f"{text[position]!r} is not understood")
            if match.lastgroup != "space":
                self.tokens.append((str(match.lastgroup), match[0], match.span()))
            position = match.end()

    def word(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index][1] if index < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, Span]:
        if self.at >= len(self.tokens) or (wanted and self.word() != wanted):
            raise ValueError(f"{wanted or 'more'!r} is missing")
        self.at += 1
        _, word, span = self.tokens[self.at - 1]
        return word, span

    def binary(self, least: int) -> Node:
        left = self.unary()
        while (level := _LEVELS.get(self.word().lower(), 0)) and level > least and self.kind() != "string":
            word, span = self.take()
            if self.word().lower() == "bool":
                self.take()
            for modifiers in (("on", "ignoring"), ("group_left", "group_right")):
                if self.word().lower() in modifiers:
                    self.take()
                    if self.word() == "(":
                        self.names()
            right = self.binary(level - 1 if word == "^" else level)
            left = Node("binary", (left.span[0], right.span[1]), word.lower(), span, [left, right])
        return left

    def unary(self) -> Node:
        if self.word() in ("-", "+"):
            word, span = self.take()
            child = self.binary(5)
            return Node("unary", (span[0], child.span[1]), word, span, [child])
        return self.postfix(self.primary())

    def postfix(self, node: Node) -> Node:
        while self.word().lower() in ("[", "@", "offset"):
            word, span = self.take()
            if word == "[":
                _, window = self.take()
                if self.word() == "]":
                    node.windows.append(window)
                else:  # a subquery: what is behind the colon is its step
                    while self.word() != "]":
                        self.take()
                    node = Node("subquery", (node.span[0], 0), "", span, [node], windows=[window])
                _, end = self.take("]")
            else:
                if self.word() == "-":
                    self.take()
                _, end = self.take()
                if self.word() == "(":
                    self.take()
                    _, end = self.take(")")
            node.span = (node.span[0], end[1])
        return node

    def primary(self) -> Node:
        kind = self.kind()
        if self.word() == "(":
            _, start = self.take()
            child = self.binary(0)
            _, end = self.take(")")
            return Node("paren", (start[0], end[1]), children=[child])
        if self.word() == "{":
            return self.selector("", self.tokens[self.at][2])
        word, span = self.take()
        if kind == "number" or word.lower() in ("inf", "nan"):
            return Node("number", span, word, span)
        if kind == "string":
            return Node("string", span, word, span)
        if kind != "name":
            raise ValueError(f"{word!r} is not understood")
        if word.lower() in AGGREGATIONS and self.word().lower() in ("(", "by", "without"):
            return self.aggregate(word.lower(), span)
        if self.word() == "(":
            node = Node("call", span, word, span)
            node.children, node.span = self.arguments(span)
            return node
        return self.selector(word, span)

    def aggregate(self, word: str, span: Span) -> Node:
        node = Node("aggregate", span, word, span)
        if self.word().lower() in ("by", "without"):
            node.modifier = self.take()[0].lower()
            node.labels, node.labels_span = self.names()
        node.children, node.span = self.arguments(span)
        if not node.modifier and self.word().lower() in ("by", "without"):
            node.modifier = self.take()[0].lower()
            node.labels, node.labels_span = self.names()
            node.span = (span[0], node.labels_span[1])
        return node

    def arguments(self, start: Span) -> tuple[list[Node], Span]:
        self.take("(")
        found = []
        while self.word() != ")":
            found.append(self.binary(0))
            if self.word() == ",":
                self.take()
        _, end = self.take(")")
        return found, (start[0], end[1])

    def names(self) -> tuple[list[tuple[str, Span]], Span]:
        _, start = self.take("(")
        found = []
        while self.word() != ")":
            found.append(self.take())
            if self.word() == ",":
                self.take()
        _, end = self.take(")")
        return found, (start[0], end[1])

    def selector(self, word: str, span: Span) -> Node:
        node = Node("selector", span, word, span)
        if self.word() != "{":
            return node
        self.take()
        while self.word() != "}":
            name, start = self.take()
            operator, place = self.take()
            if operator not in ("=", "!=", "=~", "!~"):
                raise ValueError(f"{operator!r} is no operator of a matcher")
            value, end = self.take()
            node.matchers.append(Matcher(name, operator, value, (start[0], end[1]), place, end))
            if self.word() == ",":
                self.take()
        _, end = self.take("}")
        node.span = (span[0], end[1])
        return node
