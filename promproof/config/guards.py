"""The comparisons of an alert that say how much is too much, apart from guards that only narrow when it is asked.

`errors / all > 0.2 and sum(rate(all[5m])) > 1` is about a share of 0.2; that there is traffic is a guard. Guards
stand in another operand of `and` (or on the right of `unless`) and measure something else: two windows of one quantity
are two comparisons of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, parse, walk
from promproof.config.rules import threshold
from promproof.config.sameness import in_one_form

Comparison = tuple[str, float]
_UNLESS = "unless "
_WINDOW = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Operand:
    """One of the conditions that must hold at once: its comparisons with a number, and what it measures."""

    comparisons: tuple[Comparison, ...]
    quantity: str
    text: str
    """As promql-parser prints it, `unless` before it where it is the exception."""


def operands(expression: str) -> list[Operand]:
    """The conditions that `and` and `unless` join at the top of an expression.

    Raises:
        ValueError: promql-parser cannot parse it.
    """
    return [_operand(node, word) for word, node in _conjuncts(parse(expression))]


def guards(conditions: Sequence[Operand], comparator: str | None, value: float) -> list[str]:
    """The texts of the conditions that only narrow when it is asked; none where no condition says the value."""
    told = {condition.quantity for condition in conditions if _says(condition, comparator, value)}
    return [condition.text for condition in conditions if told and condition.quantity not in told]


def same(guard: str, other: str) -> bool:
    """Whether two guards ask the same, as `printed` has them."""
    (word, expression), (another, others) = _split(guard), _split(other)
    return word == another and in_one_form(expression) == in_one_form(others)


def printed(guard: str) -> str:
    """A guard as `Operand.text` has it.

    Raises:
        ValueError: promql-parser cannot parse it.
    """
    word, expression = _split(guard)
    return _operand(parse(expression), word).text


def _split(guard: str) -> tuple[str, str]:
    """The word before a guard's expression, `unless ` or none, and the expression."""
    return (_UNLESS, guard.removeprefix(_UNLESS)) if guard.startswith(_UNLESS) else ("", guard)


def unguarded(conditions: Sequence[Operand], comparator: str | None, value: float) -> list[Comparison]:
    """The comparisons that must be the documented one: those of guards are left out, if any other says it."""
    told = [condition for condition in conditions if _says(condition, comparator, value)]
    quantities = {condition.quantity for condition in told}
    kept = [condition for condition in conditions if not told or condition.quantity in quantities]
    return [comparison for condition in kept for comparison in condition.comparisons]


def is_documented(comparisons: Sequence[Comparison], comparator: str | None, value: float) -> bool:
    """Whether each comparison is the documented one; 1 - 0.95 is 0.05."""
    alike = [op == comparator and math.isclose(number, value, rel_tol=1e-9) for op, number in comparisons]
    return bool(alike) and all(alike)


def _says(condition: Operand, comparator: str | None, value: float) -> bool:
    return is_documented(condition.comparisons, comparator, value)


def _conjuncts(node: Any) -> list[tuple[str, Any]]:
    """Each condition, and the word before it: `unless `, or none."""
    node = bare(node)
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "and":
        return [*_conjuncts(node.lhs), *_conjuncts(node.rhs)]
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "unless":
        return [*_conjuncts(node.lhs), (_UNLESS, node.rhs)]
    return [("", node)]


def _operand(node: Any, word: str = "") -> Operand:
    node = bare(node)
    found = tuple(told for part in walk(node) if (told := threshold(part)) is not None)
    measured = node
    while threshold(measured) is not None:
        measured = bare(measured.rhs if isinstance(measured.lhs, promql.NumberLiteral) else measured.lhs)
    text = word + " ".join(node.prettify().split())
    return Operand(found, _WINDOW.sub("[]", _squeezed(measured.prettify())), text)


def _squeezed(text: str) -> str:
    return "".join(text.split())
