"""What a quantity that a drill moves can have been between two instants, from its changes alone.

A change takes place at some instant from `asked` to `done`, and shows up later by a lag at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """The quantity becomes `value` at some instant from `asked` to `done`."""

    asked: float
    done: float
    value: float


def extremes(
    changes: Sequence[Change], start: float, lag: float, begin: float, end: float
) -> tuple[float, float]:
    """The least and the greatest value that the quantity can have had between two instants. start: before changes."""
    before = [change for change in changes if change.done + lag <= begin]
    values = [before[-1].value if before else start]
    values += [change.value for change in changes if change.asked <= end and change.done + lag > begin]
    return min(values), max(values)


def mean(
    changes: Sequence[Change], start: float, lag: float, begin: float, end: float, *, low: bool
) -> float:
    """The least (or greatest) mean of the dose between two instants, wherever in its bounds each change took place."""
    total, at, value = 0.0, begin, start
    for change in changes:
        rises = change.value > value
        when = change.done + lag if rises == low else change.asked
        when = min(max(when, at), end)
        total += (when - at) * value
        at, value = when, change.value
    total += (end - at) * value
    return total / (end - begin)
