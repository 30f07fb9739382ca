"""Step and rate interval against the table of the back end: every bound, at it and just above it."""

from __future__ import annotations

import pytest

from promproof.grafana.durations import go_form
from promproof.grafana.steps import Request, backend, resolve, rounded, rounded_in_browser

pytestmark = pytest.mark.unit
S, M, H, D = 1000, 60_000, 3_600_000, 86_400_000
# (bound, value up to it, value above it), in ms, from the documented table and not from the code
BOUNDS = [
    (10, 1, 10),
    (15, 10, 20),
    (35, 20, 50),
    (75, 50, 100),
    (150, 100, 200),
    (350, 200, 500),
    (750, 500, S),
    (1500, S, 2 * S),
    (3500, 2 * S, 5 * S),
    (7500, 5 * S, 10 * S),
    (12_500, 10 * S, 15 * S),
    (17_500, 15 * S, 20 * S),
    (25 * S, 20 * S, 30 * S),
    (45 * S, 30 * S, M),
    (90 * S, M, 2 * M),
    (210 * S, 2 * M, 5 * M),
    (450 * S, 5 * M, 10 * M),
    (750 * S, 10 * M, 15 * M),
    (1050 * S, 15 * M, 20 * M),
    (25 * M, 20 * M, 30 * M),
    (45 * M, 30 * M, H),
    (90 * M, H, 2 * H),
    (150 * M, 2 * H, 3 * H),
    (270 * M, 3 * H, 6 * H),
    (9 * H, 6 * H, 12 * H),
    (D, 12 * H, D),
    (7 * D, D, 7 * D),
    (21 * D, 7 * D, 30 * D),
]


@pytest.mark.parametrize(("bound", "until", "above"), BOUNDS)
def test_a_bound_belongs_to_the_value_below_it(bound: int, until: int, above: int) -> None:
    assert (rounded(bound - 1), rounded(bound), rounded(bound + 1)) == (until, until, above)


@pytest.mark.parametrize(("bound", "until", "above"), BOUNDS)
def test_in_the_browser_a_bound_belongs_to_the_value_above_it(bound: int, until: int, above: int) -> None:
    assert (rounded_in_browser(bound - 1), rounded_in_browser(bound)) == (until, above)


def test_the_ends_of_the_two_tables_differ() -> None:
    assert (rounded(42 * D), rounded(730 * D - 1), rounded(730 * D)) == (30 * D, 30 * D, 365 * D)
    assert (rounded_in_browser(42 * D - 1), rounded_in_browser(42 * D)) == (30 * D, 365 * D)


@pytest.mark.parametrize(
    ("scrape", "length", "step", "window"),
    [
        ("5s", 15 * M, 5, 20),
        ("15s", H, 15, 60),
        ("60s", H, 60, 240),
        ("5s", 6 * H, 20, 25),
        ("15s", 6 * H, 20, 60),
        ("60s", 6 * H, 60, 240),
        ("5s", D, 60, 65),
        ("15s", D, 60, 75),
        ("60s", D, 60, 240),
        ("5s", 7 * D, 600, 605),
        ("15s", 7 * D, 600, 615),
        ("60s", 7 * D, 600, 660),
    ],
)
def test_step_and_rate_interval_have_their_known_values_at_1000_points(
    scrape: str, length: int, step: int, window: int
) -> None:
    got = resolve(Request(0, length, 1000), source_interval=scrape)
    assert (got.step, got.rate_interval) == (step * S, window * S)


def test_an_unset_interval_counts_as_15_seconds() -> None:
    assert resolve(Request(0, H, 1000)).rate_interval == 60 * S


def test_min_step_raises_step_and_rate_interval() -> None:
    got = resolve(Request(0, H, 1000), min_step="1m", source_interval="15s")
    assert (got.step, got.rate_interval) == (M, 4 * M)


def test_the_rate_interval_as_min_step_is_the_step_too() -> None:
    got = resolve(Request(0, H, 1000), min_step="$__rate_interval", source_interval="15s")
    assert (got.step, got.rate_interval) == (60 * S, 60 * S)


def test_the_interval_as_min_step_takes_the_step_for_the_scrape_interval() -> None:
    got = resolve(Request(0, H, 1000), min_step="$__interval", source_interval="15s")
    assert (got.step, got.rate_interval) == (15 * S, 60 * S)


def test_the_factor_multiplies_the_step_only() -> None:
    got = resolve(Request(0, H, 1000), source_interval="15s", interval_factor=4)
    assert (got.step, got.rate_interval) == (60 * S, 60 * S)


def test_a_request_without_interval_has_a_rate_interval_of_its_own() -> None:
    assert backend(Request(0, H, 1000), 0, source_interval="15s").rate_interval == 60 * S
    assert backend(Request(0, H, 0), 0, source_interval="15s").step == 15 * S


@pytest.mark.parametrize(
    ("ms", "text"), [(20 * S, "20s"), (M, "1m0s"), (75 * S, "1m15s"), (H, "1h0m0s"), (2500, "2.5s")]
)
def test_durations_are_written_as_go_writes_them(ms: int, text: str) -> None:
    assert go_form(ms) == text
