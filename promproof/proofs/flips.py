"""Where a comparison of an alert flips: values on either side, the other comparisons held as they are when it fires.

As in `search`, which finds the firing values, nothing here is a proof: every point goes to promtool.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from promproof.proofs.evaluate import Seen, Unevaluable, miss
from promproof.proofs.search import (
    MOST,
    Key,
    Knobs,
    Problem,
    candidates,
    is_counter,
)
from promproof.proofs.tree import Binary, Call, Node, walk
from promproof.proofs.world import (
    BEFORE,
    CHANGES,
    COPIES,
    LEVEL,
    PAST,
    QUANTILE,
    RESETS,
    SLOPE,
    TRAFFIC,
)

NEAR = 0.004
"""How far from its boundary a comparison is asked, as a share of it."""
EXTENDED = ("rate", "increase", "delta")
"""What is extended to the edges of its window."""
STEPS = ("round", "floor", "ceil", "sgn")
PATIENCE = 3
"""Values of a knob that silence an alert otherwise than at the comparison, before another knob is tried."""
EXACT, CLOSE = 1e-12, 1e-7
"""How near both sides are drawn together: to the very value, or far nearer than `NEAR`."""
WRITTEN = 1e-12
"""A smaller number is written as 0 in promtool's notation."""
SMALLEST = 1e-3
"""How far from a boundary of 0."""


Turned = dict[tuple[Key, float], dict[Node, bool] | None]
"""Of one knob at another value, the others as they were: which comparisons hold; None where the alert fires."""


@dataclass(frozen=True)
class Point:
    """Values of the knobs, and whether the alert is expected to hold there."""

    knobs: Knobs
    fires: bool


@dataclass(frozen=True)
class Boundary:
    """Points on either side of where a comparison flips; of one with a single value, that on its other side too.

    comparison: None where presence alone decides; the knob that was turned; written: the value of the compared side.
    """

    comparison: Binary | None
    points: tuple[Point, ...]
    turned: Key


def boundary(problem: Problem, fired: Knobs, node: Binary, known: Turned | None = None) -> Boundary | None:
    """The boundary of one comparison, the others held as they are when the alert fires.

    known: what was seen of other comparisons with the same knobs, and is seen of this one.
    """
    seen = problem.result(fired)[1]
    if node not in seen.sides:
        return None
    truths = _truths(seen)
    known = {} if known is None else known
    for alone in (True, False) if problem.asked < MOST else ():
        for key in sorted(fired, key=lambda k: _order(k[1])):
            failed = 0
            for value in candidates(problem, key, fired, negative=True):
                if failed >= PATIENCE:
                    break
                changed = {**fired, key: value}
                if value == fired[key]:
                    continue
                if (key, value) not in known:
                    known[key, value] = _silent(problem, changed)
                if not _silences(known[key, value], node, truths, alone):
                    continue
                found = _close(problem, fired, changed, key, node)
                if found is not None:
                    return found
                failed += 1
    return None


def _order(name: str) -> int:
    return (LEVEL, SLOPE, QUANTILE, PAST, CHANGES, RESETS, BEFORE, COPIES, TRAFFIC).index(name)


def _truths(seen: Seen) -> dict[Node, bool]:
    return {node: any(far == 0 for _, _, far in sides) for node, sides in seen.sides.items()}


def _silent(problem: Problem, knobs: Knobs) -> dict[Node, bool] | None:
    """Which comparisons hold where an alert is silent; None where it fires, or PromQL refuses."""
    try:
        result, seen = problem.result(knobs)
    except Unevaluable:
        return None
    return None if miss(result) == 0 else _truths(seen)


def _silences(
    now: Mapping[Node, bool] | None, node: Binary, truths: Mapping[Node, bool], alone: bool
) -> bool:
    """Whether this comparison does it: alone, if it has to."""
    if now is None or node not in now or now[node] == truths[node]:
        return False
    return not alone or all(
        now.get(other, truth) == truth for other, truth in truths.items() if other is not node
    )


def _close(problem: Problem, fired: Knobs, silent: Knobs, key: Key, node: Binary) -> Boundary | None:
    """Draw both sides together until they are next to the boundary, and leave them a little apart."""
    yes, no = fired[key], silent[key]
    if key[1] in (COPIES, CHANGES, RESETS, BEFORE):
        while abs(yes - no) > 1:
            middle = (yes + no) // 2
            yes, no = (middle, no) if problem.fires({**fired, key: middle}) else (yes, middle)
        points = [Point({**fired, key: yes}, True), Point({**fired, key: no}, False)]
        return Boundary(node, tuple(points), key)
    outer_yes, outer_no = yes, no
    exact = EXACT if node.op in ("==", "!=") else CLOSE
    for _ in range(80):
        middle = (yes + no) / 2
        if abs(yes - no) <= exact * abs(yes):
            break
        yes, no = (middle, no) if problem.fires({**fired, key: middle}) else (yes, middle)
    at = _gap(problem, {**fired, key: yes}, node)
    if at is None or (at > 0.05 and not _is_stepped(problem, {**fired, key: no}, node)):
        return None  # it is not this comparison that flips here
    far_yes, far_no = (
        _apart(problem, fired, key, node, (yes, no), outer_yes),
        _apart(problem, fired, key, node, (no, yes), outer_no),
    )
    if 0 in (far_yes, far_no) and 0 < abs(far_yes + far_no) < WRITTEN:
        return None  # whether a series is counted flips here, for a value that no file can have
    points = [Point({**fired, key: far_yes}, True), Point({**fired, key: far_no}, False)]
    if node.op in ("==", "!="):
        fires_at_it = _fires_at_it(problem, {**fired, key: far_yes}, {**fired, key: far_no}, node)
        beyond = 2 * yes - far_no if fires_at_it else 2 * no - far_yes
        at_it = yes if fires_at_it else no
        if 0 < abs(at_it) < WRITTEN:  # `sgn(x) == -1` flips at 0, and holds for all that is below
            at_it = far_yes if fires_at_it else far_no
        points[0] = Point({**fired, key: at_it if fires_at_it else far_yes}, True)
        points[1] = Point({**fired, key: far_no if fires_at_it else at_it}, False)
        other = {**fired, key: beyond}
        possible = beyond >= 0 or not is_counter(problem, key)
        if possible and problem.fires(other) != fires_at_it:
            points.append(Point(other, not fires_at_it))
    if [problem.fires(point.knobs) for point in points[:2]] != [True, False]:
        return None
    return Boundary(node, tuple(points), key)


def _fires_at_it(problem: Problem, fired: Knobs, silent: Knobs, node: Binary) -> bool:
    """Whether it fires at the value that `==` or `!=` names: not where `unless up == 0` silences it."""
    is_equal = node.op == "=="
    yes, no = (_truths(problem.result(knobs)[1]).get(node) for knobs in (fired, silent))
    return is_equal if yes == no or yes is None or no is None else yes == is_equal


def _is_stepped(problem: Problem, silent: Knobs, node: Binary) -> bool:
    """Whether the value jumps over the boundary, since it is rounded; one that is gone has not jumped."""
    if not any(isinstance(part, Call) and part.name in STEPS for part in walk(node)):
        return False
    sides = problem.result(silent)[1].sides.get(node, [])
    return any(math.isfinite(a) and math.isfinite(b) for a, b, _ in sides)


def _apart(
    problem: Problem, fired: Knobs, key: Key, node: Binary, near: tuple[float, float], far: float
) -> float:
    """From the boundary outwards, the first value at which the sides differ enough. near: this side and the other."""
    low, high = near[0], far
    if (_gap(problem, {**fired, key: far}, node) or 0.0) < NEAR / 2:
        return far if _is_exact(problem, node) else _beyond(problem, fired, key, near, far)
    for _ in range(60):
        middle = (low + high) / 2
        gap = _gap(problem, {**fired, key: middle}, node)
        low, high = (middle, high) if gap is not None and gap < NEAR else (low, middle)
        if gap is not None and NEAR <= gap < 1.3 * NEAR:
            break
    return high


def _is_exact(problem: Problem, node: Binary) -> bool:
    """Whether a slope gives its very number: a window without its left edge is extended, and that rounds.

    Of two such windows each rounds in its own way.
    """
    extended = [
        any(isinstance(part, Call) and part.name in EXTENDED for part in walk(side))
        for side in node.children()
    ]
    return not (any(extended) if problem.left_open else all(extended))


def _beyond(problem: Problem, fired: Knobs, key: Key, near: tuple[float, float], far: float) -> float:
    """A value a little farther out than `far`, where the alert says the same."""
    beyond = far + math.copysign(NEAR * abs(far), near[0] - near[1])
    says = problem.fires({**fired, key: far})
    return beyond if problem.fires({**fired, key: beyond}) == says else far


def _gap(problem: Problem, knobs: Knobs, node: Binary) -> float | None:
    """How far the sides of a comparison are apart, as a share of the right one."""
    try:
        seen = problem.result(knobs)[1]
    except Unevaluable:
        return None
    sides = seen.sides.get(node)
    if not sides:
        return None
    a, b, _ = min(sides, key=lambda side: side[2])
    least = SMALLEST if b == 0 else abs(b)
    return abs(a - b) / least * (NEAR if b == 0 else 1.0)
