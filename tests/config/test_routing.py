"""Routes and their matchers are read as Alertmanager reads them; amtool was asked for each row."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.config import re2
from promproof.config.routing import matchers, reached
from promproof.errors import EvidenceError

pytestmark = pytest.mark.unit
LABELS = {"alertname": "KioskRefusals", "severity": "page", "job": "größe 1"}


def taken(route: dict[str, Any]) -> list[tuple[str, float]]:
    """Receiver and group_wait of what an alert reaches."""
    tree = {"receiver": "attic", "routes": [{"receiver": "counter", "group_wait": "2m", **route}]}
    return [(found.receiver, found.group_wait) for found in reached({"route": tree}, LABELS)]


@pytest.mark.parametrize(
    "route",
    [
        {"matchers": ['{severity="page", alertname=~"Kiosk.*"}']},
        {"matchers": ['severity="page"', "alertname=KioskRefusals"]},
        {"matchers": ['"severity" = "page"']},
        {"matchers": ['team!="x",severity!~"a,b|c"']},
        {"matchers": None, "match": {"severity": "page"}},
        {"match": {"team": None}},
        {"match_re": {"alertname": "Kiosk(?i)refusals"}},
        {"match_re": {"alertname": r"Kiosk(?i:REF)\pL+\z"}},
        {"match_re": {"job": "[[:alpha:]]+[^[:space:]]* [[:digit:]]"}, "matchers": ["severity!=page"]},
    ],
    ids=["braces", "two", "quoted name", "several negative", "none", "empty value", "flag", "classes", "out"],
)
def test_a_route_takes_what_alertmanager_gives_it(route: dict[str, Any]) -> None:
    expected = ("attic", 30.0) if route.get("matchers") == ["severity!=page"] else ("counter", 120.0)
    assert taken(route) == [expected]


@pytest.mark.parametrize("word", ["yes", "true", True, "on"])
def test_continue_is_a_boolean_in_any_of_yamls_words(word: object) -> None:
    routes = [{"receiver": "a", "continue": word}, {"receiver": "b", "continue": "no"}, {"receiver": "c"}]
    tree = {"route": {"receiver": "root", "routes": routes}}
    assert [found.receiver for found in reached(tree, LABELS)] == ["a", "b"]


def test_a_matcher_that_cannot_be_read_is_told_and_asked_only_where_it_matters() -> None:
    with pytest.raises(EvidenceError, match=r"p\{Greek\}"):
        taken({"match_re": {"alertname": r"\p{Greek}+"}})
    assert taken({"match_re": {"alertname": r"\p{Greek}+"}, "match": {"severity": "x"}}) == [("attic", 30.0)]
    with pytest.raises(EvidenceError, match="is no matcher"):
        taken({"matchers": ["severity page"]})


def test_matchers_are_taken_apart_at_commas_outside_of_quotes() -> None:
    assert matchers(r'{ a = "x, \"y\"\n" , "b c"!=d, }') == [("a", "=", 'x, "y"\n'), ("b c", "!=", "d")]
    assert matchers("{}") == []
    assert matchers("a=") == [("a", "=", "")]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a(?i)b|c", ("ab", "aB", "C"), ("Ab", "B")),
        ("(a(?i)b)c", ("aBc",), ("aBC",)),
        ("(?i)(?-i:a)b", ("aB",), ("AB",)),
        (r"\d+\w", ("1a",), ("١a", "1é")),
        (r"[\d\-x]+", ("1-x",), ("d",)),
        (r"\Qa.b\E.", ("a.bc",), ("axbc",)),
        (r"[]a]+", ("]a",), ("b",)),
        (r"[^[:digit:]]", ("a", "["), ("1",)),
        (r"\x{1F600}\x41", ("😀A",), ("A",)),
        (r"\p{Lu}\PL", ("Ä1",), ("äa",)),
        ("a$", ("a",), ("a\n",)),
        ("(?P<x>a)(?<y>b)", ("ab",), ()),
        ("", ("",), ("a",)),
    ],
)
def test_a_pattern_means_what_re2_says(pattern: str, yes: tuple[str, ...], no: tuple[str, ...]) -> None:
    matching = re2.whole(pattern)
    assert [text for text in (*yes, *no) if matching.fullmatch(text)] == list(yes)


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(a", "a)", "[a", r"\1", r"\p{Greek}", "(?U)a", "a**", "\\", "[[:odd:]]", "x{9999999999}"],
)
def test_what_is_no_re2_or_cannot_be_translated_is_a_value_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="can't be read as a regular expression"):
        re2.whole(pattern)
