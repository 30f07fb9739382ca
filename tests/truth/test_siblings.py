"""A query that reads another instance of the target's job shows what no ledger has; one of its own does not."""

from __future__ import annotations

import pytest

from promproof.truth.siblings import read_by

pytestmark = pytest.mark.unit
OWN, OTHERS = "a:1", ("b:1", "c:1")


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("sum(rate(x_total[1m]))", OTHERS),
        ('sum(rate(x_total{job="shop"}[1m]))', OTHERS),
        ("job:x:rate1m", OTHERS),
        ('x_total{instance=~".*:1"}', OTHERS),
        ('x_total{instance!="a:1"}', OTHERS),
        ('x_total{instance=~"a:1|b:1"}', ("b:1",)),
        ('x_total{instance="a:1"} / on () sum(x_total)', OTHERS),
        ('x_total{instance="a:1" or instance="b:1"}', OTHERS),
        ("x_total{", OTHERS),
    ],
)
def test_a_query_reads_the_instances_that_one_of_its_selectors_lets_in(
    expression: str, read: tuple[str, ...]
) -> None:
    assert read_by(expression, "shop", OTHERS) == read


@pytest.mark.parametrize(
    "expression",
    [
        'x_total{instance="a:1"}',
        'x_total{job="shop",instance=~"a:1"}',
        'x_total{instance!~"[bc]:1"}',
        'x_total{job="node"}',
        "vector(1)",
    ],
)
def test_a_query_of_the_target_alone_reads_no_other(expression: str) -> None:
    assert read_by(expression, "shop", OTHERS) == ()
