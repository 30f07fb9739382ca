"""Arrivals on a clock that tests turn: the schedule is exact, nothing waits, a stop is not a broken promise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.load.arrivals import NAP_SECONDS, Arrived, even, keep, until
from tests.load.conftest import HandClock

pytestmark = pytest.mark.unit


def kept(clock: HandClock, rate: float, stop_at: float, late: float = 0.0) -> tuple[Arrived, list[float]]:
    """Keep an endless schedule that is stopped at a time; each sleep lasts `late` seconds longer than asked."""
    begin, started = clock.now, []

    def sleep(seconds: float) -> None:
        clock.now += seconds + late

    def start(due: float) -> bool:
        started.append(due - begin)
        return True

    return keep(
        even(rate, None), start, clock, sleep, lambda: clock.now - begin >= stop_at, grace=5.0
    ), started


@given(st.floats(0.1, 500), st.floats(0.01, 20))
def test_a_schedule_has_an_arrival_at_each_multiple_of_the_interval(rate: float, seconds: float) -> None:
    offsets = list(islice(even(rate, seconds), 20_000))
    assert offsets[0] == 0.0
    assert all(offset < seconds for offset in offsets)
    assert len(offsets) / rate >= seconds
    assert offsets == [n / rate for n in range(len(offsets))]


def test_a_schedule_without_an_end_goes_on() -> None:
    assert list(islice(even(2, None), 5)) == [0.0, 0.5, 1.0, 1.5, 2.0]


@given(st.floats(1, 300), st.floats(0.001, 5), st.floats(0, 0.5))
def test_a_stop_at_any_moment_makes_no_missed_arrival(rate: float, stop_at: float, late: float) -> None:
    arrived, started = kept(HandClock(), rate, stop_at, late)
    assert arrived.missed == 0
    assert arrived.sent == arrived.planned == len(started)
    # of those before the stop only such are absent that fell due while it was being noticed
    assert stop_at - late - 1 / rate <= len(started) / rate <= stop_at + 1 / rate + 1e-6


def test_a_stop_is_noticed_before_the_next_arrival_is_due() -> None:
    clock = HandClock()
    arrived, _ = kept(clock, rate=0.1, stop_at=2.0)
    assert arrived == Arrived(1, 1, 0)
    assert clock.now - 1000.0 <= 2.0 + NAP_SECONDS + 1e-6


def test_arrivals_that_were_overdue_before_the_stop_are_missed() -> None:
    """The twin of the tests of a stop: a generator that was frozen earlier must not hide behind it."""
    clock = HandClock()

    def freeze_once(seconds: float) -> None:
        clock.now += 3.0 if clock.now < 1001.0 else seconds

    arrived = keep(
        even(10, None), lambda due: True, clock, freeze_once, lambda: clock.now > 1005.0, grace=1.0
    )
    # of those due from 0.1 s to 1.9 s; those from 2.0 s on were late by the grace at most
    assert arrived.missed == 19
    assert arrived.planned == arrived.sent + 19


def test_a_late_start_leaves_the_later_arrivals_at_their_times() -> None:
    clock = HandClock()
    started: list[tuple[float, float]] = []

    def start(due: float) -> bool:
        started.append((due - 1000.0, clock.now - 1000.0))
        clock.now += 0.25 if len(started) == 1 else 0.0  # one start takes long
        return True

    def sleep(seconds: float) -> None:
        clock.now += seconds

    keep(even(10, 0.6), start, clock, sleep, lambda: False, grace=1.0)
    assert [due for due, _ in started] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert [at for _, at in started] == pytest.approx([0.0, 0.25, 0.25, 0.3, 0.4, 0.5])


def test_arrivals_end_when_there_was_enough() -> None:
    seen: list[float] = []
    full: Callable[[], bool] = lambda: len(seen) >= 3  # noqa: E731
    for offset in until(even(1, None), full):
        seen.append(offset)
    assert seen == [0.0, 1.0, 2.0]
