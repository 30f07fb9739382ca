"""Error diffusion: any stretch of requests holds its share, +-1."""

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promptpilot.dosing import RESOLUTION, Dose, parts

pytestmark = pytest.mark.unit

rates = st.integers(0, RESOLUTION).map(lambda number: number / RESOLUTION)


def worst_deviation(rates_of_requests: list[float], take: Callable[[int], bool]) -> Fraction:
    """The largest |chosen - sum of rates| over all stretches of consecutive requests."""
    steps = [take(parts(rate)) - Fraction(parts(rate), RESOLUTION) for rate in rates_of_requests]
    sums = [Fraction(0), *accumulate(steps)]
    return max(sums) - min(sums)


@given(rate=rates, requests=st.integers(1, 500))
@example(rate=0.055, requests=500)
@example(rate=1.0, requests=10)
@example(rate=0.0, requests=10)
def test_every_stretch_of_requests_holds_its_share_within_one(rate: float, requests: int) -> None:
    assert worst_deviation([rate] * requests, Dose().take) < 1


@given(st.lists(rates, min_size=1, max_size=300))
def test_routes_of_different_rates_hold_their_common_share_within_one(mixed: list[float]) -> None:
    assert worst_deviation(mixed, Dose().take) < 1


def test_random_draws_miss_the_share_by_more_than_one() -> None:
    """The twin: what this dosing replaces must be found out."""
    draw = random.Random(7)
    assert worst_deviation([0.055] * 500, lambda rate: draw.random() < rate / RESOLUTION) >= 1


def test_a_million_requests_hold_exactly_their_share() -> None:
    dose = Dose()
    assert sum(dose.take(parts(0.1)) for _ in range(1_000_000)) == 100_000


def test_the_fourth_of_four_requests_is_hit_at_a_share_of_a_quarter() -> None:
    dose = Dose()
    assert [dose.take(parts(0.25)) for _ in range(8)] == [False, False, False, True] * 2
