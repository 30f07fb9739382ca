"""A comparison the wrong way round."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register

TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "!=", "!=": "=="}


@register("comparison")
def make(subject: Subject) -> Iterator[Change]:
    """Every comparison reversed."""
    for node in subject.tree.walk():
        if node.kind == "binary" and node.word in TURNED:
            turned = TURNED[node.word]
            killer = "a value well on either side, held past `for`"
            yield from edited(subject, node.word_span, turned, f"{node.word} -> {turned}", killer)
