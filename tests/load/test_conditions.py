"""Conditions as people write them: what is understood, and what is refused in which words."""

from __future__ import annotations

import pytest

from promproof.load.conditions import EXAMPLES, Condition, parse_condition

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_of_the_documentation_is_read(text: str) -> None:
    assert parse_condition(text).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p95 < 250ms", Condition("p95 < 250ms", "p95", "<", 0.25, "s")),
        (
            "service p99.9 of GET /a/{id} <= 1.5s",
            Condition(
                "service p99.9 of GET /a/{id} <= 1.5s", "service p99.9", "<=", 1.5, "s", ("GET", "/a/{id}")
            ),
        ),
        ("errors <= 3", Condition("errors <= 3", "errors", "<=", 3.0, "")),
        (
            "errors <= 1%, over 10s, abort",
            Condition("errors <= 1%, over 10s, abort", "errors", "<=", 0.01, "share", over=10.0, abort=True),
        ),
        ("404 == 0, in hold", Condition("404 == 0, in hold", "404", "==", 0.0, "", stage="hold")),
        ("rate >= 30/m", Condition("rate >= 30/m", "rate", ">=", 0.5, "/s")),
        (
            "metric http_requests_total",
            Condition("metric http_requests_total", "metric", subject="http_requests_total"),
        ),
        (
            'promql sum(a{b="c,  d"}) > 1',
            Condition('promql sum(a{b="c,  d"}) > 1', "promql", subject='sum(a{b="c,  d"}) > 1'),
        ),
    ],
)
def test_a_condition_means_what_its_words_say(text: str, expected: Condition) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p95", "QUANTITY"),
        ("p95 < 250", "no latency"),
        ("p0 < 1s", "no percentile"),
        ("p101 < 1s", "no percentile"),
        ("p95 ~ 1s", "QUANTITY"),
        ("erors < 1%", "'erors' is no quantity"),
        ("errors < 0.01", "expected a percentage"),
        ("errors < 101%", "expected a percentage"),
        ("rate > 5", "no rate"),
        ("requests >= 10%", "no number of requests"),
        ("p95 < 1s, every 3s", "over DURATION"),
        ("p95 < 1s, over 100ms", "under 1 s"),
        ("p95 < 1s, abort", "abort needs a window"),
        ("unexpected == 0, over 5s", "whole run only"),
        ("missed of GET /a == 0", "without an endpoint"),
        ("promql", "expected promql and"),
        ("metric http requests", "its name"),
        (95, "expected a condition"),
    ],
)
def test_a_mistake_in_a_condition_is_refused_in_plain_words(text: object, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_condition(text)
    assert words in str(caught.value)


def test_a_bound_itself_holds_with_or_equal_and_not_without() -> None:
    assert parse_condition("p95 <= 250ms").holds(0.25)
    assert not parse_condition("p95 < 250ms").holds(0.25)
    assert parse_condition("rate >= 10/s").holds(10.0)
    assert not parse_condition("errors == 0").holds(1.0)
