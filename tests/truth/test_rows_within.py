"""Rows of events are counted within the requests that the contract names, however long others take meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.contract.model import Contract
from promproof.evidence.bins import bucket_of
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.truth.latencies import UnderWay
from promproof.truth.rows import endpoints
from tests.records import record

pytestmark = pytest.mark.unit
PLAY = ("POST", "/games/{id}/play")


def contract(within: list[str]) -> Contract:
    truth = {"kind": "rows_sum", "subject": "game_id", "query": "SELECT 1", "within": within}
    metric = {"name": "play_seconds_total", "type": "counter", "labels": {"game_id": {}}, "truth": truth}
    return Contract.model_validate({"contract": 1, "service": "shop", "metrics": [metric]})


def evidence(within: list[str]) -> Evidence:
    """A game of 0.1 s that ended at 1.0 s, and a request of 3 s beside it."""
    rows: list[tuple[float, list[list[Any]]]] = [
        (1.1, [[*PLAY, [bucket_of(100_000), 1], {}]]),
        (3.0, [["PATCH", "/games", [bucket_of(3_000_000), 1], {}]]),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.append(record(0, 9.0, "latencies", {"rows": rows}))
    return Evidence(contract(within), history)


def test_a_request_elsewhere_does_not_hold_an_event() -> None:
    named = evidence(["POST /games/{id}/play"])
    within = endpoints(named.contract, "game_id")
    assert within == {PLAY}
    assert UnderWay(named, within).latest_end(1.0, 0.05) == 1.1


def test_where_nothing_is_said_any_request_may() -> None:
    unnamed = evidence([])
    within = endpoints(unnamed.contract, "game_id")
    assert within == frozenset()
    assert UnderWay(unnamed, within).latest_end(1.0, 0.05) == 3.0
