"""Operations whose two sides can never meet, because one side surely has a label that the other surely lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare
from promproof.promql.labels import Labels, Recorded, labels_of
from promproof.promql.tree import is_scalar, matching, operator, text


@dataclass(frozen=True)
class Mismatch:
    """An operation, and the label that keeps its sides apart. sides: what each has, for people."""

    node: Any
    label: str
    sides: tuple[str, str]

    @property
    def sign(self) -> str:
        """The operator."""
        return operator(self.node)


def mismatch(node: Any, recorded: Recorded) -> Mismatch | None:
    """Why no sample of the left side has a partner on the right; None when some may have."""
    node = bare(node)
    if not isinstance(node, promql.BinaryExpr) or operator(node) == "or":
        return None
    if is_scalar(node.lhs) or is_scalar(node.rhs) or _is_number(node.lhs) or _is_number(node.rhs):
        return None
    left, right = labels_of(node.lhs, recorded), labels_of(node.rhs, recorded)
    how, named = matching(node)
    for label in sorted(left.has | right.has):
        if (label in named) == (how == "on") and _differs(label, left, right):
            return Mismatch(node, label, (_said(label, left), _said(label, right)))
    return None


def _is_number(node: Any) -> bool:
    """A vector() of a number has no labels on purpose: what it is matched with is another matter."""
    return isinstance(bare(node), promql.Call) and str(bare(node).func.name) == "vector"


def _differs(label: str, left: Labels, right: Labels) -> bool:
    if label in left.fixed and label in right.fixed:
        return left.fixed[label] != right.fixed[label]
    return any(
        label in side.has and not other.can_have(label) for side, other in ((left, right), (right, left))
    )


def _said(label: str, labels: Labels) -> str:
    if label in labels.fixed:
        return f'{label}="{labels.fixed[label]}"'
    return f"a label {label}" if labels.can_have(label) else f"no label {label}"


def described(found: Mismatch) -> str:
    """The operation and its sides in words."""
    left, right = found.sides
    return f"the left side has {left}, the right side {right}: {text(found.node)}"
