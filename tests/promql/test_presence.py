"""Queries that have an answer whenever an expression has one."""

from __future__ import annotations

import pytest

from promproof.config.promql import parse
from promproof.promql.presence import answered


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("count(down == 0)", "count(down == 0) <= count(node_info)"),
        (
            "floor(count(node_info) / 2) + 1",
            "(down == 1) * on () (count(up == 1) == bool (count(node_info) / 2))",
        ),
        ("max(queue) - 1", "abs(queue) > 5 and on (job) up"),
        ("sum(rate(errors_total[5m]))", "rate(errors_total[5m]) > 1"),
        ("vector(1)", "up == 0"),
        ("scalar(sum(up))", "queue > 5"),
        ("queue", "queue > 5 or queue < 1"),
    ],
)
def test_a_query_for_a_part_of_an_expression_has_an_answer_with_it(query: str, expression: str) -> None:
    assert answered(parse(query), parse(expression))


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("count(down == 0)", 'health{name="DOWN"} == 1'),
        ("count(down == 0)", "down > 0"),
        ("queue", "queue > 5 or up == 0"),
        ("queue", "up == 0 unless queue"),
        ("queue", "absent(queue)"),
        ("absent(queue)", "queue > 5"),
        ("a / b", "a > 5 and b > 5"),
        ("sum(rate(errors_total[5m]))", "rate(errors_total[1h]) > 1"),
    ],
)
def test_a_query_for_something_else_may_have_no_answer(query: str, expression: str) -> None:
    assert not answered(parse(query), parse(expression))
