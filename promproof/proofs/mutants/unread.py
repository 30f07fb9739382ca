"""Changes whose difference nobody reads: what a comparison refuses anyway, and labels that are dropped further up."""

from __future__ import annotations

import math
from collections.abc import Sequence

from promproof.proofs.dead import bounds
from promproof.proofs.shapes import is_number, shape
from promproof.proofs.tree import (
    COMPARISONS,
    SETS,
    Aggregate,
    Binary,
    Call,
    Node,
    Number,
    Selector,
    Window,
    walk,
)

Step = tuple[Node, Node]
"""A node and what stands in its place."""
TOPS = ("topk", "bottomk", "limitk", "limit_ratio")
"""Aggregations that keep the labels of what they take."""
SLOPES = ("rate", "irate", "increase", "delta", "idelta", "deriv")
"""What is 0 of a series that is always 0."""
TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def is_refused_quotient(path: Sequence[Step]) -> bool:
    """`part / (whole > 0) > 0.9 < 1` with `>=`: what is divided by 0 is infinite or no number, and refused both ways.

    Only where both sides join by all labels: a further divisor may be one too many for its partner.
    """
    old, new = path[-1]
    if len(path) < 2 or not (isinstance(old, Binary) and isinstance(new, Binary)):
        return False
    quotient = path[-2][0]
    if not (isinstance(quotient, Binary) and quotient.op == "/" and quotient.right is old):
        return False
    if {old.op, new.op} not in ({">", ">="}, {"<", "<="}) or old.is_bool or old.left.text != new.left.text:
        return False
    if not (isinstance(old.right, Number) and old.right.value == 0 and old.right.text == new.right.text):
        return False
    if quotient.on is not None or quotient.ignoring or quotient.many or is_number(quotient.left):
        return False
    if any(isinstance(node, Selector) and not node.name for node in walk(old)):
        return False
    refused = _refused(path[:-2], quotient)
    signs = {"+"} if bounds(quotient.left, {})[0] >= 0 and old.op in (">", ">=") else {"+", "-"}
    return signs <= refused


def _refused(above: Sequence[Step], below: Node) -> set[str]:
    """Which of the infinities the comparisons that follow at once refuse; no number passes any of them."""
    refused: set[str] = set()
    for node, _ in reversed(above):
        if not isinstance(node, Binary) or node.op not in COMPARISONS or node.is_bool or node.op == "!=":
            break
        other = node.right if below is node.left else node.left
        if not isinstance(other, Number) or not math.isfinite(other.value):
            break
        op = node.op if below is node.left else TURNED.get(node.op, node.op)
        refused |= {"+"} if op in ("<", "<=") else {"-"} if op in (">", ">=") else {"+", "-"}
        below = node
    return refused


def is_fixed_label(path: Sequence[Step]) -> bool:
    """A grouping gains or loses a label that has one value in all that is grouped, and that nobody reads then."""
    old, new = path[-1]
    if not (isinstance(old, Aggregate) and isinstance(new, Aggregate)) or not groups_alike(old, new):
        return False
    must = shape(old.inner, {}).must
    names = set(old.labels) ^ set(new.labels)
    if any(must.get(name) is None for name in names):
        return False
    return old.op in TOPS or not any(is_read(path[:-1], old, name) for name in names)


def is_folded_again(path: Sequence[Step]) -> bool:
    """`max by (a) (max by (a, b) (x))` without b, and `topk by (a) (1, max by (a, b) (x))` where nobody reads b."""
    old, new = path[-1]
    if len(path) < 2 or not (isinstance(old, Aggregate) and isinstance(new, Aggregate)):
        return False
    above = path[-2][0]
    if not isinstance(above, Aggregate) or not groups_alike(old, new) or old.without or above.without:
        return False
    if above.inner is not old or not {*above.labels} <= {*old.labels} & {*new.labels}:
        return False
    if above.op == old.op and old.op in ("max", "min", "sum", "group"):
        return True
    first = isinstance(above.param, Number) and above.param.value == 1
    if not first or (above.op, old.op) not in (("topk", "max"), ("bottomk", "min")):
        return False
    return not any(is_read(path[:-2], above, name) for name in set(old.labels) ^ set(new.labels))


def is_presence(path: Sequence[Step]) -> bool:
    """`x unless on (a) sum by (a, b) (rate(y[5m])) > 0` without b: of the right side only presence by `a` is asked."""
    old, new = path[-1]
    if not (isinstance(old, Aggregate) and isinstance(new, Aggregate)) or not groups_alike(old, new):
        return False
    below: Node = old
    for node, _ in reversed(path[:-1]):
        if not isinstance(node, Binary):
            return False
        if node.op in ("and", "unless") and below is node.right and node.on is not None:
            return old.op not in TOPS and not (set(old.labels) ^ set(new.labels)) & set(node.on)
        if below is not old or not _holds_for_one(old, node, {*old.labels} ^ {*new.labels}):
            return False
        below = node
    return False


def is_value_alone(path: Sequence[Step]) -> bool:
    """`x and on () sum(y == bool 1)` with `!= bool`: of the right side presence is asked, and no value decides that."""
    if not _changes_a_value(path):
        return False
    for place in range(len(path) - 2, -1, -1):
        node, below = path[place][0], path[place + 1][0]
        if isinstance(node, Binary) and node.op in ("and", "unless") and below is node.right:
            return True
        if not _is_there_whatever(node):
            return False
    return False


def _changes_a_value(path: Sequence[Step]) -> bool:
    """Whether what changed is a number of a calculation, a comparison with `bool`, or the unit of a rate."""
    old, new = path[-1]
    if isinstance(old, Call) and isinstance(new, Call):
        same = [arg.text for arg in old.args] == [arg.text for arg in new.args]
        return same and {old.name, new.name} == {"rate", "increase"}
    if isinstance(old, Number) and isinstance(new, Number):
        return len(path) > 1 and isinstance(path[-2][0], Binary)
    sides = isinstance(old, Binary) and isinstance(new, Binary) and old.is_bool and new.is_bool
    return sides and [side.text for side in old.children()] == [side.text for side in new.children()]


def _is_there_whatever(node: Node) -> bool:
    """Whether what values a node gets makes no difference to which results it has."""
    if isinstance(node, Aggregate):
        return node.op not in (*TOPS, "count_values")
    if isinstance(node, Call):
        return node.name not in ("scalar", "histogram_quantile")
    return isinstance(node, Window) or (
        isinstance(node, Binary) and (node.is_bool or node.op not in COMPARISONS)
    )


def _holds_for_one(group: Aggregate, node: Binary, names: set[str]) -> bool:
    """Whether a group passes a comparison exactly if a part of it does, however it is parted by these labels.

    Compared with series, each part needs the partner that the whole has.
    """
    if node.op not in COMPARISONS or node.is_bool or node.left is not group:
        return False
    if isinstance(node.right, Number):
        if group.op == "sum":
            return node.op == ">" and node.right.value == 0 and bounds(group.inner, {})[0] >= 0
    elif is_number(node.right) or node.on is None or node.many != "left" or names & {*node.on, *node.include}:
        return False
    return (group.op, node.op[0]) in (("max", ">"), ("min", "<"))


def groups_alike(old: Aggregate, new: Aggregate) -> bool:
    """Whether two aggregations differ in their labels only."""
    return (old.op, old.without, old.inner.text) == (new.op, new.without, new.inner.text) and (
        None if old.param is None else old.param.text
    ) == (None if new.param is None else new.param.text)


def is_read(above: Sequence[Step], below: Node, name: str) -> bool:
    """Whether a label of a part may matter further up: for a join, a group, or what the alert shows."""
    for node, _ in reversed(above):
        if isinstance(node, Aggregate):
            if node.inner is not below or (name in node.labels) != node.without:
                return True
            if node.op not in TOPS:
                return False
        elif isinstance(node, Binary):
            other = node.right if below is node.left else node.left
            if not is_number(other):
                if node.on is None or name in node.on or node.op == "or":
                    return True
                if _is_dropped(node, below, name):
                    return False
        elif not isinstance(node, Window) and not (
            isinstance(node, Call) and node.name not in ("label_replace", "label_join", "histogram_quantile")
        ):
            return True
        below = node
    return True


def _is_dropped(node: Binary, below: Node, name: str) -> bool:
    """Whether an operator with `on` has no label of this name from this side in what it returns."""
    if node.op in SETS:
        return below is node.right
    many = {"left": node.left, "right": node.right}.get(node.many)
    return below is not many and name not in node.include


def is_zero_alternative(path: Sequence[Step]) -> bool:
    """`increase((x or 0 * absent(x))[15m:1m]) > 3`: what is always 0 does not grow, whatever brings it."""
    for place in range(len(path) - 1, 1, -1):
        node, below = path[place - 1][0], path[place][0]
        if not (isinstance(node, Binary) and node.op == "or" and below is node.right):
            continue
        zero, changed = path[place]
        if not (_is_zero(zero) and _is_zero(changed)) or not _are_apart(node, changed):
            return False
        return _is_small(path[: place - 1])
    return False


def _is_zero(node: Node) -> bool:
    """Whether an expression is a product with 0 of what is finite."""
    if not (isinstance(node, Binary) and node.op == "*"):
        return False
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(one, Number) and one.value == 0:
            return isinstance(other, Call) and other.name in ("absent", "absent_over_time", "vector")
    return False


def _are_apart(node: Binary, changed: Node) -> bool:
    """Whether no series of the left side can have the labels of one on the right, before and after the change."""
    if node.on is not None or node.ignoring:
        return False
    must = shape(node.left, {}).must
    return all(any(not shape(side, {}).may_have(name) for name in must) for side in (node.right, changed))


def _is_small(above: Sequence[Step]) -> bool:
    """Whether a growth of 0 is refused: a window and its slope, then a comparison with a number above 0."""
    if len(above) != 3:
        return False
    comparison, slope, window = (node for node, _ in above)
    return (
        isinstance(window, Window)
        and isinstance(slope, Call)
        and slope.name in SLOPES
        and isinstance(comparison, Binary)
        and comparison.left is slope
        and isinstance(comparison.right, Number)
        and not comparison.is_bool
        and (
            (comparison.op in (">", ">=") and comparison.right.value > 0)
            or (comparison.op == ">" and comparison.right.value == 0)
        )
    )
