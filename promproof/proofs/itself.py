"""Where each series meets itself, so that a share says nothing: `x{status="failed"} / x`, or `x{...} > 0.3 * x`."""

from __future__ import annotations

from promproof.proofs.tree import COMPARISONS, Aggregate, Binary, Call, Node, Number, Selector, Window

ORDERED = (">", ">=", "<", "<=")
SUMMED = ("sum", "avg", "max", "min")


def is_divided_by_itself(node: Node) -> bool:
    """Whether each series meets itself: `x{status="failed"} / x` without a sum, or with sums `by (status)`."""
    return (
        isinstance(node, Binary)
        and node.op == "/"
        and not node.many
        and _meets_itself(node, scaled(node.left)[1], node.right)
    )


def share_of_itself(node: Node) -> float | None:
    """How much of itself each series is compared with: 0.3 of `x{status="failed"} > 0.3 * x`; None of other sides."""
    if not isinstance(node, Binary) or node.op not in ORDERED or node.is_bool or node.many:
        return None
    (mine, one), (theirs, two) = scaled(node.left), scaled(node.right)
    return theirs / mine if mine > 0 and theirs > 0 and _meets_itself(node, one, two) else None


def is_against_itself(node: Node) -> bool:
    """Whether each series is divided by itself, or compared with a part of itself."""
    return is_divided_by_itself(node) or share_of_itself(node) is not None


def scaled(node: Node) -> tuple[float, Node]:
    """A factor, and what it scales: 100 and `x` of `100 * x`."""
    if isinstance(node, Binary) and node.op == "/" and isinstance(node.right, Number) and node.right.value:
        factor, inner = scaled(node.left)
        return factor / node.right.value, inner
    if isinstance(node, Binary) and node.op == "*":
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(one, Number):
                factor, inner = scaled(other)
                return one.value * factor, inner
    return 1.0, node


def _unguarded(node: Node) -> Node:
    """`x` of `x > 0`: which elements are left is another matter."""
    while isinstance(node, Binary) and node.op in COMPARISONS and not node.is_bool:
        if not isinstance(node.right, Number):
            break
        node = node.left
    return node


def _meets_itself(node: Binary, one: Node, two: Node) -> bool:
    groups: frozenset[str] | None = None
    one, two = _unguarded(one), _unguarded(two)
    if isinstance(one, Aggregate) and isinstance(two, Aggregate):
        groups = frozenset(one.labels)
        if one.op != two.op or one.op not in SUMMED or one.without or two.without or groups != {*two.labels}:
            return False
        one, two = one.inner, two.inner
    left, right = bare(one), bare(two)
    if (
        left is None
        or right is None
        or left[0] != right[0]
        or left[1].name != right[1].name
        or not left[1].name
    ):
        return False
    own, other = set(left[1].matchers), set(right[1].matchers)
    if (left[1].shift, left[1].at) != (right[1].shift, right[1].at) or not (other <= own or own <= other):
        return False
    if groups is not None and not {name for name, _, _ in own ^ other} <= groups:
        return False  # a group of the whole has further series
    return node.on is None and not node.ignoring


def of_itself(node: Binary) -> float | None:
    """The value of `100 / x * x{...}`, which is the number."""
    inner = node.left
    if node.op != "*" or node.many or not isinstance(inner, Binary) or inner.op != "/" or node.on is not None:
        return None
    return (
        inner.left.value
        if isinstance(inner.left, Number) and _meets_itself(node, inner.right, node.right)
        else None
    )


def bare(node: Node) -> tuple[tuple[object, ...], Selector] | None:
    """A selector, and what is done with it: windows and functions that keep each series apart."""
    if isinstance(node, Selector):
        return (), node
    if isinstance(node, Call) and len(node.args) == 1 and isinstance(node.args[0], Window):
        inner = node.args[0].inner
        if isinstance(inner, Selector) and not node.name.startswith("absent"):
            return (node.name, node.args[0].seconds), inner
    return None
