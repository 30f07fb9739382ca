"""Each operator changes what it says, at its place, and leaves out what means the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.config.promql import parse
from promproof.config.re2 import whole
from promproof.proofs.mutants.base import OPERATORS, Subject, mutants
from promproof.proofs.mutants.syntax import read

pytestmark = pytest.mark.unit


def changed(operator: str, expression: str, **more: Any) -> list[dict[str, Any]]:
    rule = {"alert": "A", "expr": expression, **more}
    subject = Subject("rules.yml", ("groups", 0, "rules", 0), "rules.yml:1", rule, read(expression))
    return [dict(change.data) for change in OPERATORS.get(operator).make(subject)]


RATE = 'sum by (job, pod) (rate(errors_total{job="a", code=~"5.."}[5m])) > 0.5'


@pytest.mark.parametrize(
    ("operator", "expression", "expected"),
    [
        ("threshold", "x > 0.5", ["x > 0.495", "x > 0.505", "x > 1"]),
        ("threshold", "3 < x", ["2 < x", "4 < x", "6 < x"]),
        ("threshold", "x > 1000", ["x > 990", "x > 1010", "x > 2000"]),
        ("threshold", "up == 0", ["up == (-1)", "up == 1"]),
        ("threshold", "x + 5", []),
        ("comparison", "x >= 1 and y", ["x <= 1 and y"]),
        ("comparison", "x == 1", ["x != 1"]),
        ("comparison", "x + y", []),
        ("boundary", "max(x) > 1", ["max(x) >= 1"]),
        ("boundary", "rate(x[5m]) > 1", []),
        ("boundary", "x / y > 1", []),
        ("window", "rate(x[5m]) > 1", ["rate(x[10m]) > 1"]),
        ("window", "max_over_time(x[1h:30s]) > 1", ["max_over_time(x[2h:30s]) > 1"]),
        ("window", "x offset 5m > 1", []),
        (
            "rate",
            "rate(x[5m]) / increase(y[5m])",
            ["increase(x[5m]) / increase(y[5m])", "rate(x[5m]) / rate(y[5m])"],
        ),
        ("rate", "histogram_quantile(0.9, sum by (le) (rate(x[5m]))) > 1", []),
        (
            "matcher",
            'x{a="b", c=~"d"} > 1',
            [
                'x{c=~"d"} > 1',
                'x{a=~"b.*", c=~"d"} > 1',
                'x{a="b"} > 1',
                'x{a="b", c=~"(?:d).*"} > 1',
            ],
        ),
        ("matcher", "x > 1", []),
        (
            "grouping",
            "sum by (a, b) (x)",
            ["sum by (b) (x)", "sum by (a) (x)", "sum by (a, b, instance) (x)"],
        ),
        ("grouping", "sum(x) without (instance)", ["sum(x) without ()", "sum(x) without (instance, job)"]),
        ("grouping", "sum(x)", []),
        ("quantile", "histogram_quantile(0.95, x)", ["histogram_quantile(0.5, x)"]),
        ("quantile", "quantile(0.5, x)", ["quantile(0.9, x)"]),
        ("quantile", "sum(x)", []),
        ("rate", "histogram_fraction(0, 1, sum(rate(x[5m]))) < 0.9", []),
        ("rate", "histogram_count(rate(x[5m])) > 1", ["histogram_count(increase(x[5m])) > 1"]),
        (
            "fraction",
            "histogram_fraction(0.1, 0.3, rate(x[5m])) < 0.9",
            [
                "histogram_fraction(0.2, 0.3, rate(x[5m])) < 0.9",
                "histogram_fraction(0.1, 0.6, rate(x[5m])) < 0.9",
            ],
        ),
        ("fraction", "histogram_fraction(0, +Inf, rate(x[5m])) < 0.9", []),
        ("fraction", "histogram_quantile(0.3, rate(x[5m])) < 0.9", []),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)  # one row a case
def test_an_operator_changes_one_place_of_the_expression(
    operator: str, expression: str, expected: list[str]
) -> None:
    found = [rule["expr"] for rule in changed(operator, expression)]
    assert found == expected
    for text in found:
        parse(text)


def test_for_is_doubled_halved_and_removed() -> None:
    assert [rule.get("for") for rule in changed("for", "x > 1", **{"for": "5m"})] == ["10m", "2m30s", None]
    assert changed("for", "x > 1") == []


def test_the_severity_is_changed_and_other_labels_stay() -> None:
    (rule,) = changed("severity", "x > 1", labels={"severity": "critical", "team": "a"})
    assert rule["labels"] == {"severity": "warning", "team": "a"}
    assert changed("severity", "x > 1", labels={"team": "a"}) == []


def test_the_places_of_an_expression_hold_what_they_say() -> None:
    nodes = list(read(RATE).walk())
    matchers = [RATE[slice(*matcher.span)] for node in nodes for matcher in node.matchers]
    windows = [RATE[slice(*span)] for node in nodes for span in node.windows]
    assert (matchers, windows) == (['job="a"', 'code=~"5.."'], ["5m"])


@pytest.mark.parametrize("text", ["x > ", "sum by (a (x)", "x{a}", "x $ y"], ids=lambda text: text)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read(text)


EQUIVALENT = {
    "a guard beside a percentage": (
        "threshold",
        "100 * sum(rate(x{c='5'}[5m])) / sum(rate(x[5m])) > 1 and sum(rate(x[5m])) > 0",
        [
            "100 * sum(rate(x{c='5'}[5m])) / sum(rate(x[5m])) > 0 and sum(rate(x[5m])) > 0",
            "100 * sum(rate(x{c='5'}[5m])) / sum(rate(x[5m])) > 2 and sum(rate(x[5m])) > 0",
            "100 * sum(rate(x{c='5'}[5m])) / sum(rate(x[5m])) > 1 and sum(rate(x[5m])) > 1",
        ],
    ),
    "a rate against 0": ("rate", "sum by (job) (rate(x[5m])) > 0", []),
    "a rate against 0, doubled": ("rate", "2 < 0 + rate(x[5m])", ["2 < 0 + increase(x[5m])"]),
    "a rate against 1": ("rate", "rate(x[5m]) > 1", ["increase(x[5m]) > 1"]),
    "a rate less another": (
        "rate",
        "rate(x[5m]) - rate(y[5m]) > 0",
        ["increase(x[5m]) - rate(y[5m]) > 0", "rate(x[5m]) - increase(y[5m]) > 0"],
    ),
    "a matcher of both sides": ("matcher", 'x{a="b"} / y{a="b"} > 1', []),
    "a matcher of both sides of and": ("matcher", 'x{a="b"} - time() < 9 and x{a="b"} - time() > 0', []),
    "a matcher of both sides that is ignored": (
        "matcher",
        'x{a="b"} / ignoring (a) y{a="b"} > 1',
        [
            'x{} / ignoring (a) y{a="b"} > 1',
            'x{a=~"b.*"} / ignoring (a) y{a="b"} > 1',
            'x{a="b"} / ignoring (a) y{} > 1',
            'x{a="b"} / ignoring (a) y{a=~"b.*"} > 1',
        ],
    ),
    "a matcher of what has to be summed": (
        "matcher",
        'sum(x{a="b"}) / sum(y{a="b"}) > 1',
        [
            'sum(x{}) / sum(y{a="b"}) > 1',
            'sum(x{a=~"b.*"}) / sum(y{a="b"}) > 1',
            'sum(x{a="b"}) / sum(y{}) > 1',
            'sum(x{a="b"}) / sum(y{a=~"b.*"}) > 1',
        ],
    ),
    "a matcher of what may not be there": (
        "matcher",
        'x{a="b"} unless y{a="b"}',
        ['x{} unless y{a="b"}', 'x{a=~"b.*"} unless y{a="b"}'],
    ),
    "traffic that a share implies": (
        "window",
        'sum(rate(x{c="5"}[5m])) / sum(rate(x[5m])) > 0.1 and sum(rate(x[5m])) > 0',
        [
            'sum(rate(x{c="5"}[10m])) / sum(rate(x[5m])) > 0.1 and sum(rate(x[5m])) > 0',
            'sum(rate(x{c="5"}[5m])) / sum(rate(x[10m])) > 0.1 and sum(rate(x[5m])) > 0',
        ],
    ),
    "a label that what is grouped never has": (
        "grouping",
        "sum by (a) (max by (a, b) (x)) > 0",
        [
            "sum by () (max by (a, b) (x)) > 0",
            "sum by (a) (max by (b) (x)) > 0",
            "sum by (a) (max by (a) (x)) > 0",
            "sum by (a) (max by (a, b, instance) (x)) > 0",
        ],
    ),
    "a matcher that takes every value": ("matcher", 'x{a=~".*"} > 1', []),
    "a matcher that takes any end": ("matcher", 'x{a=~"(b.+|c.*)"} > 1', ["x{} > 1"]),
    "a matcher that takes any end after a group": ("matcher", 'x{a=~".*(b|c).*"} > 1', ["x{} > 1"]),
    "a matcher whose group alone takes any end": (
        "matcher",
        'x{a=~"(b.*)(c)"} > 1',
        ["x{} > 1", 'x{a=~"(?:(b.*)(c)).*"} > 1'],
    ),
    "a matcher that takes dots at its end": (
        "matcher",
        r'x{a=~"b[.]+|c\\.+"} > 1',
        ["x{} > 1", r'x{a=~"(?:b[.]+|c\\.+).*"} > 1'],
    ),
    "a matcher that takes any end in a group": ("matcher", 'x{a=~"b(?:c.*|d(e.+|.*))|f.+"} > 1', ["x{} > 1"]),
    "a matcher whose last group takes some ends": (
        "matcher",
        'x{a=~"b(c.*|d)"} > 1',
        ["x{} > 1", 'x{a=~"(?:b(c.*|d)).*"} > 1'],
    ),
    "a matcher that takes any end of some": (
        "matcher",
        'x{a=~"b.+|c"} > 1',
        ["x{} > 1", 'x{a=~"(?:b.+|c).*"} > 1'],
    ),
    "a matcher that wants the label": ("matcher", 'x{a=~".+"} > 1', ["x{} > 1"]),
    "a count that is always enough": ("threshold", "count(x) > 0", ["count(x) > 1"]),
    "a sum that may be less": ("threshold", "sum(x) > 0", ["sum(x) > (-1)", "sum(x) > 1"]),
    "a label that what is grouped may have": (
        "grouping",
        "sum by (a) (x) > 0",
        ["sum by () (x) > 0", "sum by (a, instance) (x) > 0"],
    ),
    "a quotient of 0 that is refused both ways": ("boundary", "a / (b > 0) > 0.9 < 1", []),
    "a quotient of 0 that is refused one way": ("boundary", "a / (b > 0) > 0.9", ["a / (b >= 0) > 0.9"]),
    "a rate over 0 that is refused": ("boundary", "rate(a[5m]) / (b > 0) < 1", []),
    "a divisor of 0 that is one too many": (
        "boundary",
        "a / ignoring (type) (b > 0) > 0.9 < 1",
        ["a / ignoring (type) (b >= 0) > 0.9 < 1"],
    ),
    "a label of one value below topk": (
        "grouping",
        'topk by (a, instance) (1, x{job="j"}) > 0',
        ['topk by (instance) (1, x{job="j"}) > 0', 'topk by (a) (1, x{job="j"}) > 0'],
    ),
    "a label of two values below topk": (
        "grouping",
        'topk by (instance) (1, x{job=~"j|k"}) > 0',
        ['topk by () (1, x{job=~"j|k"}) > 0', 'topk by (instance, job) (1, x{job=~"j|k"}) > 0'],
    ),
    "a label of one value that a sum shows": (
        "grouping",
        'sum by (instance) (x{job="j"}) > 0',
        ['sum by () (x{job="j"}) > 0', 'sum by (instance, job) (x{job="j"}) > 0'],
    ),
    "the greatest of the greatest": (
        "grouping",
        "max by (a) (max by (a, b) (x)) > 0",
        ["max by () (max by (a, b) (x)) > 0", "max by (a) (max by (b) (x)) > 0"],
    ),
    "the first of the greatest": (
        "grouping",
        "sum by (a) (y * on (a) group_left (k) topk by (a) (1, max by (a, k) (x))) > 0",
        [
            "sum by () (y * on (a) group_left (k) topk by (a) (1, max by (a, k) (x))) > 0",
            "sum by (a, instance) (y * on (a) group_left (k) topk by (a) (1, max by (a, k) (x))) > 0",
            "sum by (a) (y * on (a) group_left (k) topk by () (1, max by (a, k) (x))) > 0",
            "sum by (a) (y * on (a) group_left (k) topk by (a) (1, max by (k) (x))) > 0",
        ],
    ),
    "the first of the greatest, whose label is shown": (
        "grouping",
        "y * on (a) group_left (k) topk by (a) (1, max by (a, k) (x)) > 0",
        [
            "y * on (a) group_left (k) topk by () (1, max by (a, k) (x)) > 0",
            "y * on (a) group_left (k) topk by (a) (1, max by (k) (x)) > 0",
            "y * on (a) group_left (k) topk by (a) (1, max by (a) (x)) > 0",
        ],
    ),
    "a zero that does not grow": (
        "matcher",
        'increase((x{job=~"e.+"} or 0 * absent(x{job=~"e.+"}))[15m:1m]) >= 4',
        ['increase((x{} or 0 * absent(x{job=~"e.+"}))[15m:1m]) >= 4'],
    ),
    "a zero that is enough": (
        "matcher",
        'increase((x{job=~"e.+"} or 0 * absent(x{job=~"e.+"}))[15m:1m]) >= 0',
        [
            'increase((x{} or 0 * absent(x{job=~"e.+"}))[15m:1m]) >= 0',
            'increase((x{job=~"e.+"} or 0 * absent(x{}))[15m:1m]) >= 0',
        ],
    ),
    "a matcher of both sides that are joined by it": (
        "matcher",
        'x{a="b"} / on (a) sum by (a) (y{a="b"}) > 1',
        [],
    ),
    "a matcher of a side that must have one series": (
        "matcher",
        'x{a="b"} / on (a) y{a="b"} > 1',
        ['x{a="b"} / on (a) y{} > 1', 'x{a="b"} / on (a) y{a=~"b.*"} > 1'],
    ),
    "what is only asked to be there": (
        "grouping",
        "x unless on (a) sum by (a, b) (rate(y[5m])) > 0",
        ["x unless on (a) sum by (b) (rate(y[5m])) > 0"],
    ),
    "what is only asked to be there, but for a sum that may be less": (
        "grouping",
        "x unless on (a) sum by (a, b) (y) > 0",
        [
            "x unless on (a) sum by (b) (y) > 0",
            "x unless on (a) sum by (a) (y) > 0",
            "x unless on (a) sum by (a, b, instance) (y) > 0",
        ],
    ),
    "what is asked to be there by all labels": (
        "grouping",
        "x and sum by (a, b) (rate(y[5m])) > 0",
        [
            "x and sum by (b) (rate(y[5m])) > 0",
            "x and sum by (a) (rate(y[5m])) > 0",
            "x and sum by (a, b, instance) (rate(y[5m])) > 0",
        ],
    ),
    "traffic of another metric": (
        "window",
        "a > 0.1 and sum(rate(x[5m])) > 0",
        ["a > 0.1 and sum(rate(x[10m])) > 0"],
    ),
}


@pytest.mark.parametrize("kind", EQUIVALENT)
def test_a_change_that_means_the_same_is_no_mutant(kind: str) -> None:
    operator, expression, expected = EQUIVALENT[kind]
    data: dict[str, object] = {"alert": "A", "expr": expression}
    found = mutants(Subject("r.yml", ("groups", 0, "rules", 0), "r.yml:1", data, read(expression)))
    texts = [mutant.change.data["expr"] for mutant in found if mutant.operator == operator]
    assert texts == expected


def test_a_value_that_is_always_0_is_shown_alike() -> None:
    data: dict[str, object] = {"alert": "A", "expr": "rate(x[5m]) == 0", "annotations": {"a": "{{ $value }}"}}
    subject = Subject("r.yml", ("groups", 0, "rules", 0), "r.yml:1", data, read("rate(x[5m]) == 0"))
    assert [m for m in mutants(subject) if m.operator == "rate"] == []


def test_a_value_that_a_text_shows_is_no_equivalent() -> None:
    data: dict[str, object] = {"alert": "A", "expr": "rate(x[5m]) > 0", "annotations": {"a": "{{ $value }}"}}
    subject = Subject("r.yml", ("groups", 0, "rules", 0), "r.yml:1", data, read("rate(x[5m]) > 0"))
    assert [m.change.data["expr"] for m in mutants(subject) if m.operator == "rate"] == [
        "increase(x[5m]) > 0"
    ]


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", ".*", ".+", "[ab]", "a?"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text("abc", max_size=6))
def test_a_pattern_that_is_not_widened_takes_the_same_with_any_end(pattern: str, value: str) -> None:
    made = [rule["expr"] for rule in changed("matcher", f'x{{a=~"{pattern}"}} > 1')]
    if f'x{{a=~"(?:{pattern}).*"}} > 1' not in made:
        assert bool(whole(pattern).fullmatch(value)) == bool(whole(f"(?:{pattern}).*").fullmatch(value))
