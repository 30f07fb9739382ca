"""Relabelling as Prometheus does it, and what a scrape makes of a series."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.config.relabel_exact import applied, scraped, steps
from promproof.evidence.identity import Scraping, scraping
from promproof.exposition import label_set

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"source_labels": ["a"], "target_label": "c"}, {"a": "foo", "b": "bar", "c": "foo"}),
        ({"source_labels": ["a", "b"], "separator": "-", "target_label": "a"}, {"a": "foo-bar", "b": "bar"}),
        (
            {"source_labels": ["a"], "regex": "f(o+)", "target_label": "b", "replacement": "$1!"},
            {"a": "foo", "b": "oo!"},
        ),
        (
            {"source_labels": ["a"], "regex": "x", "target_label": "b", "replacement": "y"},
            {"a": "foo", "b": "bar"},
        ),
        ({"source_labels": ["a"], "target_label": "b", "replacement": ""}, {"a": "foo"}),
        ({"action": "uppercase", "source_labels": ["a"], "target_label": "a"}, {"a": "FOO", "b": "bar"}),
        ({"action": "labeldrop", "regex": "a"}, {"b": "bar"}),
        ({"action": "labelkeep", "regex": "a"}, {"a": "foo"}),
        (
            {"action": "labelmap", "regex": "(a)", "replacement": "x_$1"},
            {"a": "foo", "b": "bar", "x_a": "foo"},
        ),
        ({"action": "drop", "source_labels": ["a"], "regex": "fo+"}, None),
        ({"action": "keep", "source_labels": ["a"], "regex": "fo"}, None),
        ({"action": "dropequal", "source_labels": ["a"], "target_label": "b"}, {"a": "foo", "b": "bar"}),
        ({"action": "keepequal", "source_labels": ["a"], "target_label": "b"}, None),
        (
            {"action": "hashmod", "source_labels": ["a"], "target_label": "b", "modulus": 1000},
            {"a": "foo", "b": "696"},
        ),
    ],
)
def test_a_rule_does_what_it_does_in_prometheus(
    rule: dict[str, Any], expected: dict[str, str] | None
) -> None:
    assert applied(steps([rule]), {"a": "foo", "b": "bar"}) == expected


def test_a_clash_with_a_label_of_the_target_is_exported_or_honoured() -> None:
    target = {"job": "shop", "env": "prod"}
    assert scraped({"job": "own", "a": ""}, target, honor=False) == {
        "job": "shop",
        "env": "prod",
        "exported_job": "own",
    }
    assert scraped({"job": "own"}, target, honor=True) == {"job": "own", "env": "prod"}


CONFIGURATION = """
scrape_configs:
  - job_name: shop
    metric_relabel_configs:
      - {source_labels: [path], regex: "/items/.*", target_label: path, replacement: /items}
      - {regex: pod, action: labeldrop}
      - {source_labels: [__name__], regex: noise_.*, action: drop}
"""


def loaded() -> Scraping:
    labels = {"job": "shop", "instance": "here", "env": "prod"}
    return scraping(CONFIGURATION, "shop", [{"labels": labels}], "here")


def test_a_series_is_stored_with_the_targets_labels_and_the_rules_applied() -> None:
    found = loaded().stored("hits", label_set({"path": "/items/3", "pod": "a", "env": "own"}))
    labels = {"path": "/items", "env": "prod", "exported_env": "own", "job": "shop", "instance": "here"}
    assert found == ("hits", label_set(labels))
    assert loaded().stored("noise_a", ()) is None
    assert loaded().drops("noise_a", [("noise_a", ()), ("hits", ())])
    assert not loaded().drops("hits", [("noise_a", ()), ("hits", ())])
    assert not loaded().drops("others", [("hits", ())])


def test_a_stored_series_is_found_under_what_was_exposed() -> None:
    exposed = [("hits", label_set({"path": "/items/3", "env": "own"})), ("noise_a", ())]
    [(stored, origin)] = loaded().origins(exposed).items()
    assert origin == exposed[0][1]
    assert loaded().exposed(dict(stored[1])) == label_set({"path": "/items", "env": "own"})


def test_a_stored_series_of_two_exposed_ones_has_no_origin() -> None:
    assert loaded().origins([("hits", label_set({"path": f"/items/{n}"})) for n in (1, 2)]) == {}


def test_what_go_writes_without_quotes_is_text() -> None:
    """`separator: "="` of a file is `separator: =` in what Prometheus has loaded; a date with 99 months is text too."""
    configuration = """
global: {external_labels: {day: 2024-99-99, mask: 0x_}}
scrape_configs:
- job_name: shop
  metric_relabel_configs:
  - source_labels: [zone, rack]
    separator: =
    target_label: place
"""
    found = scraping(configuration, "shop", [], "here").stored("hits", label_set({"zone": "a", "rack": "7"}))
    assert found is not None
    assert ("place", "a=7") in found[1]
