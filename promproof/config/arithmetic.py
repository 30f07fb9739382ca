"""Arithmetic in one unknown, `q`, as contracts write it for synthetic series: numbers, + - * /, comparisons."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}


def evaluate(text: str, q: float) -> float:
    """The value of the expression for one `q`; a comparison is 1 or 0.

    Raises:
        ValueError: the text holds anything but numbers, q, + - * / and comparisons.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text!r} is not arithmetic in q") from error
    return float(_value(tree.body, q, text))


def _value(node: ast.expr, q: float, text: str) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id="q"):
            return q
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, q, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return float(_BINARY[type(op)](_value(left, q, text), _value(right, q, text)))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return float(_COMPARE[type(op)](_value(left, q, text), _value(right, q, text)))
        case _:
            raise ValueError(f"{text!r} is not arithmetic in q (numbers, q, + - * /, comparisons)")
