"""Two expressions that mean the same are the same, however the comparison with a number is written."""

from __future__ import annotations

import pytest

from promproof.config.sameness import is_same

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
        f"{ERRORS} > 0.05".replace("rate(", "increase("),
        f"{ERRORS} > 0.05".replace('job="api",status=~"5.."', 'status=~"5..",job="api"'),
    ],
)
def test_another_way_of_writing_is_the_same_expression(other: str) -> None:
    assert is_same(f"{ERRORS} > 0.05", other)


@pytest.mark.parametrize(
    "other",
    [
        f"{ERRORS} >= 0.05",
        f"{ERRORS} < 0.05",
        f"0.05 > {ERRORS}",
        f"{ERRORS} > bool 0.05",
        f"{ERRORS} > 5 / 10",
        f"{ERRORS} > 0.05".replace("rate(", "increase(", 1),
        f"{ERRORS} > 0.05".replace("rate(", "increase(").replace("[5m]", "[6m]", 1),
        f"{ERRORS} > 0.05 or absent(up)",
        "not ( an expression",
        ERRORS,
    ],
)
def test_another_comparison_is_another_expression(other: str) -> None:
    assert not is_same(f"{ERRORS} > 0.05", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 - a / b > 0.8", "1 - (a / b) > 0.8"),
        ("(a - b) / a", "1 - b / a"),
        ("a * 100", "100 * a"),
        (
            "sum by (a) (b) / sum by (a) (c) > 1 and sum by (a) (d) > 2",
            "sum by (a) (b) / sum by (a) (c) > 1 and on (a) sum by (a) (d) > 2",
        ),
        ("predict_linear(a[6h], 86400) < 0", "predict_linear(a[6h], 24 * 3600) < 0"),
        ("sum by (job) (a) / sum by (job) (b)", "sum by (job) (a) / on (job) sum by (job,) (b)"),
        ('absent(up{job="a"}) or absent(up{job="b"})', 'absent(up{job="b"}) or absent(up{job="a"})'),
        ('up{job="a"} == 0 or absent(up)', 'up{job="a"} < 1 or absent(up)'),
        ('up{job="a"} == 0 or absent(up{job="a"})', 'absent(up{job="a"}) or up{job="a"} == 0'),
        ("up == 0", "up != 1"),
        ("prometheus_config_last_reload_successful == 0", "prometheus_config_last_reload_successful != 1"),
        ('a{job="x"}', '{__name__="a",job="x"}'),
        ("SUM(a) BY (job)", "sum by (job) (a)"),
    ],
)
def test_brackets_order_and_arithmetic_make_no_difference(one: str, other: str) -> None:
    assert is_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 - a / b", "(1 - a) / b"),
        (
            "sum by (a, e) (b) > 1 and sum by (a) (d) > 2",
            "sum by (a, e) (b) > 1 and on (a) sum by (a) (d) > 2",
        ),
        ("b > 1 and d > 2", "b > 1 and on (a) d > 2"),
        ("(a - b) / c", "1 - b / c"),
        ("(a - b) / b", "1 - b / a"),
        ("a - b", "b - a"),
        ("reloads == 0", "reloads != 1"),
        ("a / on (job) b", "a / b"),
        ("sum by (job) (a) / on (job) sum by (job, x) (b)", "sum by (job) (a) / sum by (job, x) (b)"),
        ("a * on (job) group_left b", "b * on (job) group_left a"),
        ("a or b", "b or a"),
        ('absent(up{job=~"a"})', 'absent(up{job="a"})'),
        ('absent(up{instance="b"}) or up == 0', 'up == 0 or absent(up{instance="b"})'),
        ("up == 0 or up == 1", "up == 1 or up == 0"),
        ("a == 0 or absent(a)", "absent(a) or a == 0"),
        ("a == 0", "a < 1"),
        ("up == 0", "up <= 1"),
        ("up == bool 0", "up == 0"),
        ("sum without (job) (a)", "sum by (job) (a)"),
        ("a offset 5m", "a"),
        ("rate(a[5m])", "rate(a[10m])"),
        ("quantile(0.9, a)", "quantile(0.95, a)"),
    ],
)
def test_what_changes_the_answer_is_a_difference(one: str, other: str) -> None:
    assert not is_same(one, other)
