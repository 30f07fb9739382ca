"""Windows of Prometheus 3 leave their left edge out: what the search reads, and what a proof asks, with either version.

The figures are those that promtool 2.42 and 3.5.3 print for the same series.
"""

import pytest

from promproof.exposition import Labels
from promproof.promql.versions import is_left_open, major_of
from promproof.proofs.evaluate import Evaluation, World
from promproof.proofs.plan import Plan, planned
from promproof.proofs.tree import parse
from promproof.proofs.world import CHANGES, Program

SERIES: dict[str, list[tuple[Labels, Program]]] = {
    "g": [((("__name__", "g"),), Program(1.0, 1 / 15))],
    "c": [((("__name__", "c"),), Program(0.0, 2.0))],
}
"""A sample each 15 s: 1, 2, 3, ...; and a counter that gains 30 each time."""


@pytest.mark.parametrize(
    ("expression", "closed", "opened"),
    [
        ("count_over_time(g[1m])", 5, 4),
        ("sum_over_time(g[1m])", 195, 158),
        ("min_over_time(g[5m])", 21, 22),
        ("changes(g[1m])", 4, 3),
        ("count_over_time(g[1m:20s])", 4, 3),
        ("count_over_time(g[50s:20s])", 3, 3),
        ("count_over_time(g[50s])", 4, 4),
        ("rate(c[15s])", 2, None),
        ("rate(c[30s])", 2, 2),
        ("increase(c[1m])", 120, 120),
        ("quantile_over_time(0.5, g[2m])", 37, 37.5),
    ],
)
def test_the_search_reads_a_window_as_the_judging_version_does(
    expression: str, closed: float, opened: float | None
) -> None:
    for left_open, expected in ((False, closed), (True, opened)):
        found = Evaluation(World(SERIES, 15.0, left_open=left_open)).vector(parse(expression), 600.0)
        assert [value for value, _ in found.values()] == pytest.approx([] if expected is None else [expected])


def test_a_rate_that_rounds_is_not_asked_at_its_very_threshold() -> None:
    for expression in ("rate(done_total[1m]) < 5", "sum(rate(done_total[5m])) < 100"):
        exact, rounded = _silent_side(expression, left_open=False), _silent_side(expression, left_open=True)
        assert exact in (5.0, 100.0)
        assert exact < rounded < 1.01 * exact


def test_what_is_not_extended_is_asked_at_its_very_threshold_with_either_version() -> None:
    assert _silent_side("free < 5", left_open=True) == _silent_side("free < 5", left_open=False) == 5.0


def _silent_side(expression: str, *, left_open: bool) -> float:
    found = planned(expression, {}, 15.0, left_open=left_open).boundaries[0]
    return found.points[1].knobs[found.turned]


def test_more_changes_than_a_window_shows_are_looked_for_with_more_samples_where_nobody_says_how_many() -> (
    None
):
    expression = "changes(replicas[1m]) > 3"
    assert planned(expression, {}).problem.step == 15.0
    assert planned(expression, {}, left_open=True).problem.step == 5.0
    told: Plan = planned(expression, {}, 15.0, left_open=True)
    assert told.fired is None  # four samples each minute: three changes
    assert planned(expression, {}, 15.0).fired is not None
    assert CHANGES in {knob for _, knob in planned(expression, {}).fired or ()}


@pytest.mark.parametrize(
    ("version", "opened"),
    [
        ("2.42.0+ds", False),
        ("3.5.3+ds1", True),
        ("v3.0.0-rc.1", True),
        ("10.1", True),
        ("", False),
        ("unknown", False),
    ],
)
def test_since_prometheus_3_windows_are_left_open(version: str, opened: bool) -> None:
    assert is_left_open(version) is opened


def test_a_version_without_a_number_has_no_major() -> None:
    assert major_of("3.5.3+ds1") == 3
    assert major_of("latest") is None
