"""Whether two expressions mean the same query: one form for all ways of writing it that the syntax tree shows.

Brackets, arithmetic with numbers, the side on which a number stands, the order of what commutes, and how a pattern is
spelt make no difference. What depends on the data makes one: equal forms are the same query, others may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from types import MappingProxyType
from typing import Any

import promql_parser as promql

from promproof.config.patterns import Domains, in_one_spelling
from promproof.config.promql import bare, labels_in_order, parse
from promproof.config.rules import number, threshold

NOTHING: Domains = MappingProxyType({})
_COMMUTING = ("+", "*")
_STATE = re.compile(r"up|\w+_(?:last_reload_)?successful")
"""Metrics that are 0 or 1."""
_LABELLED = ("absent", "absent_over_time")
"""What they answer has the labels of matchers with `=`, and not those of `=~`."""


def is_same(one: str, other: str, domains: Domains = NOTHING) -> bool:
    """Whether two texts mean the same query; texts that do not parse are the same only word for word.

    domains: values of documented labels, by which patterns are compared: `5..` and `5[0-9]{2}`.
    """
    return in_one_form(one, domains) == in_one_form(other, domains)


def in_one_form(expression: str, domains: Domains = NOTHING) -> str:
    """The form of an expression, for comparing: equal texts mean the same query."""
    try:
        return _form(parse(expression), domains)
    except ValueError:
        return " ".join(expression.split())


def _form(node: Any, domains: Domains) -> str:
    node = bare(node)
    value = number(node)
    if value is not None:
        return f"{value:.15g}"
    if isinstance(node, promql.BinaryExpr):
        return _binary(node, domains)
    if isinstance(node, promql.AggregateExpr):
        return _aggregate(node, domains)
    if isinstance(node, promql.Call) and str(node.func.name) in _LABELLED:
        return labels_in_order(str(node.prettify()))
    if isinstance(node, promql.Call):
        return f"{node.func.name}({', '.join(_form(argument, domains) for argument in node.args)})"
    if isinstance(node, promql.UnaryExpr):
        return f"-({_form(node.expr, domains)})"
    return in_one_spelling(labels_in_order(str(node.prettify())), domains)


def _aggregate(node: Any, domains: Domains) -> str:
    labels = _grouping(node)
    by = f" {'without' if labels[0] else 'by'} ({', '.join(labels[1])})" if labels is not None else ""
    parts = [part for part in (node.param, node.expr) if part is not None]
    return f"{str(node.op).lower()}{by} ({', '.join(_form(part, domains) for part in parts)})"


def _grouping(node: Any) -> tuple[bool, list[str]] | None:
    """Whether an aggregation is `without` its labels, and the labels; None where it sums up everything."""
    node = bare(node)
    if not isinstance(node, promql.AggregateExpr) or node.modifier is None:
        return None
    is_without, labels = "Without" in str(node.modifier.type), sorted(map(str, node.modifier.labels))
    return (is_without, labels) if labels or is_without else None


def _binary(node: Any, domains: Domains) -> str:
    sign, how = str(node.op).lower(), _matching(node)
    if sign == "or" and not how:
        return f"({' or '.join(_alternatives(node, domains))})"
    limit = threshold(node)
    if limit is not None:
        side = bare(node.lhs if number(node.rhs) is not None else node.rhs)
        compared, wanted = _of_state(side, limit) if not how else limit
        return f"({_form(side, domains)} {compared}{how} {wanted:.15g})"
    left, right = _form(node.lhs, domains), _form(node.rhs, domains)
    if sign == "/" and (window := _risen_in(node.lhs)) and window == _risen_in(node.rhs):
        left, right = left.replace("increase(", "rate("), right.replace("increase(", "rate(")
    if sign == "/" and not how and (less := _less_than_all(bare(node.lhs), right, domains)):
        return f"(1 - ({less} / {right}))"
    if sign in _COMMUTING and not how:
        left, right = sorted((left, right))
    return f"({left} {sign}{how} {right})"


def _less_than_all(node: Any, whole: str, domains: Domains) -> str:
    """What is taken from the whole in `(a - b) / a`, which is `1 - b / a`; empty for anything else."""
    if not isinstance(node, promql.BinaryExpr) or str(node.op) != "-" or _matching(node):
        return ""
    return _form(node.rhs, domains) if _form(node.lhs, domains) == whole else ""


def _risen_in(node: Any) -> str:
    """The window of an `increase` that is at most summed up: one divided by another is a `rate` by a `rate`."""
    node = bare(node)
    while isinstance(node, promql.AggregateExpr) and str(node.op).lower() in ("sum", "avg", "max", "min"):
        node = bare(node.expr)
    if not isinstance(node, promql.Call) or str(node.func.name) != "increase":
        return ""
    argument = bare(node.args[0])
    return str(argument.range) if isinstance(argument, promql.MatrixSelector) else ""


def _alternatives(node: Any, domains: Domains) -> Iterator[str]:
    """The sides of a chain of `or`, neighbours whose order says nothing in one order.

    absent() has one value. It has no instance, and `up` always has one, so that neither hides the other.
    """
    sides = list(_sides(node))
    for is_free, together in groupby(sides, key=lambda side: _is_absent(side) or _is_of_targets(side)):
        forms = [(_is_absent(side), _form(side, domains)) for side in together]
        if is_free:
            yield from (form for is_absent, form in forms if not is_absent)
            yield from sorted(form for is_absent, form in forms if is_absent)
        else:
            yield from (form for _, form in forms)


def _sides(node: Any) -> Iterator[Any]:
    node = bare(node)
    if isinstance(node, promql.BinaryExpr) and str(node.op).lower() == "or" and not _matching(node):
        yield from _sides(node.lhs)
        yield from _sides(node.rhs)
    else:
        yield node


def _is_absent(node: Any) -> bool:
    """Whether it is absent() without an instance."""
    return (
        isinstance(node, promql.Call)
        and str(node.func.name) == "absent"
        and "instance" not in str(node.prettify())
    )


def _is_of_targets(node: Any) -> bool:
    """Whether it is a comparison of `up` with a number: a series for each target."""
    limit = threshold(node) if isinstance(node, promql.BinaryExpr) else None
    if limit is None or node.modifier is not None:
        return False
    side = bare(node.lhs if number(node.rhs) is not None else node.rhs)
    return isinstance(side, promql.VectorSelector) and side.name == "up"


def _of_state(side: Any, limit: tuple[str, float]) -> tuple[str, float]:
    """`up` is 0 or 1: below 1, and not 1, are 0."""
    if not isinstance(side, promql.VectorSelector) or not _STATE.fullmatch(str(side.name or "")):
        return limit
    holds = {
        value
        for value in (0.0, 1.0)
        if {
            "<": value < limit[1],
            "<=": value <= limit[1],
            ">": value > limit[1],
            ">=": value >= limit[1],
            "==": value == limit[1],
            "!=": value != limit[1],
        }[limit[0]]
    }
    return ("==", holds.pop()) if len(holds) == 1 else limit


def _summed_by(node: Any) -> tuple[bool, list[str]] | None:
    """The labels of the result: of an aggregation, of one that is compared or computed with a number, of a share."""
    node = bare(node)
    if not isinstance(node, promql.BinaryExpr) or node.modifier is not None:
        return _grouping(node)
    sides = [_summed_by(side) for side in (node.lhs, node.rhs) if number(side) is None]
    return sides[0] if sides and all(side == sides[0] for side in sides) else None


def _matching(node: Any) -> str:
    """How an operation finds its pairs, as text; empty where nothing is said, or what holds anyway."""
    modifier = node.modifier
    if modifier is None:
        return ""
    said = labels_in_order(str(modifier)).strip()
    is_set = str(node.op).lower() in ("and", "unless")
    if modifier.return_bool or not (is_set or "OneToOne" in str(modifier.card)) or modifier.matching is None:
        return f" {said}" if said else ""
    labels = sorted(map(str, modifier.matching.labels))
    is_on = "Include" in str(modifier.matching.type)
    if is_on and _summed_by(node.lhs) == _summed_by(node.rhs) == (False, labels):
        return ""  # both sides have these labels and no others
    return f" {said}"
