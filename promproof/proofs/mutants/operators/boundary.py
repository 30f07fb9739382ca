"""`>` for `>=` and the reverse, where a test can hold a value exactly at the threshold.

At the threshold of a rate, a division or an average float error decides: there the two may be one, and none is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register
from promproof.proofs.mutants.syntax import Node, literal

SLACK = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}
_EXACT_CALLS = frozenset(
    [
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "count_over_time",
        "last_over_time",
        "changes",
        "resets",
        "abs",
    ]
)
_EXACT_AGGREGATIONS = frozenset(["sum", "min", "max", "count", "group", "topk", "bottomk"])


@register("boundary")
def make(subject: Subject) -> Iterator[Change]:
    """Comparisons of exact values with a number."""
    for node in subject.tree.walk():
        if node.kind != "binary" or node.word not in SLACK:
            continue
        sides = [child for child in node.children if literal(child) is None]
        if len(sides) == 1 and _is_exact(sides[0]):
            other = SLACK[node.word]
            killer = "a value exactly at the threshold, held past `for`"
            yield from edited(subject, node.word_span, other, f"{node.word} -> {other}", killer)


def _is_exact(side: Node) -> bool:
    return all(
        (node.kind in ("selector", "paren", "number"))
        or (node.kind == "call" and node.word in _EXACT_CALLS)
        or (node.kind == "aggregate" and node.word in _EXACT_AGGREGATIONS)
        or (node.kind == "binary" and node.word in ("and", "unless", "or"))
        for node in side.walk()
    )
