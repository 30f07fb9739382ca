"""Arrival maths: the number, the place and the spacing of arrivals, for any course of rates and any split of them."""

from __future__ import annotations

from itertools import islice, pairwise
from math import inf
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.load.arrival.closed import Closed
from promproof.load.arrival.open import Open
from promproof.load.plan import Share
from promproof.load.rates import Piece, read_backwards

pytestmark = pytest.mark.unit

edges = st.one_of(st.just(0.0), st.floats(0.5, 200))
courses = st.lists(st.builds(Piece, edges, edges, st.floats(0.1, 20)), min_size=1, max_size=4)


def whole(course: list[Piece]) -> list[float]:
    return list(islice(read_backwards(course, (float(n) for n in range(10**6))), 20_000))


def expected_by(course: list[Piece], t: float) -> float:
    """The integral of the rate, by adding up small steps: the definition, not the formula."""
    total, begin = 0.0, 0.0
    for piece in course:
        length = min(max(t - begin, 0.0), piece.seconds)
        total += length * (piece.begin + (piece.end - piece.begin) * length / piece.seconds / 2)
        begin += piece.seconds
    return total


def stages(*rows: dict[str, object]) -> Open:
    return Open.model_validate({"model": "open", "stages": list(rows)})


@given(courses)
def test_a_course_of_stages_has_as_many_arrivals_as_its_integral(course: list[Piece]) -> None:
    offsets = whole(course)
    total = sum(piece.arrivals for piece in course)
    assert abs(len(offsets) - total) <= 1
    assert offsets == sorted(offsets)
    for number, offset in enumerate(offsets):
        assert expected_by(course, offset) == pytest.approx(number, abs=1e-6 * max(total, 1))


@given(courses, st.integers(1, 5))
def test_a_split_over_workers_has_the_arrivals_of_one_process(course: list[Piece], of: int) -> None:
    offsets = whole(course)
    parts = [[offset for n, offset in enumerate(offsets) if Share(index, of).has(n)] for index in range(of)]
    assert sorted(offset for part in parts for offset in part) == offsets
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@given(st.integers(0, 10_000), st.integers(1, 20))
def test_parts_of_a_total_add_up(total: int, of: int) -> None:
    assert sum(Share(index, of).part(total) for index in range(of)) == total


def test_a_ramp_has_a_quarter_of_its_arrivals_in_its_first_half() -> None:
    # from 0 to 100/s in 10 s: 500 arrivals, a quarter of them in the first half
    offsets = list(stages({"for": "10s", "from": "0/s", "to": "100/s"}).schedule(10.0, 0))
    assert len(offsets) == 500
    assert sum(offset < 5 for offset in offsets) == 125


def test_a_pause_between_stages_has_no_arrivals() -> None:
    arrival = stages(
        {"for": "1s", "rate": "10/s"}, {"for": "5s", "rate": "0/s"}, {"for": "1s", "rate": "10/s"}
    )
    offsets = list(arrival.schedule(7.0, 0))
    assert len(offsets) == 20
    assert not [offset for offset in offsets if 1.0 <= offset < 6.0]


@given(st.integers(0, 50))
def test_poisson_arrivals_are_uneven_and_decided_by_the_seed(seed: int) -> None:
    arrival = Open.model_validate({"model": "open", "rate": "200/s", "spacing": "poisson"})
    offsets = list(arrival.schedule(20.0, seed))
    assert offsets == list(arrival.schedule(20.0, seed))
    gaps = [b - a for a, b in pairwise(offsets)]
    # 4000 expected; six standard deviations of a Poisson count, and of the variation of exponential gaps
    assert abs(len(offsets) - 4000) < 6 * 4000**0.5
    assert abs(stdev(gaps) / mean(gaps) - 1) < 6 / 4000**0.5


def test_poisson_arrivals_follow_the_rate_of_each_stage() -> None:
    arrival = Open.model_validate(
        {
            "model": "open",
            "spacing": "poisson",
            "stages": [{"for": "10s", "rate": "20/s"}, {"for": "10s", "rate": "200/s"}],
        }
    )
    offsets = list(arrival.schedule(20.0, 1))
    slow = sum(offset < 10 for offset in offsets)
    assert abs(slow - 200) < 6 * 200**0.5
    assert abs(len(offsets) - slow - 2000) < 6 * 2000**0.5


def test_a_constant_rate_goes_on_until_it_is_ended() -> None:
    arrival = Open.model_validate({"model": "open", "rate": "3/s"})
    assert arrival.course(None) == (Piece(3.0, 3.0, inf),)
    assert len(list(islice(arrival.schedule(None, 0), 100))) == 100


def test_users_of_a_closed_model_follow_its_stages() -> None:
    arrival = Closed.model_validate(
        {"model": "closed", "stages": [{"for": "10s", "from": 0, "to": 20}, {"for": "5s", "users": 4}]}
    )
    assert [arrival.users_at(at) for at in (0.0, 5.0, 12.0, 15.0)] == [0.0, 10.0, 4.0, 0.0]
