"""What the buckets of a histogram say of its sum."""

from __future__ import annotations

import pytest

from promproof.truth.bucketsums import UNBOUNDED, Unit, sums_of

pytestmark = pytest.mark.unit
A, B = (("path", "/a"),), (("path", "/b"),)
INF = float("inf")


def test_a_sum_lies_between_the_edges_of_its_observations() -> None:
    found = sums_of({0.1: {A: 2.0}, 1.0: {A: 5.0}, INF: {A: 5.0}}, [A], 1.0)[A]
    assert found.low == pytest.approx(0.3, rel=1e-5)
    assert found.high == pytest.approx(3.2, rel=1e-5)
    assert sums_of({100.0: {A: 0.0}, INF: {A: 3.0}}, [A], 0.001)[A].low == pytest.approx(0.3, rel=1e-5)


def test_one_beyond_the_last_edge_has_no_upper_side() -> None:
    assert sums_of({0.1: {A: 2.0}, INF: {A: 3.0}}, [A], 1.0)[A].high == INF


def test_a_sum_without_all_of_its_buckets_may_be_any() -> None:
    assert sums_of({0.1: {A: 2.0}, INF: {A: 2.0}}, [A, B], 1.0)[B] == UNBOUNDED
    assert sums_of({0.1: {A: 2.0}}, [A], 1.0)[A] == UNBOUNDED
    assert sums_of({-1.0: {A: 0.0}, INF: {A: 2.0}}, [A], 1.0)[A] == UNBOUNDED


@pytest.mark.parametrize(
    ("value", "least", "is_open"),
    [(0.0, 0.0, False), (2e-6, 0.0, False), (2e-3, 0.0, True), (2e-3, 1e-3, False), (2e-3, 1e-6, True)],
    ids=["nothing", "quicker than a clock", "no lower side", "a lower side", "a low one"],
)
def test_seconds_are_told_from_a_thousandth_by_what_a_sum_is_at_least(
    *, value: float, least: float, is_open: bool
) -> None:
    unit = Unit()
    unit.see(value, 1, least)
    assert unit.is_open is is_open
