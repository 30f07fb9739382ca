"""How far apart samples stand: as far as the windows of a rule allow where it is long, and no further."""

from __future__ import annotations

import pytest

from promproof.proofs.pace import LOOKBACK, times
from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import parse

pytestmark = pytest.mark.unit

RECORDED: Recorded = {
    "week": [(parse("sum(rate(e_total[7d])) / sum(rate(a_total[7d]))"), {})],
    "hour": [(parse("sum(rate(e_total[1h])) / sum(rate(a_total[1h]))"), {})],
}
WEEK = 7 * 86400


@pytest.mark.parametrize(
    ("expression", "samples"),
    [
        ("sum(rate(a_total[7d])) > 1", 600),
        ("week > 0.001", 600),
        ("week > 0.001 and hour > 0.001", WEEK / 900),
        ("changes(a[7d]) > 400", WEEK / LOOKBACK),
        ("a > 1 and rate(a_total[7d]) > 1", WEEK / LOOKBACK),
        ("week > 0.001 and a > 1", WEEK / LOOKBACK),
        ("week > 2 * week offset 1d", WEEK / LOOKBACK),
        ("rate(a_total[7d]) > 2 * rate(a_total[5m])", WEEK / 75),
    ],
)
def test_a_window_of_a_week_has_as_few_samples_as_say_the_same(expression: str, samples: float) -> None:
    step, _, moment = times(parse(expression), RECORDED, None)
    assert WEEK / step == pytest.approx(samples, rel=0.02)
    assert moment >= WEEK


@pytest.mark.parametrize("expression", ["rate(a_total[5m]) > 1", "a > 1", "hour > 0.1"])
def test_what_is_short_is_scraped_as_ever(expression: str) -> None:
    assert times(parse(expression), RECORDED, None)[0] == 15.0
