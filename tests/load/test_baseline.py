"""Comparing with earlier runs: a real change is named, noise is not, and what cannot be told is said to be so."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.errors import InputError
from promproof.load.baseline import PARTS, judge, load
from promproof.load.judgement import Outcome
from tests.load.conftest import LoadSessions

pytestmark = pytest.mark.takes(1.5)


def noisy(value: float, noise: float, seed: int) -> list[float]:
    random = Random(seed)
    return [value * (1 + random.gauss(0, noise)) for _ in range(PARTS)]


@pytest.mark.unit
@given(st.integers(0, 10_000))
def test_noise_is_not_called_a_regression(seed: int) -> None:
    found = judge("p95", [noisy(0.1, 0.1, seed + n) for n in range(3)], noisy(0.1, 0.1, seed + 99))
    assert found.outcome is not Outcome.FAIL


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "before", "now", "outcome"),
    [
        ("p95", 0.1, 0.2, Outcome.FAIL),
        ("p95", 0.1, 0.102, Outcome.PASS),
        ("p95", 0.1, 0.05, Outcome.PASS),
        ("rate", 100.0, 50.0, Outcome.FAIL),
        ("rate", 100.0, 200.0, Outcome.PASS),
        ("errors", 0.0, 0.02, Outcome.FAIL),
        ("errors", 0.02, 0.0, Outcome.PASS),
        ("errors", 0.0, 0.0, Outcome.PASS),
    ],
)
def test_a_change_beyond_the_noise_is_named(name: str, before: float, now: float, outcome: Outcome) -> None:
    found = judge(name, [noisy(before, 0.01, n) for n in range(3)], noisy(now, 0.01, 9))
    assert found.outcome is outcome, found


@pytest.mark.unit
def test_a_change_within_the_noise_cannot_be_told() -> None:
    found = judge("p95", [noisy(0.1, 0.4, 1)], noisy(0.13, 0.4, 2))
    assert (found.outcome, found.seen.startswith("cannot tell")) == (Outcome.UNKNOWN, True)
    short = judge("p95", [noisy(0.1, 0.01, 1)], [0.1, 0.1])
    assert "cannot tell: less than 5 parts" in short.seen


@pytest.mark.unit
def test_the_spread_between_runs_counts_as_noise() -> None:
    """Each run is steady in itself; only their spread says how far the next one may be."""
    spread = [noisy(value, 0.001, n) for n, value in enumerate((0.08, 0.1, 0.13))]
    assert judge("p50", spread, noisy(0.13, 0.001, 7)).outcome is Outcome.UNKNOWN
    assert judge("p50", spread[1:2], noisy(0.13, 0.001, 7)).outcome is Outcome.FAIL


@pytest.mark.unit
@pytest.mark.parametrize("text", ["", "{}", '{"baseline": 2}', "no json", '{"baseline": 1, "scenario": "x"}'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"baseline\.jsonl|baseline|run|version"):
        load(path, "x")


SLOW = """
scenario: 1
name: slow
mix: [{name: run, steps: [{request: "POST /things/1/run", endpoint: "/things/{{id}}/run", json: {seconds: 0.05}}]}]
arrival: {model: open, rate: 20/s}
duration: 7s
generator: {lag: 10s, cpu: 100%}
"""


@pytest.mark.stack
@pytest.mark.whole_run
def test_a_slower_target_is_told_as_worse_than_its_baseline(sessions: LoadSessions, tmp_path: Path) -> None:
    baseline = str(tmp_path / "baseline.jsonl")
    status, output = sessions.start(SLOW, "--save-baseline", baseline).end()
    assert status == 0, output
    status, output = sessions.start(SLOW.replace("0.05", "0.3"), "--baseline", baseline).end()
    assert status == 1, output
    assert re.search(r"p50.*worse: ", output), output
