"""Series names as Grafana gives them, and what is wrong with them."""

from __future__ import annotations

import pytest

from promproof.exposition import label_set
from promproof.grafana.legends import render, troubles

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("legend", "labels", "name"),
    [
        ("", {"__name__": "up", "job": "a", "b": "c"}, 'up{b="c", job="a"}'),
        ("", {"__name__": "up"}, "up"),
        ("", {}, "vector(1)"),
        ("{{job}}", {"job": "a"}, "a"),
        ("{{ job }} / {{b}}", {"job": "a"}, "a / "),
        ("p95 {{le}}", {"le": "0.5"}, "p95 0.5"),
    ],
)
def test_a_series_is_named_as_grafana_does(legend: str, labels: dict[str, str], name: str) -> None:
    assert render(legend, labels, "vector(1)") == name


def test_empty_and_double_names_are_reported() -> None:
    series = [label_set({"job": "a", "x": "1"}), label_set({"job": "a", "x": "2"})]
    assert troubles("{{x}}", series, "q") == []
    assert "2 series are all called 'a'" in troubles("{{job}}", series, "q")
    assert any(
        "{{y}} is empty for 2 of 2 series; their labels: job, x" in trouble
        for trouble in troubles("{{y}}{{x}}", series, "q")
    )
    assert "two targets call a series '1'" in troubles("{{x}}", series, "q", ["1"])
    assert "a series has an empty name" in troubles("{{y}}", series[:1], "q")
