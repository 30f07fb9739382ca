"""What an expression says about synthetic series: a small PromQL, to search with and never to judge by.

A comparison does not drop an element that fails it: it adds how far the element is from passing, its miss. A search
goes where misses get smaller; an element with no miss is one that PromQL would return.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from promproof.exposition import Labels
from promproof.proofs import natives, windows
from promproof.proofs.calculation import ARITHMETIC, DATES, FAR, NUMERIC, date, distance, safe
from promproof.proofs.groups import aggregated
from promproof.proofs.signatures import absent_labels, joined_labels, matches, signature, unnamed
from promproof.proofs.strings import accepts
from promproof.proofs.tree import (
    COMPARISONS,
    SETS,
    Aggregate,
    Binary,
    Call,
    Node,
    NotCovered,
    Number,
    Selector,
    Text,
    Window,
)
from promproof.proofs.world import Program

OPENED = 0.001
"""By how many seconds a window that leaves its left edge out is shorter: Prometheus' stamps are whole milliseconds."""
FEW = 24
"""Samples of a window that are looked at, where their number does not matter."""
Vector = dict[Labels, tuple[float, float]]
"""Label set: value, miss."""


class Unevaluable(Exception):
    """PromQL refuses to evaluate it with these series; its text says why. node: the operator."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(reason)
        self.node = node


@dataclass
class World:
    """All series, by the name of their metric. recorded: recording rules by name: expression and labels.

    left_open: whether windows leave their left edge out, as since Prometheus 3.
    """

    series: dict[str, list[tuple[Labels, Program]]]
    step: float
    recorded: Mapping[str, Sequence[tuple[Node, Mapping[str, str]]]] = field(default_factory=dict)
    has_turns: bool = False
    """Whether what series did before may differ: then every sample counts."""
    has_natives: bool = False
    """Whether native histograms are among the series."""
    left_open: bool = False


@dataclass
class Seen:
    """What a walk met: sides of comparisons by node, and operators whose sides did not join."""

    sides: dict[Node, list[tuple[float, float, float]]] = field(default_factory=dict)
    apart: dict[Node, tuple[list[Labels], list[Labels]]] = field(default_factory=dict)


def miss(vector: Vector | float) -> float:
    """How far a result is from being one: 0 when PromQL returns an element."""
    if isinstance(vector, float):
        return 0.0
    return min((gap for _, gap in vector.values()), default=3 * FAR)


class Evaluation:
    """One walk over an expression at one moment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen = Seen()
        self.known: dict[tuple[Node, float], Vector] = {}
        """What recording rules say at a moment."""

    def vector(self, node: Node, t: float) -> Vector:
        value = self.value(node, t)
        return {(): (value, 0.0)} if isinstance(value, float) else value

    def number(self, node: Node, t: float) -> float:
        value = self.value(node, t)
        if isinstance(value, float):
            return value
        raise NotCovered(f"a number is expected: {node.text}")

    def value(self, node: Node, t: float) -> Vector | float:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Selector):
            return self._instant(node, t)
        if isinstance(node, Binary):
            return self._binary(node, t)
        if isinstance(node, Aggregate):
            inner = self.vector(node.inner, t)
            inner = natives.folded(node.op, inner) if self.world.has_natives else inner
            return aggregated(node, inner, self._param(node, t))
        if isinstance(node, Call):
            return self._call(node, t)
        if isinstance(node, Window):
            raise NotCovered(f"a range of samples is no condition: {node.text}")
        raise NotCovered(f"{type(node).__name__.lower()} is not expected here: {node.text}")

    def _param(self, node: Aggregate, t: float) -> float | str:
        if node.param is None:
            return 0.0
        return node.param.value if isinstance(node.param, Text) else self.number(node.param, t)

    # selectors

    def _instant(self, node: Selector, t: float) -> Vector:
        t = (t if node.at is None else node.at) - node.shift
        found: Vector = {
            labels: (program.at(t), 0.0) for labels, program in self._matching(node) if program.is_there(t)
        }
        for expression, labels in self._recorded(node):
            found.update(self._recording(node, expression, labels, t))
        return found if t >= 0 else {}

    def _matching(self, node: Selector) -> Iterable[tuple[Labels, Program]]:
        pools = [self.world.series.get(node.name, [])] if node.name else list(self.world.series.values())
        for pool in pools:
            for labels, program in pool:
                if matches(node, labels):
                    yield labels, program

    def _recorded(self, node: Selector) -> Iterable[tuple[Node, Mapping[str, str]]]:
        return self.world.recorded.get(node.name, ()) if node.name else ()

    def _recording(self, node: Selector, expression: Node, labels: Mapping[str, str], t: float) -> Vector:
        if any(
            name in labels and not accepts(((operator, value),), labels[name])
            for name, operator, value in node.matchers
        ):
            return {}
        whole = self.known.get((expression, t))
        if whole is None:
            whole = self.known[expression, t] = self.vector(expression, t)
        made: Vector = {}
        for found, element in whole.items():
            named = {**dict(found), **labels, "__name__": node.name}
            key = tuple(sorted((name, value) for name, value in named.items() if value))
            if matches(node, key):
                made[key] = element
        return made

    def _range(
        self, window: Window, t: float, many: int
    ) -> list[tuple[Labels, list[tuple[float, float]], float]]:
        """Each series' samples, and its miss; at most about so many of them."""
        t = (t if window.at is None else window.at) - window.shift
        least, inner = window.step or self.world.step, window.inner
        seconds = window.seconds
        raw = inner if isinstance(inner, Selector) and not window.step else None
        if self.world.left_open:  # up to its first sample, or a little shorter
            before = math.ceil(seconds / least - 1e-9) - 1
            seconds = seconds - OPENED if raw is None else before * least
        if raw is None and not self.world.has_turns:  # a subquery is evaluated at multiples of its step
            first = math.ceil((t - seconds) / least - 1e-9) * least
            t = math.floor(t / least + 1e-9) * least
            seconds = t - first
        if many == FEW and raw is not None and self._is_straight(raw):
            many = 1  # the ends of a line say as much as all of it
        step = max(least, seconds / many)
        if self.world.has_turns and raw is None:
            first = math.ceil((t - seconds) / step - 1e-9) * step
            t = math.floor(t / step + 1e-9) * step
            seconds = t - first
        count = int(seconds / step + 1e-9)
        times = [t - step * (count - i) for i in range(count + 1) if t - step * (count - i) >= 0]
        if raw is not None and not list(self._recorded(raw)):
            return [
                (
                    labels,
                    [(moment, program.at(moment)) for moment in times if program.is_there(moment)],
                    0.0,
                )
                for labels, program in self._matching(raw)
            ]
        if raw is not None:
            inner = Selector(raw.text, raw.name, raw.matchers)
        series: dict[Labels, list[tuple[float, float]]] = {}
        gaps: dict[Labels, float] = {}
        for moment in times:
            for labels, (value, gap) in self.vector(inner, moment).items():
                series.setdefault(labels, []).append((moment, value))
                gaps[labels] = min(gap, gaps.get(labels, gap))
        return [(labels, samples, gaps[labels]) for labels, samples in series.items()]

    def _is_straight(self, selector: Selector) -> bool:
        found = self._matching(selector)
        return not list(self._recorded(selector)) and not any(
            program.events or program.turn for _, program in found
        )

    # functions

    def _call(self, node: Call, t: float) -> Vector | float:
        window = next((arg for arg in node.args if isinstance(arg, Window)), None)
        if window is not None:
            return self._windowed(node, window, t)
        name = node.name
        if name == "time":
            return float(t)
        if name == "vector":
            return {(): (self.number(node.args[0], t), 0.0)}
        if name == "scalar":
            held = [value for value, gap in self.vector(node.args[0], t).values() if gap == 0]
            return held[0] if len(held) == 1 else math.nan
        if name == "absent":
            gap = FAR if miss(self.vector(node.args[0], t)) == 0 else 0.0
            return {absent_labels(node.args[0]): (1.0, gap)}
        if name in DATES:
            clock: Vector = self.vector(node.args[0], t) if node.args else {(): (float(t), 0.0)}
            return {unnamed(labels): (date(name, value), gap) for labels, (value, gap) in clock.items()}
        if name == "timestamp":
            taken, found = self._taken(node.args[0], t), natives.counts(self.vector(node.args[0], t))
            return {unnamed(labels): (taken, gap) for labels, (_, gap) in found.items()}
        if name in ("label_replace", "label_join"):
            return windows.relabelled(node, self.vector(node.args[0], t))
        if name == "histogram_quantile" or name in natives.FUNCTIONS:
            return self._of_histograms(node, t)
        if name in ("sort", "sort_desc"):
            return self.vector(node.args[0], t)
        function = NUMERIC.get(name)
        if function is None:
            raise NotCovered(f"the function {name} is not known here")
        numbers = [self.number(arg, t) for arg in node.args[1:]]
        return {
            unnamed(labels): (safe(function, value, *numbers), gap)
            for labels, (value, gap) in natives.floats(self.vector(node.args[0], t)).items()
        }

    def _of_histograms(self, node: Call, t: float) -> Vector:
        numbers = [self.number(arg, t) for arg in node.args[:-1]]
        vector = self.vector(node.args[-1], t)
        made = natives.read(node.name, numbers, vector) if self.world.has_natives else {}
        if node.name == "histogram_quantile":
            made |= windows.quantiles(numbers[0], vector)
        return made

    def _taken(self, node: Node, t: float) -> float:
        """When the samples of a vector were taken: those of a selector before, those of a calculation now."""
        if not isinstance(node, Selector) or list(self._recorded(node)):
            return float(t)
        t = (t if node.at is None else node.at) - node.shift
        return math.floor(t / self.world.step + 1e-9) * self.world.step

    def _windowed(self, node: Call, window: Window, t: float) -> Vector:
        steady = self._steady(node, window, t)
        if steady is not None:
            return steady
        numbers = [self.number(arg, t) for arg in node.args if not isinstance(arg, Window)]
        exact = node.name in ("changes", "resets") or (
            self.world.has_turns and node.name not in windows.COUNTED
        )
        ranges = self._range(window, t, 2000 if exact else FEW)
        ranges = natives.ranged(node.name, ranges) if self.world.has_natives else ranges
        if node.name == "absent_over_time":
            there = any(samples and gap == 0 for _, samples, gap in ranges)
            return {absent_labels(window.inner): (1.0, FAR if there else 0.0)}
        every = window.step or self.world.step
        made: Vector = {}
        for labels, samples, gap in ranges:
            value = windows.over(node.name, samples, window.seconds, every, numbers, t)
            if value is not None:
                key = labels if node.name == "last_over_time" else unnamed(labels)
                made[key] = (value, gap)
        return made

    def _steady(self, node: Call, window: Window, t: float) -> Vector | None:
        """The slopes of lines that fill their window; None where samples have to be looked at."""
        inner = window.inner
        moment = (t if window.at is None else window.at) - window.shift
        step = window.step or self.world.step
        is_full = moment >= window.seconds >= step + OPENED * self.world.left_open
        if not isinstance(inner, Selector) or not is_full or inner.name in self.world.recorded:
            return None
        factor = windows.factor(node.name, window.seconds, step)
        if factor is None:
            return None
        made: Vector = {}
        for labels, program in self._matching(inner):
            if program.events or program.turn or (program.slope < 0 and node.name in windows.COUNTED):
                return None
            made[unnamed(labels)] = (program.slope * factor, 0.0)
        return made

    # operators

    def _binary(self, node: Binary, t: float) -> Vector | float:
        left, right = self.value(node.left, t), self.value(node.right, t)
        if self.world.has_natives:
            left, right = natives.operands(node.op, left, right)
        if isinstance(left, float) and isinstance(right, float):
            if node.op in COMPARISONS:
                self._saw(node, left, right, distance(node.op, left, right))
                return float(distance(node.op, left, right) == 0)
            return safe(ARITHMETIC[node.op], left, right)
        if isinstance(left, float) or isinstance(right, float):
            return self._with_number(node, left, right)
        if node.op in SETS:
            return self._set(node, left, right)
        return self._joined(node, left, right)

    def _with_number(self, node: Binary, left: Vector | float, right: Vector | float) -> Vector:
        vector = right if isinstance(left, float) else left
        assert isinstance(vector, dict)
        made: Vector = {}
        for labels, (value, gap) in vector.items():
            a, b = (left, value) if isinstance(left, float) else (value, float(right))  # type: ignore[arg-type]  # one side is a number
            result = self._result(node, a, b, gap)
            kept = node.op in COMPARISONS and not node.is_bool
            made[labels if kept else unnamed(labels)] = (value, result[1]) if kept else result
        return made

    def _result(self, node: Binary, a: float, b: float, gap: float) -> tuple[float, float]:
        if node.op in COMPARISONS:
            far = distance(node.op, a, b)
            self._saw(node, a, b, far, gap)
            return (float(far == 0), gap) if node.is_bool else (a, gap + far)
        return safe(ARITHMETIC[node.op], a, b), gap

    def _saw(self, node: Node, a: float, b: float, far: float, gap: float = 0.0) -> None:
        self.seen.sides.setdefault(node, []).append((a, b, far + gap))

    def _set(self, node: Binary, left: Vector, right: Vector) -> Vector:
        others: dict[Labels, float] = {}
        for labels, (_, gap) in right.items():
            key = signature(node, labels)
            others[key] = min(gap, others.get(key, gap))
        if node.op == "or":
            mine = {signature(node, labels) for labels, (_, gap) in left.items() if gap == 0}
            united = dict(left)
            for labels, element in right.items():
                if signature(node, labels) not in mine:
                    united[labels] = min(element, united.get(labels, element), key=lambda e: e[1])
            return united
        if node.op == "unless":
            return {
                labels: (value, gap + (FAR if others.get(signature(node, labels), 1.0) == 0 else 0.0))
                for labels, (value, gap) in left.items()
            }
        made = {
            labels: (value, gap + others[signature(node, labels)])
            for labels, (value, gap) in left.items()
            if signature(node, labels) in others
        }
        if left and right and not made:
            self.seen.apart[node] = (list(left), list(right))
        return made

    def _joined(self, node: Binary, left: Vector, right: Vector) -> Vector:
        many, one = (right, left) if node.many == "right" else (left, right)
        partners: dict[Labels, tuple[Labels, tuple[float, float]]] = {}
        is_asked = any(
            gap == 0 for _, gap in many.values()
        )  # without the other side Prometheus does not look
        for labels, element in one.items():
            key = signature(node, labels)
            if key in partners:
                if is_asked and partners[key][1][1] == 0 and element[1] == 0:
                    raise Unevaluable(node, "several series on a side that must have one")
                if element[1] >= partners[key][1][1]:
                    continue
            partners[key] = (labels, element)
        made: Vector = {}
        for labels, (value, gap) in many.items():
            partner = partners.get(signature(node, labels))
            if partner is None:
                continue
            other, other_gap = partner[1]
            a, b = (other, value) if node.many == "right" else (value, other)
            result = self._result(node, a, b, gap + other_gap)
            key = joined_labels(node, labels, partner[0])
            if key in made and made[key][1] == 0 and result[1] == 0 and not node.many:
                raise Unevaluable(node, "several series on a side that must have one")
            if key not in made or result[1] < made[key][1]:
                made[key] = result
        if left and right and not made:
            self.seen.apart[node] = (list(left), list(right))
        return made
