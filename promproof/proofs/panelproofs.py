"""What a panel's query gives in a made world, where that is not the truth that the contract promises.

No server and no target is asked. What is not known here (another metric, a function, an open label) is not judged:
then the run alone tells, from what was really drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from promproof.config.promql_durations import windows
from promproof.contract.model import Contract
from promproof.exposition import Labels, series_text
from promproof.proofs.evaluate import Evaluation, Unevaluable
from promproof.proofs.paneltruths import Form, form, likeness
from promproof.proofs.panelworlds import NOW, Identity, world
from promproof.proofs.tree import Call, Node, NotCovered, Selector, parse, walk
from promproof.truth.panel import Truth

BEFORE = 60.0
"""Seconds between the turn of the world and the first window."""
NEAR = 1e-6
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


def other_than(
    query: str, ordinal: int, truth: Truth | str, contract: Contract, identity: Identity, size: float = 1.0
) -> str:
    """How a query gives something else than the truth; empty where it does not, or where nobody can tell.

    query: as Grafana sends it. ordinal: which of the panel's it is. truth: a text is a query that gives what is right.
    size: what a 1 of the query is in the truth's unit.
    """
    try:
        root = parse(query)
        asked = [node.name for node in walk(root) if isinstance(node, Selector)]
        window = min(windows(query), default=0)
        length = _written(window) if window else ""
        wanted = (
            likeness(truth, length)
            if isinstance(truth, str)
            else form(truth, ordinal, asked, length, contract)
        )
        if wanted is None:
            return ""
        if "[" in wanted.expression and any(
            isinstance(node, Call) and node.name in ("irate", "idelta") for node in walk(root)
        ):
            return f"looks at the last two samples of each window alone; its truth is {wanted.expression}"
        return _compared(root, wanted, contract, identity, window / 1000, size)
    except (NotCovered, Unevaluable, ValueError):
        return ""


def _written(ms: int) -> str:
    unit, size = next((unit, size) for unit, size in _UNITS if ms % size == 0)
    return f"{ms // size}{unit}"


def _compared(
    root: Node, wanted: Form, contract: Contract, identity: Identity, window: float, size: float
) -> str:
    plain = parse(wanted.expression)
    made = world([plain, root], contract, identity, window + BEFORE)
    shown = _groups(root, wanted, Evaluation(made), size)
    should = _groups(plain, wanted, Evaluation(made))
    return next(_differences(shown, should, wanted), "") if should else ""


def _groups(root: Node, wanted: Form, evaluation: Evaluation, size: float = 1.0) -> dict[Labels, list[float]]:
    found: dict[Labels, list[float]] = {}
    for labels, (value, miss) in evaluation.vector(root, NOW).items():
        if miss == 0:
            found.setdefault(wanted.key(labels), []).append(value * size)
    return found


def _differences(
    shown: dict[Labels, list[float]], should: dict[Labels, list[float]], wanted: Form
) -> Iterator[str]:
    than = f"its truth is {wanted.expression}"
    if not shown:
        yield f"gives nothing of the documented series; {than}"
        return
    for group, numbers in shown.items():
        name = _name(group)
        if len(numbers) > 1:
            yield f"gives {len(numbers)} series for {name}; {than}"
        elif group not in should:
            if numbers[0] and not math.isnan(numbers[0]):
                yield f"gives a series for {name}, of which the truth has none; {than}"
        elif not math.isclose(numbers[0], should[group][0], rel_tol=NEAR, abs_tol=NEAR):
            yield f"gives {numbers[0]:.4g} for {name} where made series have {should[group][0]:.4g}; {than}"
    if wanted.complete:
        yield from (f"leaves out {_name(group)}; {than}" for group in should if group not in shown)


def _name(group: Labels) -> str:
    return series_text("", group) if group else "all"
