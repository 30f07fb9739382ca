"""Another quantile."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register
from promproof.proofs.mutants.syntax import literal

_NAMES = ("histogram_quantile", "quantile_over_time", "quantile")


@register("quantile")
def make(subject: Subject) -> Iterator[Change]:
    """0.5 for a higher one, 0.9 for a lower one."""
    for node in subject.tree.walk():
        if node.kind not in ("call", "aggregate") or node.word not in _NAMES or not node.children:
            continue
        number = literal(node.children[0])
        if number is not None:
            after = "0.5" if float(number.word) > 0.5 else "0.9"
            killer = f"observations of which the quantiles {number.word} and {after} are on two sides of the threshold"
            yield from edited(subject, number.span, after, f"quantile {number.word} -> {after}", killer)
