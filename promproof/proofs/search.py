"""Finds values at which an alert fires.

The search turns one knob at a time and follows the misses of `evaluate`. Nothing that it finds is a proof: every point
goes to promtool.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from promproof.exposition import Labels
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
    Program,
)

Key = tuple[int, str]
Knobs = dict[Key, float]
REFUSED = 50.0
MOST = 6000
"""Evaluations for one alert: a search that has not ended by then hardly ends."""
GRID = (0.0, 1e-3, 0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6, 1e8, 1e10, 1e12)
FEW, MANY = 12, 500
"""Series of a family: so many are always tried, and so many where a count of them is compared with a number."""


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
        has_turns = self.age > 0 or any(family.turn is not None for family in self.families)
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


def comparisons(root: Node) -> list[Binary]:
    return [node for node in walk(root) if isinstance(node, Binary) and node.op in COMPARISONS]


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
    pace = problem.families[key[0]].follows_time
    if tracked and pace != 1:
        made += [value * pace * by for value in problem.constants for by in (1, 1.02, 2)]
    slides = name == SLOPE and problem.families[key[0]].knobs.get(SLOPE) == 0.0
    if (negative or tracked or slides or name == PAST) and not is_counter(problem, key):
        made += [-value for value in made]
    return list(dict.fromkeys(made))


def is_counter(problem: Problem, key: Key) -> bool:
    """Whether a knob may not be negative."""
    name = key[1]
    return name in (QUANTILE, TRAFFIC) or (name == SLOPE and problem.families[key[0]].is_counter())
