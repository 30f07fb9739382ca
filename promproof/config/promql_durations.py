"""Rewrites the durations of a PromQL expression: range selectors, subquery ranges and steps, offsets.

It works on the syntax tree and proves its result: the rewritten text is parsed again and must be the same
tree with every duration replaced, else it is refused. Replacing text would hit strings and names too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import promql_parser as promql

from promproof.config.durations import format_milliseconds
from promproof.config.promql import LITERAL, parse, walk

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATORS = {
    promql.MatchOp.Equal.__repr__(): "=",
    promql.MatchOp.NotEqual.__repr__(): "!=",
    promql.MatchOp.Re.__repr__(): "=~",
    promql.MatchOp.NotRe.__repr__(): "!~",
}
_IGNORING_NOTHING: tuple[str, list[str]] = (str(promql.LabelModifierType.Exclude), [])
_NO_MATCHING: tuple[object, ...] = (
    str(promql.VectorMatchCardinality.OneToOne),
    False,
    None,
    [],
    (None, None),
)
_BY_NOTHING: tuple[str, list[str]] = (str(promql.AggModifierType.By), [])
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Functions whose value depends on how long the window is, or on seconds that stand outside of any duration.
_WINDOW_CAVEATS = {
    name: f"{name}() counts what happens in its window: a shorter window holds less"
    for name in ("increase", "delta", "changes", "resets")
}
_CLOCK_CAVEATS = {
    "predict_linear": "predict_linear() looks ahead by a number of seconds, which is not scaled",
    "time": "time() gives seconds, and what they are compared with is not scaled",
    "timestamp": "timestamp() gives seconds, and what they are compared with is not scaled",
}
_CAVEATS = _WINDOW_CAVEATS | _CLOCK_CAVEATS


@dataclass(frozen=True)
class _Outline:
    """An expression taken apart, in walking order: shape without durations, durations in milliseconds."""

    shape: tuple[object, ...]
    durations: tuple[tuple[str, int], ...]


def rewrite_durations(expression: str, change: Callable[[int], int]) -> str:
    """The expression with `change` applied to the size of every duration, in milliseconds.

    An expression without durations comes back as it was written; any other comes back in the normal form of
    promql-parser, without comments. The sign of an offset stays.

    Raises:
        ValueError: the expression does not parse, or the result would differ in more than its durations.
    """
    readable = without_raw_strings(expression)
    before = _outline(parse(readable))
    if not before.durations:
        return expression
    rewriter = _Rewriter(change)
    result = promql.transform(parse(readable), None, rewriter.visit).prettify()
    expected = _Outline(before.shape, tuple((kind, rewriter.changed(ms)) for kind, ms in before.durations))
    if _outline(parse(result)) != expected:
        raise ValueError(f"the durations can't be rewritten without changing the rest; got {result!r}")
    return result


def normal_form(expression: str) -> str:
    """The expression as promql-parser prints it, without comments; as written when it does not parse."""
    try:
        return parse(without_raw_strings(expression)).prettify()
    except ValueError:
        return expression


def windows(expression: str) -> tuple[int, ...]:
    """Lengths in milliseconds of the range selectors and subqueries of an expression.

    Raises:
        ValueError: the expression does not parse.
    """
    outline = _outline(parse(without_raw_strings(expression)))
    return tuple(ms for kind, ms in outline.durations if kind in ("range", "subquery range"))


def caveats(expression: str) -> tuple[str, ...]:
    """Why the expression may mean something else once its durations are scaled: one sentence for each reason.

    `increase(x[1h]) > 10` asks for sixty times the rate when the window shrinks to a minute; a ratio of two
    increases does not care. Which of the two an expression is, is for the reader to judge.

    Raises:
        ValueError: the expression does not parse.
    """
    found: dict[str, None] = {}

    for node in walk(parse(without_raw_strings(expression))):
        if isinstance(node, promql.Call) and node.func.name in _CAVEATS:
            found[_CAVEATS[node.func.name]] = None
    return tuple(found)


class _Rewriter:
    """Replaces nodes from the leaves up, so that a node's children carry their new durations already.

    Nodes can be built from text only, and attributes that were set are ignored by prettify().
    """

    def __init__(self, change: Callable[[int], int]) -> None:
        self._change = change

    def changed(self, milliseconds: int) -> int:
        size = self._change(abs(milliseconds))
        return -size if milliseconds < 0 else size

    def visit(self, node: promql.Expr) -> promql.Expr | None:
        if isinstance(node, promql.VectorSelector) and node.offset is not None:
            offset = self.changed(_milliseconds(node.offset))
            return parse(_selector(node) + _at(node.at) + _offset(offset))
        if isinstance(node, promql.MatrixSelector):
            selector = node.vector_selector
            window = f"[{self._shown(node.range)}]"
            # The selector was visited before: its offset is the new one.
            offset = _milliseconds(selector.offset) if selector.offset is not None else 0
            return parse(_selector(selector) + window + _at(selector.at) + _offset(offset))
        if isinstance(node, promql.SubqueryExpr):
            step = self._shown(node.step) if node.step is not None else ""
            offset = self.changed(_milliseconds(node.offset)) if node.offset is not None else 0
            window = f"[{self._shown(node.range)}:{step}]" if node.range is not None else "[:]"
            return parse(node.expr.prettify() + window + _at(node.at) + _offset(offset))
        return None

    def _shown(self, duration: timedelta) -> str:
        return format_milliseconds(self.changed(_milliseconds(duration)))


def _outline(root: promql.Expr) -> _Outline:
    shape: list[object] = []
    durations: list[tuple[str, int]] = []

    for node in walk(root):
        shape.append(_describe(node))
        if isinstance(node, promql.VectorSelector) and node.offset is not None:
            durations.append(("offset", _milliseconds(node.offset)))
        elif isinstance(node, promql.MatrixSelector):
            durations.append(("range", _milliseconds(node.range)))
        elif isinstance(node, promql.SubqueryExpr):
            for kind, value in (
                ("subquery range", node.range),
                ("subquery step", node.step),
                ("subquery offset", node.offset),
            ):
                if value is not None:
                    durations.append((kind, _milliseconds(value)))

    return _Outline(tuple(shape), tuple(durations))


def _describe(node: promql.Expr) -> tuple[object, ...]:
    """One node without its durations; it tells the number of children, so that a list stands for one tree."""
    if isinstance(node, promql.VectorSelector):
        matchers = sorted((_operator(m), m.name, m.value) for m in node.matchers.matchers)
        alternatives = [[str(m) for m in group] for group in node.matchers.or_matchers]
        return ("selector", node.name, matchers, alternatives, _at(node.at), node.offset is None)
    if isinstance(node, promql.SubqueryExpr):
        return ("subquery", _at(node.at), node.step is None, node.offset is None)
    if isinstance(node, promql.AggregateExpr):
        by = (str(node.modifier.type), sorted(node.modifier.labels)) if node.modifier else None
        if by == _BY_NOTHING:  # `sum(x) by ()` is `sum(x)`, and is printed so
            by = None
        return ("aggregate", str(node.op), by, node.param is None)
    if isinstance(node, promql.BinaryExpr):
        return ("binary", str(node.op), _describe_matching(node.modifier))
    if isinstance(node, promql.Call):
        return ("call", node.func.name, len(node.args))
    if isinstance(node, promql.NumberLiteral):
        return ("number", repr(node.val))
    if isinstance(node, promql.StringLiteral):
        return ("string", node.val)
    return (type(node).__name__,)


def _describe_matching(modifier: promql.BinModifier | None) -> tuple[object, ...] | None:
    if modifier is None:
        return None
    matching = modifier.matching
    on = (str(matching.type), sorted(matching.labels)) if matching else None
    described = (
        str(modifier.card),
        modifier.return_bool,
        None if on == _IGNORING_NOTHING else on,  # `a + ignoring () b` is `a + b`, and is printed so
        sorted(modifier.group_labels or []),
        (modifier.fill_values.lhs, modifier.fill_values.rhs),
    )
    return None if described == _NO_MATCHING else described


def _selector(node: promql.VectorSelector) -> str:
    """A selector without range, offset, `@`, and without the alternatives (`or`) that Prometheus refuses."""
    matchers = [
        f"{m.name if _LABEL.fullmatch(m.name) else _quoted(m.name)}{_operator(m)}{_quoted(m.value)}"
        for m in node.matchers.matchers
    ]
    return f"{node.name or ''}{{{','.join(matchers)}}}" if matchers else node.name or "{}"


def _operator(matcher: promql.Matcher) -> str:
    return _OPERATORS[repr(matcher.op)]  # MatchOp is not hashable


def _at(modifier: promql.AtModifier | None) -> str:
    if modifier is None:
        return ""
    if modifier.at is not None:
        return f" @ {modifier.at.timestamp():.3f}"
    return " @ start()" if modifier.type == promql.AtModifierType.Start else " @ end()"


def _offset(milliseconds: int) -> str:
    if milliseconds == 0:
        return ""
    sign = "-" if milliseconds < 0 else ""
    return f" offset {sign}{format_milliseconds(abs(milliseconds))}"


def _milliseconds(duration: timedelta) -> int:
    milliseconds, rest = divmod(duration, timedelta(milliseconds=1))
    if rest:
        raise ValueError(f"{duration} is no whole number of milliseconds")
    return milliseconds


def without_raw_strings(expression: str) -> str:
    r"""The expression with back-quoted strings in double quotes: promql-parser takes `\d` for an escape."""

    def requote(literal: re.Match[str]) -> str:
        text = literal.group()
        return _quoted(text[1:-1]) if text.startswith("`") and text[1:].endswith("`") else text

    return LITERAL.sub(requote, expression)


def _quoted(text: str) -> str:
    return (
        '"'
        + "".join(_ESCAPES.get(char) or (char if char >= " " else f"\\x{ord(char):02x}") for char in text)
        + '"'
    )
