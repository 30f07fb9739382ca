"""Changes of a recording rule that nobody who reads it can tell: summed again by all, divided by itself, or not read.

They are judged by the expressions that read the recording, among all rules and test cases at hand: with another reader
the same change is a mutant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from promproof.proofs.mutants.equivalent import SCALED, changed, is_equivalent
from promproof.proofs.mutants.repeated import is_asked_again
from promproof.proofs.mutants.syntax import Node as Part
from promproof.proofs.mutants.syntax import Span, read
from promproof.proofs.mutants.unread import groups_alike
from promproof.proofs.tree import (
    COMPARISONS,
    Aggregate,
    Binary,
    Call,
    Node,
    NotCovered,
    Selector,
    Window,
    parse,
    walk,
)

FOLDED = ("sum", "max", "min")
"""What of its own parts is the same as of all."""
EVEN = (
    "rate",
    "increase",
    "irate",
    "sum_over_time",
    "avg_over_time",
    "max_over_time",
    "min_over_time",
    "last_over_time",
)
"""What grows as its input does."""


def is_read_alike(
    before: Mapping[str, object],
    after: Mapping[str, object],
    expressions: Sequence[str],
    beside: Mapping[str, str] | None = None,
) -> bool:
    """Whether a changed recording rule says the same to all who read it. expressions: all that may read it.

    beside: other recordings by name, each of one expression and without labels of its own.
    Sums in another order may differ in their last digit. One that nobody reads is read by people.
    """
    name = str(before.get("record") or "")
    if not name or before.get("expr") == after.get("expr"):
        return False
    try:
        old, new = parse(str(before["expr"])), parse(str(after["expr"]))
        trees = [parse(text) for text in expressions]
    except (NotCovered, RecursionError):
        return False
    if any(isinstance(node, Selector) and not node.name for tree in trees for node in walk(tree)):
        return False
    readers = [tree for tree in trees if any(_is_named(node, name) for node in walk(tree))]
    if not readers:
        return False
    labels = before.get("labels")
    given = labels if isinstance(labels, Mapping) else {}
    if _are_folded(old, new, given, name, readers) or is_asked_again(old, new, given, name, readers):
        return True
    if _is_scaled(old, new) and all(
        degree(tree, lambda node: _is_named(node, name)) == 0 for tree in readers
    ):
        return True
    texts = [text for text, tree in zip(expressions, trees, strict=True) if tree in readers]
    known = {other: text for other, text in (beside or {}).items() if other != name}
    return not given and all(_is_same_inside(text, name, old.text, new.text, known) for text in texts)


def _is_same_inside(reader: str, name: str, old: str, new: str, beside: Mapping[str, str]) -> bool:
    """Whether a reader says the same with either expression in place of the recording's name, one after the other."""
    try:
        others = [node for node in _bare(reader) if node.word in beside]
        whole = _filled(reader, [node.span for node in others], [beside[node.word] for node in others])
        found = [node for node in read(whole).walk() if node.kind == "selector" and node.word == name]
    except ValueError:
        return False
    if any(node.matchers for node in found):
        return False
    reader = whole
    spans = sorted((node.span for node in found), reverse=True)
    texts = [
        _filled(reader, spans, [new] * place + [old] * (len(spans) - place))
        for place in range(len(spans) + 1)
    ]
    return all(
        is_equivalent({"record": "r", "expr": before}, {"record": "r", "expr": after})
        for before, after in pairwise(texts)
    )


def _bare(text: str) -> list[Part]:
    """The selectors that are a name alone, the last first."""
    found = [node for node in read(text).walk() if node.kind == "selector"]
    alone = [node for node in found if text[node.span[0] : node.span[1]] == node.word]
    return sorted(alone, key=lambda node: node.span, reverse=True)


def _filled(text: str, spans: Sequence[Span], expressions: Sequence[str]) -> str:
    """A text with an expression in each of these places, the last place first."""
    for (begin, end), expression in zip(spans, expressions, strict=True):
        text = f"{text[:begin]}({expression}){text[end:]}"
    return text


def _is_named(node: Node, name: str) -> bool:
    return isinstance(node, Selector) and node.name == name


def _are_folded(
    old: Node, new: Node, given: Mapping[str, object], name: str, readers: Sequence[Node]
) -> bool:
    """Whether only labels of an aggregation differ that each reader aggregates away in the same way."""
    if not (isinstance(old, Aggregate) and isinstance(new, Aggregate)) or not groups_alike(old, new):
        return False
    labels = {*old.labels} ^ {*new.labels}
    if old.op not in FOLDED or labels & {*given}:
        return False
    return all(_is_below(tree, old.op, labels, name) for tree in readers)


def _is_below(tree: Node, op: str, labels: set[str], name: str) -> bool:
    """Whether each selector of the recording stands right below an aggregation that lets go of the labels."""
    if _is_named(tree, name):
        return False
    for above, selector in _pairs(tree):
        if not isinstance(selector, Selector) or selector.name != name:
            continue
        if not isinstance(above, Aggregate) or above.op != op or above.inner is not selector:
            return False
        if any((label in above.labels) != above.without for label in labels):
            return False
        if any(label in labels for label, _, _ in selector.matchers):
            return False
    return True


def _pairs(tree: Node) -> Iterator[tuple[Node, Node]]:
    for node in walk(tree):
        for child in node.children():
            yield node, child


def _is_scaled(old: Node, new: Node) -> bool:
    """Whether one is a multiple of the other: `rate` for `increase`, and what follows grows as they do."""
    base, other = changed(old, new)[-1]
    if not (isinstance(base, Call) and isinstance(other, Call)):
        return False
    if {base.name, other.name} != {"rate", "increase"} or [a.text for a in base.args] != [
        a.text for a in other.args
    ]:
        return False
    return degree(old, lambda node: node is base) not in (None, 0)


def degree(node: Node, is_base: Callable[[Node], bool]) -> int | None:
    """With which power of its base an expression grows: 0 where the base falls out; None where that is not known."""
    if is_base(node):
        return 1
    found = [degree(child, is_base) for child in node.children()]
    if all(power == 0 for power in found):
        return 0
    if None in found:
        return None
    if isinstance(node, Binary):
        return _of_both(node, found[0] or 0, found[1] or 0)
    if isinstance(node, Window):
        return found[0]
    if isinstance(node, Aggregate) and node.op in (*SCALED, "count", "group"):
        return 0 if node.op in ("count", "group") else degree(node.inner, is_base)
    if isinstance(node, Call) and len(node.args) == 1 and node.name in EVEN:
        return found[0]
    return None


def _of_both(node: Binary, left: int, right: int) -> int | None:
    if node.op in ("*", "/"):
        return left + right if node.op == "*" else left - right
    if node.op in ("and", "unless"):
        return left
    if node.op in ("+", "-", "or") or node.op in COMPARISONS:
        if left != right:
            return None
        return 0 if node.is_bool else left
    return None
