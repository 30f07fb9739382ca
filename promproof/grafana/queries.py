"""What a query's syntax tree says about its meaning: counters and gauges, quantiles, windows, the normal form.

Structure only (promql-parser); whether the server takes a query is the server's word. A metric's type comes from the
contract or from the server's metadata, and only then from its name: `prompt_total` is a gauge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, labels_in_order, parse, walk
from promproof.config.rules import COMPARISONS, number

TypeOf = Callable[[str], str | None]
"""counter, gauge, histogram or summary by metric name; None when nobody knows."""
RATES = ("rate", "irate", "increase", "resets")
OF_GAUGES = ("delta", "idelta", "deriv", "predict_linear")
_SUFFIXES = ("_bucket", "_sum", "_count")
_COUNTING = (
    "count",
    "count_values",
    "group",
    "absent",
    "absent_over_time",
    "present_over_time",
    "count_over_time",
    "timestamp",
    "changes",
)
"""What asks whether series or samples are there, whatever their values are."""
_RENAMING = ("label_replace", "label_join", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc")


@dataclass(frozen=True)
class Use:
    """A use that gives a wrong number without an error. metric: the one whose type it depends on; empty: on none.

    dead: it is one only if none of these metrics is there.
    """

    kind: str
    text: str
    metric: str = ""
    dead: tuple[str, ...] = ()


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


def is_typed(name: str, type_of: TypeOf) -> bool:
    """Whether somebody says the type of these samples; a name alone is a convention: many gauges end in _total."""
    return any(type_of(base) for base in (name, *(name.removesuffix(end) for end in ("_total", *_SUFFIXES))))


def metric_of(node: Any) -> str:
    """The metric's name of a selector; empty when it has no single one."""
    if node.name:
        return str(node.name)
    return next(
        (
            str(matcher.value)
            for matcher in node.matchers.matchers
            if matcher.name == "__name__" and matcher.op == promql.MatchOp.Equal
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
    return [use.text for use in uses(expression, type_of)]


def uses(expression: str, type_of: TypeOf) -> list[Use]:
    """The same, each with its kind.

    Raises:
        ValueError: it does not parse.
    """
    return uses_in(parse(expression), type_of)


def uses_in(root: Any, type_of: TypeOf) -> list[Use]:
    """The same of a syntax tree."""
    return list(dict.fromkeys(_misuse(root, type_of, "")))


def _misuse(node: Any, type_of: TypeOf, inside: str) -> Iterator[Use]:
    """`inside` is the function whose argument this is; one that counts stays it all the way down."""
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        yield from _misuse(node.expr, type_of, inside)
    elif isinstance(node, promql.BinaryExpr):
        yield from _dead_fallback(node)
        for side in (node.lhs, node.rhs):
            is_difference = str(node.op) == "-" and _is_earlier(node.lhs, node.rhs)
            within = inside if inside in _COUNTING else "increase" if is_difference else ""
            if side is node.rhs and str(node.op) in ("and", "unless") and not _compares(side):
                within = "count"  # asked for presence alone
            yield from _misuse(side, type_of, within)
    elif isinstance(node, promql.AggregateExpr):
        yield from _misuse(node.expr, type_of, inside if inside in _COUNTING else str(node.op))
    elif isinstance(node, promql.Call):
        yield from _call(node, type_of, inside)
    elif isinstance(node, promql.SubqueryExpr):
        yield from _subquery(node, type_of, inside)
    elif isinstance(node, promql.MatrixSelector):
        yield from _selector(node.vector_selector, type_of, inside)
    elif isinstance(node, promql.VectorSelector):
        yield from _selector(node, type_of, inside)


def _compares(root: Any) -> bool:
    """Whether a value of an expression is compared with another."""
    return any(isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS for node in walk(root))


def _call(node: Any, type_of: TypeOf, inside: str) -> Iterator[Use]:
    name = str(node.func.name)
    if name == "histogram_quantile":
        yield from _quantile(node, type_of)
    is_kept = name in _RENAMING or (inside in RATES and name.endswith("_over_time"))
    within = inside if inside in _COUNTING or is_kept else name
    for argument in node.args:
        yield from _misuse(argument, type_of, within)


def _subquery(node: Any, type_of: TypeOf, inside: str) -> Iterator[Use]:
    inner = bare(node.expr)
    if isinstance(inner, promql.VectorSelector):  # `increase(x[5m:])` counts as `increase(x[5m])` does
        yield from _selector(inner, type_of, inside)
        return
    if inside in RATES:
        operators = [str(inner.op)] if isinstance(inner, promql.AggregateExpr) else []
        counters = [name for name in map(metric_of, _selectors(inner)) if _counts_up(name, type_of)]
        if operators and operators[0] in ("sum", "avg") and not _has_rate(inner) and counters:
            yield Use(
                "rate-of-sum",
                f"{inside}() of {operators[0]}(): rate first and sum then, else the reset of one "
                "series looks like a reset of all",
            )
            return
    yield from _misuse(node.expr, type_of, inside if inside in _COUNTING else "")


def _quantile(node: Any, type_of: TypeOf) -> Iterator[Use]:
    quantile = bare(node.args[0])
    if isinstance(quantile, promql.NumberLiteral) and not 0 <= quantile.val <= 1:
        yield Use(
            "quantile-range",
            f"a quantile of {quantile.val:g}: it goes from 0 to 1, so this is always infinite",
        )
    inner = bare(node.args[1])
    names = [metric_of(selector) for selector in _selectors(inner)]
    # Only buckets have le: a native histogram, and a recording rule of one, keep theirs inside of their samples.
    has_buckets = bool(names) and all(name.endswith("_bucket") or "_bucket:" in name for name in names)
    if has_buckets and isinstance(inner, promql.AggregateExpr) and str(inner.op) != "topk":
        modifier = inner.modifier
        labels = [str(label) for label in modifier.labels] if modifier is not None else []
        is_without = modifier is not None and "Without" in str(modifier.type)
        if ("le" in labels) if is_without else ("le" not in labels):
            yield Use(
                "le-dropped",
                f"{inner.op}() drops the label le: histogram_quantile() then has no buckets and gives nothing",
            )
    yield from (
        Use("quantile-of-no-bucket", f"histogram_quantile() of {name}, which is no _bucket")
        for name in names
        if ":" not in name and (name.endswith(("_sum", "_count")) or type_of(name) in ("counter", "gauge"))
    )


def _selector(node: Any, type_of: TypeOf, inside: str) -> Iterator[Use]:
    name = metric_of(node)
    kind = sample_type(name, type_of) if name else None
    if inside in RATES and kind == "gauge":
        yield Use("rate-of-gauge", f"{inside}() of {name}, a gauge: every fall looks like a reset", name)
    elif inside in OF_GAUGES and kind == "counter":
        yield Use("delta-of-counter", f"{inside}() of {name}, a counter: a restart looks like a fall", name)
    elif kind == "counter" and inside not in (*RATES, *OF_GAUGES, *_COUNTING):
        yield Use(
            "counter-level",
            f"{name} is a counter and used without rate() or increase(): its level only tells how long it counts",
            name,
        )


def _selectors(node: Any) -> list[Any]:
    return [part for part in walk(node) if isinstance(part, promql.VectorSelector)]


def _counts_up(name: str, type_of: TypeOf) -> bool:
    """Whether it is a counter, or may be one by the name that counters of a histogram or summary have."""
    kind = sample_type(name, type_of) if name else None
    return kind == "counter" or (kind is None and type_of(name) is None and name.endswith(_SUFFIXES))


def _has_rate(node: Any) -> bool:
    return any(isinstance(part, promql.Call) and str(part.func.name) in RATES for part in walk(node))


def _is_earlier(left: Any, right: Any) -> bool:
    """Whether `x - x offset 5m` or max_over_time(x) - min_over_time(x) is asked: an increase written out."""
    names = [{metric_of(part) for part in _selectors(side)} for side in (left, right)]
    is_least = "min_over_time" in [
        str(part.func.name) for part in walk(right) if isinstance(part, promql.Call)
    ]
    return names[0] == names[1] and (is_least or any(part.offset is not None for part in _selectors(right)))


def _dead_fallback(node: Any) -> Iterator[Use]:
    if str(node.op) == "or" and _is_constant(node.rhs) and not may_be_empty(node.lhs):
        yield Use(
            "constant-fallback",
            "`or vector(...)` shows a number where no data are: nobody can see that the metric is gone",
            dead=tuple(filter(None, map(metric_of, _selectors(node.lhs)))),
        )


def may_be_empty(node: Any) -> bool:
    """Whether no series is an answer: a count, alerts that fire, a comparison that nothing meets."""
    return any(
        (isinstance(part, promql.AggregateExpr) and str(part.op) in ("count", "count_values"))
        or (isinstance(part, promql.BinaryExpr) and str(part.op) in (*COMPARISONS, "and", "unless"))
        or (isinstance(part, promql.VectorSelector) and metric_of(part) in ("ALERTS", "ALERTS_FOR_STATE"))
        for part in walk(node)
    )


def _is_constant(node: Any) -> bool:
    node = bare(node)
    return isinstance(node, promql.Call) and str(node.func.name) == "vector"


_TOTALS = ("increase", "delta", "count_over_time", "sum_over_time")


def is_total(expression: str) -> bool:
    """Whether it sums up a window (increase, delta, count_over_time) and divides by nothing.

    Raises:
        ValueError: it does not parse.
    """
    return gives_total(parse(expression))


def gives_total(node: Any) -> bool:
    """The same of a syntax tree."""
    node = bare(node)
    if isinstance(node, promql.BinaryExpr):
        operator = str(node.op)
        if operator in ("and", "unless", *COMPARISONS):  # the right side gives no value
            return gives_total(node.lhs)
        if operator in ("/", "%") or (operator == "*" and any(map(_is_fraction, (node.lhs, node.rhs)))):
            return False
        return gives_total(node.lhs) or gives_total(node.rhs)
    if isinstance(node, promql.Call):
        return str(node.func.name) in _TOTALS or any(map(gives_total, node.args))
    if isinstance(node, promql.AggregateExpr):
        return str(node.op) not in ("count", "count_values", "group") and gives_total(node.expr)
    return isinstance(node, promql.SubqueryExpr) and gives_total(node.expr)


def _is_fraction(node: Any) -> bool:
    node = bare(node)
    return isinstance(node, promql.NumberLiteral) and 0 < abs(node.val) < 1


def quantity(expression: str) -> str:
    """An alert's expression without its comparison: what is compared with the threshold, in normal form.

    Raises:
        ValueError: it does not parse.
    """
    node = bare(parse(expression))
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "or":
        node = node.lhs  # `... or absent(...)`: the first part is the quantity
    if isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS:
        left, right = number(node.lhs), number(node.rhs)
        if left is None and right is None:
            raise ValueError("the comparison is not with a number")
        node = node.lhs if left is None else node.rhs
    return canonical(bare(node).prettify())


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
    return labels_in_order(bare(parse(text.replace("{}", ""))).prettify())
