"""When a rule that counts over a window, and asks for any event at all, holds for certain, or can hold.

A fault of a component makes events: notifications that fail, evaluations that fail. How many there are a second is
nobody's promise; that there are some is. So a rule as `rate(errors[5m]) > 0` holds from the first of them that two
scrapes show until the last one has left the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Occurring:
    """The events of a fault. first: seconds until there was one for certain. every: at most so many between two."""

    first: float
    every: float


@dataclass(frozen=True)
class During:
    """While a fault lasted: when it was asked for and in effect, when its end was asked for and reached (run times)."""

    asked: float
    done: float
    ending: float
    ended: float


@dataclass(frozen=True)
class Sight:
    """What looks at the events: the rule's window, the scrape interval, and how late either may be (s)."""

    window: float
    scrape: float
    late: float


def may_hold(faults: Sequence[During], sight: Sight, t: float) -> bool:
    """Whether an evaluation at `t` can find an event in its window."""
    return any(fault.asked <= t <= fault.ended + sight.window + sight.late for fault in faults)


def must_hold(faults: Sequence[During], occurring: Occurring, sight: Sight, t: float) -> bool:
    """Whether an evaluation at `t` finds one for certain: two scrapes around an event lie in its window."""
    if occurring.every + 2 * sight.scrape + sight.late >= sight.window:
        return False
    return any(
        fault.done + occurring.first + sight.scrape + sight.late
        <= t
        <= fault.ending - occurring.every - sight.scrape - sight.late + sight.window
        for fault in faults
        if fault.ending - fault.done > occurring.first
    )
