"""`>` for `>=` and the reverse, where a test can hold a value exactly at the threshold.

At the threshold of a rate, a division or an average float error decides: there the two may be one, and none is made.
What a recording rule of the test files records so is left out too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from promproof.proofs.mutants.base import Change, Subject, edited, register
from promproof.proofs.mutants.syntax import Node, literal, read

SLACK = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}
DEEPEST = 8
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


Recorded = Mapping[str, Sequence[str]]
"""The expressions of recording rules by name."""


@register("boundary")
def make(subject: Subject) -> Iterator[Change]:
    """Comparisons of exact values with a number."""
    for _, change in _changes(subject):
        yield change


def is_exact(subject: Subject, change: Change, recorded: Recorded) -> bool:
    """Whether what a change of this operator compares is exact, with what the recording rules record."""
    return all(
        _is_exact(side, recorded)
        for side, made in _changes(subject)
        if made.data.get("expr") == change.data.get("expr")
    )


def _changes(subject: Subject) -> Iterator[tuple[Node, Change]]:
    for node in subject.tree.walk():
        if node.kind != "binary" or node.word not in SLACK:
            continue
        sides = [child for child in node.children if literal(child) is None]
        if len(sides) == 1 and _is_exact(sides[0], {}):
            other = SLACK[node.word]
            killer = "a value exactly at the threshold, held past `for`"
            for change in edited(subject, node.word_span, other, f"{node.word} -> {other}", killer):
                yield sides[0], change


def _is_exact(side: Node, recorded: Recorded, depth: int = 0) -> bool:
    return all(
        (node.kind in ("paren", "number"))
        or (node.kind == "selector" and _is_recorded_exactly(node.word, recorded, depth))
        or (node.kind == "call" and node.word in _EXACT_CALLS)
        or (node.kind == "aggregate" and node.word in _EXACT_AGGREGATIONS)
        or (node.kind == "binary" and node.word in ("and", "unless", "or"))
        for node in side.walk()
    )


def _is_recorded_exactly(name: str, recorded: Recorded, depth: int) -> bool:
    try:
        return depth > DEEPEST or all(
            _is_exact(read(text), recorded, depth + 1) for text in recorded.get(name, ())
        )
    except ValueError:
        return True
