"""Whether a drill on one of several instances can show an alert at work: what its rule makes of the instances.

The requests and the fault of a drill are those of one instance; the others are idle. A rule that looks at each instance
by itself sees the dose at one of them, and one over the sum of their rates sees it as well, for those of the others are
0. A mean, an extreme, a number of instances and a sum of gauges are other figures than the dose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import promql_parser as promql

from promproof.config.promql import bare, parse
from promproof.promql.tree import grouping, is_scalar, matching, metric, name, operator

INSTANCE = "instance"
RATES = ("rate", "irate", "increase")
Sight = Literal["each", "sum", ""]
"""each: of every instance by itself. sum: over the sum of their rates. Empty: of no instance."""
Recorded = Mapping[str, Sequence[str]]
MOST_DEEP = 10
"""Recording rules that read one another."""


class NotTold(Exception):
    """Why a drill on one instance says nothing of an alert."""


def sight(expression: str, recorded: Recorded) -> Sight:
    """What an alert looks at. recorded: the expressions of recording rules by name.

    Raises:
        NotTold: at something that the instances have together and that no dose at one of them gives.
    """
    found = _of_text(expression, recorded, 0)
    if not found:
        raise NotTold("its rule looks at no instance")
    return found


def recordings(files: Iterable[Any]) -> dict[str, list[str]]:
    """The expressions of the recording rules of rule files, as their data, by name."""
    found: dict[str, list[str]] = {}
    for data in files:
        for group in data.get("groups") or ():
            for rule in group.get("rules") or ():
                if "record" in rule:
                    found.setdefault(str(rule["record"]), []).append(str(rule["expr"]))
    return found


def _of_text(expression: str, recorded: Recorded, depth: int) -> Sight:
    if depth > MOST_DEEP:
        raise NotTold("its recording rules read one another")
    try:
        return _of(parse(expression), recorded, depth)
    except ValueError as error:
        raise NotTold("its rule can't be read") from error


def _of(node: Any, recorded: Recorded, depth: int) -> Sight:
    node = bare(node)
    if is_scalar(node):
        return ""
    if isinstance(node, promql.AggregateExpr):
        return _of_aggregation(node, recorded, depth)
    if isinstance(node, promql.BinaryExpr):
        sides: list[Sight] = [_of(node.lhs, recorded, depth), _of(node.rhs, recorded, depth)]
        found = _one(sides)
        how, labels = matching(node)
        if found == "each" and all(sides) and (how == "on") != (INSTANCE in labels) and how:
            raise NotTold("it matches series of several instances with one another")
        return found
    if isinstance(node, promql.Call):
        if name(node) in ("absent", "absent_over_time"):
            return ""  # the others are there
        if name(node) in ("scalar", "vector", "label_replace", "label_join"):
            raise NotTold(f"what {name(node)}() makes of several instances is not known")
        return _one([_of(argument, recorded, depth) for argument in node.args])
    if isinstance(node, promql.MatrixSelector):
        return _of(node.vector_selector, recorded, depth)
    if isinstance(node, promql.SubqueryExpr | promql.UnaryExpr):
        return _of(node.expr, recorded, depth)
    if isinstance(node, promql.VectorSelector):
        of = [_of_text(text, recorded, depth + 1) for text in recorded.get(metric(node), ())]
        return _one(of) if of else "each"
    return ""


def _of_aggregation(node: Any, recorded: Recorded, depth: int) -> Sight:
    inner = _of(node.expr, recorded, depth)
    without, labels = grouping(node)
    if inner != "each" or (INSTANCE in labels) != without:
        return inner
    if operator(node) != "sum":
        raise NotTold(f"it takes the {operator(node)} of the instances")
    if not _is_rate(node.expr, recorded, depth):
        raise NotTold("it adds up what is no rate: what idle instances have counts as well")
    return "sum"


def _is_rate(node: Any, recorded: Recorded, depth: int) -> bool:
    """Whether all that is added up is 0 where nothing happens."""
    node = bare(node)
    if depth > MOST_DEEP:
        return False
    if isinstance(node, promql.Call):
        return name(node) in RATES
    if isinstance(node, promql.AggregateExpr):
        return _is_rate(node.expr, recorded, depth)
    if isinstance(node, promql.VectorSelector):
        known = recorded.get(metric(node), ())
        return bool(known) and all(_is_rate(parse(text), recorded, depth + 1) for text in known)
    if isinstance(node, promql.BinaryExpr):
        left, right = (is_scalar(side) or _is_rate(side, recorded, depth) for side in (node.lhs, node.rhs))
        plain = [is_scalar(side) for side in (node.lhs, node.rhs)]
        if operator(node) in ("+", "-", "and"):
            return left and right and not any(plain)
        return left and right and (operator(node) == "*" or (operator(node) == "/" and plain[1]))
    return False


def _one(found: Sequence[Sight]) -> Sight:
    """What several parts look at together."""
    told = {part for part in found if part}
    if len(told) > 1:
        raise NotTold("it compares an instance with the sum of all")
    return next(iter(told), "")
