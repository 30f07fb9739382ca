"""`increase` for `rate`, and the reverse: a factor of the window's seconds."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register

OTHER = {"rate": "increase", "increase": "rate"}


@register("rate")
def make(subject: Subject) -> Iterator[Change]:
    """One call at a time: of a ratio, one side."""
    for node in subject.tree.walk():
        if node.kind == "call" and node.word in OTHER:
            other = OTHER[node.word]
            killer = "a case just below and one just above the threshold"
            yield from edited(subject, node.word_span, other, f"{node.word}() -> {other}()", killer)
