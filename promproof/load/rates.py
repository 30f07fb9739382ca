"""Rates over time: when the n-th arrival of a course of stages is due, evenly spaced or at random.

The one idea: a rate has an integral, the number of arrivals expected by a moment, and a schedule is that
integral read backwards. Whole numbers read backwards give even spacing; the points of a Poisson process of
rate 1 read backwards give a Poisson process of the wanted rate (the time-change theorem). Nothing here knows a
clock, so every process of a run computes the same schedule from the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import Literal

from promproof.load.arrivals import even


@dataclass(frozen=True)
class Piece:
    """A straight line: rates per second at its begin and end, and its length in seconds, which may be inf."""

    begin: float
    end: float
    seconds: float

    @property
    def arrivals(self) -> float:
        """The integral of the rate over the piece."""
        if self.begin == self.end == 0:
            return 0.0
        return (self.begin + self.end) / 2 * self.seconds

    def offset(self, arrivals: float) -> float:
        """When the integral has come to `arrivals`, in seconds from the piece's begin.

        From b t + (e - b) t^2 / (2 T) = n; the root in the form that stays exact for a flat piece.
        """
        slope = 0.0 if self.begin == self.end else (self.end - self.begin) / self.seconds
        under_root = max(self.begin * self.begin + 2 * slope * arrivals, 0.0)
        divisor = self.begin + sqrt(under_root)
        return min(2 * arrivals / divisor, self.seconds) if divisor else 0.0


def schedule(
    course: Sequence[Piece], spacing: Literal["even", "poisson"], seconds: float | None, seed: int
) -> Iterator[float]:
    """Offsets in seconds of all arrivals, in order."""
    if spacing == "even":
        if len(course) == 1 and course[0].begin == course[0].end:
            return even(course[0].begin, seconds)
        return read_backwards(course, _whole())
    return read_backwards(course, _random(Random(f"arrivals/{seed}")))


def read_backwards(course: Sequence[Piece], points: Iterator[float]) -> Iterator[float]:
    """The offset at which the course's integral reaches each of the rising points, up to the course's end."""
    point = next(points)
    begin = passed = 0.0
    for piece in course:
        held = piece.arrivals
        # a point on the border belongs to the piece after it, as the even schedule excludes its end
        while point - passed < held * (1 - 1e-12):
            yield begin + piece.offset(point - passed)
            point = next(points)
        begin += piece.seconds
        passed += held


def _whole() -> Iterator[float]:
    n = 0
    while True:
        yield float(n)
        n += 1


def _random(random: Random) -> Iterator[float]:
    at = 0.0
    while True:
        at += random.expovariate(1.0)
        yield at
