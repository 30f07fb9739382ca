"""Two doses of the same requests: how many of one the other may hold back, so that they are counted late."""

from __future__ import annotations

from itertools import product

import pytest

from promproof.drills.coinciding import coincident, go_together, held_up
from promproof.drills.drill import Drill, load_folder
from promproof.drills.plan import detection, lag, steps
from promproof.evidence.records import Timing
from promproof.places import DRILLS as FOLDER
from promptpilot.dosing import Dose, parts

pytestmark = pytest.mark.unit
DRILLS = {drill.plan.name: drill.plan for drill in load_folder(FOLDER)}
ERRORS, SLOW = DRILLS["TwoAtOnceErrors"], DRILLS["TwoAtOnceSlow"]
TIMING = Timing(0.05, 5.0, 5.0, 0.25, 0.25, 0.5, 1.0, scale=60.0)


def changed(drill: Drill, **given: object) -> Drill:
    return drill.model_copy(update=given)


def seen(share: float, other: float, number: int) -> int:
    """The most of so many in a row that the faults of the shipped service choose both, wherever one begins."""
    most = 0
    for begin in range(200):
        mine, theirs = Dose(), Dose()
        chosen: list[bool] = []
        for _ in range(begin):
            theirs.take(parts(other))
        while len(chosen) < 3 * number:
            late = theirs.take(parts(other))
            if mine.take(parts(share)):
                chosen.append(late)
        most = max(most, *(sum(chosen[at : at + number]) for at in range(2 * number)))
    return most


@pytest.mark.parametrize(
    ("share", "other"), [*product((0.02, 0.045, 0.055, 0.1, 0.12), (0.04, 0.06, 0.09, 0.1, 0.1001, 0.2))]
)
def test_no_more_coincide_than_are_counted_with(share: float, other: float) -> None:
    assert seen(share, other, 12) <= coincident(share, other, 12)


def test_equal_shares_may_all_coincide_and_so_may_multiples_and_neighbours() -> None:
    assert coincident(0.1, 0.1, 12) == coincident(0.05, 0.1, 12) == coincident(0.1, 0.1001, 12) == 12
    assert seen(0.1, 0.1, 12) == 12
    assert coincident(0.1, 0.09, 10) == 1
    assert coincident(0.1, 0.0, 10) == coincident(0.0, 0.1, 10) == 0


def test_errors_that_are_all_held_back_are_awaited_for_as_long() -> None:
    assert held_up(ERRORS, [SLOW]) == pytest.approx(
        4 / 13
    )  # of the harmless ones, 2 %; of the others at most 2
    equal = changed(SLOW, above=0.1)
    assert held_up(ERRORS, [equal]) == 1.2
    assert held_up(ERRORS, [SLOW, equal]) == 1.2
    assert held_up(ERRORS, [changed(SLOW, below=0.1)]) == 1.2


def test_who_holds_back_is_not_held_up_and_nobody_is_by_what_holds_nothing_back() -> None:
    assert held_up(SLOW, [ERRORS]) == held_up(ERRORS, []) == held_up(ERRORS, [DRILLS["HighErrorRate"]]) == 0
    assert held_up(DRILLS["HighMemoryUsage"], [SLOW]) == held_up(ERRORS, [DRILLS["HighMemoryUsage"]]) == 0
    assert held_up(DRILLS["HighPromptFailureRate"], [DRILLS["SlowResponses"]]) == 0  # on other routes


def test_the_default_drills_are_hardly_held_up() -> None:
    assert held_up(DRILLS["HighErrorRate"], [DRILLS["SlowResponses"]]) < 0.3


def test_what_is_held_up_is_driven_and_judged_for_longer() -> None:
    late = Timing(**{**TIMING.__dict__, "late": 1.2})
    assert lag(ERRORS, late) == lag(ERRORS, TIMING) + 1.2
    assert detection(ERRORS, late) == pytest.approx(detection(ERRORS, TIMING) + 1.2)
    longer = [
        b.seconds - a.seconds
        for a, b in zip(steps(ERRORS, TIMING, 0.1), steps(ERRORS, late, 0.1), strict=True)
    ]
    assert longer[0] == pytest.approx(1.2)


def test_shares_that_go_together_are_known_from_either_side() -> None:
    for errors, slow, together in (
        (0.1, 0.1, True),
        (0.1, 0.05, True),
        (0.05, 0.1, True),
        (0.055, 0.06, False),
    ):
        first, second = changed(ERRORS, above=errors), changed(SLOW, above=slow)
        assert go_together(first, second) is go_together(second, first) is together, (errors, slow)
    elsewhere = changed(ERRORS, fault=ERRORS.fault.model_copy(update={"routes": ("GET /health",)}))
    assert not go_together(elsewhere, changed(SLOW, above=0.1))
    assert not go_together(DRILLS["HighMemoryUsage"], SLOW)
