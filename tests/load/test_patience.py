"""When a generator gives up waiting, and that a slow one is given its time."""

from __future__ import annotations

import pytest

from promproof.load.patience import JOIN_SECONDS, READY_SECONDS, STALL_SECONDS, Patience

pytestmark = pytest.mark.unit


def test_a_run_that_no_user_joins_is_given_up() -> None:
    patience = Patience(100.0, timeout=10.0)
    assert not patience.lost(100.0 + JOIN_SECONDS, 0, 0, 0)
    assert patience.lost(101.0 + JOIN_SECONDS, 0, 0, 0) == "Locust has no user after 61 s: look at its log"


def test_a_run_whose_answers_never_end_is_given_up() -> None:
    patience = Patience(0.0, timeout=10.0)
    limit = 2 * 10.0 + STALL_SECONDS
    assert not patience.lost(1.0, 1, 5, 2)
    assert not patience.lost(1.0 + limit, 1, 5, 2)
    assert patience.lost(2.0 + limit, 1, 5, 2).startswith("2 requests are open, and none has ended for 81 s")


@pytest.mark.parametrize("opened", [5, 6])
def test_a_run_that_thinks_or_gets_on_goes_on(opened: int) -> None:
    patience = Patience(0.0, timeout=10.0)
    patience.lost(1.0, 1, 5, 0 if opened == 5 else 2)
    assert not patience.lost(10_000.0, 1, opened, 0 if opened == 5 else 2)


def test_a_start_file_that_never_comes_is_given_up() -> None:
    patience = Patience(0.0, timeout=10.0)
    assert not patience.unready(50.0)
    assert not patience.unready(50.0 + READY_SECONDS)
    assert patience.unready(51.0 + READY_SECONDS) == "nobody has said go within 3600 s"
