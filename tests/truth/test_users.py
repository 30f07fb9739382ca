"""How many users are inside the window, where the ledger came in several increments."""

from __future__ import annotations

import pytest

from promproof.contract.truths import UsersTruth
from promproof.evidence.sums import MOST, merge
from promproof.evidence.view import LedgerView
from promproof.truth.metrics import Interval, users_between

pytestmark = pytest.mark.unit
TRUTH = UsersTruth(kind="distinct_users", window="5s")
EARLY = LedgerView(1.0, users={"a": (0.0, 3.0, 3.1), "b": (1.0, 2.9, 3.0)})
LATE = LedgerView(1.0, users={"a": (20.0, 22.0, 22.1)})


def test_a_user_who_comes_again_later_is_known_to_have_been_there_before() -> None:
    ledger = merge([EARLY, LATE])
    assert users_between(TRUTH, ledger, 3.5, 3.6, 5.0) == Interval(2, 2)
    assert users_between(TRUTH, ledger, 12.0, 12.1, 5.0) == Interval(0, 0)
    assert users_between(TRUTH, ledger, 23.0, 23.1, 5.0) == Interval(1, 1)


def test_of_one_increment_the_first_and_the_last_request_are_known() -> None:
    whole = LedgerView(1.0, users={"a": (0.0, 22.0, 22.1)})
    assert users_between(TRUTH, whole, 12.0, 12.1, 5.0) == Interval(0, 1)


def test_a_request_that_has_not_ended_makes_nobody_certain() -> None:
    open_ = LedgerView(1.0, users={"a": (3.0, 3.0, 3.0)})
    assert users_between(TRUTH, merge([open_, LATE]), 3.5, 3.6, 5.0) == Interval(0, 1)


def test_sums_of_sums_keep_the_periods_apart_and_a_long_run_joins_neighbours() -> None:
    assert merge([merge([EARLY]), merge([LATE])]).periods("a") == ((0.0, 3.0, 3.1), (20.0, 22.0, 22.1))
    many = merge(LedgerView(1.0, users={"a": (float(n), n + 0.1, n + 0.2)}) for n in range(2 * MOST))
    assert len(many.periods("a")) <= MOST
    assert many.periods("a")[0][0] == 0.0
    assert many.periods("a")[-1][2] == 2 * MOST - 1 + 0.2
