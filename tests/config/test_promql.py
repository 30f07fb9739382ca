"""PromQL of any size: taken apart in little time, or refused with the bound that it breaks, never a dead process."""

from __future__ import annotations

from collections.abc import Callable

import promql_parser
import pytest

from promproof.config.promql import MAX_LEVELS, MAX_OPERATORS, TooLarge, parse, walk
from promproof.config.promql_durations import normal_form, rewrite_durations
from promproof.config.rules import normal
from promproof.grafana.queries import canonical

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("(" * 20_001, "20,001 characters"),  # some ten thousand brackets end the process in the parser
        ("(" * 9_000 + "1" + ")" * 9_000, "9000 levels of brackets"),
        ("x" + "[1h:" * 4_000, "4000 levels"),
        ("1" + "+1" * 5_000, "5000 operators"),
        ("-" * 9_000 + "1", "9000 operators"),
        ("a" + " or b" * 100, "100 operators"),
    ],
    ids=["length", "brackets", "subqueries", "sum", "signs", "or"],
)
def test_a_query_too_large_to_take_apart_is_refused_with_its_bound(expression: str, words: str) -> None:
    with pytest.raises(TooLarge, match=words):
        parse(expression)
    assert normal_form(expression) == expression


@pytest.mark.parametrize(
    "expression",
    [
        "(" * MAX_LEVELS + "1" + ")" * MAX_LEVELS,
        "a" + "+b" * MAX_OPERATORS,
        'x{path="' + "(-+" * 100 + '"}',
        "x{path=`" + "(-+" * 100 + "`} # " + "(-+" * 100,
    ],
    ids=["levels", "operators", "in quotes", "in a comment"],
)
def test_what_a_query_may_hold_is_taken_apart(expression: str) -> None:
    assert walk(parse(expression.replace("`", '"')))


@pytest.mark.parametrize(
    "expression",
    [
        "topk(5, sum(rate(x[5m])) by (a))",
        'count_values("x", y)',
        "max_over_time(rate(x[5m] offset 1m)[1h:5m])",
        '-label_replace(x, "a", "$1", "b", "(.*)")',
        "(a) / (b) or vector(0)",
        "histogram_quantile(0.9, sum by (le) (rate(b[5m]))) > bool 2 * 3",
    ],
)
def test_the_walk_meets_the_nodes_of_the_parsers_own_walk_in_its_order(expression: str) -> None:
    met: list[str] = []

    def visit(node: promql_parser.Expr) -> bool:
        met.append(type(node).__name__)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    assert [type(node).__name__ for node in walk(parse(expression))] == met


def test_an_unfinished_raw_string_is_a_parse_error() -> None:
    with pytest.raises(ValueError, match=r"."):
        rewrite_durations("x{a=`b", lambda ms: ms)


@pytest.mark.parametrize("alike", [normal, canonical], ids=["of a rule", "of a panel"])
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sum by (le, job) (rate(x[5m]))", "sum by (job, le) (rate(x[5m]))", True),
        ("x / on (b, a) group_left (d, c) y", "x / on (a, b) group_left (c, d) y", True),
        ("sum by (le, job) (x)", "sum by (le) (x)", False),
        ("sum by (le, job) (x)", "sum without (le, job) (x)", False),
    ],
    ids=["exchanged", "of a join", "one less", "another word"],
)
def test_the_order_of_labels_in_a_list_means_nothing(
    alike: Callable[[str], str], one: str, other: str, same: bool
) -> None:
    assert (alike(one) == alike(other)) is same
