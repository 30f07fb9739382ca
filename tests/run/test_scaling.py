"""Without a wish a run takes the largest time scale that nothing forbids, and says what forbids a larger one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.config.largestscale import fitting
from promproof.config.timescale import TimeScale
from promproof.drills.drill import Loaded, load_folder
from promproof.errors import InputError
from promproof.places import DRILLS
from promproof.run import drills as session
from promproof.run import scaling
from promproof.run.mixing import staged
from promproof.run.options import LARGEST_DRILL_SCALE, Options
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared

pytestmark = pytest.mark.unit
JOB = "  - job_name: {name}\n    {interval}static_configs: [{{targets: ['{name}.internal:80']}}]\n"
RULES = """groups:
  - name: shop
    rules:
      - alert: Refusals
        expr: sum by () (rate(refused_total[2m])) / sum(rate(calls_total[2m])) > 0.2
        for: 1m
"""


def run(folder: Path, scale: float | None = None, environment: str = "", **intervals: str) -> Prepared:
    """A prepared run of a folder whose jobs have these scrape intervals; `shop` is the target's."""
    jobs = "".join(
        JOB.format(name=name, interval=f"scrape_interval: {interval}\n    " if interval else "")
        for name, interval in intervals.items()
    )
    text = (
        "global: {scrape_interval: 30s, evaluation_interval: 30s}\nrule_files: [rules.yml]\nscrape_configs:\n"
    )
    (folder / "prometheus.yml").write_text(text + jobs, encoding="utf-8")
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    target = f"target: {{job: shop, environment: {{WINDOW: '{environment}'}}}}\n"
    (folder / "contract.yaml").write_text(f"contract: 1\nservice: shop\n{target}", encoding="utf-8")
    given = Options.of(contract=folder / "contract.yaml", monitoring=folder, app="x {port}", time_scale=scale)
    return prepare(given)


@pytest.mark.parametrize(
    ("interval", "scale"),
    [("", 60), ("30s", 60), ("6s", 60), ("5s", 50), ("3s", 30), ("1s", 10), ("250ms", 2.5)],
)
def test_the_targets_scrape_interval_limits_the_scale(tmp_path: Path, interval: str, scale: float) -> None:
    assert run(tmp_path, shop=interval).scale.factor == scale


def test_the_limit_of_the_scale_is_reported_with_its_line(tmp_path: Path) -> None:
    told = scaling.told(run(tmp_path, shop="5s"))
    expected = (
        "time scale 50 (at 60: scrape_configs[shop] would be scraped every 83 ms, the least is 100 ms; "
    )
    assert told == f"{expected}prometheus.yml:5, scrape_configs[shop].scrape_interval)"
    assert scaling.told(run(tmp_path, shop="30s")) == "time scale 60"


def test_a_job_that_the_run_leaves_out_limits_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, shop="30s", disks="5s").scale.factor == 60
    assert run(tmp_path, shop="30s", node="5s").scale.factor == 50


def test_a_scale_that_does_not_fit_is_refused_with_the_one_that_does(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match="every 83 ms") as caught:
        run(tmp_path, 60, shop="5s")
    assert caught.value.expected == "at most 50"
    assert "--time-scale 50 would do" in str(caught.value.todo)
    assert run(tmp_path, 50, shop="5s").scale.factor == 50


def test_a_duration_of_the_targets_environment_limits_the_scale(tmp_path: Path) -> None:
    prepared = run(tmp_path, environment="{duration:50ms}", shop="30s")
    assert prepared.scale.factor == 50
    assert "target.environment.WINDOW" in prepared.scale_reason


def test_an_aggregation_by_nothing_is_scaled(tmp_path: Path) -> None:
    prepared = run(tmp_path, shop="30s")
    scaled = prepared.scale.rule_file(prepared.folder.rules[0].data)
    assert "[2s]" in scaled["groups"][0]["rules"][0]["expr"]


def too_large(prepared: Prepared) -> None:
    """Stands for a power gate: doses that cannot be told apart above 20."""
    if prepared.scale.factor > 20:
        raise InputError(what="too few events", where="drill.yaml:3", expected="rate: 90 or more")


def test_the_power_gate_of_planned_drills_limits_the_scale(tmp_path: Path) -> None:
    prepared = scaling.fitted(run(tmp_path, shop="30s"), too_large)
    assert scaling.told(prepared) == "time scale 20 (at 60: too few events; drill.yaml:3; rate: 90 or more)"


def test_a_power_gate_that_refuses_the_asked_scale_names_the_one_that_does(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few events") as caught:
        scaling.fitted(run(tmp_path, 60, shop="30s"), too_large)
    assert "--time-scale 20 would do" in str(caught.value.todo)


def test_what_is_refused_at_every_scale_is_told_as_it_is(tmp_path: Path) -> None:
    def never(prepared: Prepared) -> None:
        raise InputError(what="no such side", where="drill.yaml:3", expected="below < above")

    for scale in (None, 60, 1):
        with pytest.raises(InputError) as caught:
            scaling.fitted(run(tmp_path, scale, shop="30s"), never)
        assert caught.value.expected == "below < above"


def test_a_weak_drill_of_the_main_job_is_reported_before_anything_starts() -> None:
    prepared = prepare(Options.of())
    assert prepared.drill is not None
    weak = prepared.drill.plan.model_copy(update={"rate": 60.0})
    drill = Loaded(plan=weak, path=prepared.drill.path)
    with pytest.raises(InputError, match="are needed"):
        scaling.gate(prepared, drill)
    lower = scaling.fitted(prepared, lambda scaled: scaling.gate(scaled, drill))
    assert 1 < lower.scale.factor < 60
    scaling.gate(replace(prepared, scale=lower.scale), drill)


@pytest.mark.parametrize(
    ("scale", "rate"), [(None, 140.0), (60, 140.0), (30, 140.0), (90, 210.0), (120, 280.0)]
)
def test_beyond_the_largest_scale_of_its_own_the_drill_is_driven_faster(
    scale: float | None, rate: float
) -> None:
    prepared = prepare(Options.of(time_scale=scale))
    assert prepared.drill is not None
    assert prepared.drill.plan.rate == rate
    faster = f" (HighErrorRate with {rate:g} sessions a second instead of 140)"
    assert scaling.told(prepared) == f"time scale {scale or 60:g}{faster if rate > 140 else ''}"


def test_a_machine_with_time_to_spare_takes_what_the_folder_allows_and_says_what_is_faster() -> None:
    prepared = prepare(Options.of(stack="processes"), lambda: 2.0)
    assert prepared.drill is not None
    assert (prepared.scale.factor, prepared.drill.plan.rate) == (150, 350)
    assert (
        scaling.told(prepared) == "time scale 150 (HighErrorRate with 350 sessions a second instead of 140)"
    )


def test_a_machine_with_less_to_spare_takes_less_and_says_why() -> None:
    prepared = prepare(Options.of(stack="processes"), lambda: 1.6)
    assert prepared.scale.factor == 120
    why = "at 150: this machine has 1.6 processors to spare, 1.8 are needed"
    assert scaling.told(prepared).endswith(f"280 sessions a second instead of 140; {why})")
    busy = prepare(Options.of(stack="processes"), lambda: 1.0)
    assert busy.drill is not None
    assert (busy.scale.factor, busy.drill.plan.rate) == (60, 140)
    assert scaling.told(busy).startswith("time scale 60 (at 150: this machine has 1.0 processors to spare")


@pytest.mark.parametrize(
    "given", [{"drill": False}, {"time_scale": 60.0}], ids=["without-a-drill", "asked-for"]
)
def test_a_run_that_gains_nothing_asks_no_machine(given: dict[str, Any]) -> None:
    prepared = prepare(Options.of(**given), lambda: pytest.fail("asked"))
    assert scaling.told(prepared) == "time scale 60"


@pytest.mark.parametrize(("processors", "scale"), [(2.0, 90), (1.4, 75), (1.0, 60)])
def test_drills_take_more_than_the_default_where_there_is_time_to_spare(
    processors: float, scale: float
) -> None:
    options = Options.of(stack="processes", drill=False)
    prepared = prepare(options, lambda: processors, LARGEST_DRILL_SCALE)
    assert prepared.scale.factor == scale
    usual = [drill for drill in load_folder(DRILLS) if drill.default]
    quick = [scaling.quickened(drill, prepared.scale) for drill in usual]
    session.refuse(prepared, quick)
    # what is sent in all does not grow with it
    assert all(sum(load.rate for load in stage.loads) <= 290 for stage in staged(prepared, quick))


def test_a_target_that_runs_already_is_not_sent_more_than_is_written() -> None:
    prepared = prepare(
        Options.of(target="http://127.0.0.1:1", fault_url="http://127.0.0.1:2", fault_token="x"), lambda: 2.0
    )
    assert prepared.scale.factor == 60
    assert "the target runs already" in prepared.scale_reason


def test_containers_are_scraped_no_faster_than_before() -> None:
    prepared = prepare(Options.of(stack="containers"), lambda: 2.0)
    assert prepared.scale.factor == 60
    assert "exporters in containers need longer" in prepared.scale_reason


def test_events_of_another_count_than_the_rate_are_raised_with_it() -> None:
    prepared = prepare(Options.of())
    assert prepared.drill is not None
    drill = prepared.drill
    counted = drill.model_copy(update={"plan": drill.plan.model_copy(update={"events": 70.0})})
    faster = scaling.quickened(counted, TimeScale(120))
    assert (faster.plan.rate, faster.plan.events, faster.path) == (280.0, 140.0, drill.path)


def test_a_scale_at_which_scrapes_are_too_close_is_refused_with_the_largest_one() -> None:
    with pytest.raises(InputError, match="the least is 100 ms") as caught:
        prepare(Options.of(time_scale=200))
    assert caught.value.expected == "at most 150"


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=8), st.lists(st.integers(100, 10**6), max_size=3))
def test_the_scale_that_is_taken_fits_and_the_next_larger_one_does_not(
    durations: list[int], intervals: list[int]
) -> None:
    def visit(scale: TimeScale) -> None:
        for duration in durations:
            scale.milliseconds(duration, "a rule")
        for interval in intervals:
            scale.refuse_fast(scale.milliseconds(interval, "a job"), 0.0, "a job", "a file")

    fit, why = fitting(visit, 60)
    if not fit[0].is_identity:
        visit(fit[0])
    assert (why is None) == (fit[0].factor == 60)
    if why is not None:
        with pytest.raises(InputError):
            visit(TimeScale(60))
