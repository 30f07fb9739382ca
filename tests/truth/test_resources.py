"""What readings of the operating system allow for a figure at a scrape between them."""

from __future__ import annotations

from math import inf

import pytest

from promproof.evidence.evidence import Scrape
from promproof.truth.machine import reserved
from promproof.truth.metrics import Interval
from promproof.truth.resources import Readings

pytestmark = pytest.mark.unit


def high(values: list[float], *, together: bool) -> float:
    """The most that a scrape between the last two readings may have seen; the readings are 0.1 s apart."""
    times = tuple(number / 10 for number in range(len(values)))
    readings = Readings(times, times, tuple(values))
    scrape = Scrape(times[-2] + 0.02, times[-2] + 0.03, 1.0, 0.01)
    found = readings.gauge(scrape, float, inf, together=together)
    assert found is not None
    return found.high


def test_files_that_come_and_go_may_do_so_at_once() -> None:
    values = [10.0, 14.0, 10.0, 13.0, 10.0, 10.0]
    assert high(values, together=False) == 14.0
    assert high(values, together=True) == 17.0


def test_a_figure_that_grows_slowly_is_not_bounded_more_widely_for_that() -> None:
    values = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5]
    assert high(values, together=False) == pytest.approx(10.6)
    assert high(values, together=True) == pytest.approx(10.7)


def test_two_blocks_that_are_written_between_two_readings_are_no_used_space() -> None:
    size = 256 * 2**30
    bounds = reserved(Interval(0.70, 0.71), size)
    assert bounds.low == 0.70
    assert 0.71 + 2**30 / size in bounds
    assert 0.71 + 1.1 * 2**30 / size not in bounds
    assert reserved(Interval(0.0, 0.0), 0.0) == Interval(0.0, 0.0)
