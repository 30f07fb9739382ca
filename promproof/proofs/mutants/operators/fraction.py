"""Another bound of the share of a native histogram."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from promproof.proofs.mutants.base import Change, Subject, edited, register
from promproof.proofs.mutants.syntax import literal


@register("fraction")
def make(subject: Subject) -> Iterator[Change]:
    """Each bound of `histogram_fraction` twice as high; 0 and infinity stay."""
    for node in subject.tree.walk():
        if node.kind != "call" or node.word != "histogram_fraction":
            continue
        for number in filter(None, map(literal, node.children[:2])):
            try:
                before = Decimal(number.word)
            except InvalidOperation:
                continue
            if before.is_finite() and before:
                text = f"{(before * 2).normalize():f}"
                killer = f"observations between {before.normalize():f} and {text}"
                yield from edited(subject, number.span, text, f"bound {number.word} -> {text}", killer)
