"""How much a process takes upon itself: sessions at once, as many as arrive during a stall; how many share a load."""

from __future__ import annotations

import resource
from sys import maxsize
from typing import Any

import pytest

from promproof.errors import InputError
from promproof.load import descriptors
from promproof.load.arrival.closed import Closed
from promproof.load.arrival.open import LEAST, SPARE, Open
from promproof.load.options import own_workers

pytestmark = pytest.mark.unit


def arrival(**keys: Any) -> Open:
    return Open.model_validate({"model": "open", **keys})


@pytest.mark.parametrize(
    ("keys", "processes", "most"),
    [
        ({"rate": "200/s"}, 1, 2000),
        ({"rate": "200/s", "stall": "30s"}, 1, 6000),
        ({"rate": "3000/s"}, 1, 10_000 - SPARE),
        ({"rate": "3000/s"}, 4, 7500),
        ({"rate": "5/s"}, 1, LEAST),
        ({"rate": "200/s", "limit": 7}, 4, 7),
        ({"stages": [{"from": "0/s", "to": "400/s", "for": "1s"}, {"rate": "10/s", "for": "1s"}]}, 2, 2000),
    ],
    ids=["a rate", "a longer stall", "descriptors", "four processes", "slow", "said", "the highest stage"],
)
def test_so_many_may_be_under_way_as_arrive_during_a_stall(
    keys: dict[str, Any], processes: int, most: int
) -> None:
    assert arrival(**keys).sessions_at_once(processes, 10_000) == most


@pytest.mark.parametrize(
    ("keys", "processes", "says"),
    [
        (
            {"rate": "200/s"},
            1,
            "up to 200/s: at most 2000 sessions under way (200/s x 10 s, the longest standstill",
        ),
        ({"rate": "3000/s"}, 4, "at most 7500 sessions under way in each of 4 processes (750/s x 10 s"),
        ({"rate": "3000/s"}, 1, "at most 9900 sessions under way (it may open 10000 files"),
        ({"rate": "5/s"}, 1, "at most 500 sessions under way (the least)"),
        (
            {"rate": "200/s", "limit": 7},
            4,
            "at most 7 sessions under way in each of 4 processes (arrival.limit)",
        ),
    ],
    ids=["a rate", "four processes", "descriptors", "slow", "said"],
)
def test_the_bound_is_told_with_the_rate_and_its_reason(
    keys: dict[str, Any], processes: int, says: str
) -> None:
    assert says in arrival(**keys).at_most(processes, 10_000)


@pytest.mark.parametrize(
    ("soft", "hard", "files"),
    [
        (1024, 4096, 1024),
        (1024, 20_000, descriptors.LEAST),
        (1024, resource.RLIM_INFINITY, descriptors.LEAST),
        (20_000, 20_000, 20_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, maxsize),
    ],
)
def test_the_generator_may_open_as_many_files_as_locust_asks_for(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, files: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    assert descriptors.of_generator() == files
    assert descriptors.allowed() == (maxsize if soft == resource.RLIM_INFINITY else soft)


def test_users_who_wait_for_their_answers_need_no_bound() -> None:
    assert Closed.model_validate({"model": "closed", "users": 10}).at_most(1, 10_000) == ""


def test_where_hardly_a_file_may_be_opened_one_session_is_left() -> None:
    assert arrival(rate="200/s").sessions_at_once(1, 50) == 1


@pytest.mark.parametrize(
    ("text", "processors", "count"),
    [("auto", 8, 8), ("auto", 2, 2), ("auto", 1, None), ("3", 8, 3), (None, 8, None)],
)
def test_a_load_is_shared_among_the_processors(text: str | None, processors: int, count: int | None) -> None:
    assert own_workers(text, processors) == count


def test_a_word_that_is_no_number_of_workers_is_refused() -> None:
    with pytest.raises(InputError, match="or auto"):
        own_workers("Auto", 2)
