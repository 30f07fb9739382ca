"""Steps, batches and the power gate: pure data."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.config.timescale import TimeScale
from promproof.contract import model as contracts
from promproof.drills import plan
from promproof.drills.doses import Change
from promproof.drills.drill import Loaded, NearMiss, load_folder
from promproof.drills.plan import emptied, power_gate, steps
from promproof.drills.states import Condition, Pace, Quantity, condition_at
from promproof.errors import InputError
from promproof.evidence.records import Timing
from promproof.places import DEFAULT_CONTRACT
from promproof.places import DRILLS as FOLDER

pytestmark = pytest.mark.unit
DRILLS = {drill.plan.name: drill for drill in load_folder(FOLDER)}
CONTRACT = contracts.load(DEFAULT_CONTRACT)
SCALE = TimeScale(60)
TIMING = Timing(0.05, 5.0, 5.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=10 / 60, scale=60.0)


def timing(name: str) -> Timing:
    alert = CONTRACT.alert(DRILLS[name].plan.alert)
    window = SCALE.seconds(contracts.seconds(alert.window)) if alert.window else 0.0
    hold = SCALE.seconds(contracts.seconds(alert.hold or "0s"))
    return DRILLS[name].plan.timed(replace(TIMING, threshold=alert.edge, window=window, hold=hold))


def gate(name: str, **changed: Any) -> None:
    loaded = DRILLS[name]
    alert = CONTRACT.alert(loaded.plan.alert)
    changed_plan = loaded.plan.model_copy(update=changed)
    histogram = CONTRACT.edges(alert)
    power_gate(Loaded(plan=changed_plan, path=loaded.path), alert, timing(name), SCALE, histogram)


@pytest.mark.parametrize("name", DRILLS)
def test_each_shipped_drill_passes_the_power_gate(name: str) -> None:
    gate(name)


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("HighErrorRate", {"rate": 100.0}, "rate: 127 or more"),
        ("HighErrorRate", {"below": 0.051}, "do not enclose"),
        ("HighCPUUsage", {"above": 0.801}, "34000 are needed"),
        ("HighPromptFailureRate", {"events": 100.0}, "events: 127 or more"),
    ],
)
def test_a_drill_that_proves_nothing_is_refused_with_its_line(
    name: str, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        gate(name, **changed)
    assert re.search(r"\.yaml:\d+", str(caught.value))


@pytest.mark.parametrize(
    ("delay", "found", "words"),
    [
        ("900ms", (0.5, 1.0, 1.5), "does not fall into the bucket above 1 s"),
        ("2600ms", (0.5, 1.0, 1.5), "half"),
        ("1200ms", (0.5, 1.0), "no bucket of the histogram"),
        ("1200ms", (0.5, 1.5), "no bucket of the histogram"),
    ],
)
def test_a_delay_that_no_bucket_shows_is_refused(delay: str, found: tuple[float, ...], words: str) -> None:
    loaded = DRILLS["SlowResponses"]
    fault = loaded.plan.fault.model_copy(update={"delay": delay})
    changed = Loaded(plan=loaded.plan.model_copy(update={"fault": fault}), path=loaded.path)
    with pytest.raises(InputError, match=words):
        power_gate(changed, CONTRACT.alert("SlowResponses"), timing("SlowResponses"), SCALE, found)


def test_failed_scrapes_as_long_as_for_are_refused_as_harmless() -> None:
    below = DRILLS["ServiceDown"].plan.below
    assert isinstance(below, NearMiss)
    with pytest.raises(InputError, match="failed_scrapes: 2 or fewer"):
        gate("ServiceDown", below=below.model_copy(update={"failed_scrapes": 4}))


def test_a_pulse_as_long_as_for_is_refused() -> None:
    pulses = DRILLS["Intermittent"].plan.pulses
    assert pulses is not None
    with pytest.raises(InputError, match="not shorter than for"):
        gate("Intermittent", pulses=pulses.model_copy(update={"above_for": "5m"}))


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_heals_and_looks_afterwards(name: str) -> None:
    course = steps(DRILLS[name].plan, timing(name), 0.1)
    names = [step.turn for step in course]
    assert names[0] == "below"
    assert [step.do for step in course[-2:]] == ["heal", "watch"]
    assert names.index("raised") < names.index("healed") < names.index("quiet")
    assert all(step.seconds > 0 for step in course)


def test_the_harmless_side_lasts_a_window_and_for() -> None:
    below = steps(DRILLS["HighErrorRate"].plan, TIMING, 0.1)[0]
    assert below.seconds >= TIMING.window + TIMING.hold


@pytest.mark.parametrize("name", DRILLS)
def test_the_quiet_lasts_a_window_since_the_healing_and_a_group_interval_since_the_word(name: str) -> None:
    found = timing(name)
    quiet = steps(DRILLS[name].plan, found, 0.1)[-1]
    assert quiet.since_healing > found.window + found.group_interval
    assert quiet.seconds > found.group_interval


def test_of_two_windows_the_short_one_says_how_long_the_quiet_lasts() -> None:
    long = timing("ErrorBudgetFastBurn")
    both = replace(long, short_window=5.0)
    plan = DRILLS["ErrorBudgetFastBurn"].plan
    whole, short = (steps(plan, each, 0.1)[-1].since_healing for each in (long, both))
    assert whole - short == pytest.approx(long.window - 5.0)
    assert steps(plan, both, 0.1)[0].seconds >= long.window  # but both are full before the fault


def test_windows_that_hold_other_traffic_lengthen_the_harmless_side_alone() -> None:
    plan, timing = DRILLS["HighErrorRate"].plan, TIMING
    course, aged = steps(plan, timing, 0.1), steps(plan, timing, 0.1, timing.window + 3.0)
    assert aged[0].seconds == pytest.approx(course[0].seconds + 3.0)
    assert aged[1:] == course[1:]
    assert steps(plan, timing, 0.1, timing.window - 1.0) == course


def test_whole_events_delay_a_share_the_less_the_more_there_are() -> None:
    for name in ("HighMemoryUsage", "ServiceDown"):
        assert plan.granularity(DRILLS[name].plan, timing(name)) == 0
    few = DRILLS["HighErrorRate"].plan
    assert few.rate is not None
    many = few.model_copy(update={"rate": 10 * few.rate})
    slow = plan.granularity(few, timing("HighErrorRate"))
    # one accumulator: 3 of 140 x 4.75 events, made up for at a point in 5 s
    assert slow == pytest.approx(3 / (140 * 4.75) / 0.01 * 5)
    assert plan.granularity(many, timing("HighErrorRate")) == pytest.approx(slow / 10)


def test_the_shortest_detection_is_shorter_than_the_longest() -> None:
    for name, loaded in DRILLS.items():
        assert 0 < plan.shortest(loaded.plan, timing(name)) < plan.detection(loaded.plan, timing(name))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("below: 0.045", "below: 4.5", "below"),
        ("above: 0.055", "", "share below and a share above"),
        ("kind: errors", "kind: slow", "delay"),
        ("alert: HighErrorRate", "alarm: HighErrorRate", "alarm"),
        ("kind: errors", "kind: http\n  apply: {url: 'http://x/'}", "undo"),
        ("rate: 140.0", "", "belong together"),
        ("status: 502", "status: 200", "status"),
        ("drill: 1", "drill: 2", "drill"),
    ],
)
def test_a_drill_file_with_a_mistake_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    text = DRILLS["HighErrorRate"].path.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "drill.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        load_folder(tmp_path)
    assert re.search(r"drill\.yaml:\d+", str(caught.value))


def test_two_drills_of_one_name_are_refused(tmp_path: Path) -> None:
    text = DRILLS["HighErrorRate"].path.read_text(encoding="utf-8")
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is taken by"):
        load_folder(tmp_path)
    with pytest.raises(InputError, match="no drill is there"):
        load_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("scale", [1, 5, 20, 60])
def test_a_drill_begins_when_no_rule_can_see_what_was_sent_before(scale: int) -> None:
    window, scrape, evaluation = 300 / scale, 15 / scale, 15 / scale
    # all failed until 0 s, nothing does from then on
    quantity = Quantity(0.05, (Change(-window, -window, 1.0), Change(0.0, 0.0, 0.0)), window=window)
    pace = Pace(scrape, evaluation, 0.0)
    begins = emptied([60 / scale, window], scrape, evaluation)
    assert condition_at(quantity, pace, begins - evaluation) is Condition.FALSE
    assert condition_at(quantity, pace, window - 2 * scrape) is not Condition.FALSE
