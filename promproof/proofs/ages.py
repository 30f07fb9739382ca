"""How old the samples are that `timestamp` tells of: what an instant vector holds is never older than the lookback.

Of anything but a selector `timestamp` says the time of the evaluation itself.
"""

from __future__ import annotations

from promproof.proofs.tree import Aggregate, Binary, Call, Node, Number, Selector, walk

LOOKBACK = 300.0
"""Seconds that Prometheus looks back for a sample, unless it is started with another `--query.lookback-delta`."""
REASON = "an instant vector has no sample older than 5m, and a calculation is as old as its evaluation"
KEPT = ("max", "min", "avg", "topk", "bottomk")
Bounds = tuple[float, float]


def since(node: Node) -> Bounds | None:
    """Between what an expression is, less the time of its evaluation; None for what does not follow the clock."""
    if isinstance(node, Call) and node.name == "time":
        return 0.0, 0.0
    if isinstance(node, Call) and node.name == "timestamp":
        inner = node.args[0]
        if not isinstance(inner, Selector):
            return 0.0, 0.0
        return None if inner.at is not None else (-inner.shift - LOOKBACK, -inner.shift)
    if isinstance(node, Aggregate) and node.op in KEPT:
        return since(node.inner)
    if isinstance(node, Binary) and node.op in ("+", "-") and isinstance(node.right, Number):
        found, by = since(node.left), node.right.value if node.op == "+" else -node.right.value
        return (found[0] + by, found[1] + by) if found is not None else None
    return None


def sides(node: Binary) -> tuple[Bounds, Bounds] | None:
    """Both sides of an operator, where both follow the clock."""
    left, right = since(node.left), since(node.right)
    return (left, right) if left is not None and right is not None else None


def reads_timestamps(node: Node) -> bool:
    return any(isinstance(part, Call) and part.name == "timestamp" for part in walk(node))
