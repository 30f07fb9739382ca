"""Which comparisons of an alert must be the documented one, and which are guards of another quantity."""

from __future__ import annotations

import pytest

from promproof.config.guards import guards, is_documented, operands, printed, same, unguarded

pytestmark = pytest.mark.unit
SHARE = 'sum(rate(orders_total{code=~"5.."}[2m])) / sum(rate(orders_total[2m]))'


@pytest.mark.parametrize(
    "expression",
    [
        f"{SHARE} > 0.2",
        f"0.2 < {SHARE}",
        pytest.param(f"{SHARE} > 0.2 and sum(rate(orders_total[2m])) > 1", id="a guard on traffic"),
        pytest.param(f"sum(rate(orders_total[2m])) > 1 and ({SHARE} > 0.2)", id="the guard first"),
        pytest.param(f"({SHARE} > 0.2) and on() (hour() >= 8 < 18)", id="office hours"),
        pytest.param(f"{SHARE} > 0.2 unless on() up{{job='batch'}} > 0", id="an exception"),
        pytest.param(f"{SHARE} > 0.2 and {SHARE.replace('2m', '1h')} > 0.2", id="two windows"),
    ],
)
def test_the_documented_threshold_may_have_guards(expression: str) -> None:
    assert is_documented(unguarded(operands(expression), ">", 0.2), ">", 0.2)


@pytest.mark.parametrize(
    "expression",
    [
        f"{SHARE} > 0.3",
        f"{SHARE} >= 0.2",
        pytest.param(SHARE, id="no comparison"),
        pytest.param(f"{SHARE} > 0.3 and sum(rate(orders_total[2m])) > 1", id="moved, beside a guard"),
        pytest.param(f"{SHARE} > 0.2 or sum(rate(orders_total[2m])) > 1", id="either is enough"),
        pytest.param(f"{SHARE} > 0.2 and {SHARE.replace('2m', '1h')} > 0.4", id="two windows, one moved"),
    ],
)
def test_another_threshold_of_the_quantity_is_no_guard(expression: str) -> None:
    assert not is_documented(unguarded(operands(expression), ">", 0.2), ">", 0.2)


TRAFFIC = "sum(rate(orders_total[2m])) > 1"
HOURS = "hour() >= 8 < 18"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (f"{SHARE} > 0.2", []),
        (f"{SHARE} > 0.2 and {TRAFFIC}", [TRAFFIC]),
        (f"({TRAFFIC}) and ({SHARE} > 0.2) and on() ({HOURS})", [TRAFFIC, HOURS]),
        (f"{SHARE} > 0.2 unless on() up == 0", ["unless up == 0"]),
        (f"{SHARE} > 0.2 and {SHARE.replace('2m', '1h')} > 0.2", []),
        pytest.param(f"{SHARE} > 0.3 and {TRAFFIC}", [], id="no condition says the documented value"),
    ],
)
def test_guards_are_the_conditions_of_another_quantity(expression: str, found: list[str]) -> None:
    told = guards(operands(expression), ">", 0.2)
    assert [printed(guard) for guard in found] == told


def test_spaces_and_parentheses_make_no_other_guard() -> None:
    assert same(printed("(sum(rate(orders_total[2m]))>1)"), printed(TRAFFIC))
    assert not same(printed("sum(rate(orders_total[2m])) > 2"), printed(TRAFFIC))
