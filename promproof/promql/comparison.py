"""The comparison that decides an alert: the first one with a number in its rule's expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import parse

COMPARATORS = (">", ">=", "<", "<=", "==")


@dataclass(frozen=True)
class Comparison:
    """The quantity's expression, the comparator and the threshold."""

    quantity: str
    comparator: str
    threshold: float


def comparison_of(expression: str) -> Comparison | None:
    """The first comparison with a number in a rule; None when there is none, or it is no PromQL."""
    try:
        return _find(parse(expression))
    except ValueError:
        return None


def _find(tree: Any) -> Comparison | None:
    if isinstance(tree, promql.ParenExpr):
        return _find(tree.expr)
    if not isinstance(tree, promql.BinaryExpr):
        return None
    if str(tree.op) in COMPARATORS and isinstance(tree.rhs, promql.NumberLiteral):
        return Comparison(tree.lhs.prettify(), str(tree.op), float(tree.rhs.val))
    return _find(tree.lhs) or _find(tree.rhs)
