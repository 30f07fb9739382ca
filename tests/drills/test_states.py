"""The checker alone, fed with small hand-written doses: every branch of what is admissible, and when."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

import pytest

from promproof.drills.doses import Change
from promproof.drills.states import (
    Condition,
    Life,
    Pace,
    Quantity,
    Rule,
    State,
    condition_at,
    live,
    noise,
    timeline,
)

pytestmark = pytest.mark.unit
PACE = Pace(scrape=0.25, evaluation=0.25, slack=0.05)
RULE = Rule(hold=5.0, group_wait=0.5, group_interval=1.0)
# 130 requests a second at 4.5 %, raised to 5.5 % at 20 s, healed at 40 s
SHARE = Quantity(
    threshold=0.05,
    changes=(Change(0.0, 0.0, 0.045), Change(20.0, 20.1, 0.055), Change(40.0, 40.0, 0.0)),
    window=5.0,
    events=130.0,
    since=-10.0,
)
GAUGE = Quantity(threshold=0.85, changes=(Change(10.0, 10.0, 0.86), Change(30.0, 30.0, 0.3)), start=0.84)


def life(quantity: Quantity = GAUGE, rule: Rule = RULE, end: float = 50.0) -> Life:
    return live(quantity, rule, PACE, 0.0, end)


@pytest.mark.parametrize(
    ("t", "condition"),
    [
        (19.0, Condition.FALSE),
        (20.5, Condition.EITHER),
        (23.0, Condition.EITHER),
        (25.5, Condition.TRUE),
        (39.9, Condition.TRUE),
        (42.0, Condition.FALSE),
    ],
)
def test_a_share_is_certain_once_the_window_holds_only_its_dose(t: float, condition: Condition) -> None:
    assert condition_at(SHARE, PACE, t) is condition


@pytest.mark.parametrize(
    ("t", "condition"),
    [
        (29.0, Condition.FALSE),  # the short window is over the threshold, the long one not yet
        (45.5, Condition.FALSE),  # the long one still is, the short one not any more
        (39.5, Condition.TRUE),
    ],
)
def test_of_two_windows_both_must_be_beyond_the_threshold(t: float, condition: Condition) -> None:
    loud = replace(
        SHARE,
        window=20.0,
        short_window=5.0,
        changes=(Change(0.0, 0.0, 0.0), Change(20.0, 20.1, 0.1), Change(40.0, 40.0, 0.0)),
    )
    assert condition_at(loud, PACE, t) is condition
    assert condition_at(replace(loud, short_window=0.0), PACE, 45.5) is Condition.TRUE


def test_too_few_events_leave_two_sides_open() -> None:
    few = replace(SHARE, events=60.0)
    assert condition_at(few, PACE, 30.0) is Condition.EITHER
    assert condition_at(few, PACE, 18.0) is Condition.EITHER


def test_noise_is_what_error_diffusion_and_cut_windows_leave() -> None:
    assert noise(SHARE, 10.0, 15.0) == pytest.approx(3 / 650)
    assert noise(SHARE, 18.0, 23.0) == pytest.approx(4 / 650)  # a new dose begins a new accumulator
    assert noise(replace(SHARE, since=14.0), 10.0, 15.0) == pytest.approx(3 / 130)
    assert noise(replace(SHARE, silent=((11.0, 13.0),)), 10.0, 15.0) == pytest.approx(3 / 390)
    assert noise(replace(SHARE, since=20.0), 10.0, 15.0) == float("inf")
    assert noise(GAUGE, 10.0, 15.0) == 0


def test_events_that_show_up_late_are_expected_late() -> None:
    slow = replace(SHARE, lag=1.2)
    assert condition_at(SHARE, PACE, 25.5) is Condition.TRUE
    assert condition_at(slow, PACE, 25.5) is Condition.EITHER
    assert condition_at(slow, PACE, 26.6) is Condition.TRUE


def test_a_longer_pause_between_scrapes_leaves_the_dose_open_at_its_edge() -> None:
    gap = replace(SHARE, gaps=((30.0, 31.0),))
    assert condition_at(gap, PACE, 30.9) is Condition.EITHER
    assert condition_at(gap, PACE, 35.5) is Condition.EITHER  # the pause is at the begin of the window
    assert condition_at(gap, PACE, 33.0) is Condition.TRUE  # in the middle it is bridged


def test_a_gauge_changes_within_one_scrape_and_its_slack() -> None:
    assert condition_at(GAUGE, PACE, 9.9) is Condition.FALSE
    assert condition_at(GAUGE, PACE, 10.2) is Condition.EITHER
    assert condition_at(GAUGE, PACE, 10.31) is Condition.TRUE
    assert condition_at(GAUGE, PACE, 30.4) is Condition.FALSE


def test_a_gauge_that_a_failed_scrape_took_away_is_owed_no_alert() -> None:
    """A failed scrape leaves a staleness marker: until the next good one an instant vector is empty."""
    gone = replace(GAUGE, gaps=((15.0, 16.0),))
    assert condition_at(gone, PACE, 14.9) is Condition.TRUE
    assert condition_at(gone, PACE, 15.5) is Condition.EITHER
    assert condition_at(gone, PACE, 16.0 + PACE.slack + 0.1) is Condition.TRUE


def test_a_rule_that_fires_below_is_judged_as_one_that_fires_above() -> None:
    below = Quantity(threshold=0.5, changes=(Change(10.0, 10.0, 0.4),), start=0.9, fires_above=False)
    assert condition_at(below, PACE, 5.0) is Condition.FALSE
    assert condition_at(below, PACE, 12.0) is Condition.TRUE


def test_exactly_at_a_threshold_above_the_condition_does_not_hold() -> None:
    assert condition_at(replace(GAUGE, start=0.85), PACE, 5.0) is Condition.FALSE


def test_a_blind_time_leaves_either_and_a_down_time_false() -> None:
    assert condition_at(replace(GAUGE, blind=((19.0, 21.0),)), PACE, 20.0) is Condition.EITHER
    assert (
        condition_at(replace(GAUGE, down=((19.0, 21.0),), blind=((19.0, 25.0),)), PACE, 20.0)
        is Condition.FALSE
    )


def test_stretches_follow_each_other_without_overlap_or_hole() -> None:
    found = timeline(SHARE, PACE, 0.0, 50.0)
    assert found[0].begin == 0
    assert all(stretch.end == later.begin for stretch, later in pairwise(found))
    long = [stretch.condition for stretch in found if stretch.end - stretch.begin > 1]
    order = [Condition.FALSE, Condition.EITHER, Condition.TRUE, Condition.EITHER, Condition.FALSE]
    assert [condition for condition, _ in groupby(long)] == order


@pytest.mark.parametrize(
    ("t", "states"),
    [
        (9.0, {State.INACTIVE}),
        (10.3, {State.INACTIVE, State.PENDING}),
        (10.7, {State.PENDING}),
        (14.9, {State.PENDING}),
        (15.2, {State.PENDING, State.FIRING}),
        (16.0, {State.FIRING}),
        (29.9, {State.FIRING}),
        (30.3, {State.FIRING, State.PENDING, State.INACTIVE}),
        (31.0, {State.INACTIVE}),
    ],
)
def test_a_state_is_admissible_in_its_time_alone(t: float, states: set[State]) -> None:
    # after the healing pending is not excluded for one evaluation: harmless, since firing is not excluded either
    allowed = life().admissible(t, t)
    assert allowed - {State.PENDING} == states - {State.PENDING}
    assert t > 30 or allowed == states


def test_an_observation_that_takes_long_admits_every_state_of_its_time() -> None:
    assert life().admissible(9.0, 16.0) == {State.INACTIVE, State.PENDING, State.FIRING}
    assert life().admissible(9.0, 11.0) == {State.INACTIVE, State.PENDING}


def test_an_alert_may_not_fire_after_pulses_that_are_shorter_than_for() -> None:
    pulses = tuple(
        change
        for begin in (10.0, 15.0, 20.0)
        for change in (Change(begin, begin, 0.86), Change(begin + 3, begin + 3, 0.84))
    )
    found = life(replace(GAUGE, changes=pulses))
    assert not found.episodes
    assert all(State.FIRING not in found.admissible(t / 10, t / 10) for t in range(500))


def test_a_dip_that_no_evaluation_need_see_need_not_reset_for() -> None:
    dip = (Change(10.0, 10.0, 0.86), Change(13.0, 13.0, 0.84), Change(13.1, 13.1, 0.86))
    assert State.FIRING in life(replace(GAUGE, changes=dip)).admissible(15.5, 15.5)


def test_an_alert_that_was_pending_starts_anew_after_its_server_was_down() -> None:
    down = replace(GAUGE, down=((12.0, 14.0),))
    found = life(down)
    assert State.FIRING not in found.admissible(16.0, 16.0)
    assert State.FIRING in found.admissible(19.3, 19.3)


def test_an_episode_is_where_the_alert_may_and_must_fire() -> None:
    (episode,) = life().episodes
    assert episode.certain is not None
    assert 14.9 <= episode.possible.begin <= 15.1
    assert 15.6 <= episode.certain.begin <= 16.0
    assert 29.9 <= episode.certain.end <= 30.1 <= episode.possible.end <= 30.7
    assert not life(replace(GAUGE, changes=())).episodes


def test_a_fault_healed_before_it_had_to_fire_has_no_certain_episode() -> None:
    early = replace(SHARE, changes=(*SHARE.changes[:2], Change(28.0, 28.0, 0.0)))
    (episode,) = life(early).episodes
    assert episode.certain is None


STATE = Quantity(
    threshold=0.5,
    changes=(Change(20.0, 20.1, 1.0), Change(40.0, 40.0, 0.0)),
    window=5.0,
    is_state=True,
)


@pytest.mark.parametrize(
    ("t", "condition"),
    [
        (19.9, Condition.FALSE),
        (20.3, Condition.EITHER),  # min_over_time(up[5m]) == 0 holds at once
        (24.9, Condition.EITHER),  # max_over_time(up[5m]) == 0 does not hold yet
        (25.5, Condition.TRUE),
        (39.9, Condition.TRUE),
        (40.2, Condition.EITHER),
        (44.9, Condition.EITHER),
        (45.5, Condition.FALSE),
    ],
)
def test_nobody_knows_how_a_rule_puts_the_states_of_its_window_together(
    t: float, condition: Condition
) -> None:
    assert condition_at(STATE, PACE, t) is condition


def test_of_two_windows_over_a_state_the_short_one_ends_it() -> None:
    both = replace(STATE, window=10.0, short_window=2.0)
    assert condition_at(both, PACE, 31.0) is Condition.TRUE
    assert condition_at(both, PACE, 42.5) is Condition.FALSE
