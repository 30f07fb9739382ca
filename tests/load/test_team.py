"""How often a worker speaks: a master of many has no more to read than one of a few."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.evidence.view import LedgerView
from promproof.load import team
from promproof.load.ledger import Ledger

pytestmark = pytest.mark.unit


class HandClock(team.Clock):
    """A clock that is turned by hand."""

    now = 10.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("workers", "most"), [(1, 21), (2, 21), (30, 21), (200, 5), (10_000, 5)])
def test_many_workers_speak_less_often_and_lose_no_request(workers: int, most: int) -> None:
    clock, sent = HandClock(), list[dict[str, Any]]()
    ledger = Ledger(clock, 0.1)
    writer = team.WorkerWriter(lambda _, data, *__: sent.append(data), ledger, clock, dict, lambda: workers)
    for bin_ in range(1, 21):
        ledger.close(ledger.open("GET", "/", None), 200)
        clock.now = 10.0 + bin_ * 0.1
        writer.flush()
    assert most - 2 <= len(sent) <= most
    writer.event("once-done")
    assert sum(LedgerView.from_json(data["view"]).requests for data in sent) == 20
    assert sent[-1]["requests"] == 20


@pytest.mark.parametrize("workers", [2, 200])
def test_a_worker_without_anything_to_say_speaks_within_the_time_that_means_death(workers: int) -> None:
    clock, sent = HandClock(), list[float]()
    writer = team.WorkerWriter(
        lambda *_: sent.append(clock()), Ledger(clock, 0.1), clock, dict, lambda: workers
    )
    for bin_ in range(1, 51):
        clock.now = 10.0 + bin_ * 0.1
        writer.flush()
    assert max(later - sooner for sooner, later in zip([10.0, *sent], sent, strict=False)) < 1.0
