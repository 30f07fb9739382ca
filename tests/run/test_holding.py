"""A machine that has no time for scrapes beside a run's traffic gets less of it, before any fault, and it is said."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.cli import drill as command
from promproof.config.timescale import TimeScale
from promproof.drills.drill import Loaded, load_folder
from promproof.errors import EvidenceError, InputError
from promproof.evidence.evidence import Evidence
from promproof.places import DRILLS
from promproof.run import drills as session
from promproof.run import frame
from promproof.run.clock import SystemClock
from promproof.run.frame import Ground
from promproof.run.holding import (
    MAIN_SHARE,
    TooMuch,
    lowered,
    refuse_doubt,
    refuse_doubtful_drills,
    slow,
    too_much,
    with_less,
)
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared
from promproof.run.scaling import quickened
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
TIMEOUT = 0.167


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(Options.of(drill=False))


def in_one_run() -> list[Loaded]:
    return [drill for drill in load_folder(DRILLS) if not drill.plan.by_name]


def scrapes(*seconds: float | None) -> tuple[dict[float, float], dict[float, float]]:
    """`up` and the duration of scrapes four times a second; None failed at its time-out."""
    ups = {number / 4: float(taken is not None) for number, taken in enumerate(seconds)}
    return ups, {number / 4: TIMEOUT if taken is None else taken for number, taken in enumerate(seconds)}


def test_scrapes_that_take_long_are_counted() -> None:
    seen = slow(*scrapes(*[0.02] * 16, None, None, 0.1, 0.15), TIMEOUT)
    assert seen == "4 of 20 scrapes took more than half of their 167 ms"


def test_scrapes_that_fail_at_once_do_not_speak_of_the_machine() -> None:
    _, durations = scrapes(*[0.002] * 20)
    refused = dict.fromkeys(durations, 0.0)
    assert slow(refused, durations, TIMEOUT) == "", (
        "a wrong path, a refused connection, a body that can't be read"
    )


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param([0.02] * 20, id="all-fast"),
        pytest.param([0.08] * 20, id="all-under-half-of-the-time-out"),
        pytest.param([*[0.02] * 18, None, 0.15], id="a-tenth"),
        pytest.param([None] * 7, id="too-few-to-tell"),
    ],
)
def test_a_machine_that_holds_the_traffic_is_left_alone(taken: list[float | None]) -> None:
    assert slow(*scrapes(*taken), TIMEOUT) == ""


def test_a_main_job_is_told_of_a_quarter_of_them() -> None:
    some = scrapes(*[0.02] * 15, *[None] * 5)
    assert slow(*some, TIMEOUT, MAIN_SHARE) == ""
    assert slow(*scrapes(*[0.02] * 14, *[None] * 6), TIMEOUT, MAIN_SHARE).startswith("6 of 20 ")
    assert slow(*some, TIMEOUT).startswith("5 of 20 ")


def test_a_scrape_without_a_duration_is_slow() -> None:
    ups, _ = scrapes(*[0.02] * 20)
    assert slow(ups, {}, TIMEOUT).startswith("20 of 20 ")


def test_rate_and_scale_go_down_together_and_a_window_holds_as_many_events(prepared: Prepared) -> None:
    drills = in_one_run()
    less, fewer = lowered(prepared, drills, session.refuse) or pytest.fail("nothing less")
    assert (prepared.scale.factor, less.scale.factor) == (60, 30)
    assert less.scale_reason == "at 60: more requests a second than this machine holds beside its scrapes"
    for drill, lower in zip(drills, fewer, strict=True):
        assert lower.plan.rate == (None if drill.plan.rate is None else drill.plan.rate / 2)
        assert lower.plan.events == (None if drill.plan.events is None else drill.plan.events / 2)
        assert (lower.plan.below, lower.plan.above, lower.path) == (
            drill.plan.below,
            drill.plan.above,
            drill.path,
        )


def test_a_scale_that_was_asked_for_stays(prepared: Prepared) -> None:
    asked = replace(prepared, options=replace(prepared.options, time_scale=60.0))
    assert lowered(asked, in_one_run(), session.refuse) is None


def test_real_time_is_not_slowed_down(prepared: Prepared) -> None:
    assert lowered(replace(prepared, scale=TimeScale(1)), in_one_run(), session.refuse) is None


def test_a_scale_at_which_the_drills_are_refused_is_passed_over(prepared: Prepared) -> None:
    def only_small(less: Prepared, drills: Sequence[Loaded]) -> None:
        if less.scale.factor > 12:
            raise InputError(what="too few events")

    less, _ = lowered(prepared, in_one_run(), only_small) or pytest.fail("nothing less")
    assert less.scale.factor == 12


@pytest.fixture(scope="module")
def fast() -> Prepared:
    return prepare(Options.of(stack="processes"), lambda: 2.0)


def test_a_main_job_beyond_the_default_falls_to_it_with_its_drill_as_written(fast: Prepared) -> None:
    less = with_less(fast) or pytest.fail("nothing less")
    assert less.drill is not None
    assert (fast.scale.factor, less.scale.factor, less.drill.plan.rate) == (150, 60, 140)


def verdicts(*outcomes: Outcome) -> list[Verdict]:
    return [Verdict(f"claim/{number}", outcome, "too busy") for number, outcome in enumerate(outcomes)]


def test_a_main_job_beyond_the_default_that_left_something_unknown_is_driven_again(fast: Prepared) -> None:
    with pytest.raises(TooMuch, match="150 leaves claim/1 unknown, and 1 more: too busy"):
        refuse_doubt(fast, verdicts(Outcome.PASS, Outcome.UNKNOWN, Outcome.UNKNOWN))


def test_what_failed_is_reported_and_so_is_what_was_asked_for(fast: Prepared) -> None:
    doubtful = verdicts(Outcome.PASS, Outcome.UNKNOWN)
    refuse_doubt(fast, [*doubtful, *verdicts(Outcome.FAIL)])
    refuse_doubt(fast, verdicts(Outcome.PASS, Outcome.NOT_VERIFIED))
    refuse_doubt(replace(fast, scale=TimeScale(60)), doubtful)
    refuse_doubt(replace(fast, options=replace(fast.options, time_scale=150.0)), doubtful)


def test_an_alert_that_did_wrong_beside_more_than_is_written_is_looked_at_again(fast: Prepared) -> None:
    live = Verdict("alert/Errors/live/others-silent", Outcome.FAIL, "Slow fired")
    with pytest.raises(
        TooMuch, match="150 leaves alert/Errors/live/others-silent failed, and 1 more: Slow fired"
    ):
        refuse_doubt(fast, [live, *verdicts(Outcome.UNKNOWN, Outcome.PASS)])
    refuse_doubt(fast, [live, *verdicts(Outcome.FAIL)])  # red for another reason as well
    refuse_doubt(replace(fast, scale=TimeScale(60)), [live])


def test_drills_beyond_the_default_that_left_something_in_doubt_are_driven_again(prepared: Prepared) -> None:
    drills = [drill for drill in load_folder(DRILLS) if drill.default]
    faster = replace(prepared, scale=TimeScale(90))
    quick = [quickened(drill, faster.scale) for drill in drills]
    for outcome in (Outcome.UNKNOWN, Outcome.FAIL):
        with pytest.raises(TooMuch, match="90 leaves claim/1"):
            refuse_doubtful_drills(faster, quick, session.refuse, verdicts(Outcome.PASS, outcome))
    less, fewer = lowered(faster, quick, session.refuse) or pytest.fail("nothing less")
    assert less.scale.factor == 60
    assert [drill.plan.rate for drill in fewer] == [drill.plan.rate for drill in drills]


def test_drills_at_the_default_or_at_a_scale_that_was_asked_for_are_reported(prepared: Prepared) -> None:
    drills = [drill for drill in load_folder(DRILLS) if drill.default]
    doubtful = verdicts(Outcome.FAIL, Outcome.UNKNOWN)
    faster = replace(prepared, scale=TimeScale(90))
    refuse_doubtful_drills(prepared, drills, session.refuse, doubtful)
    asked = replace(faster, options=replace(prepared.options, time_scale=90.0))
    refuse_doubtful_drills(asked, drills, session.refuse, doubtful)
    refuse_doubtful_drills(faster, drills, session.refuse, verdicts(Outcome.PASS, Outcome.NOT_VERIFIED))


def test_the_command_drives_again_with_less_until_the_machine_holds_it(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[float] = []

    def run(given: Prepared, drills: Sequence[Loaded], folder: Path, *_: Any) -> str:
        tried.append(given.scale.factor)
        assert folder.is_dir()
        if given.scale.factor > 15:
            raise too_much("20 of 20 scrapes failed", 290 * given.scale.factor / 60, given.scale)
        return "driven"

    monkeypatch.setattr(session, "run", run)
    driven, _, result = command._driven(prepared, in_one_run(), tmp_path, SystemClock())
    assert (tried, driven.scale.factor, str(result)) == ([60, 30, 15], 15, "driven")
    assert len(list(tmp_path.iterdir())) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "does not hold 290 sessions a second at time scale 60: 20 of 20 scrapes failed; again with less"
        in said
    )
    assert "does not hold 145 sessions a second at time scale 30" in said


def test_a_machine_that_never_holds_it_ends_the_command(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(given: Prepared, *_: Any) -> str:
        raise too_much("20 of 20 scrapes failed", 290, given.scale)

    monkeypatch.setattr(session, "run", run)
    with pytest.raises(TooMuch):
        command._driven(prepared, in_one_run(), tmp_path, SystemClock())


class Kept:
    """A run that ends at once, and asks at its end whether what was started stays."""

    driving = "driving"

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.kept: list[bool] = []

    def bring_up(self, ground: Ground, cleanup: ExitStack) -> None:
        cleanup.callback(lambda: self.kept.append(ground.keep()))

    def drive(self) -> None:
        raise self.error

    def read(self) -> None: ...

    def exercise(self) -> None: ...

    def report(self, evidence: Evidence, verdicts: list[Verdict]) -> None: ...


@pytest.mark.parametrize("begins_anew", [True, False])
def test_nothing_is_kept_of_a_run_that_begins_anew(
    prepared: Prepared, tmp_path: Path, begins_anew: bool
) -> None:
    options = replace(prepared.options, stack=replace(prepared.options.stack, keep_on_failure=True))
    error = too_much("20 of 20", 290, prepared.scale) if begins_anew else EvidenceError("prometheus", "died")
    driven = Kept(error)
    with suppress(TooMuch):
        frame.run(driven, replace(prepared, options=options), [], tmp_path, SystemClock(), lambda text: None)
    assert driven.kept == [not begins_anew]
