"""Bounds of rate() against Prometheus itself, by promtool: whatever the samples' times, its answer lies inside."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.checks.panel_values import SLIP
from promproof.stack.binaries import find_binaries
from promproof.truth.metrics import Interval
from promproof.truth.phase import extrapolated, phase, share

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("values", "t", "window"),
    [
        ("0+3x20", 120, 60),
        ("100+7x20", 95, 60),
        ("5 5 5 9 9 9 9 30 30 30", 85, 60),
        ("_ _ 4 5 6 7 8", 61, 60),
        ("_ _ 1 2 3 4 6", 61, 60),
        ("_ _ 1 5 6 7 9", 61, 60),
        ("0 0 0 1 _ 2", 50, 50),
    ],
)
def test_an_increase_of_prometheus_lies_inside_of_the_bounds(
    values: str, t: int, window: int, tmp_path: Path
) -> None:
    expanded = _expanded(values)
    stamps = [10.0 * n for n, value in enumerate(expanded) if value is not None]
    # promtool asserts equality within 1e-6 of the mean of two queries: both bounds are tested as comparisons
    seen = phase(stamps, t, window, left_open=False)
    assert seen is not None
    by_stamp = dict(zip(stamps, [value for value in expanded if value is not None], strict=True))
    first, last = by_stamp[seen.first], by_stamp[seen.last]
    bounds = extrapolated(seen, Interval(first, first), Interval(last, last))
    expression = f"count(increase(x[{window}s]) >= {bounds.low - 1e-9!r} <= {bounds.high + 1e-9!r})"
    document = {
        "evaluation_interval": "10s",
        "tests": [
            {
                "interval": "10s",
                "input_series": [{"series": "x", "values": values}],
                "promql_expr_test": [
                    {"expr": expression, "eval_time": f"{t}s", "exp_samples": [{"labels": "{}", "value": 1}]}
                ],
            }
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run(
        [find_binaries().promtool.path, "test", "rules", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _expanded(values: str) -> list[float | None]:
    found: list[float | None] = []
    for part in values.split():
        if "x" in part:
            start, _, rest = part.partition("+")
            step, _, times = rest.partition("x")
            found += [float(start) + float(step) * n for n in range(int(times) + 1)]
        else:
            found.append(None if part == "_" else float(part))
    return found


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_a_share_lies_inside_of_its_bounds(numbers: list[int]) -> None:
    a, b, c, d = numbers
    part, rest = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))
    bounds = share(part, rest)
    for amount in (part.low, part.high):
        for other in (rest.low, rest.high):
            if bounds is not None and amount + other:
                assert bounds.low - 1e-12 <= amount / (amount + other) <= bounds.high + 1e-12


def test_a_young_counter_is_extended_as_both_versions_do_it() -> None:
    # 40 s sampled, 19 s uncovered before it, and the counter would have been 0 eight seconds before its first sample.
    seen = phase([20.0, 30.0, 40.0, 50.0, 60.0], 61.0, 60.0, left_open=False)
    assert seen is not None
    factors = seen.factors(Interval(1, 1), Interval(5, 5))
    assert pytest.approx(factors.high) == (40 + 8 + 1) / 40  # cut first, as in Prometheus 2
    assert pytest.approx(factors.low) == (40 + 5 + 1) / 40  # half an interval first, as in Prometheus 3


def test_a_window_with_one_sample_gives_no_rate() -> None:
    assert phase([1.0, 2.0, 3.0], 3.2, 1.0, left_open=False) is None
    found = phase([1.0, 2.0, 3.0], 3.0, 1.0, left_open=False)
    assert found is not None
    assert found.count == 2
    assert phase([1.0, 2.0, 3.0], 3.0, 1.0, left_open=True) is None


@given(
    epoch=st.floats(1.7e9, 2.0e9),
    step=st.integers(100, 15_000),
    count=st.integers(2, 40),
    late=st.integers(0, 99),
    events=st.integers(1, 10_000),
)
def test_stamps_kept_to_a_microsecond_move_a_rate_by_less_than_the_slip(
    epoch: float, step: int, count: int, late: int, events: int
) -> None:
    begin = int(epoch * 1000) + 1000
    stamps = [begin + n * step for n in range(count)]
    end, window = stamps[-1] + late, count * step

    def increase(origin: float, digits: int) -> float:
        kept = [round(stamp / 1000 - origin, digits) for stamp in stamps]
        seen = phase(kept, round(end / 1000 - origin, digits), window / 1000, left_open=False)
        assert seen is not None
        return extrapolated(seen, Interval(1e9, 1e9), Interval(1e9 + events, 1e9 + events)).high

    exact, kept = increase(begin / 1000, 3), increase(epoch, 6)
    assert abs(kept - exact) <= SLIP * exact
