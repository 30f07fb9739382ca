"""What a query's syntax tree says about its meaning: counters and gauges, quantiles, windows, the normal form.

Structure only (promql-parser); whether the server takes a query is the server's word. A metric's type comes from the
contract or from the server's metadata, and only then from its name: `prompt_total` is a gauge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import parse, walk
from promproof.config.rules import COMPARISONS

TypeOf = Callable[[str], str | None]
"""counter, gauge, histogram or summary by metric name; None when nobody knows."""
RATES = ("rate", "irate", "increase", "resets")
OF_GAUGES = ("delta", "idelta", "deriv", "predict_linear")
_SUFFIXES = ("_bucket", "_sum", "_count")


def sample_type(name: str, type_of: TypeOf) -> str | None:
    """counter or gauge for the samples of this name."""
    for suffix in _SUFFIXES:
        base = name.removesuffix(suffix)
        if base != name and type_of(base) in ("histogram", "summary"):
            return "counter"
    known = type_of(name) or type_of(name.removesuffix("_total"))
    if known in ("counter", "gauge"):
        return known
    return "counter" if name.endswith(("_total", "_bucket")) and known is None else None


def metric_of(node: Any) -> str:
    """The metric's name of a selector; empty when it has no single one."""
    if node.name:
        return str(node.name)
    return next(
        (
            str(one.value)
            for one in node.matchers.matchers
            if one.name == "__name__" and one.op == promql.MatchOp.Equal
        ),
        "",
    )


def selectors(expression: str) -> list[Any]:
    """All selectors of an expression, in walking order.

    Raises:
        ValueError: it does not parse.
    """
    return [node for node in walk(parse(expression)) if isinstance(node, promql.VectorSelector)]


def misuse(expression: str, type_of: TypeOf) -> list[str]:
    """Uses of metrics and functions that give a wrong number without an error.

    Raises:
        ValueError: it does not parse.
    """
    return list(dict.fromkeys(_misuse(parse(expression), type_of, "")))


def _misuse(node: Any, type_of: TypeOf, inside: str) -> Iterator[str]:
    """`inside` is the function whose argument this is."""
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        yield from _misuse(node.expr, type_of, inside)
    elif isinstance(node, promql.BinaryExpr):
        if str(node.op) not in COMPARISONS:
            yield from _dead_fallback(node)
        for side in (node.lhs, node.rhs):
            yield from _misuse(side, type_of, inside)
    elif isinstance(node, promql.AggregateExpr):
        yield from _misuse(node.expr, type_of, str(node.op))
    elif isinstance(node, promql.Call):
        yield from _call(node, type_of)
    elif isinstance(node, promql.SubqueryExpr):
        if inside in RATES:
            operators = [str(one.op) for one in walk(node.expr) if isinstance(one, promql.AggregateExpr)]
            if operators:
                yield (
                    f"{inside}() of {operators[0]}(): rate first and sum then, else the reset of one "
                    "series looks like a reset of all"
                )
        yield from _misuse(node.expr, type_of, "")
    elif isinstance(node, promql.MatrixSelector):
        yield from _selector(node.vector_selector, type_of, inside)
    elif isinstance(node, promql.VectorSelector):
        yield from _selector(node, type_of, inside)


def _call(node: Any, type_of: TypeOf) -> Iterator[str]:
    name = str(node.func.name)
    if name == "histogram_quantile":
        yield from _quantile(node)
    for argument in node.args:
        yield from _misuse(argument, type_of, name)


def _quantile(node: Any) -> Iterator[str]:
    quantile = node.args[0]
    while isinstance(quantile, promql.ParenExpr):
        quantile = quantile.expr
    if isinstance(quantile, promql.NumberLiteral) and not 0 <= quantile.val <= 1:
        yield f"a quantile of {quantile.val:g}: it goes from 0 to 1, so this is always infinite"
    inner = node.args[1]
    while isinstance(inner, promql.ParenExpr):
        inner = inner.expr
    if isinstance(inner, promql.AggregateExpr):
        modifier = inner.modifier
        labels = [str(label) for label in modifier.labels] if modifier is not None else []
        dropped = (
            "le" in labels if modifier is not None and "Without" in str(modifier.type) else "le" not in labels
        )
        if dropped:
            yield f"{inner.op}() drops the label le: histogram_quantile() then has no buckets and gives nothing"
    names = [metric_of(one) for one in walk(inner) if isinstance(one, promql.VectorSelector)]
    yield from (
        f"histogram_quantile() of {name}, which is no _bucket"
        for name in names
        if name and not name.endswith("_bucket")
    )


def _selector(node: Any, type_of: TypeOf, inside: str) -> Iterator[str]:
    name = metric_of(node)
    kind = sample_type(name, type_of) if name else None
    if inside in RATES and kind == "gauge":
        yield f"{inside}() of {name}, a gauge: every fall looks like a reset"
    elif inside in OF_GAUGES and kind == "counter":
        yield f"{inside}() of {name}, a counter: a restart looks like a fall"
    elif kind == "counter" and inside not in (
        *RATES,
        *OF_GAUGES,
        "count",
        "absent",
        "absent_over_time",
        "timestamp",
        "group",
        "changes",
    ):
        yield f"{name} is a counter and used without rate() or increase(): its level only tells how long it counts"


def _dead_fallback(node: Any) -> Iterator[str]:
    if str(node.op) == "or" and _is_constant(node.rhs):
        yield "`or vector(...)` shows a number where no data are: nobody can see that the metric is gone"


def _is_constant(node: Any) -> bool:
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return isinstance(node, promql.Call) and str(node.func.name) == "vector"


def is_total(expression: str) -> bool:
    """Whether it sums up a window (increase, delta, count_over_time) and divides by nothing.

    Raises:
        ValueError: it does not parse.
    """
    nodes = walk(parse(expression))
    divided = any(isinstance(node, promql.BinaryExpr) and str(node.op) == "/" for node in nodes)
    totals = {str(node.func.name) for node in nodes if isinstance(node, promql.Call)} & {
        "increase",
        "delta",
        "count_over_time",
        "sum_over_time",
    }
    return bool(totals) and not divided


def quantity(expression: str) -> str:
    """An alert's expression without its comparison: what is compared with the threshold, in normal form.

    Raises:
        ValueError: it does not parse.
    """
    node = parse(expression)
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "or":
        node = node.lhs  # `... or absent(...)`: the first part is the quantity
    if isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS:
        left, right = _bare(node.lhs), _bare(node.rhs)
        node = node.rhs if isinstance(left, promql.NumberLiteral) else node.lhs
        if not isinstance(left, promql.NumberLiteral) and not isinstance(right, promql.NumberLiteral):
            raise ValueError("the comparison is not with a number")
    return canonical(_bare(node).prettify())


def canonical(expression: str) -> str:
    """The normal form without matchers that match everything (`prompt_id=~".*"`, a variable at All).

    Raises:
        ValueError: it does not parse.
    """
    text = parse(expression).prettify()
    for node in selectors(text):
        for matcher in node.matchers.matchers:
            if matcher.op == promql.MatchOp.Re and matcher.value in (".*", "(.*)"):
                written = f'{matcher.name}=~"{matcher.value}"'
                text = text.replace(f"{written},", "").replace(f",{written}", "").replace(written, "")
    return str(_bare(parse(text.replace("{}", ""))).prettify())


def _bare(node: Any) -> Any:
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node
