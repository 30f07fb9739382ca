"""How much a process takes upon itself: sessions at once, as many as arrive during a stall; how many share a load."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.errors import InputError
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
