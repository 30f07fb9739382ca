"""What promtool is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

CHUNK = 119
"""Samples of a series in memory, after which Prometheus opens a file for them."""
LATE = "promtool needs over"
"""In the reason of what only took too long."""


@dataclass(frozen=True)
class Question:
    """Expressions, each at a moment, about series under some rules. every: seconds between evaluations.

    reads: all metrics and alerts that the series, the rules and the expressions name; None when there may be others.
    """

    series: Sequence[Mapping[str, str]]
    asks: Sequence[tuple[str, float]]
    rules: Sequence[Mapping[str, Any]]
    step: float
    every: float
    reads: frozenset[str] | None = None

    @cached_property
    def end(self) -> float:
        """The last moment that is asked about."""
        return max((moment for _, moment in self.asks), default=0.0)

    @property
    def is_long(self) -> bool:
        """Whether a series may have more samples than a chunk of Prometheus holds."""
        return self.end / self.step >= CHUNK


@dataclass(frozen=True)
class Course:
    """What promtool saw. pending, latency, lasting: seconds; from cause to firing, and of firing after the cause."""

    silent_before: bool
    pending: float
    latency: float
    fired: bool
    resolved: bool
    lasting: float = 0.0


@dataclass
class Reply:
    """For each expression its values, or the reason why there are none."""

    values: list[list[float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
