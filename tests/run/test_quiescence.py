"""From when on nothing of some traffic moves a metric any more, as its ledger tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

import pytest

from promproof.evidence.view import LedgerView
from promproof.load.ledger import Ledger
from promproof.run.quiescence import rest_of

pytestmark = pytest.mark.unit
HANDLER, AGING = 5.0, 7.0
BIN = 0.5


def view(play: Callable[[Ledger, list[float]], None]) -> LedgerView:
    """What a ledger tells of a play, which sets the clock."""
    now = [100.0]
    ledger = Ledger(lambda: now[0], BIN)
    play(ledger, now)
    return ledger.snapshot()


def answered(ledger: Ledger, now: list[float]) -> None:
    token = ledger.open("GET", "/")
    now[0] = 110.0
    ledger.close(token, 200)


def left(ledger: Ledger, now: list[float]) -> None:
    token = ledger.open("GET", "/")
    now[0] = 108.0
    ledger.abandon(token, 499)
    answered(ledger, now)


def lost(ledger: Ledger, now: list[float]) -> None:
    token = ledger.open("GET", "/")
    now[0] = 108.0
    ledger.close_unknown(token)
    answered(ledger, now)


def unsent(ledger: Ledger, now: list[float]) -> None:
    token = ledger.open("GET", "/")
    now[0] = 108.0
    ledger.drop(token)
    answered(ledger, now)


def user(ledger: Ledger, now: list[float]) -> None:
    token = ledger.open("GET", "/", user="somebody")
    now[0] = 105.0
    ledger.close(token, 200)
    answered(ledger, now)


def unanswered(ledger: Ledger, now: list[float]) -> None:
    ledger.open("GET", "/slow")
    answered(ledger, now)


@pytest.mark.parametrize(
    ("play", "moment"),
    [
        (answered, 110.0),
        (left, 108.0 + BIN + HANDLER),  # the end of its bin
        (lost, 108.0 + BIN + HANDLER),
        (unsent, 110.0),
        (user, 105.0 + AGING),
        (unanswered, 110.0 + AGING),
    ],
)
def test_traffic_is_over_when_handlers_and_users_are(
    play: Callable[[Ledger, list[float]], None], moment: float
) -> None:
    assert rest_of(view(play), HANDLER, AGING) == moment


def test_a_ledger_that_was_not_ended_tells_of_neither() -> None:
    assert rest_of(replace(view(answered), complete=False), HANDLER, 0.0) == 110.0 + HANDLER


def test_traffic_that_sent_nothing_is_over() -> None:
    assert rest_of(LedgerView(BIN), HANDLER, AGING) == -inf
