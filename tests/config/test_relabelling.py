"""Relabel rules on label sets that are known in part, as Prometheus' relabel_test.go has them."""

from __future__ import annotations

import pytest

from promproof.config.labelsets import ABSENT, ANY, known
from promproof.config.relabelling import Labels, Rule, relabelled, removed

pytestmark = pytest.mark.unit
FOO = Labels({"a": known("foo"), "b": known("bar"), "c": known("baz")}, ABSENT)


def after(*rules: Rule) -> dict[str, str] | None:
    """The labels of FOO after the rules, None when they are dropped."""
    result = relabelled(rules, FOO)
    if result.dropped is not None:
        return None
    values = {name: values.finite for name, values in result.labels.values.items()}
    assert all(value is not None and len(value) == 1 for value in values.values())
    return {name: text for name, value in values.items() if value for text in value if text}


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        (Rule(("a",), regex="f(.*)", target_label="d", replacement="ch${1}-ch${1}"), {"d": "choo-choo"}),
        (Rule(("a", "b"), regex="f(.*);(.*)r", target_label="a", replacement="b${1}${2}m"), {"a": "boobam"}),
        (Rule(("a",), regex="x", target_label="d", replacement="e"), {}),
        (Rule(("nothing",), target_label="a"), {"a": ""}),
        (Rule(("a",), regex="(?P<x>f).*", target_label="d", replacement="$x"), {"d": "f"}),
        (Rule(regex="(a|b)", action="labeldrop"), {"a": "", "b": ""}),
        (Rule(regex="a", action="labelkeep"), {"b": "", "c": ""}),
        (Rule(("a",), regex="foo", action="keep"), {}),
        (Rule(("a",), regex="fo", action="drop"), {}),
    ],
)
def test_a_rule_gives_what_prometheus_gives(rule: Rule, labels: dict[str, str]) -> None:
    wanted = {"a": "foo", "b": "bar", "c": "baz", **labels}
    assert after(rule) == {name: value for name, value in wanted.items() if value}


@pytest.mark.parametrize(
    "rule",
    [
        Rule(("a",), regex=".*o.*", action="drop"),
        Rule(("a", "b"), "keep", "foo;x"),
        Rule(("d",), "keep", "x"),
    ],
)
def test_what_a_rule_drops_is_dropped(rule: Rule) -> None:
    assert after(rule) is None


@pytest.mark.parametrize("action", ["keep", "drop"])
def test_a_label_that_is_not_known_drops_nothing_for_sure(action: str) -> None:
    assert relabelled([Rule(("x",), action, "foo")], Labels({}, ANY)).dropped is None


def test_two_keeps_that_exclude_each_other_drop_everything() -> None:
    rules = [Rule(("x",), "keep", "foo|bar"), Rule(("x",), "keep", "baz")]
    assert relabelled(rules, Labels({}, ANY)).dropped == 1


def test_a_label_is_removed_for_good_unless_it_is_written_again() -> None:
    drop, write = Rule(regex="a", action="labeldrop"), Rule(("b",), target_label="a")
    assert list(removed([drop], ["a", "b"])) == [("a", 0)]
    assert list(removed([drop, write], ["a"])) == []
    assert list(removed([write, Rule(target_label="a", replacement="")], ["a"])) == [("a", 1)]
