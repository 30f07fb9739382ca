"""Drills of alerts over windows that no run fills: what is certain over a window that is as old as the traffic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from promproof.contract import model as contracts
from promproof.drills import filling, fresh, plan
from promproof.drills.batching import batches
from promproof.drills.doses import Change
from promproof.drills.drill import Loaded, load_folder
from promproof.drills.states import Condition, Pace, Quantity, condition_at, noise
from promproof.errors import InputError
from promproof.evidence.records import Timing
from promproof.places import DEFAULT_CONTRACT, DRILLS
from promproof.run.mixing import Mixing

pytestmark = pytest.mark.unit
CONTRACT = contracts.load(DEFAULT_CONTRACT)
LOADED = {drill.plan.name: drill for drill in load_folder(DRILLS)}
NAMES = ("ErrorBudgetBurn", "ErrorBudgetSlowBurn")
SCALE = 60.0
SCRAPE = 0.25
PACE = Pace(scrape=SCRAPE, evaluation=0.25, slack=0.05)


def timing_of(name: str) -> Timing:
    alert = CONTRACT.alert(name)
    window, short, hold = (
        contracts.seconds(length or "0s") / SCALE for length in (alert.window, alert.short_window, alert.hold)
    )
    return Timing(
        alert.edge,
        window,
        hold,
        SCRAPE,
        0.25,
        0.5,
        1.0,
        scrape_timeout=1 / 6,
        scale=SCALE,
        short_window=short,
        fresh=True,
    )


def course(name: str) -> tuple[Timing, list[Change], float]:
    """A drill as it is driven: its changes, and when it ends."""
    loaded, timing = LOADED[name], timing_of(name)
    steps = plan.steps(loaded.plan, timing, PACE.slack)
    raised = steps[0].seconds
    healed = raised + timing.hold + steps[1].seconds / 2
    assert isinstance(loaded.plan.below, float)
    assert loaded.plan.above is not None
    doses = [(0.0, loaded.plan.below), (raised, loaded.plan.above), (healed, 0.0)]
    changes = [Change(t, t, dose) for t, dose in doses]
    return timing, changes, 3 * healed


def found_by(timing: Timing, rate: float, changes: list[Change], end: float) -> Iterator[tuple[float, bool]]:
    """Whether both windows of a rule are beyond its threshold at each scrape, event by event, by error diffusion."""
    failed, sent, ahead, at = [0.0], [0.0], 0.0, 0
    for number in range(1, round(end * rate)):
        t = number / rate
        while at < len(changes) and changes[at].done <= t:
            ahead, at = 0.0, at + 1
        ahead += changes[at - 1].value if at else 0.0
        hit = ahead >= 1.0
        ahead -= hit
        failed.append(failed[-1] + hit)
        sent.append(sent[-1] + 1)
    for scrape in range(2, round(end / SCRAPE)):
        t = scrape * SCRAPE
        last = min(round(t * rate) - 1, len(sent) - 1)
        found = []
        for window in (timing.window, timing.short_window):
            first = max(round((t - window) * rate), 0)
            found.append((failed[last] - failed[first]) / (sent[last] - sent[first]))
        yield t, min(found) > timing.threshold


@pytest.mark.parametrize("name", NAMES)
def test_what_a_rule_finds_over_windows_that_are_not_full_is_admissible(name: str) -> None:
    timing, changes, end = course(name)
    quantity = plan.quantity(LOADED[name].plan, timing, changes, 0.0)
    seen = set()
    rate = LOADED[name].plan.rate
    assert rate is not None
    for t, holds in found_by(timing, rate, changes, end):
        condition = condition_at(quantity, PACE, t)
        assert condition in (Condition.EITHER, Condition.TRUE if holds else Condition.FALSE), t
        seen.add(condition)
    assert seen == {Condition.FALSE, Condition.EITHER, Condition.TRUE}


@pytest.mark.parametrize("name", NAMES)
def test_each_side_is_certain_when_the_plan_says_so(name: str) -> None:
    loaded, timing = LOADED[name], timing_of(name)
    _, changes, _ = course(name)
    quantity = plan.quantity(loaded.plan, timing, changes, 0.0)
    raised = changes[1].asked
    silent = filling.filled(loaded.plan, timing)
    assert condition_at(quantity, PACE, silent) is Condition.FALSE
    assert condition_at(quantity, PACE, raised) is Condition.FALSE
    held = replace(quantity, changes=quantity.changes[:2])
    crossed = raised + filling.crossing(loaded.plan, timing) + 2 * SCRAPE
    assert condition_at(held, PACE, crossed) is Condition.TRUE


def test_windows_that_may_hold_something_from_before_are_filled_whole() -> None:
    loaded, timing = LOADED["ErrorBudgetBurn"], replace(timing_of("ErrorBudgetBurn"), fresh=False)
    assert filling.filled(loaded.plan, timing) == timing.window
    assert filling.crossing(loaded.plan, timing) == timing.window
    assert filling.settled(loaded.plan, timing) == timing.short_window


def test_events_that_no_rate_counts_leave_a_share_open() -> None:
    quantity = Quantity(0.006, (Change(0.0, 0.0, 0.003),), window=360.0, events=150.0, since=0.0, born=0.0)
    assert condition_at(quantity, PACE, 20.0) is Condition.FALSE
    assert noise(replace(quantity, lost=5.0), 0.0, 20.0) == pytest.approx((1 + 1 + 2 + 5) / 3000)
    assert condition_at(replace(quantity, lost=20.0), PACE, 20.0) is Condition.EITHER


def test_silence_is_watched_for_as_long_as_for_or_for_twenty_evaluations() -> None:
    timing = timing_of("ErrorBudgetBurn")
    assert filling.silence(replace(timing, hold=3.0)) == 3.0
    assert filling.silence(replace(timing, hold=60.0)) == 5.0


def test_a_run_has_one_drill_over_windows_that_it_cannot_fill() -> None:
    both = [LOADED[name] for name in NAMES]
    with pytest.raises(InputError, match="would hold what ErrorBudgetBurn has dosed") as caught:
        fresh.refuse_two(both, CONTRACT)
    assert "error-budget-slow-burn.yaml:" in caught.value.where


def test_such_a_drill_beside_others_is_no_trouble() -> None:
    fresh.refuse_two(
        [LOADED["ErrorBudgetBurn"], LOADED["ErrorBudgetFastBurn"], LOADED["HighCPUUsage"]], CONTRACT
    )


def first_of(drills: list[Loaded]) -> list[str]:
    return [drill.plan.name for drill in batches(drills, Mixing(CONTRACT, ()))[0]]


def test_it_is_driven_before_others_whose_doses_it_would_see() -> None:
    assert first_of([LOADED["HighErrorRate"], LOADED["ErrorBudgetBurn"]]) == ["ErrorBudgetBurn"]
    assert first_of([LOADED["HighErrorRate"], LOADED["ErrorBudgetFastBurn"]]) == ["HighErrorRate"]
