"""Membership: missed, unexpected and mismatched are three different findings, and a gap is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.drills import membership
from promproof.drills.doses import Change
from promproof.drills.membership import FIRING, RESOLVED, Delivered, Kind, Notice, Seen
from promproof.drills.states import Life, Pace, Quantity, Rule, Span, State, live

pytestmark = pytest.mark.unit
PACE = Pace(scrape=0.25, evaluation=0.25, slack=0.05)
RULE = Rule(hold=5.0, group_wait=0.5, group_interval=1.0)
GAUGE = Quantity(threshold=0.85, changes=(Change(10.0, 10.0, 0.86), Change(30.0, 30.0, 0.3)), start=0.84)
LIFE = live(GAUGE, RULE, PACE, 0.0, 50.0)
GOOD = [
    *(Seen(t, t, State.INACTIVE, "alerts API") for t in (1.0, 5.0, 9.0)),
    *(Seen(t, t, State.PENDING, "alerts API") for t in (11.0, 13.0)),
    *(Seen(t, t, State.FIRING, "alerts API") for t in (16.5, 20.0, 29.0)),
    *(Seen(t, t, State.INACTIVE, "alerts API") for t in (31.0, 40.0)),
]
TOLD = [Delivered(16.0, "pager", FIRING), Delivered(31.2, "pager", RESOLVED)]


def found(life: Life, told: list[Delivered]) -> list[membership.Finding]:
    return membership.deliveries(membership.notices(life), told, "pager", "Hot")


def test_a_life_as_it_should_be_has_no_findings() -> None:
    assert membership.states(LIFE, GOOD, "Hot") == []
    assert membership.never(LIFE, GOOD, [State.PENDING, State.FIRING], "Hot") == []
    assert found(LIFE, TOLD) == []


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (Seen(5.0, 5.1, State.PENDING, "rules API"), Kind.UNEXPECTED),
        (Seen(12.0, 12.1, State.FIRING, "ALERTS series"), Kind.UNEXPECTED),
        (Seen(12.0, 12.1, State.INACTIVE, "alerts API"), Kind.MISSED),
        (Seen(20.0, 20.1, State.PENDING, "alerts API"), Kind.MISSED),
        (Seen(20.0, 20.1, State.INACTIVE, "rules API"), Kind.MISSED),
        (Seen(35.0, 35.1, State.FIRING, "alerts API"), Kind.UNEXPECTED),
    ],
)
def test_a_state_outside_its_time_has_a_finding_of_its_kind(seen: Seen, kind: Kind) -> None:
    (finding,) = membership.states(LIFE, [*GOOD, seen], "Hot")
    assert finding.kind is kind
    assert seen.view in finding.text


def test_the_same_finding_is_told_once_with_its_count() -> None:
    again = [Seen(t / 10, t / 10, State.INACTIVE, "alerts API") for t in range(170, 270)]
    (finding,) = membership.states(LIFE, again, "Hot")
    assert "100 times until 26.90 s" in finding.text


def test_an_alert_that_never_fired_is_missed() -> None:
    silent = [observation for observation in GOOD if observation.state is State.INACTIVE]
    missed = membership.never(LIFE, silent, [State.PENDING, State.FIRING], "Hot")
    assert [finding.kind for finding in missed] == [Kind.MISSED, Kind.MISSED]


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ([], [Kind.MISSED, Kind.MISSED]),
        (TOLD[:1], [Kind.MISSED]),
        ([*TOLD, Delivered(20.0, "pager", FIRING)], [Kind.UNEXPECTED]),
        ([*TOLD, Delivered(45.0, "pager", FIRING)], [Kind.UNEXPECTED]),
        ([Delivered(14.0, "pager", FIRING), TOLD[1]], [Kind.MISSED]),
        ([Delivered(25.0, "pager", FIRING), TOLD[1]], [Kind.MISSED]),
        ([TOLD[0], Delivered(40.0, "pager", RESOLVED)], [Kind.MISSED]),
        ([replace(delivery, receiver="other") for delivery in TOLD], [Kind.MISSED, Kind.MISSED]),
    ],
)
def test_a_notification_missing_late_or_too_many_is_a_finding(
    told: list[Delivered], kinds: list[Kind]
) -> None:
    assert [finding.kind for finding in found(LIFE, told)] == kinds


def test_a_fire_that_need_not_have_been_must_end_once_it_was_told() -> None:
    short = live(
        replace(GAUGE, changes=(Change(10.0, 10.0, 0.86), Change(15.3, 15.3, 0.3))), RULE, PACE, 0.0, 50.0
    )
    assert all(notice.least == 0 for notice in membership.notices(short))
    assert found(short, []) == []
    assert [finding.kind for finding in found(short, [Delivered(15.9, "pager", FIRING)])] == [Kind.MISSED]
    assert found(short, [Delivered(15.9, "pager", FIRING), Delivered(16.5, "pager", RESOLVED)]) == []


def test_repeats_after_the_repeat_interval_are_expected() -> None:
    often = Rule(RULE.hold, RULE.group_wait, RULE.group_interval, repeat_interval=6.0)
    life = live(GAUGE, often, PACE, 0.0, 50.0)
    told = [TOLD[0], *(Delivered(t, "pager", FIRING) for t in (22.0, 28.0)), TOLD[1]]
    assert found(life, told) == []
    assert [finding.kind for finding in found(LIFE, told)] == [Kind.UNEXPECTED, Kind.UNEXPECTED]


def test_a_group_that_was_there_before_need_not_wait() -> None:
    at_once = [Delivered(15.1, "pager", FIRING), TOLD[1]]
    assert [finding.kind for finding in found(LIFE, at_once)] == [Kind.MISSED]
    assert membership.deliveries(membership.notices(LIFE, known=True), at_once, "pager", "Hot") == []


def test_a_receiver_that_wants_no_resolution_is_owed_none() -> None:
    owed = membership.notices(LIFE, send_resolved=False)
    assert [notice.status for notice in owed] == [FIRING]


def test_a_retry_excuses_a_late_delivery() -> None:
    late = Delivered(20.0, "pager", FIRING)
    owed: list[Notice] = membership.notices(LIFE, late=10.0)
    assert membership.deliveries(owed, [late, TOLD[1]], "pager", "Hot") == []


def test_an_alert_that_still_fires_at_the_end_is_owed_no_resolution() -> None:
    burning = live(replace(GAUGE, changes=GAUGE.changes[:1]), RULE, PACE, 0.0, 50.0)
    assert [notice.status for notice in membership.notices(burning)] == [FIRING]


def test_a_hole_between_polls_has_its_whole_length() -> None:
    polls = [(t / 10, t / 10 + 0.01) for t in (*range(30), *range(60, 100))]
    assert membership.hole(polls, 0.0, 10.0) == pytest.approx(3.1)
    assert membership.hole([], 0.0, 10.0) == 10
    assert Span(0, 10).__contains__(10)
