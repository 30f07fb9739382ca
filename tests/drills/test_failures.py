"""Scrapes that failed by themselves around a drill's begin, from samples written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.contract import model as contracts
from promproof.drills.case import Case, Turn, unplanned_failures
from promproof.drills.drill import load_folder
from promproof.drills.plan import Timing
from promproof.drills.states import State
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.places import DEFAULT_CONTRACT, DRILLS

pytestmark = pytest.mark.unit
DRILL = next(one.plan for one in load_folder(DRILLS) if one.plan.name == "ServiceDown")
CONTRACT = contracts.load(DEFAULT_CONTRACT)
TIMING = Timing(0.0, 0.0, 1.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, fires_above=False, scale=60.0)
BEGUN, ENDED = 10.0, 20.0


def case(ups: dict[float, float]) -> Case:
    """A drill from 10 s to 20 s with these scrapes of the target: time and `up`."""
    series = {"up": ups, "scrape_duration_seconds": dict.fromkeys(ups, 0.02)}
    stored = [
        {"name": name, "labels": {}, "samples": [[t, value] for t, value in samples.items()]}
        for name, samples in series.items()
    ]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 0.25}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("stored", {"series": stored}),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(Record(number, ENDED, kind, data) for number, (kind, data) in enumerate(rows))
    turns = (Turn("below", "watch", 0.0, BEGUN, BEGUN),)
    alert = CONTRACT.alert("ServiceDown")
    return Case(Evidence(CONTRACT, history), DRILL, alert, TIMING, (), turns, BEGUN, ENDED, 0.1, 0)


def scrapes(*failed: float) -> dict[float, float]:
    """Four scrapes a second from 5 s to 20 s, of which those failed that began between two of these times."""
    times = [5 + n / 4 for n in range(60)]
    return {t: 0.0 if failed and failed[0] <= t <= failed[1] else 1.0 for t in times}


def test_a_failure_lasts_until_the_next_good_scrape_was_evaluated() -> None:
    [*_, last] = unplanned_failures(case({**scrapes(), 15.0: 0.0, 15.25: 0.0}))
    assert last[1] > 15.5 + TIMING.evaluation


def test_an_alert_that_failures_before_the_drill_have_woken_may_be_firing_when_it_begins() -> None:
    woken = case(scrapes(8.0, 10.0))
    assert State.FIRING in woken.life.admissible(10.1, 10.1)
    assert woken.life.begin < BEGUN


def test_an_alert_that_nothing_has_woken_may_not_be_firing_when_the_drill_begins() -> None:
    for quiet in (case(scrapes()), case(scrapes(6.0, 7.0))):
        assert State.FIRING not in quiet.life.admissible(10.1, 10.1)
        assert quiet.life.begin == BEGUN
