"""What an aggregation makes of its groups, in the search."""

from __future__ import annotations

from promproof.exposition import Labels
from promproof.proofs import windows
from promproof.proofs.signatures import grouping
from promproof.proofs.tree import Aggregate
from promproof.proofs.windows import Vector


def aggregated(node: Aggregate, vector: Vector, param: float | str) -> Vector:
    """The groups; elements that miss count only where there are no others."""
    groups: dict[Labels, list[tuple[float, float, Labels]]] = {}
    for labels, (value, gap) in vector.items():
        groups.setdefault(grouping(node, labels), []).append((value, gap, labels))
    made: Vector = {}
    for key, members in groups.items():
        gap = min(gap for _, gap, _ in members)
        held = [member for member in members if member[1] == gap]
        if node.op in ("topk", "bottomk"):
            ordered = sorted(held, key=lambda m: m[0], reverse=node.op == "topk")
            made.update({labels: (value, gap) for value, _, labels in ordered[: int(param)]})
        elif node.op == "count_values":
            for value in {member[0] for member in held}:
                named = (*key, (str(param), windows.printed(value)))
                made[tuple(sorted(named))] = (float(sum(m[0] == value for m in held)), gap)
        else:
            made[key] = (windows.folded(node.op, [member[0] for member in held], param), gap)
    return made
