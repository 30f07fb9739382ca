"""Two expressions that mean the same are the same, however the comparison with a number is written."""

from __future__ import annotations

import pytest

from promproof.config.rules import is_same

pytestmark = pytest.mark.unit
ERRORS = 'sum by (job) (rate(requests_total{job="api",status=~"5.."}[5m])) / sum by (job) (rate(requests_total[5m]))'


@pytest.mark.parametrize(
    "other",
    [
        f"{ERRORS} > 5 / 100",
        f"{ERRORS} > 5e-2",
        f"0.05 < {ERRORS}",
        f"({ERRORS}) > 0.05",
        f"({ERRORS} > 0.05)",
        f"{ERRORS} > 0.05".replace("[5m]", "[300s]"),
        f"{ERRORS} > 0.05".replace('job="api",status=~"5.."', 'status=~"5..",job="api"'),
    ],
)
def test_another_way_of_writing_is_another_expression(other: str) -> None:
    assert is_same(f"{ERRORS} > 0.05", other)


@pytest.mark.parametrize(
    "other",
    [
        f"{ERRORS} >= 0.05",
        f"{ERRORS} < 0.05",
        f"0.05 > {ERRORS}",
        f"{ERRORS} > bool 0.05",
        f"{ERRORS} > 5 / 10",
        f"{ERRORS} > 0.05 or absent(up)",
        "not ( an expression",
        ERRORS,
    ],
)
def test_another_expression_is_the_same(other: str) -> None:
    assert not is_same(f"{ERRORS} > 0.05", other)
