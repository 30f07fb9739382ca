"""Finds values at which an alert fires, and for each comparison the values on either side of where it flips.

The search turns one knob at a time and follows the misses of `evaluate`. Nothing that it finds is a proof: every point
goes to promtool.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from promproof.proofs.evaluate import Evaluation, Seen, Unevaluable, Vector, World, miss
from promproof.proofs.tree import COMPARISONS, Aggregate, Binary, Call, Node, Number, Window, walk
from promproof.proofs.world import (
    BEFORE,
    CHANGES,
    COPIES,
    DEFAULTS,
    LEVEL,
    PAST,
    QUANTILE,
    RESETS,
    SLOPE,
    TRAFFIC,
    Family,
    Labels,
    Program,
)

Key = tuple[int, str]
Knobs = dict[Key, float]
REFUSED = 50.0
MOST = 6000
"""Evaluations for one alert: a search that has not ended by then hardly ends."""
GRID = (0.0, 1e-3, 0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6, 1e8, 1e10, 1e12)
NEAR = 0.004
"""How far from its boundary a comparison is asked, as a share of it."""
FEW, MANY = 12, 500
"""Series of a family: so many are always tried, and so many where a count of them is compared with a number."""
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


@dataclass
class Problem:
    """An expression with the families of its series, at one moment."""

    root: Node
    families: list[Family]
    constants: tuple[float, ...]
    step: float
    moment: float
    recorded: Mapping[str, Sequence[tuple[Node, Mapping[str, str]]]] = field(default_factory=dict)
    asked: int = 0
    needed: float = 300.0
    """Seconds until all windows are full."""
    age: float = 0.0
    """How long ago the series may have been otherwise, in seconds; 0: they are as they always were."""
    reach: float = 0.0
    """Seconds after which nothing shows any more that they were otherwise."""
    left_open: bool = False
    """Whether windows leave their left edge out: since Prometheus 3."""
    _made: dict[tuple[float | None, ...], list[tuple[Labels, Program]]] = field(
        default_factory=dict, init=False, repr=False
    )

    def result(self, knobs: Mapping[Key, float], node: Node | None = None) -> tuple[Vector | float, Seen]:
        """What an expression, the alert's unless another is given, says; and what was seen.

        Raises:
            Unevaluable: PromQL refuses.
        """
        self.asked += 1
        evaluation = self._evaluation(knobs)
        return evaluation.value(node or self.root, self.moment), evaluation.seen

    def _evaluation(self, knobs: Mapping[Key, float]) -> Evaluation:
        series: dict[str, list[tuple[Labels, Program]]] = {}
        for family in self.families:
            series.setdefault(family.metric, []).extend(self._series(family, knobs))
        has_natives = any(family.is_native for family in self.families)
        has_turns = self.age > 0
        return Evaluation(World(series, self.step, self.recorded, has_turns, has_natives, self.left_open))

    def forget(self) -> None:
        """Let go of what only a search needs."""
        self._made.clear()

    def _series(self, family: Family, knobs: Mapping[Key, float]) -> list[tuple[Labels, Program]]:
        """A family's series, made once for each choice of its knobs: most of them stay from trial to trial."""
        number = family.number
        choice = (id(family), *[knobs.get((number, name)) for name in DEFAULTS])
        found = self._made.get(choice)
        if found is None:
            found = self._made[choice] = list(family.series(knobs))
        return found

    def miss(self, knobs: Mapping[Key, float], node: Node | None = None) -> float:
        try:
            return miss(self.result(knobs, node)[0])
        except Unevaluable:
            return REFUSED

    def misses(self, knobs: Mapping[Key, float], nodes: Sequence[Node]) -> list[float]:
        """The miss of each of some expressions about the same series."""
        self.asked += len(nodes)
        evaluation = self._evaluation(knobs)
        found = []
        for node in nodes:
            try:
                found.append(miss(evaluation.value(node, self.moment)))
            except Unevaluable:
                found.append(REFUSED)
        return found

    def fires(self, knobs: Mapping[Key, float]) -> bool:
        return self.miss(knobs) == 0

    @cached_property
    def crowds(self) -> list[float]:
        """So many series beside the usual ones may turn a count, or a share of counts."""
        found: set[float] = set()
        for node in comparisons(self.root):
            if any(isinstance(part, Aggregate) and part.op == "count" for part in walk(node)):
                limits = [
                    limit for limit in map(constant, node.children()) if limit is not None and limit > 0
                ]
                whole = [(1.0 if limit < 1 else 100.0, limit) for limit in limits]
                rest = [all_of / (all_of - limit) for all_of, limit in whole if limit < all_of]
                for many in (*limits, *(all_of / limit for all_of, limit in whole), *rest):
                    found |= {float(round(many) + d) for d in (-1, 0, 1) if FEW < many <= MANY}
        return sorted(found)

    def knobs(self) -> Knobs:
        return {(f.number, name): value for f in self.families for name, value in f.knobs.items()}


def constants(root: Node) -> tuple[float, ...]:
    """The numbers of an expression, those in arithmetic evaluated."""
    found: list[float] = []
    for node in walk(root):
        value = constant(node)
        if value is not None and abs(value) != float("inf"):
            found += [value, -value] if value < 0 else [value]
        if isinstance(node, Window):
            found.append(node.seconds)
    return tuple(dict.fromkeys(found))


def constant(node: Node) -> float | None:
    """The value of an expression without series."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Binary) and constant(node.left) is not None and constant(node.right) is not None:
        value = Evaluation(World({}, 15.0)).value(node, 0.0)
        return value if isinstance(value, float) else None
    if isinstance(node, Call) and node.name == "vector":
        return constant(node.args[0])
    return None


def solve(
    problem: Problem, start: Knobs, objective: Callable[[Knobs], float], patience: int = 900
) -> Knobs | None:
    """Knobs for which the objective is 0; None when none were found."""
    chance = random.Random(7)
    begun = problem.asked
    patience = min(patience, MOST - begun)
    for trial in range(6):
        knobs = dict(start)
        if trial:
            for key in knobs:
                if chance.random() < 0.6:
                    knobs[key] = chance.choice(candidates(problem, key, knobs, negative=trial > 2))
        best = objective(knobs)
        while best > 0 and problem.asked - begun < patience:
            before = best
            for key in list(knobs):
                for value in candidates(problem, key, knobs, negative=trial > 0):
                    changed = {**knobs, key: value}
                    if problem.asked - begun >= patience:
                        return None
                    found = objective(changed)
                    if found < best - 1e-12:
                        best, knobs = found, changed
                    if best == 0:
                        return knobs
            if best >= before:
                break
        if best == 0:
            return knobs
    return None


def candidates(problem: Problem, key: Key, knobs: Mapping[Key, float], *, negative: bool) -> list[float]:
    """The values worth trying for a knob."""
    name = key[1]
    if name == COPIES:
        return [0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0, *problem.crowds]
    if name == BEFORE:
        return [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0]
    if name in (CHANGES, RESETS):
        most = problem.families[key[0]].window / problem.step
        whole = {
            float(int(c) + d) for c in problem.constants for d in (-1, 0, 1, 2) if 0 <= c + d <= most / 2
        }
        return sorted(whole | {0.0, 1.0, 2.0, 4.0})
    made = [*GRID]
    for value in problem.constants:
        made += [value, value * 1.02, value * 0.98, value / 2, value * 2]
        if value == int(value):
            made += [value + 1, value - 1]
    made += [
        other * by for other_key, other in knobs.items() if other_key != key for by in (1, 0.5, 2) if other
    ]
    if name == SLOPE:
        made += [value / 300 for value in problem.constants]
    made = [value for value in made if value >= 0]
    tracked = name == LEVEL and problem.families[key[0]].follows_time
    slides = name == SLOPE and problem.families[key[0]].knobs.get(SLOPE) == 0.0
    if (negative or tracked or slides or name == PAST) and not is_counter(problem, key):
        made += [-value for value in made]
    return list(dict.fromkeys(made))


def is_counter(problem: Problem, key: Key) -> bool:
    """Whether a knob may not be negative."""
    name = key[1]
    return name in (QUANTILE, TRAFFIC) or (name == SLOPE and problem.families[key[0]].is_counter())


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


def comparisons(root: Node) -> list[Binary]:
    return [node for node in walk(root) if isinstance(node, Binary) and node.op in COMPARISONS]


def boundary(problem: Problem, fired: Knobs, node: Binary) -> Boundary | None:
    """The boundary of one comparison, the others held as they are when the alert fires."""
    seen = problem.result(fired)[1]
    if node not in seen.sides:
        return None
    truths = _truths(seen)
    known: dict[tuple[Key, float], dict[Node, bool] | None] = {}
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
        points[0] = Point({**fired, key: yes if fires_at_it else far_yes}, True)
        points[1] = Point({**fired, key: far_no if fires_at_it else no}, False)
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
    """Whether a slope gives its very number: a window without its left edge is extended, and that rounds."""
    return not problem.left_open or not any(
        isinstance(part, Call) and part.name in EXTENDED for part in walk(node)
    )


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
