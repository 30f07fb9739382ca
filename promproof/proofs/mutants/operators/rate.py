"""`increase` for `rate`, and the reverse: a factor of the window's seconds.

Below histogram_quantile() and its kin, which say nothing of how many observations there are, the factor is the same for
all buckets and falls out: these two mean the same, none is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register
from promproof.proofs.mutants.syntax import Node

OTHER = {"rate": "increase", "increase": "rate"}
SHAPES = tuple(f"histogram_{name}" for name in ("quantile", "avg", "fraction", "stddev", "stdvar"))
"""Functions of a histogram that say the same of twice as many observations."""


@register("rate")
def make(subject: Subject) -> Iterator[Change]:
    """One call at a time: of a ratio, one side."""
    same = {
        id(inner)
        for node in subject.tree.walk()
        if node.kind == "call" and node.word in SHAPES
        for inner in _summed(node.children[-1])
    }
    for node in subject.tree.walk():
        if node.kind == "call" and node.word in OTHER and id(node) not in same:
            other = OTHER[node.word]
            killer = "a case just below and one just above the threshold"
            yield from edited(subject, node.word_span, other, f"{node.word}() -> {other}()", killer)


def _summed(node: Node) -> Iterator[Node]:
    """A node and what is below it, through brackets and sums only."""
    yield node
    if node.kind == "paren" or (node.kind == "aggregate" and node.word == "sum"):
        yield from _summed(node.children[0])
