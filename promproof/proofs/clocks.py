"""When to ask: promtool's clock begins at 1970-01-01 00:00 UTC, and `hour()` and its kin may rule that out."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

from promproof.proofs.calculation import DATES
from promproof.proofs.evaluate import Evaluation, Unevaluable, World, miss
from promproof.proofs.search import Problem
from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import Binary, Call, Node, Selector, walk

MINUTE = 60.0
DAYS = 9
"""So many days are looked through: every weekday, and more than a week."""


def has_clock(root: Node) -> bool:
    """Whether time decides without any series."""
    return any(reads_clock(node) for node in walk(root))


def reads_clock(node: Node) -> bool:
    return reads_dates(node) or (isinstance(node, Call) and node.name == "time")


def reads_dates(node: Node) -> bool:
    return isinstance(node, Call) and node.name in DATES


def is_clock(node: Node) -> bool:
    """Whether a comparison is one of the clock alone: the moment that is asked is one at which it holds."""
    return has_clock(node) and not any(isinstance(part, Selector) for part in walk(node))


def turns(root: Node, recorded: Recorded) -> tuple[tuple[float, bool], ...]:
    """Of what only the clock decides: the first minute at which it turns, with the one before, and so back again."""
    found: list[tuple[float, bool]] = []
    before: bool | None = None
    for minute in range(2, DAYS * 24 * 60):
        moment = minute * MINUTE
        fires = miss(Evaluation(World({}, MINUTE, recorded)).value(root, moment)) == 0
        if before is not None and fires != before:
            found += [(moment - MINUTE, before), (moment, fires)]
            if len(found) == 4:
                break
        before = fires
    return tuple(found)


def told(moments: tuple[tuple[float, bool], ...]) -> str:
    """When it begins to fire."""
    begin = next(moment for moment, fires in moments if fires)
    later = [moment for moment, fires in moments[1:] if fires]
    return f"from {datetime.fromtimestamp(later[0] if later else begin, UTC):%A %H:%M} UTC"


def note(usual: float, asked: float) -> list[str]:
    if usual == asked:
        return []
    return [f"asked at {datetime.fromtimestamp(asked, UTC):%A %H:%M} UTC, when it can fire"]


def moment(problem: Problem, every: float) -> float:
    """When to ask: an hour at which the alert can fire."""
    found: list[tuple[float, float]] = []
    for hours in range(24 * 9):
        then = math.ceil((problem.moment + hours * 3600) / every) * every
        trial = replace(problem, moment=then)
        gap = trial.miss(trial.knobs())
        found.append((gap + _dates_missed(trial), then))
    return min(found)[1]


def _dates_missed(problem: Problem) -> float:
    try:
        sides = problem.result(problem.knobs())[1].sides
    except Unevaluable:
        return 0.0
    unwanted = _unwanted(problem.root)
    return 10.0 * sum(
        all(far > 0 for _, _, far in seen)
        for node, seen in sides.items()
        if node not in unwanted and not any(isinstance(part, Selector) for part in walk(node))
    )


def _unwanted(root: Node) -> set[Node]:
    """What must not hold: what is on the right side of `unless`, or in `absent`."""
    found: set[Node] = set()
    for node in walk(root):
        if isinstance(node, Binary) and node.op == "unless":
            found.update(walk(node.right))
        elif isinstance(node, Call) and node.name == "absent":
            found.update(walk(node.args[0]))
    return found
