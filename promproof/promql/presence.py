"""Whether a query has an answer whenever another expression has one: the parts that both can't do without."""

from __future__ import annotations

from typing import Any

import promql_parser as promql

from promproof.config.promql import bare
from promproof.promql.tree import is_scalar, name, number, operator, text

_WITHOUT_INPUT = ("absent", "absent_over_time", "scalar")


def answered(query: Any, root: Any) -> bool:
    """Whether the query is never empty where the expression is not."""
    core = _core(query)
    return core is None or text(core) in _present(root)


def _core(node: Any) -> Any | None:
    """The part of a query that has to be there for an answer; None for a query that always has one."""
    node = bare(node)
    if number(node) is not None or is_scalar(node):
        return None
    if isinstance(node, promql.AggregateExpr | promql.UnaryExpr):
        return _core(node.expr)
    if isinstance(node, promql.BinaryExpr) and operator(node) in ("+", "-", "*", "/"):
        left, right = _core(node.lhs), _core(node.rhs)
        return left if right is None else right if left is None or text(left) == text(right) else node
    if isinstance(node, promql.Call) and name(node) not in _WITHOUT_INPUT and len(node.args) == 1:
        return node if isinstance(bare(node.args[0]), promql.MatrixSelector) else _core(node.args[0])
    return node


def _present(root: Any) -> set[str]:
    """The parts of an expression that have a sample whenever it has one."""
    node = bare(root)
    here = {text(node)}
    if isinstance(node, promql.AggregateExpr | promql.UnaryExpr):
        return here | _present(node.expr)
    if isinstance(node, promql.BinaryExpr):
        if operator(node) == "or":
            return here | (_present(node.lhs) & _present(node.rhs))
        return here | _present(node.lhs) | (set() if operator(node) == "unless" else _present(node.rhs))
    if isinstance(node, promql.Call) and name(node) not in _WITHOUT_INPUT:
        return here.union(*map(_present, node.args))
    return here
