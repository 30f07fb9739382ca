"""The labels by which series match, group and join."""

from __future__ import annotations

from functools import lru_cache

from promproof.exposition import Labels
from promproof.proofs.natives import PART
from promproof.proofs.strings import accepts
from promproof.proofs.tree import COMPARISONS, SETS, Aggregate, Binary, Node, Selector


@lru_cache(8192)
def grouping(node: Aggregate, labels: Labels) -> Labels:
    if node.without:
        return tuple((k, v) for k, v in labels if k not in node.labels and k != "__name__")
    return tuple((k, v) for k, v in labels if k in node.labels or k == PART)


def signature(node: Binary, labels: Labels) -> Labels:
    """The labels by which an operator joins; parts of histograms join one by one, but are there together."""
    if labels and labels[0][0] == PART:
        plain = signature(node, labels[1:])
        return plain if node.op in SETS else (labels[0], *plain)
    if node.on is not None:
        return tuple((k, v) for k, v in labels if k in node.on)
    return tuple((k, v) for k, v in labels if k not in node.ignoring and k != "__name__")


def joined_labels(node: Binary, labels: Labels, partner: Labels) -> Labels:
    kept = node.op in COMPARISONS and not node.is_bool
    if node.many:
        made = {k: v for k, v in labels if kept or k != "__name__"}
        other = dict(partner)
        for name in node.include:
            made.pop(name, None)
            if other.get(name):
                made[name] = other[name]
        return tuple(sorted(made.items()))
    if kept and node.on is None and not node.ignoring:
        return labels
    joined = signature(node, labels)
    metric = tuple(pair for pair in labels if pair[0] == "__name__" and kept and pair not in joined)
    return tuple(sorted((*joined, *metric)))


@lru_cache(8192)
def unnamed(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != "__name__")


@lru_cache(8192)
def matches(node: Selector, labels: Labels) -> bool:
    held = dict(labels)
    if node.name and held.get("__name__") != node.name:
        return False
    return all(accepts(((operator, value),), held.get(name, "")) for name, operator, value in node.matchers)


def absent_labels(node: Node) -> Labels:
    if not isinstance(node, Selector):
        return ()
    names = [name for name, _, _ in node.matchers]
    return tuple(sorted((n, v) for n, op, v in node.matchers if op == "=" and v and names.count(n) == 1))
