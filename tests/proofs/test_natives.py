"""Native histograms without a program: what the search reads, where an alert flips, how its series are written.

The figures are those that promtool 3.5.3 prints for the same series.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.proofs.asking import steady
from promproof.proofs.evaluate import Evaluation, World
from promproof.proofs.natives import PART, shares, value_of
from promproof.proofs.plan import planned
from promproof.proofs.search import Problem
from promproof.proofs.timeline import staged, timeline
from promproof.proofs.tree import parse
from promproof.proofs.world import COPIES, PAST, QUANTILE, TRAFFIC, Family, Program

pytestmark = pytest.mark.unit

LABELS = (("__name__", "x"), ("a", "b"))
PARTS = {"count": (100.25, 4), "sum": (600.5, 5), "-2": (50.25, 1), "-1": (50.0, 3)}
SERIES: dict[str, list[tuple[tuple[tuple[str, str], ...], Program]]] = {
    "x": [(((PART, part), *LABELS), Program(level, step / 15)) for part, (level, step) in PARTS.items()],
    "g": [((("__name__", "g"), ("a", "b")), Program(2.0))],
}
"""`{{schema:3 sum:600.5 count:100.25 offset:-2 buckets:[50.25 50]}}`, every 15 s a histogram of 4 observations more."""


def said(expression: str, t: float = 300.0) -> dict[tuple[tuple[str, str], ...], float]:
    evaluation = Evaluation(World(SERIES, 15.0, has_natives=True))
    return {
        labels: value for labels, (value, gap) in evaluation.vector(parse(expression), t).items() if not gap
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("histogram_quantile(0.5, rate(x[2m]))", 0.8655365610061428),
        ("histogram_quantile(0.5, increase(x[2m]))", 0.8655365610061428),
        ("histogram_quantile(0.5, sum by (a) (irate(x[2m])))", 0.8655365610061428),
        ("histogram_count(rate(x[2m]))", 0.26666666666666666),
        ("histogram_avg(rate(x[2m]))", 1.25),
        ("histogram_sum(rate(x[2m])) / histogram_count(rate(x[2m]))", 1.25),
        ("histogram_fraction(0, 0.9, rate(x[2m]))", 0.8379814393297015),
        ("histogram_fraction(0.9, +Inf, rate(x[2m]))", 1 - 0.8379814393297015),
        ("histogram_fraction(1, 0.5, rate(x[2m]))", 0.0),
        ("histogram_stddev(rate(x[2m]))", 0.3913685919631823),
        ("histogram_stdvar(2 * rate(x[2m]))", 0.3913685919631823**2),
        ("histogram_quantile(2, x)", math.inf),
        ("count(x)", 1),
        ("count_over_time(x[1m])", 5),
        ("histogram_count(x + x)", 2 * (100.25 + 80)),
        ("histogram_count(x / 2)", (100.25 + 80) / 2),
        ("histogram_count(x and on (a) g > 1)", 100.25 + 80),
    ],
)
def test_the_search_reads_a_histogram_as_promtool_does(expression: str, expected: float) -> None:
    assert list(said(expression).values()) == pytest.approx([expected])


@pytest.mark.parametrize(
    "expression",
    [
        "max(x)",
        "x > 0",
        "abs(x)",
        "x + 1",
        "2 / x",
        "max_over_time(x[1m])",
        "histogram_count(g)",
        "x unless on (a) g",
    ],
)
def test_what_takes_no_histogram_passes_over_it(expression: str) -> None:
    assert said(expression) == {}


@pytest.mark.parametrize(
    "expression", ["max(g)", "g > 0", "abs(g)", "g + 1", "2 / g", "max_over_time(g[1m])"]
)
def test_a_plain_series_beside_a_histogram_is_read_as_ever(expression: str) -> None:
    assert list(said(expression).values()) == [{"g + 1": 3.0, "2 / g": 1.0}.get(expression, 2.0)]


@given(st.floats(0.01, 0.999), st.floats(1e-6, 1e9))
def test_the_quantile_that_is_asked_for_is_the_one_that_is_read(q: float, quantile: float) -> None:
    parts = shares(q, quantile)
    assert value_of("histogram_quantile", (q,), parts) == pytest.approx(quantile, rel=1e-9)
    assert value_of("histogram_avg", (), parts) == pytest.approx(quantile)
    assert sum(value for part, value in parts.items() if part not in ("count", "sum")) == pytest.approx(1)


@given(st.floats(0.1, 0.99), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_a_fraction_is_what_lies_between_its_bounds(q: float, quantile: float, bound: float) -> None:
    parts = shares(q, quantile)
    below = value_of("histogram_fraction", (0, bound), parts)
    assert 0 <= below <= 1 + 1e-9
    assert below + value_of("histogram_fraction", (bound, math.inf), parts) == pytest.approx(1)
    assert value_of("histogram_fraction", (0, quantile), parts) == pytest.approx(q)


@pytest.mark.parametrize(
    ("expression", "knob", "flips"),
    [
        ("histogram_quantile(0.9, sum by (job) (rate(lat[5m]))) > 0.5", QUANTILE, 0.5),
        ("histogram_quantile(0.99, rate(lat[5m])) < 0.25", QUANTILE, 0.25),
        ("histogram_avg(rate(lat[5m])) > 0.2", QUANTILE, 0.2),
        ("histogram_sum(sum(rate(lat[5m]))) / histogram_count(sum(rate(lat[5m]))) > 0.3", QUANTILE, 0.3),
        ("histogram_fraction(0, 0.3, sum(rate(lat[1h]))) < 0.9", QUANTILE, 0.3),
        ("histogram_count(rate(lat[5m])) > 5", TRAFFIC, 5.0),
        ("sum by (job) (histogram_count(increase(lat[10m]))) < 30", TRAFFIC, 0.05),
        ("histogram_count(lat) > 100", TRAFFIC, 100.0),
    ],
)
def test_an_alert_over_native_histograms_flips_at_what_is_written(
    expression: str, knob: str, flips: float
) -> None:
    plan = planned(expression, {}, 15.0)
    (found,) = plan.boundaries
    fires, silent = (point.knobs[found.turned] for point in found.points)
    assert plan.native()
    assert found.turned[1] == knob
    assert min(fires, silent) < flips < max(fires, silent)
    assert abs(fires - silent) < 0.02 * flips


def test_a_rule_over_classic_buckets_reads_no_native_histogram() -> None:
    plan = planned("histogram_quantile(0.9, sum by (le) (rate(lat_bucket[5m]))) > 0.5", {}, 15.0)
    assert plan.native() == ""
    lines = steady(plan.problem.families, plan.boundaries[0].points[0].knobs, 15.0, 60.0)
    assert not any("{{" in line["values"] for line in lines)


def test_a_share_that_is_compared_with_a_percentage_is_dead() -> None:
    assert "never above 1" in planned("histogram_fraction(0, 1, rate(lat[5m])) > 5", {}, 15.0).impossible
    assert not planned("100 * histogram_fraction(0, 1, rate(lat[5m])) > 5", {}, 15.0).impossible
    assert not planned("histogram_fraction(0, 1, lat - lat offset 1h) > 5", {}, 15.0).impossible


FAMILY = Family(
    0,
    "x",
    {"job": "j"},
    {QUANTILE: 2 ** (1 / 16), TRAFFIC: 1.0, COPIES: 1.0},
    q=0.5,
    is_native=True,
)
"""At half the way through its only bucket, of index 1: the median of one observation a second."""


def test_a_histogram_is_written_as_promtool_reads_it() -> None:
    (line,) = steady([FAMILY], {}, 10.0, 60.0)
    assert line["series"] == 'x{job="j"}'
    assert re.fullmatch(
        r"\{\{schema:3 count:600 sum:626\.\d+ offset:1 buckets:\[(?:600|599\.9+\d*)\]\}\}"
        r"\+\{\{schema:3 count:10 sum:10\.\d+ offset:1 buckets:\[(?:10|9\.9+\d*)\]\}\}x7",
        line["values"],
    )


def test_a_histogram_of_zeros_has_them_in_its_zero_bucket() -> None:
    (line,) = steady([FAMILY], {(0, QUANTILE): 0.0, (0, TRAFFIC): 0.0}, 10.0, 60.0)
    assert line["values"] == "{{schema:3 count:0 sum:0}}x7"
    (line,) = steady([FAMILY], {(0, QUANTILE): 0.0}, 10.0, 60.0)
    assert line["values"].startswith("{{schema:3 count:600 sum:0 z_bucket:600}}+")


def test_from_cause_to_healing_each_bucket_goes_on_from_where_it_was() -> None:
    problem = Problem(parse("x"), [FAMILY], (), 15.0, 300.0)
    times = timeline(problem, 15.0, 0.0, 0.0)
    slow = {(0, QUANTILE): 2.0 ** (3 / 16)}
    (line,) = staged(problem, {}, slow, times)
    starts = [
        [float(number) for number in held.split()]
        for held in re.findall(r"(?<!\+)\{\{[^}]*buckets:\[([^]]*)\]\}\}", line["values"])
    ]
    assert all(
        before <= after for one, two in pairwise(starts) for before, after in zip(one, two, strict=True)
    )
    assert [len(held) for held in starts] == [2, 2, 2]
    assert starts[0][1] == 0, "nothing was slow before the cause"
    gone = {(0, COPIES): 0.0}
    (line,) = staged(problem, {}, gone, times)
    assert re.search(r"x\d+ stale _x\d+ \{\{", line["values"])


def test_a_histogram_that_turns_is_written_in_two_runs() -> None:
    family = Family(0, "x", {}, {QUANTILE: 1.05, TRAFFIC: 1.0, PAST: 0.0}, q=0.5, is_native=True, turn=30.0)
    (line,) = steady([family], {(0, PAST): 1.0}, 15.0, 90.0)
    assert re.findall(r"x(\d+)", line["values"]) == ["1", "5"]
