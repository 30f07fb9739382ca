"""A new draft into an edited file: nothing of the user's is lost, what is new comes in."""

from __future__ import annotations

import pytest
import yaml

from promproof.draft.merge import blocks, merge

pytestmark = pytest.mark.unit
BASE = """\
# the head
contract: 1
service: shop

metrics:
  - name: a_total
    type: counter
  # about b
  - name: b_seconds
    type: histogram

alerts:
  - name: Slow
    threshold: 1

# the end
"""


def test_the_blocks_of_a_file_are_the_file() -> None:
    assert "".join(blocks(BASE).values()) == BASE
    assert ("metrics", "b_seconds") in blocks(BASE)


def test_an_unchanged_draft_changes_nothing() -> None:
    merged = merge(BASE, BASE, BASE)
    assert merged.text == BASE
    assert not any((merged.added, merged.changed, merged.removed, merged.kept))


def test_what_is_new_comes_in_behind_its_kind() -> None:
    drafted = BASE.replace("\nalerts:", "  - name: c_total\n    type: counter\n\nalerts:")
    merged = merge(BASE, BASE, drafted)
    assert [metric["name"] for metric in yaml.safe_load(merged.text)["metrics"]] == [
        "a_total",
        "b_seconds",
        "c_total",
    ]
    assert merged.added == ("metrics: c_total",)


def test_what_the_user_did_not_touch_follows_the_service() -> None:
    merged = merge(BASE, BASE, BASE.replace("threshold: 1", "threshold: 2"))
    assert yaml.safe_load(merged.text)["alerts"] == [{"name": "Slow", "threshold": 2}]
    assert merged.changed == ("alerts: Slow",)
    assert merged.differences == {"alerts: Slow": ("- threshold: 1", "+ threshold: 2")}


def test_an_edit_and_its_comment_stay_and_the_difference_is_reported() -> None:
    mine = BASE.replace("    threshold: 1", "    # agreed with the team\n    threshold: 3")
    merged = merge(BASE, mine, BASE.replace("threshold: 1", "threshold: 2"))
    assert merged.text == mine
    assert merged.kept == ("alerts: Slow",)
    assert merged.differences["alerts: Slow"] == (
        "- # agreed with the team",
        "- threshold: 3",
        "+ threshold: 2",
    )


def test_an_edit_that_the_service_does_not_contradict_is_not_told() -> None:
    mine = BASE.replace("threshold: 1", "threshold: 3")
    merged = merge(BASE, mine, BASE)
    assert merged.text == mine
    assert not merged.kept


def test_what_is_gone_from_the_service_is_taken_out_unless_it_was_edited() -> None:
    drafted = BASE.replace("  # about b\n  - name: b_seconds\n    type: histogram\n", "")
    assert merge(BASE, BASE, drafted).removed == ("metrics: b_seconds",)
    mine = BASE.replace("type: histogram", "type: histogram  # mine")
    merged = merge(BASE, mine, drafted)
    assert "b_seconds" in merged.text
    assert merged.kept == ("metrics: b_seconds, which is not there any more",)


def test_what_the_user_added_stays_and_what_the_user_took_out_stays_out() -> None:
    mine = BASE.replace("  - name: a_total\n    type: counter\n", "") + "\nallowed: [x_*]\n"
    merged = merge(BASE, mine, BASE.replace("threshold: 1", "threshold: 2"))
    data = yaml.safe_load(merged.text)
    assert [metric["name"] for metric in data["metrics"]] == ["b_seconds"]
    assert data["allowed"] == ["x_*"]
    assert data["alerts"][0]["threshold"] == 2


def test_a_new_kind_of_promise_comes_behind_the_ones_that_the_draft_has_before_it() -> None:
    base = BASE[: BASE.index("alerts:")]
    merged = merge(base, base + "allowed: [x]", BASE)
    assert list(yaml.safe_load(merged.text)) == ["contract", "service", "metrics", "alerts", "allowed"]


def test_two_items_of_one_name_are_two_blocks() -> None:
    text = "metrics:\n  - name: a\n    x: 1\n  - name: a\n    x: 2\n"
    assert merge(text, text, text).text == text
