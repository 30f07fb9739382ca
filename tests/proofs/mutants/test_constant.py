"""Which labels of an alert need not be asked."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.proofs.mutants.constant import constant_labels, expected_without, without_labels

pytestmark = pytest.mark.unit

RULE: dict[str, Any] = {"alert": "Hot", "expr": "heat > 80", "labels": {"severity": "page", "team": "oven"}}
FIRES: dict[str, Any] = {"exp_alerts": [{"exp_labels": {"room": "a", "severity": "page", "team": "oven"}}]}
SILENT: dict[str, Any] = {"exp_alerts": []}


def test_a_label_that_no_series_can_have_is_not_asked() -> None:
    assert constant_labels([RULE], [FIRES, SILENT], 'heat{room="a"}') == {"severity", "team"}


@pytest.mark.parametrize(
    "told",
    ['heat{team="kitchen"}', 'label_replace(heat, "team", "x", "", "")', "sum by (team) (heat)"],
    ids=["a series has it", "an expression makes it", "an expression names it"],
)
def test_a_label_that_a_series_may_have_is_asked(told: str) -> None:
    assert constant_labels([RULE], [FIRES], told) == {"severity"}


@pytest.mark.parametrize("value", ["{{ $labels.room }}", "", 1, None])
def test_a_template_an_empty_label_and_a_number_are_asked(value: object) -> None:
    rule = {**RULE, "labels": {"team": value}}
    expected = {"exp_alerts": [{"exp_labels": {"team": value}}]}
    assert constant_labels([rule], [expected], "heat") == set()


def test_a_label_that_differs_between_rules_of_one_name_is_asked() -> None:
    other = {**RULE, "labels": {"severity": "ticket", "team": "oven"}}
    assert constant_labels([RULE, other], [FIRES], "heat") == {"team"}


@pytest.mark.parametrize("labels", [{"severity": "page", "team": "other"}, {"severity": "page"}])
def test_a_label_that_a_test_expects_otherwise_is_asked(labels: dict[str, str]) -> None:
    assert constant_labels([RULE], [{"exp_alerts": [{"exp_labels": labels}]}], "heat") == {"severity"}


def test_a_rule_without_labels_has_none() -> None:
    assert constant_labels([{"alert": "Hot", "expr": "heat > 80"}], [SILENT], "heat") == set()


def test_what_is_not_asked_is_gone_from_the_rule_and_from_what_is_expected() -> None:
    assert without_labels(RULE, {"team"})["labels"] == {"severity": "page"}
    assert expected_without(FIRES, {"team"}) == {
        "exp_alerts": [{"exp_labels": {"room": "a", "severity": "page"}}]
    }
    assert expected_without(SILENT, {"team"}) == SILENT
