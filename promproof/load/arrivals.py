"""The open model: arrivals at absolute due times, whatever the target does.

A schedule is a sequence of offsets that knows no clock; one loop waits for each and starts it. It never waits
for a slot: an arrival that finds none is missed, and counted as missed, since a generator that slows down
with its target hides exactly the latencies it is there to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

NAP_SECONDS = 0.1
"""the longest time without looking whether the run has been stopped"""
BREATH = 16
"""arrivals that are started in one go when the schedule is behind"""


@dataclass(frozen=True)
class Arrived:
    """How the schedule was kept: arrivals that were due, that were started, and those for which there was no
    slot.
    """

    planned: int
    sent: int
    missed: int


def even(rate: float, seconds: float | None) -> Iterator[float]:
    """Offsets in seconds of evenly spaced arrivals: i / rate for each i with i / rate < seconds; None is no
    end.
    """
    for i in count():
        offset = i / rate
        if seconds is not None and offset >= seconds:
            return
        yield offset


def keep(
    offsets: Iterator[float],
    start: Callable[[float], bool],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    stopped: Callable[[], bool],
    grace: float,
    begin: float | None = None,
    breathe: Callable[[], None] = lambda: None,
) -> Arrived:
    """Start every arrival of a schedule at its due time, counted from `begin` (now), or as soon after as possible.

    start: gets the due time; False when there is no slot. stopped: ends the schedule early; what is not due
    by then was never planned. grace: seconds by which an arrival may be late; a later one is missed.
    breathe: called now and then while the schedule is behind, so that what was started gets its turn.
    """
    begin = clock() if begin is None else begin
    planned = sent = 0
    awake = begin
    for offset in offsets:
        due = begin + offset
        while (wait := due - clock()) > 0 and not stopped():
            awake = due - wait
            sleep(min(wait, NAP_SECONDS))
        over = stopped()
        if not over:
            awake = max(awake, due - wait)
        if wait > 0 or (over and due > awake):
            break  # one that fell due while the stop was being noticed was not due by then, however late that was
        planned += 1
        if wait < 0 and planned % BREATH == 0:
            breathe()
        if not over and -wait <= grace:
            sent += start(due)
    return Arrived(planned, sent, planned - sent)


def until(offsets: Iterator[float], full: Callable[[], bool]) -> Iterator[float]:
    """The schedule up to the moment when there has been enough."""
    for offset in offsets:
        if full():
            return
        yield offset
