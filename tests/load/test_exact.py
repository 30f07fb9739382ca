"""Exactness at a rate: three counts that are equal, and doses that are no matter of chance.

Every day: counts in test_metrics.py; doses in promptpilot/test_fault_control.py and by the sound alert of
drills/test_twins.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.exact_counts import count
from benchmarks.exact_dosing import dosed
from tests.load.stack import running

pytestmark = [pytest.mark.stack, pytest.mark.whole_run(alone=True), pytest.mark.nightly]


@pytest.mark.parametrize("variant", ["double-counting", "every-hundredth-lost"])
def test_a_server_that_counts_wrongly_is_named(tmp_path: Path, variant: str) -> None:
    with running(tmp_path, variant) as stack:
        done = count(stack, tmp_path, 2_000, 500)
    assert done.returncode == 1, done.stdout
    assert "http_requests_total" in done.stdout


@pytest.mark.parametrize(
    ("share", "failed"),
    [(0.05, {149, 150, 151}), (0.052, {155, 156, 157})],
    ids=["0.05", "0.052"],
)
def test_a_dose_hits_its_share_of_the_requests_exactly(
    tmp_path: Path, share: float, failed: set[int]
) -> None:
    with running(tmp_path) as stack:
        sent, found = dosed(stack, tmp_path, share, 3_000)
    assert sent == 3_000
    assert found in failed
