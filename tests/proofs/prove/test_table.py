"""The table of `promproof prove` on terminals of any width, and in a pipe."""

from __future__ import annotations

import pytest

from promproof.proofs.outcome import PROVEN, Alert, Outcome
from promproof.proofs.provetable import Beside, text
from promproof.proofs.routes import Destination

pytestmark = pytest.mark.unit
NAME = "HighShareOfRequestsThatFailInTheCheckout"
FLIPS = "> 0.000123456789012"
OUTCOMES = [Outcome(Alert(name=NAME, expression="a > 1", hold=300.0, data={}), PROVEN, FLIPS)]
BESIDE = Beside(destinations=[Destination(("operator", "webhook", "a-chat-with-a-long-name"))])


def head(columns: int | None) -> list[str]:
    return text(OUTCOMES, BESIDE, columns).splitlines()[:2]


@pytest.mark.parametrize("columns", [None, 120, 200])
def test_nothing_is_cut_where_there_is_room_or_a_pipe(columns: int | None) -> None:
    row = head(columns)[1]
    assert "…" not in row
    assert f"{NAME}  proven   {FLIPS}  5m   {BESIDE.destinations[0].cell}" == row


def test_a_narrow_terminal_cuts_receivers_first_and_then_the_name_but_no_number() -> None:
    assert head(100)[1].startswith(f"{NAME} ")
    for columns in (80, 100):
        rows = head(columns)
        assert all(len(row) <= columns for row in rows)
        assert FLIPS in rows[1]
        assert "…" in rows[1]
