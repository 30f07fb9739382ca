"""Bins that are packed into arrays say what they said as a dict."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.evidence import bins
from promproof.evidence.endpointview import Course, EndpointView
from promproof.evidence.sums import ViewSum, merge
from promproof.evidence.view import LedgerView

pytestmark = pytest.mark.unit
BINS = st.dictionaries(st.integers(-(2**40), 2**40), st.integers(1, 2**40), max_size=20)


@given(BINS, st.integers(-(2**41), 2**41))
def test_packed_bins_say_what_the_dict_says(given: dict[int, int], index: int) -> None:
    packed = bins.Packed(given)
    assert packed == given
    assert given == packed
    assert (len(packed), list(packed), sorted(packed.items())) == (
        len(given),
        sorted(given),
        sorted(given.items()),
    )
    assert sum(packed.values()) == sum(given.values())
    assert (packed.get(index), index in packed) == (given.get(index), index in given)
    for at in (index, -inf, inf, *given):
        of_packed, of_dict = bins.Totals(packed), bins.Totals(given)
        assert of_packed.up_to(at) == of_dict.up_to(at) == bins.up_to(packed, at)
        assert of_packed.before(at) == of_dict.before(at) == bins.before(packed, at)
    assert bins.merged([packed, given]) == bins.merged([given, given])


def test_many_bins_are_packed_and_few_are_not() -> None:
    many = dict.fromkeys(range(bins.MANY), 1)
    few = dict.fromkeys(range(bins.MANY - 1), 1)
    assert isinstance(bins.packed(many), bins.Packed)
    assert bins.packed(few) is few


@pytest.mark.parametrize(("index", "count"), [(2**63, 1), (0, 2**63), (0, 2**63 - 1)])
def test_numbers_that_no_array_holds_stay_in_a_dict(index: int, count: int) -> None:
    given = dict.fromkeys(range(1, bins.MANY + 1), 1) | {index: count}
    assert bins.packed(given) is given
    assert bins.Totals(given).up_to(inf) == sum(given.values())


def view(starts: dict[int, int]) -> LedgerView:
    """That of one endpoint, whose bins are packed where they are many."""
    packed = bins.packed(starts)
    course = Course(packed, packed)
    return LedgerView(0.1, {("GET", "/"): EndpointView(started=packed, outcomes={200: course})}, lags=packed)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=4))
def test_a_sum_of_packed_views_is_that_of_all_their_requests(firsts: list[int]) -> None:
    parts = [{first + number: 1 + number % 3 for number in range(bins.MANY + 10)} for first in firsts]
    found = merge([view(part) for part in parts])
    whole = bins.merged(parts)
    (endpoint,) = found.endpoints_seen.values()
    assert endpoint.started == endpoint.outcomes[200].starts == found.lags == whole
    assert found.requests == sum(whole.values())
    assert LedgerView.from_json(found.to_json()) == found


def test_a_sum_leaves_the_views_that_it_was_given_as_they_are() -> None:
    part = dict.fromkeys(range(bins.MANY), 1)
    given, total = view(part), ViewSum(0.1)
    total.add(given)
    first = total.view()
    total.add(given)
    assert (given, first) == (view(part), view(part))
    assert total.view().requests == 2 * given.requests
