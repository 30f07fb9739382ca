"""Synthetic series: families of label sets whose values a few knobs decide.

A family is one metric with one label set and, where `copies` says so, the same again under other instances. What its
samples do over time is a line, stairs, or teeth of a saw; a classic histogram is a family whose quantile is a knob.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from promproof.exposition import Labels
from promproof.proofs import natives

Knobs = Mapping[tuple[int, str], float]
"""The value of each knob: number of the family, name of the knob."""

LEVEL, SLOPE, COPIES, CHANGES, RESETS, QUANTILE, TRAFFIC, PAST, BEFORE = (
    "level",
    "slope",
    "copies",
    "changes",
    "resets",
    "quantile",
    "traffic",
    "past",
    "before",
)
DEFAULTS = {
    LEVEL: 1.0,
    SLOPE: 0.0,
    COPIES: 1.0,
    CHANGES: 0.0,
    RESETS: 0.0,
    QUANTILE: 1.0,
    TRAFFIC: 10.0,
    PAST: 0.0,
    BEFORE: 0.0,
}
"""`past`: by how much the value, the slope of a counter or the quantile was more before the turn; `before`: how many
series more there were."""

GROWN = 600.0
"""Seconds that a counter has counted before: Prometheus takes one near 0 for newly born, and its rate for smaller."""


@dataclass(frozen=True)
class Turn:
    """What a series did until a moment, and whether it was there before and is there from then on."""

    moment: float
    level: float
    slope: float
    was: bool = True
    stays: bool = True


@dataclass(frozen=True)
class Program:
    """A value over time: level + slope * t; events: so many steps up (or, with teeth, falls) a second."""

    level: float
    slope: float = 0.0
    events: float = 0.0
    teeth: bool = False
    turn: Turn | None = None

    def is_there(self, t: float) -> bool:
        """Whether the series has a sample then."""
        return self.turn is None or (self.turn.was if t < self.turn.moment else self.turn.stays)

    def at(self, t: float) -> float:
        if self.turn is not None and t < self.turn.moment:
            return self.turn.level + self.turn.slope * t
        value = self.level + self.slope * t
        if self.events:
            passed = self.events * t + 1e-9
            value += (passed - math.floor(passed)) * 8 if self.teeth else math.floor(passed)
        return value


@dataclass
class Family:
    """number: its place among the families; knobs: those that may be turned; window: of changes and resets, in seconds.

    shared: labels whose values the copies share; edges: the buckets of a histogram, whose quantile is `q`.
    turn: the moment before which all may have been otherwise; None: it was as it is.
    """

    number: int
    metric: str
    labels: dict[str, str]
    knobs: dict[str, float] = field(default_factory=dict)
    copied: tuple[str, ...] = ("instance",)
    window: float = 300.0
    follows_time: float = 0.0
    """By how much a second it grows as the clock does, 1,000 of what is stamped in milliseconds; 0: it does not."""
    q: float | None = None
    edges: tuple[float, ...] = ()
    turn: float | None = None
    is_spread: bool = False
    """Whether the copies have a value each: their values are counted."""
    is_native: bool = False
    """Whether it is a native histogram: its series are then the parts of one each."""
    is_raw: bool = False
    """Whether a quantile is taken of what its buckets hold, not of what they gain: then it turns as they do."""

    def knob(self, name: str, knobs: Knobs) -> float:
        return knobs.get((self.number, name), self.knobs.get(name, DEFAULTS[name]))

    def series(self, knobs: Knobs) -> Iterator[tuple[Labels, Program]]:
        """The label sets, each with its values."""
        now = int(self.knob(COPIES, knobs))
        before = now if self.turn is None else max(0, now + int(self.knob(BEFORE, knobs)))
        for copy in range(max(now, before)):
            labels = dict(self.labels)
            if copy:
                for name in self.copied:
                    labels[name] = f"{labels.get(name, '')}-{copy}"
            if self.is_native:
                made = self._parts(labels, knobs)
            elif self.q is not None:
                made = self._buckets(labels, knobs)
            else:
                program = self._program(knobs)
                if self.is_spread and copy:
                    program = replace(program, level=program.level + copy)
                made = iter([(frozen(self.metric, labels), program)])
            for named, program in made:
                yield named, self._there(program, was=copy < before, stays=copy < now)

    def _there(self, program: Program, *, was: bool, stays: bool) -> Program:
        if was and stays:
            return program
        turn = program.turn or Turn(self.turn or 0.0, program.level, program.slope)
        return replace(program, turn=replace(turn, was=was, stays=stays))

    def _turned(self, program: Program, level: float, slope: float) -> Program:
        """A program that had this level and slope before; what counts goes on from where it was."""
        if self.turn is None or (level, slope) == (program.level, program.slope):
            return program
        now = program.level
        if self.is_counter() and LEVEL not in self.knobs:
            now = level + (slope - program.slope) * self.turn
        return replace(program, level=now, turn=Turn(self.turn, level, slope))

    def _program(self, knobs: Knobs) -> Program:
        changes, resets = self.knob(CHANGES, knobs), self.knob(RESETS, knobs)
        events = (changes or resets) / self.window
        slope = self.knob(SLOPE, knobs) + self.follows_time
        level = self.knob(LEVEL, knobs)
        if self.is_counter() and LEVEL not in self.knobs:
            level += slope * GROWN
        made = Program(level, slope, events, teeth=not changes)
        past = self.knob(PAST, knobs)
        if not past or events:
            return made
        if self.is_counter() and LEVEL not in self.knobs:
            slow = max(0.0, slope + past)
            return self._turned(made, slow * GROWN, slow)
        return self._turned(made, max(0.0, level + past) if level >= 0 else level + past, slope)

    def is_counter(self) -> bool:
        """Whether its values only grow."""
        return (self.q is not None and not self.is_raw) or self.knobs.get(SLOPE, 0.0) > 0

    def _buckets(self, labels: dict[str, str], knobs: Knobs) -> Iterator[tuple[Labels, Program]]:
        traffic, now = self.knob(TRAFFIC, knobs), self.knob(QUANTILE, knobs)
        past = max(0.0, now + self.knob(PAST, knobs))
        before = dict(cumulated(self.edges, self.q or 0.5, past))
        for edge, share in cumulated(self.edges, self.q or 0.5, now):
            le = "+Inf" if math.isinf(edge) else f"{edge:.10g}"
            slope, grows = traffic * before[edge], 0.0 if self.is_raw else 1.0
            program = Program(traffic * share * GROWN, traffic * share * grows)
            yield (
                frozen(self.metric, {**labels, "le": le}),
                self._turned(program, slope * GROWN, slope * grows),
            )

    def _parts(self, labels: dict[str, str], knobs: Knobs) -> Iterator[tuple[Labels, Program]]:
        traffic, now = self.knob(TRAFFIC, knobs), self.knob(QUANTILE, knobs)
        size, grows = (traffic, 0.0) if self.is_raw else (traffic * GROWN, traffic)
        after = natives.shares(self.q or 0.5, now)
        before = natives.shares(self.q or 0.5, max(0.0, now + self.knob(PAST, knobs)))
        for part in sorted({*after, *before} if self.turn is not None else after):
            share, was = after.get(part, 0.0), before.get(part, 0.0)
            program = Program(size * share, grows * share)
            yield (
                frozen(self.metric, {**labels, natives.PART: part}),
                self._turned(program, size * was, grows * was),
            )


def frozen(metric: str, labels: Mapping[str, str]) -> Labels:
    """Labels as a key."""
    named = {**labels, "__name__": metric} if metric else labels
    return tuple(sorted((name, value) for name, value in named.items() if value))


def cumulated(edges: tuple[float, ...], q: float, quantile: float) -> list[tuple[float, float]]:
    """The share of observations up to each edge, so that their q-quantile, as Prometheus interpolates it, is this.

    A q beyond 0 to 1 is infinite whatever was observed: then the shares are those of the nearest quantile.
    """
    q = min(max(q, 0.0), 1.0)
    below = max((edge for edge in edges if edge <= quantile), default=0.0)
    above = min((edge for edge in edges if edge > quantile), default=edges[-1])
    place = min(1.0, (quantile - below) / (above - below)) if above > below else 1.0
    low, high = (
        (max(0.0, (q - place) / (1 - place)), 1.0) if place < q else (0.0, q / place if place else 1.0)
    )
    shares = []
    for edge in edges:
        shares.append(
            (edge, 0.0 if edge < below else low if edge == below else high if edge == above else 1.0)
        )
    return [*shares, (math.inf, 1.0)]
