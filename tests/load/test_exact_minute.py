"""Client, API and Prometheus count the same, exactly, at a rate that a small machine just bears."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.exact_counts import count
from tests.load.stack import running

pytestmark = [pytest.mark.stack, pytest.mark.whole_run(alone=True), pytest.mark.nightly]


def test_client_api_and_prometheus_agree_after_a_minute_at_500_a_second(tmp_path: Path) -> None:
    with running(tmp_path) as stack:
        done = count(stack, tmp_path, 30_000, 500)
    assert done.returncode == 0, done.stdout
