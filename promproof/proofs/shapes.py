"""Which labels the results of an expression have, whatever the series are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promproof.proofs.strings import accepts
from promproof.proofs.tree import SETS, Aggregate, Binary, Call, Node, Number, Selector, Text, Window

Recorded = Mapping[str, Sequence[tuple[Node, Mapping[str, str]]]]
"""Recording rules by name: their expressions and labels."""


@dataclass(frozen=True)
class Shape:
    """must: labels that are there, with their value where it is known. only: None, or all that may be there."""

    must: Mapping[str, str | None]
    only: frozenset[str] | None = None
    gone: frozenset[str] = frozenset()

    def may_have(self, name: str) -> bool:
        return name not in self.gone and (self.only is None or name in self.only)


def is_number(node: Node) -> bool:
    if isinstance(node, Number):
        return True
    if isinstance(node, Call):
        return node.name in ("time", "scalar")
    return isinstance(node, Binary) and node.op not in SETS and is_number(node.left) and is_number(node.right)


def shape(node: Node, recorded: Recorded) -> Shape:
    """The labels that the results of an expression have."""
    if isinstance(node, Selector):
        return _selected(node, recorded)
    if isinstance(node, Window):
        return shape(node.inner, recorded)
    if isinstance(node, Aggregate):
        return _kept(node, shape(node.inner, recorded))
    if isinstance(node, Call):
        return _of_call(node, recorded)
    if isinstance(node, Binary):
        return _of_binary(node, recorded)
    return Shape({}, frozenset())


def _selected(node: Selector, recorded: Recorded) -> Shape:
    rules = recorded.get(node.name, ()) if node.name else ()
    must: dict[str, str | None] = {}
    gone: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    if len(rules) == 1:
        inner = shape(rules[0][0], recorded)
        must, gone, only = dict(inner.must), inner.gone, inner.only
        for name, value in rules[0][1].items():
            must[name] = value
            gone -= {name}
            only = only | {name} if only is not None else None
    elif not rules and node.name and ":" not in node.name and not node.name.startswith("ALERTS"):
        must = {"job": None, "instance": None}
    for name in {name for name, _, _ in node.matchers}:
        own = [(op, value) for label, op, value in node.matchers if label == name]
        if accepts(own, ""):
            if any(op == "=" for op, _ in own):
                gone |= {name}
                must.pop(name, None)
            continue
        must[name] = next((value for op, value in own if op == "="), must.get(name))
    return Shape(must, only, gone)


def _kept(node: Aggregate, inner: Shape) -> Shape:
    if node.op in ("topk", "bottomk"):
        return inner
    if node.without:
        must = {name: value for name, value in inner.must.items() if name not in node.labels}
        only = inner.only - set(node.labels) if inner.only is not None else None
        return Shape(must, only, inner.gone | set(node.labels))
    labels = frozenset(node.labels)
    must = {name: value for name, value in inner.must.items() if name in labels}
    only = labels if inner.only is None else labels & inner.only
    if node.op == "count_values" and isinstance(node.param, Text):
        must[node.param.value] = None
        only |= {node.param.value}
    return Shape(must, only - inner.gone)


def _of_call(node: Call, recorded: Recorded) -> Shape:
    if node.name in ("absent", "absent_over_time"):
        inner = node.args[0].inner if isinstance(node.args[0], Window) else node.args[0]
        names = inner.matchers if isinstance(inner, Selector) else ()
        return Shape({}, frozenset(name for name, op, _ in names if op == "="))
    vectors = [arg for arg in node.args if not isinstance(arg, Text) and not is_number(arg)]
    if not vectors or node.name == "vector":
        return Shape({}, frozenset())
    inner_shape = shape(vectors[-1], recorded)
    if node.name in ("label_replace", "label_join") and isinstance(node.args[1], Text):
        target = node.args[1].value
        must = {name: value for name, value in inner_shape.must.items() if name != target}
        only = inner_shape.only | {target} if inner_shape.only is not None else None
        return Shape(must, only, inner_shape.gone - {target})
    if node.name == "histogram_quantile":
        must = {name: value for name, value in inner_shape.must.items() if name != "le"}
        return Shape(must, inner_shape.only, inner_shape.gone | {"le"})
    return inner_shape


def _of_binary(node: Binary, recorded: Recorded) -> Shape:
    if is_number(node.left):
        return shape(node.right, recorded)
    left = shape(node.left, recorded)
    if is_number(node.right) or node.op in ("and", "unless"):
        return left
    right = shape(node.right, recorded)
    if node.op == "or":
        must = {n: left.must[n] for n in left.must if n in right.must and left.must[n] == right.must[n]}
        only = left.only | right.only if left.only is not None and right.only is not None else None
        return Shape(must, only, left.gone & right.gone)
    if node.many:
        many = right if node.many == "right" else left
        included = set(node.include)
        must = {name: value for name, value in many.must.items() if name not in included}
        only = many.only | included if many.only is not None else None
        return Shape(must, only, many.gone - included)
    if node.on is not None:
        labels = frozenset(node.on)
        return Shape({n: v for n, v in {**right.must, **left.must}.items() if n in labels}, labels)
    must = {n: v for n, v in {**right.must, **left.must}.items() if n not in node.ignoring}
    only = left.only if right.only is None else right.only if left.only is None else left.only & right.only
    return Shape(must, only, left.gone | right.gone | set(node.ignoring))
