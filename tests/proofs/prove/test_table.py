"""The table of `promproof prove` on terminals of any width, and in a pipe."""

from __future__ import annotations

import pytest

from promproof.proofs.outcome import CONTRADICTED, PROVEN, Alert, Outcome
from promproof.proofs.provetable import Beside, text
from promproof.proofs.routes import Destination
from promproof.report.lines import fitted

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


def test_a_name_that_is_cut_stands_below_in_full() -> None:
    assert f"\n  {NAME}\n" in text(OUTCOMES, BESIDE, 60)
    assert f"\n  {NAME}\n" not in text(OUTCOMES, BESIDE, 100)


@pytest.mark.parametrize("width", [80, 120, None])
def test_what_stands_below_an_alert_is_broken_between_words_and_whole_in_a_pipe(width: int | None) -> None:
    path = "/srv/" + "a-team/" * 20 + "rules.yml"
    reason = f"each series is divided by itself:\n  rate(x[5m]) / rate(x[5m]), and so at {'1234567 ' * 20}in {path}"
    outcome = Outcome(OUTCOMES[0].alert, CONTRADICTED, "any share", reason=reason)
    shown = text([outcome], Beside(problems=[reason]), width, lambda line: fitted(line, width))
    above, below = shown.split("\n\n")
    told = above.split("\n", 2)[2]
    for lines, start in ((told, "  "), (below.rpartition("\n1 contradicted")[0], "")):
        assert width is None or all(len(line) <= width for line in lines.split("\n"))
        assert width is not None or lines.count("\n") == 0
        words = [word for line in lines.split("\n") for word in line.split() if word.isdigit()]
        assert lines.startswith(f"{start}each series")
        assert words == ["1234567"] * 20
        assert path in "".join(line.strip() for line in lines.split("\n"))
