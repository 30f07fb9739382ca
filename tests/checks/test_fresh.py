"""Scrapes that come late: missing at the deployed interval, or late by what no time scale shortens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promproof.checks import target
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract, Target
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Outcome, Verdict
from tests.records import record

pytestmark = pytest.mark.unit
INTERVAL = 0.25


PLAIN = "# TYPE a gauge\na 1\n"
SHOP = Contract(contract=1, service="shop")


def fresh(gaps: Sequence[float], scale: float, text: str = PLAIN, contract: Contract = SHOP) -> Verdict:
    """The verdict on scrapes with these seconds between them, at an interval of 0.25 s in the run."""
    times = [1.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    values = {"up": 1.0, "scrape_duration_seconds": 0.01}
    series = [
        {"name": name, "labels": {}, "samples": [[at, value] for at in times]}
        for name, value in values.items()
    ]
    shown = {"label": "rest", "begin": 110.0, "end": 110.1, "text": text, "status": 200}
    run = {"managed": True, "instance": "i", "scrape_interval": INTERVAL, "time_scale": scale}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("prepared", {"service": "shop", "time_scale": scale}),
        ("run", run),
        ("exposition", shown),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("stored", {"series": series}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(n, 9.0, kind, data) for n, (kind, data) in enumerate(rows))
    return judge(target.FRESH, Claim("target/fresh"), Evidence(contract, history))


def test_a_scrape_that_a_busy_machine_makes_late_is_not_missing_as_deployed() -> None:
    verdict = fresh([0.25] * 20 + [0.62] + [0.25] * 20, scale=60)
    assert verdict.outcome is Outcome.PASS
    assert verdict.reason.endswith("as deployed, each 15 s, none of them is missing")
    assert "deployed" not in fresh([0.25] * 20, scale=60).reason


@pytest.mark.parametrize(
    ("gaps", "scale"),
    [
        ([0.25] * 20 + [0.62] + [0.25] * 20, 1),
        ([0.25] * 200 + [15.5] + [0.25] * 200, 60),
        ([0.25] * 20 + [0.62] * 20, 60),
    ],
    ids=["at no scale", "later than the deployed interval", "most of the run"],
)
def test_gaps_that_the_deployment_has_too_or_that_fill_the_run_leave_it_unknown(
    gaps: list[float], scale: float
) -> None:
    verdict = fresh(gaps, scale)
    assert (verdict.outcome, "gaps in the scrapes" in verdict.reason) == (Outcome.UNKNOWN, True)


def test_a_time_stamp_of_a_sample_is_a_finding_unless_it_is_meant() -> None:
    text = '# TYPE wind gauge\nwind{station="hill"} 4 1700000000000\n# TYPE rain_seconds histogram\n'
    text += 'rain_seconds_bucket{le="+Inf"} 1 1700000000000\nrain_seconds_sum 2\nrain_seconds_count 1\n'
    meant = SHOP.model_copy(update={"target": Target(stamped=("wind", "rain_seconds"))})
    other = SHOP.model_copy(update={"target": Target(stamped=("wind_speed", "rain"))})
    assert fresh([0.25] * 20, 60, text, meant).outcome is Outcome.PASS
    for contract in (SHOP, other):
        verdict = fresh([0.25] * 20, 60, text, contract)
        assert verdict.outcome is Outcome.FAIL
        assert 'wind{station="hill"} carries a time stamp of its own' in verdict.reason
