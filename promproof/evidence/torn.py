"""Counters of several processes behind one port, each with its own counts: what is stored goes back and forth."""

from __future__ import annotations

from collections.abc import Iterable

LEAPS = 2
"""Once may be a small counter that a restart has set to 0."""


def goes_back_and_forth(values: Iterable[float]) -> bool:
    """Whether values fall and come back to where they were by a leap, at least twice.

    A counter that a restart has set to 0 climbs back step by step; the other process's is there at the next scrape.
    """
    leaps, top, low, before = 0, 0.0, 0.0, 0.0
    for value in values:
        if value >= top:
            leaps += before < top and value - before >= (top - low) / 2
            top = low = value
        low = min(low, value)
        before = value
    return leaps >= LEAPS
