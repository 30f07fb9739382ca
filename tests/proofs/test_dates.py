"""Dates that are moved to where promtool's clock begins."""

from __future__ import annotations

import pytest

from promproof.proofs.dates import moved, told

pytestmark = pytest.mark.unit


def test_dates_are_moved_to_the_first_day_of_another_kind() -> None:
    (found,) = moved("a > 5 and on () month() == 12")
    assert found == (334, "a > 5 and on () month(vector(time() + 28857600)) == 12")


def test_what_only_the_clock_decides_begins_a_day_before_it_turns() -> None:
    assert list(moved("month() == 12")) == [(333, "month(vector(time() + 28771200)) == 12")]
    assert told(((0.0, False), (86400.0, True)), 333) == "from 1 December 00:00 UTC"


def test_each_other_kind_of_day_is_tried() -> None:
    found = [days for days, _ in moved("month() == 12 and day_of_month() > 24")]
    assert len(found) == 3, "neither was in the first days: the one, the other, both"
    assert max(found) == 334 + 24 - 1


@pytest.mark.parametrize(
    "expression",
    ["a > 5 and on () hour() > 22", "day_of_week() == 6", "month(a) == 12", "month() == 13", "a > 5"],
    ids=["an hour", "a weekday", "the date of a value", "never", "no date"],
)
def test_what_the_first_days_show_is_not_moved(expression: str) -> None:
    assert list(moved(expression)) == []


def test_a_text_that_looks_like_a_date_stays() -> None:
    (found,) = moved('a{b="month()"} > 5 and on () month() == 12')
    assert found[1].startswith('a{b="month()"} > 5 and on () month(vector(')
