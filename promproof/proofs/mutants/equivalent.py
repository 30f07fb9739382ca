"""Changes that mean the same as the rule whatever the data are: no mutants. Each kind stands in docs/mutate.md.

Nothing else is left out: that no test notices a change is no reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from promproof.proofs.dead import always, is_addend, is_share
from promproof.proofs.mutants.implied import is_had_already, is_implied_comparison
from promproof.proofs.mutants.unread import (
    TOPS,
    Step,
    is_fixed_label,
    is_folded_again,
    is_presence,
    is_refused_quotient,
    is_value_alone,
    is_zero_alternative,
)
from promproof.proofs.shapes import is_number, shape
from promproof.proofs.tree import (
    COMPARISONS,
    SETS,
    Aggregate,
    Binary,
    Call,
    Node,
    NotCovered,
    Number,
    Selector,
    Window,
    parse,
)

SCALED = ("sum", "avg", "min", "max")
"""Aggregations that are 0 exactly where all that is below is 0, if nothing is negative."""
NOT_NEGATIVE = ("rate", "increase", "irate")


def is_equivalent(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether a changed expression of a rule says the same."""
    return next(equivalences(before, after), None) is not None


def equivalences(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """The names in RULES of those by which a changed expression of a rule says the same."""
    if before.get("expr") == after.get("expr"):
        return
    try:
        old, new = parse(str(before["expr"])), parse(str(after["expr"]))
    except (NotCovered, RecursionError):
        return
    path = changed(old, new)
    yield from (name for name, holds in RULES.items() if holds(path, before))


def changed(old: Node, new: Node) -> list[Step]:
    """From the root down to the innermost node that differs."""
    path: list[Step] = []
    while True:
        path.append((old, new))
        if type(old) is not type(new) or len(old.children()) != len(new.children()):
            return path
        differing = [(a, b) for a, b in zip(old.children(), new.children(), strict=True) if a.text != b.text]
        if len(differing) != 1:
            return path
        old, new = differing[0]


def _is_label_of_none(path: Sequence[Step]) -> bool:
    """A grouping gains or loses a label that what it groups never has."""
    old, new = path[-1]
    if not (isinstance(old, Aggregate) and isinstance(new, Aggregate)):
        return False
    if (old.op, old.without, old.inner.text) != (new.op, new.without, new.inner.text):
        return False
    grouped = shape(old.inner, {})
    return not any(grouped.may_have(name) for name in set(old.labels) ^ set(new.labels))


def _is_idle_matcher(path: Sequence[Step]) -> bool:
    """A matcher that takes every value, and series without the label too, is dropped."""
    old, new = path[-1]
    if not (isinstance(old, Selector) and isinstance(new, Selector)):
        return False
    if (old.name, old.shift, old.at) != (new.name, new.shift, new.at):
        return False
    gone = [matcher for matcher in old.matchers if matcher not in new.matchers]
    return len(new.matchers) < len(old.matchers) and all((op, text) == ("=~", ".*") for _, op, text in gone)


def _holds_always(path: Sequence[Step]) -> bool:
    """Another number or operator of a comparison that holds as before for every value: a count is at least 1."""
    return any(
        isinstance(old, Binary)
        and isinstance(new, Binary)
        and old.op in COMPARISONS
        and new.op in COMPARISONS
        and old.is_bool == new.is_bool
        and old.left.text == new.left.text
        and isinstance(new.right, Number)
        and always(old, {})
        and always(new, {})
        for old, new in path
    )


def _is_scaled_against_zero(path: Sequence[Step], rule: Mapping[str, object]) -> bool:
    """`rate` for `increase` where all that follows is a comparison with 0, and nobody reads the value."""
    old, new = path[-1]
    if not (isinstance(old, Call) and isinstance(new, Call)) or {old.name, new.name} != {"rate", "increase"}:
        return False
    for place in range(len(path) - 2, -1, -1):
        node, below = path[place][0], path[place + 1][0]
        if isinstance(node, Aggregate) and node.op in SCALED:
            continue
        if not isinstance(node, Binary):
            return False
        other = node.right if below is node.left else node.left
        if node.op in COMPARISONS and isinstance(other, Number) and other.value == 0:
            is_zero = below is node.left and node.op in ("==", "<=")  # then the value is 0 with both
            return is_zero or not _is_value_read(path[:place], node, rule)
        if node.op == "+" and _is_count(other):
            continue
        if node.op in ("*", "/") and isinstance(other, Number) and other.value > 0 and below is node.left:
            continue
        return False
    return False


def _is_count(node: Node) -> bool:
    """Whether it is a sum of increases, which are never negative."""
    while isinstance(node, Aggregate) and node.op in SCALED:
        node = node.inner
    return isinstance(node, Call) and node.name in NOT_NEGATIVE


def _is_value_read(above: Sequence[Step], comparison: Node, rule: Mapping[str, object]) -> bool:
    below = comparison
    for node, _ in reversed(above):
        if not isinstance(node, Binary) or node.op not in ("and", "unless", "or"):
            return True
        if node.op in ("and", "unless") and below is node.right:
            return False
        below = node
    texts = [rule.get("annotations"), rule.get("labels")]
    return "record" in rule or "value" in str(texts).lower()


def _is_joined_away(path: Sequence[Step]) -> bool:
    """A matcher dropped or widened, where the other side of an operator has no series that it leaves out."""
    old, new = path[-1]
    if not (isinstance(old, Selector) and isinstance(new, Selector)) or old.name != new.name:
        return False
    if not old.name:
        return False  # further metrics may have the same labels, which Prometheus refuses
    gone = [matcher for matcher in old.matchers if matcher not in new.matchers]
    if len(gone) != 1:
        return False
    name = gone[0][0]
    for place in range(len(path) - 2, -1, -1):
        node, below = path[place][0], path[place + 1][0]
        if isinstance(node, Binary) and not is_number(_other(node, below)):
            is_filter = node.op in ("and", "unless") and below is node.left  # of each series alone
            asks = node.op != "unless" or below is node.right
            if asks and _joins_by(node, below, name) and fixes(_other(node, below), gone[0]):
                return True
            if not is_filter:
                return False
        elif not keeps(node, name):
            return False
    return False


def _joins_by(node: Binary, below: Node, name: str) -> bool:
    """Whether series on this side that differ from all others in a label find no partner, and hinder no other's.

    Of `on`, `ignoring` and `group_left` the side of one must be one series for each of the labels that it joins by: two
    of one value are refused, partner or not.
    """
    if node.op == "or" or name in node.ignoring or (node.on is not None and name not in node.on):
        return False
    if node.on is None and not node.ignoring and not node.many:
        return True
    if node.op in SETS or below is not (node.left if node.many == "right" else node.right):
        return True
    while isinstance(below, Binary) and is_number(below.right):  # `max by (a) (x) > 0` has its labels
        below = below.left
    if not isinstance(below, Aggregate) or below.without or below.op in TOPS:
        return False
    return not {*below.labels} & {*node.ignoring} if node.on is None else {*below.labels} <= {*node.on}


def _other(node: Binary, below: Node) -> Node:
    return node.right if below is node.left else node.left


def keeps(node: Node, name: str) -> bool:
    """Whether series that differ in a label stay apart."""
    if isinstance(node, Aggregate):
        return (
            (name not in node.labels) if node.without else (name in node.labels and node.op not in ("topk",))
        )
    if isinstance(node, Call):
        return node.name not in (
            "label_replace",
            "label_join",
            "scalar",
            "absent",
            "absent_over_time",
            "vector",
            "histogram_quantile",
        )
    return isinstance(node, Window | Binary)


def fixes(node: Node, matcher: tuple[str, str, str]) -> bool:
    """Whether all series of an expression meet a matcher."""
    if isinstance(node, Selector):
        return matcher in node.matchers
    if isinstance(node, Window):
        return fixes(node.inner, matcher)
    if isinstance(node, Aggregate):
        return keeps(node, matcher[0]) and fixes(node.inner, matcher)
    if isinstance(node, Call):
        return keeps(node, matcher[0]) and any(fixes(arg, matcher) for arg in node.args)
    if isinstance(node, Binary) and node.op in ("and", "unless") and fixes(node.left, matcher):
        return True  # what is left of the left side is as it was
    if (
        isinstance(node, Binary)
        and node.on is None
        and not node.ignoring
        and not node.many
        and node.op != "or"
    ):
        sides = [node.left] if node.op == "unless" else [node.left, node.right]
        return any(fixes(side, matcher) for side in sides)
    return False


def _is_implied_guard(path: Sequence[Step]) -> bool:
    """`part / whole > x and whole > 0`: the guard says nothing, and so does one that asks for less."""
    for place in range(len(path) - 2, -1, -1):
        node, below = path[place][0], path[place + 1][0]
        if isinstance(node, Binary) and node.op == "and" and below is node.right and not node.many:
            guard, changed = path[place + 1]
            if not (
                isinstance(guard, Binary) and isinstance(changed, Binary) and guard.op == changed.op == ">"
            ):
                return False
            zero = isinstance(guard.right, Number) and guard.right.value == 0
            return zero and _divides(node.left, guard.left.text) and _asks_less(path[place + 2 :], changed)
    return False


def _divides(node: Node, whole: str) -> bool:
    """Whether an expression has no result where this divisor is 0: it is a share, 0 / 0 is NaN then."""
    if not isinstance(node, Binary):
        return False
    if node.op == "/" and node.right.text == whole:
        plain = replace(node, left=_unscaled(node.left))
        return is_share(plain) or is_addend(plain, {})
    if node.op == "and":
        by_all = node.on is None and not node.ignoring  # else what is left has other labels than the share
        return _divides(node.left, whole) or (by_all and _divides(node.right, whole))
    if node.op in COMPARISONS and not node.is_bool and isinstance(node.right, Number) and node.op != "!=":
        return _divides(node.left, whole)
    return node.op in ("*", "/", "+", "-") and isinstance(node.right, Number) and _divides(node.left, whole)


def _unscaled(node: Node) -> Node:
    """`part` of `100 * part`."""
    if isinstance(node, Binary) and node.op == "*":
        if isinstance(node.left, Number):
            return node.right
        if isinstance(node.right, Number):
            return node.left
    return node


def _grows_with_its_parts(node: Node) -> bool:
    """Whether further series and longer windows below leave what is above 0 above 0: not of a min, a mean, a change."""
    if isinstance(node, Aggregate):
        return node.op in ("sum", "max")
    if isinstance(node, Call):
        return node.name in NOT_NEGATIVE
    if isinstance(node, Binary):
        return node.op == "+" and node.on is None and not node.ignoring and not node.many
    return isinstance(node, Window)


def _asks_less(path: Sequence[Step], guard: Binary) -> bool:
    """Whether the changed guard holds wherever the guard does: a lower number, a longer window, a matcher less."""
    if not path:
        return False
    old, new = path[-1]
    if isinstance(old, Number) and isinstance(new, Number):
        return new.value < old.value and old.value == 0
    if isinstance(guard.right, Number) and guard.right.value != 0:
        return False
    if not all(_grows_with_its_parts(node) for node, _ in path[:-1]):
        return False
    if isinstance(old, Window) and isinstance(new, Window):
        return new.seconds > old.seconds
    if isinstance(old, Selector) and isinstance(new, Selector):
        return old.name == new.name != "" and not [
            m for m in new.matchers if m not in old.matchers and m[1][0] == "!"
        ]
    return False


def _of_path(
    holds: Callable[[Sequence[Step]], bool],
) -> Callable[[Sequence[Step], Mapping[str, object]], bool]:
    return lambda path, rule: holds(path)


RULES: Mapping[str, Callable[[Sequence[Step], Mapping[str, object]], bool]] = {
    "a factor against 0": _is_scaled_against_zero,
    "a matcher of the other side": _of_path(_is_joined_away),
    "a guard that a share implies": _of_path(_is_implied_guard),
    "a label that nothing has": _of_path(_is_label_of_none),
    "a matcher that takes all": _of_path(_is_idle_matcher),
    "a comparison that always holds": _of_path(_holds_always),
    "a quotient of 0": _of_path(is_refused_quotient),
    "a label of one value": _of_path(is_fixed_label),
    "an aggregation of the same": _of_path(is_folded_again),
    "a zero that does not grow": _of_path(is_zero_alternative),
    "only presence is asked": _of_path(is_presence),
    "no value is asked": _of_path(is_value_alone),
    "a stricter comparison beside": _of_path(is_implied_comparison),
    "what the other alternative has": _of_path(is_had_already),
}
"""Each with the path to what changed and the rule; random series try to refute each in the tests."""
