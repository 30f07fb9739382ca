"""The window of active users."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpilot.users import ActiveUsers

pytestmark = pytest.mark.unit


@given(
    window=st.integers(1, 20),
    requests=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([b"a", b"b", b"c", b"d"])), max_size=60),
    later=st.integers(0, 30),
)
def test_the_count_is_that_of_the_users_seen_in_the_window(
    window: int, requests: list[tuple[int, bytes]], later: int
) -> None:
    users, now, last_seen = ActiveUsers(window), 0, {}
    for pause, user in requests:
        now += pause
        users.seen(user, now)
        last_seen[user] = now
    now += later
    assert users.count(now) == sum(now - seen <= window for seen in last_seen.values())


def test_a_user_ages_out_after_the_window() -> None:
    users = ActiveUsers(5.0)
    users.seen(b"a", 100.0)
    assert users.count(105.0) == 1
    assert users.count(105.001) == 0


def test_a_user_is_counted_once() -> None:
    users = ActiveUsers(5.0)
    users.seen(b"a", 1.0)
    users.seen(b"a", 2.0)
    assert users.count(2.0) == 1


def test_the_users_kept_in_memory_are_bounded() -> None:
    users = ActiveUsers(1e9, most=1000)
    for number in range(5000):
        users.seen(str(number).encode(), float(number))
    assert users.count(5000.0) == 1000
    users.seen(b"4999", 5000.0)
    assert users.count(5000.0) == 1000


def test_a_long_user_id_is_kept_short_and_still_distinct() -> None:
    users = ActiveUsers(10.0)
    for number in range(3):
        users.seen(b"x" * 60_000 + str(number).encode(), 1.0)
    assert users.count(1.0) == 3
    assert sum(sys.getsizeof(key) for key in users._last_seen) < 1000
