"""Scrapes that failed by themselves around a drill's begin, from samples written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promproof.contract import model as contracts
from promproof.drills import content
from promproof.drills.case import Case, unplanned_failures, unseen
from promproof.drills.drill import load_folder
from promproof.drills.states import State
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import Timing, Turn
from promproof.places import DEFAULT_CONTRACT, DRILLS
from tests.records import record

pytestmark = pytest.mark.unit
DRILL = next(drill.plan for drill in load_folder(DRILLS) if drill.plan.name == "ServiceDown")
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
    history.records.extend(record(number, ENDED, kind, data) for number, (kind, data) in enumerate(rows))
    turns = (Turn("d", "below", "watch", 0.0, BEGUN, BEGUN),)
    alert = CONTRACT.alert("ServiceDown")
    return Case(Evidence(CONTRACT, history), DRILL, alert, TIMING, (), turns, BEGUN, BEGUN, ENDED, 0.1, 0)


ERRORS = next(drill.plan for drill in load_folder(DRILLS) if drill.plan.name == "HighErrorRate")
ERROR_TIMING = replace(TIMING, threshold=0.05, window=5.0, hold=5.0, fires_above=True)
KEY, PATTERN = next(iter(ERRORS.shows.items()))


def shares(ups: dict[float, float], share: float) -> list[str]:
    """What is wrong with an annotation that shows this share in a notification at 18 s; errors were raised at 10 s."""
    turns = (Turn("d", "raised", "dose", ERRORS.above or 0.0, BEGUN, BEGUN),)
    drilled = replace(
        case(ups), drill=ERRORS, alert=CONTRACT.alert("HighErrorRate"), timing=ERROR_TIMING, turns=turns
    )
    return content._value(
        drilled, KEY, PATTERN, f"{share:.4g}% of the requests to promptpilot-api end with a 5xx status", 18.0
    )


def test_an_annotation_may_be_further_off_where_failed_scrapes_leave_few_events() -> None:
    assert ERRORS.above is not None
    assert ERRORS.decided is not None
    share = 100 * (ERRORS.above + 1.2 * (ERRORS.fault.accumulators + 3) / (ERRORS.decided * 4.75))
    assert "were possible" in shares(scrapes(), share)[0]
    assert shares(scrapes(), 100 * ERRORS.above) == []
    assert shares(scrapes(12.0, 14.0), share) == []
    # what failed after the notification, or before the fault, explains nothing
    assert "were possible" in shares(scrapes(18.5, 20.0), share)[0]
    assert "were possible" in shares(scrapes(12.0, 14.0), 300 * ERRORS.above)[0]


@pytest.mark.parametrize(
    ("times", "least"),
    [
        ([10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0], 3.0),
        ([10.0, 15.0, 16.0], 1.0),
        ([10.0, 13.9, 17.0], 3.1),
        ([10.0], float("inf")),
        ([], float("inf")),
    ],
)
def test_the_least_span_is_that_of_the_window_with_the_nearest_ends(times: list[float], least: float) -> None:
    assert content.least_span(times, 14.0, 17.0, 4.0) == pytest.approx(least)


def scrapes(*failed: float) -> dict[float, float]:
    """Four scrapes a second from 5 s to 20 s, of which those failed that began between two of these times."""
    times = [5 + n / 4 for n in range(60)]
    return {t: 0.0 if failed and failed[0] <= t <= failed[1] else 1.0 for t in times}


def test_a_failure_lasts_until_the_next_good_scrape_was_evaluated() -> None:
    [*_, last] = unplanned_failures(case({**scrapes(), 15.0: 0.0, 15.25: 0.0}))
    assert last[1] > 15.5 + TIMING.evaluation


def test_an_alert_woken_by_failures_before_the_drill_may_be_firing_at_its_begin() -> None:
    woken = case(scrapes(8.0, 10.0))
    assert State.FIRING in woken.life.admissible(10.1, 10.1)
    assert woken.life.begin < BEGUN


def test_an_alert_that_nothing_has_woken_may_not_be_firing_at_the_begin() -> None:
    for quiet in (case(scrapes()), case(scrapes(6.0, 7.0))):
        assert State.FIRING not in quiet.life.admissible(10.1, 10.1)
        assert quiet.life.begin == BEGUN


@pytest.mark.parametrize(
    ("ups", "polled", "says"),
    [
        (scrapes(), [10 + n / 10 for n in range(101)], ""),
        (scrapes(), [10 + n / 2 for n in range(21)], "nothing was seen for 0.5"),
        (scrapes(12.0, 14.0), [10 + n / 10 for n in range(101)], "no scrape succeeded for 2.50 s"),
    ],
    ids=["all seen", "few polls", "failed scrapes"],
)
def test_a_pulse_between_polls_or_scrapes_may_have_passed_unseen(
    ups: dict[float, float], polled: list[float], says: str
) -> None:
    pulsed = replace(case(ups), turns=(Turn("d", "raised", "dose", 1.0, BEGUN, BEGUN),))
    pulsed.evidence.history.records.extend(
        record(10 + number, t, "poll", {"begin": t, "end": t + 0.01}) for number, t in enumerate(polled)
    )
    assert says in unseen(pulsed)
    assert bool(unseen(pulsed)) is bool(says)
