"""Changes of what something else asks for already: a looser comparison beside a stricter, the left side of an `or`."""

from __future__ import annotations

from collections.abc import Sequence

from promproof.proofs.mutants.unread import Step
from promproof.proofs.tree import COMPARISONS, Binary, Call, Node, Number, Selector, Window

OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
EACH = ("rate", "increase", "_over_time", "delta")
"""How functions end that look at each series alone."""
Limit = tuple[str, float]
"""A comparison's operator and its number, to its right."""


def is_implied_comparison(path: Sequence[Step]) -> bool:
    """`(x > 0) > 0.1` and `x > 0 and x > 0.1` with -1 for 0: the stricter refuses whatever the looser one does."""
    for place in range(len(path) - 1, 0, -1):
        old, new = path[place]
        before, after = limit(old), limit(new)
        if before is None or after is None:
            continue
        assert isinstance(old, Binary)
        assert isinstance(new, Binary)
        strict = _beside(path[place - 1][0], old)
        if old.left.text != new.left.text or strict is None:
            return False
        return implies(strict, before) and implies(strict, after)
    return False


def limit(node: Node) -> Limit | None:
    """What a comparison of anything with a number asks; None for any other node, and with `bool`."""
    if (
        isinstance(node, Binary)
        and node.op in COMPARISONS
        and not node.is_bool
        and isinstance(node.right, Number)
    ):
        return node.op, node.right.value
    return None


def _beside(above: Node, inner: Binary) -> Limit | None:
    """The comparison of the same, that what passes the inner one has to pass as well."""
    if not isinstance(above, Binary):
        return None
    if above.left is inner and limit(above) is not None:
        return limit(above)
    if above.op != "and" or above.on is not None or above.ignoring:
        return None
    other = above.right if inner is above.left else above.left
    is_same = isinstance(other, Binary) and other.left.text == inner.left.text
    return limit(other) if is_same else None


def implies(strict: Limit, loose: Limit) -> bool:
    """Whether what passes one passes the other too, whatever number it is."""
    (op, number), (other, least) = strict, loose
    if op == "==":
        return {">": number > least, ">=": number >= least, "<": number < least, "<=": number <= least}.get(
            other, False
        )
    if op not in (">", ">=", "<", "<=") or op[0] != other[0] or other not in (">", ">=", "<", "<="):
        return False
    beyond = number > least if op[0] == ">" else number < least
    return beyond or (number == least and (op == other or len(op) < len(other)))


def is_had_already(path: Sequence[Step]) -> bool:
    """`f(x{a!="1"}) or f(x{a="1", b="2"})` without `a="1"`: what comes in has `a!="1"`, and the left side has it."""
    old, new = path[-1]
    if not (isinstance(old, Selector) and isinstance(new, Selector)) or not old.name:
        return False
    if (old.name, old.shift, old.at) != (new.name, new.shift, new.at):
        return False
    gone = [matcher for matcher in old.matchers if matcher not in new.matchers]
    if len(gone) != 1:
        return False
    name, op, value = gone[0]
    kept = [matcher for matcher in old.matchers if matcher in new.matchers]
    for place in range(len(path) - 2, -1, -1):
        node, below = path[place][0], path[place + 1][0]
        if isinstance(node, Binary):
            if node.op != "or" or below is not node.right or node.on is not None or node.ignoring:
                return False
            had = _same_but_for_matchers(node.left, below)
            return had is not None and all(
                m in kept or m == (name, OPPOSITE[op], value) for m in had.matchers
            )
        if not isinstance(node, Window | Call):
            return False
    return False


def _same_but_for_matchers(one: Node, other: Node) -> Selector | None:
    """The selector of the first, where both do the same with series of one name."""
    if isinstance(one, Selector) and isinstance(other, Selector):
        return one if (one.name, one.shift, one.at) == (other.name, other.shift, other.at) else None
    if isinstance(one, Window) and isinstance(other, Window):
        same = (one.seconds, one.step, one.shift, one.at) == (
            other.seconds,
            other.step,
            other.shift,
            other.at,
        )
        return _same_but_for_matchers(one.inner, other.inner) if same else None
    if not (isinstance(one, Call) and isinstance(other, Call)) or one.name != other.name:
        return None
    is_plain = one.name.endswith(EACH) and one.name != "absent_over_time"
    if not is_plain or len(one.args) != 1 or len(other.args) != 1:
        return None
    return _same_but_for_matchers(one.args[0], other.args[0])
