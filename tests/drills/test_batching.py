"""Which drills run side by side, and which loads are sent meanwhile: no dose is thinned by what another drill needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.rules import read
from promproof.config.yamlfile import load as load_yaml
from promproof.contract import model as contracts
from promproof.drills.aging import remains
from promproof.drills.batching import Beside, Load, Stage, batches, highest, loads_of, sparing, stages
from promproof.drills.drill import Drill, Loaded, load, load_folder
from promproof.faults.dosed import Dosed
from promproof.places import DEFAULT_CONTRACT
from promproof.places import DRILLS as FOLDER
from promproof.run.mixing import Mixing

pytestmark = pytest.mark.unit
DRILLS = {drill.plan.name: drill for drill in load_folder(FOLDER) if not drill.plan.by_name}
CONTRACT = contracts.load(DEFAULT_CONTRACT)
RULES = read(
    [
        load_yaml(path, "a rule file")
        for path in sorted((DEFAULT_CONTRACT.parent / "prometheus/rules").glob("*.yml"))
    ]
)
DEFAULT = {"HighCPUUsage", "HighErrorRate", "HighMemoryUsage", "HighPromptFailureRate", "SlowResponses"}
SHOP = """
contract: 1
service: shop
metrics:
  - {name: r_total, type: counter, labels: {route: {from: route}, code: {from: status}}, truth: {kind: requests}}
  - name: d_seconds
    type: histogram
    labels: {route: {from: route}}
    buckets: [0.5, 1.0, 1.5]
    truth: {kind: durations}
  - {name: depth, type: gauge, labels: {}, truth: {kind: constant}}
alerts:
  - {name: Errors, comparator: ">", threshold: 0.05, window: 5m, for: 1m, severity: page, metrics: [r_total]}
  - {name: Slow, comparator: ">", threshold: 1, window: 5m, for: 1m, severity: page, metrics: [d_seconds]}
  - {name: Long, comparator: ">", threshold: 0.05, window: 1h, for: 1m, severity: page, metrics: [r_total]}
"""
TRAFFIC = """
scenario: 1
name: NAME
mix: [{name: m, steps: [{request: GET /NAME}]}]
arrival: {model: open, rate: 10/s}
duration: 60s
"""
FAULTS = {
    "errors": "{kind: errors, routes: [ROUTES], status: 500}",
    "slow": "{kind: slow, routes: [ROUTES], delay: 1200ms}",
    "traffic": "{kind: traffic, request: GET /gone, status: 404}",
}


def planned(drills: list[Loaded], contract: contracts.Contract = CONTRACT, share: float = 1.0) -> list[Stage]:
    mixing = Mixing(contract, RULES)
    return stages(drills, mixing, sparing(mixing, share) if share > 1 else highest(drills))


def names(drills: list[Loaded] | tuple[Loaded, ...]) -> set[str]:
    return {drill.plan.name for drill in drills}


def shop(
    folder: Path, *given: tuple[str, str, str, str], rate: float = 100.0
) -> tuple[list[Loaded], contracts.Contract]:
    """Drills of a stranger: name of the alert, kind of fault, its routes, the load."""
    (folder / "contract.yaml").write_text(SHOP, encoding="utf-8")
    found = []
    for number, (alert, kind, routes, traffic) in enumerate(given):
        (folder / f"{traffic}.yaml").write_text(TRAFFIC.replace("NAME", traffic), encoding="utf-8")
        path = folder / f"drill{number}.yaml"
        fault, above = FAULTS[kind].replace("ROUTES", routes), 0.07 if kind == "slow" else 0.06
        path.write_text(
            f"drill: 1\nname: D{number}\nalert: {alert}\nscenario: {traffic}.yaml\nrate: {rate}\n"
            f"fault: {fault}\nbelow: 0.04\nabove: {above}\n",
            encoding="utf-8",
        )
        found.append(Loaded(plan=load(path), path=path))
    return found, contracts.load(folder / "contract.yaml")


def test_only_drills_that_do_not_disturb_each_other_run_together() -> None:
    found = [names(batch) for batch in batches(list(DRILLS.values()), Beside())]
    assert found[0] == DEFAULT
    assert {"TwoAtOnceErrors", "TwoAtOnceSlow"} in found
    assert all(len(batch) == 1 for batch in found if not batch & (DEFAULT | {"TwoAtOnceErrors"}))
    assert sum(map(len, found)) == len(DRILLS)
    errors = DRILLS["HighErrorRate"]
    again = Loaded(plan=errors.plan.model_copy(update={"name": "Again"}), path=errors.path)
    assert len(batches([errors, again], Beside())) == 2


def test_no_load_of_a_stage_takes_from_a_dose_of_it() -> None:
    mixing = Mixing(CONTRACT, RULES)
    found = planned(list(DRILLS.values()))
    assert sum(len(stage.drills) for stage in found) == len(DRILLS)
    for stage in found:
        assert set(loads_of(stage.drills)) <= {load.path for load in stage.loads}
        for drill in stage.drills:
            assert not any(mixing.dilutes(load.path, drill) for load in stage.loads), drill.plan.name


def test_the_second_load_of_the_shipped_drills_would_take_from_a_dose_of_one_load() -> None:
    mixing = Mixing(CONTRACT, RULES)
    executions = loads_of([DRILLS["HighPromptFailureRate"]])[0]
    thinned = {drill.plan.name for drill in DRILLS.values() if mixing.dilutes(executions, drill)}
    assert thinned == {"CounterReset", "ScrapeGap", "TwoAtOnceErrors", "TwoAtOnceSlow"}


def test_the_five_default_drills_still_run_side_by_side() -> None:
    default = [drill for drill in DRILLS.values() if drill.default]
    first, second = planned(default)
    assert names(first.drills) == DEFAULT
    assert [load.path.stem for load in first.loads] == ["steady", "executions"]
    assert [load.path.stem for load in second.loads] == ["steady"]


def test_a_load_goes_on_where_no_drill_needs_one() -> None:
    for stage in planned(list(DRILLS.values())):
        assert stage.loads, names(stage.drills)


def test_what_a_silent_alert_does_not_notice_takes_place_beside_a_long_window() -> None:
    found = planned(list(DRILLS.values()))
    (long,) = [stage for stage in found if "ErrorBudgetFastBurn" in names(stage.drills)]
    assert names(long.drills) == {
        "ErrorBudgetFastBurn",
        "AlertmanagerRestarts",
        "Intermittent",
        "WebhookFails",
    }
    # one after the other: they are about one alert
    assert long.after == {
        "Intermittent": ("AlertmanagerRestarts",),
        "WebhookFails": ("AlertmanagerRestarts", "Intermittent"),
    }
    for name in ("PrometheusRestarts", "ScrapeGap", "CounterReset", "ServiceDown"):
        (alone,) = [stage for stage in found if name in names(stage.drills)]
        assert len(alone.drills) == 1, name


def test_nothing_takes_place_beside_a_window_that_is_over_sooner() -> None:
    short = [DRILLS[name] for name in ("HighErrorRate", "AlertmanagerRestarts", "Intermittent")]
    assert [names(stage.drills) for stage in planned(short)] == [
        {"HighErrorRate"},
        {"AlertmanagerRestarts"},
        {"Intermittent"},
    ]


def test_two_doses_on_loads_of_their_own_are_held_one_after_the_other(tmp_path: Path) -> None:
    drills, contract = shop(tmp_path, ("Errors", "errors", "GET /a", "a"), ("Slow", "slow", "GET /b", "b"))
    found = planned(drills, contract)
    assert [(names(stage.drills), [load.path.stem for load in stage.loads]) for stage in found] == [
        ({"D0"}, ["a"]),
        ({"D1"}, ["b"]),
    ]


@pytest.mark.parametrize(
    "given",
    [
        [("Errors", "errors", "GET /a, GET /b", "a"), ("Slow", "slow", "GET /a, GET /b", "b")],
        [("Errors", "errors", "GET /a", "a"), ("Slow", "slow", "GET /a", "a")],
    ],
    ids=["both doses are on both loads", "one load"],
)
def test_doses_that_nothing_thins_are_held_side_by_side(
    given: list[tuple[str, str, str, str]], tmp_path: Path
) -> None:
    assert len(planned(*shop(tmp_path, *given))) == 1


def test_requests_that_a_fault_adds_take_from_another_dose(tmp_path: Path) -> None:
    drills, contract = shop(tmp_path, ("Errors", "traffic", "", "a"), ("Slow", "slow", "GET /a", "a"))
    assert len(planned(drills, contract)) == 2
    apart, contract = shop(
        tmp_path, ("Errors", "traffic", "", "a"), ("Slow", "slow", "GET /a, GET /gone", "a")
    )
    assert len(planned(apart, contract)) == 1


def test_a_load_pauses_while_it_would_take_from_a_dose_and_goes_on_later(tmp_path: Path) -> None:
    drills, contract = shop(
        tmp_path,
        ("Errors", "errors", "GET /a, GET /b", "a"),
        ("Slow", "slow", "GET /a, GET /b", "b"),
        ("Long", "errors", "GET /b", "b"),
        ("Errors", "errors", "GET /a", "a"),
    )
    found = planned(drills, contract)
    assert [[load.path.stem for load in stage.loads] for stage in found] == [["a", "b"], ["b"], ["a"]]


def driven(found: list[Stage]) -> dict[str, Drill]:
    return {drill.plan.name: drill.plan for stage in found for drill in stage.drills}


def test_drills_of_one_scenario_have_the_rate_at_which_it_is_played() -> None:
    found = driven(planned(list(DRILLS.values())))
    assert {found[name].rate for name in ("HighErrorRate", "CounterReset", "ServiceDownHanging")} == {150.0}
    assert found["HighPromptFailureRate"] == DRILLS["HighPromptFailureRate"].plan
    assert found["HighMemoryUsage"].rate is None
    alone = DRILLS["CounterReset"]
    assert planned([alone])[0].drills == (alone,)


def test_a_fault_decides_on_what_both_loads_send_to_its_routes() -> None:
    found = driven(planned(list(DRILLS.values())))
    assert found["HighErrorRate"].decided == found["SlowResponses"].decided == 300.0
    assert found["CounterReset"].decided == 150.0  # the other load has ended
    assert found["HighPromptFailureRate"].decided == 141.7  # an alert of each prompt: of one load alone


def test_events_grow_with_the_rate(tmp_path: Path) -> None:
    (slow,), contract = shop(tmp_path, ("Slow", "slow", "GET /a", "a"))
    (fast,), _ = shop(tmp_path, ("Slow", "slow", "GET /a", "a"), rate=200.0)
    fast = fast.model_copy(update={"plan": fast.plan.model_copy(update={"name": "Fast"})})
    few = slow.model_copy(update={"plan": slow.plan.model_copy(update={"events": 90.0})})
    found = driven(planned([few, fast], contract))
    assert (found["D0"].decided, found["Fast"].decided) == (180.0, 200.0)


def test_what_others_send_to_the_routes_of_a_fault_is_not_sent_twice_beyond_the_default_scale() -> None:
    fast = [drill.at_rate(2.0) for drill in DRILLS.values()]
    first, *rest = planned(fast, share=2.0)
    # as many executions as the alert about them needs, which are enough for errors and slow ones as well
    assert [(load.path.stem, load.rate) for load in first.loads] == [("steady", 14.0), ("executions", 300.0)]
    plans = driven([first])
    assert plans["HighErrorRate"].decided == plans["SlowResponses"].decided == 314.0
    assert plans["HighPromptFailureRate"].decided == pytest.approx(283.4)
    for stage in rest:
        for drill in stage.drills:
            wanted = next(each.plan.decided for each in fast if each.plan.name == drill.plan.name)
            assert wanted is None or (drill.plan.decided or 0.0) >= wanted, drill.plan.name
    assert max(sum(load.rate for load in stage.loads) for stage in (first, *rest)) <= 320
    # a target that takes no requests is not sent faster than is written: they stay open
    hanging = next(stage for stage in rest if names(stage.drills) == {"ServiceDownHanging"})
    assert hanging.loads == (Load(loads_of(hanging.drills)[0], 50.0),)


def test_a_long_window_still_holds_what_was_done_for_another_alert(tmp_path: Path) -> None:
    _, contract = shop(tmp_path)
    errors, slow, long = (contract.alert(name) for name in ("Errors", "Slow", "Long"))
    assert remains(contract, (), long, [errors]) == 3600
    assert remains(contract, (), errors, [slow, long]) == 300
    assert remains(contract, (), long, [slow]) == 0
    assert remains(contract, (), long, []) == 0
    # of two windows the short one is clean first
    assert (
        remains(CONTRACT, (), CONTRACT.alert("ErrorBudgetFastBurn"), [CONTRACT.alert("HighErrorRate")]) == 300
    )


def test_every_dosed_drill_names_where_it_doses() -> None:
    assert all(drill.plan.fault.routes for drill in DRILLS.values() if isinstance(drill.plan.fault, Dosed))


def test_shares_that_hit_the_same_requests_are_not_dosed_side_by_side() -> None:
    errors, slow = DRILLS["HighErrorRate"], DRILLS["SlowResponses"]
    alike = slow.model_copy(update={"plan": slow.plan.model_copy(update={"above": errors.plan.above})})
    assert [names(batch) for batch in batches([errors, slow], Beside())] == [
        {"HighErrorRate", "SlowResponses"}
    ]
    assert [names(batch) for batch in batches([errors, alike], Beside())] == [
        {"HighErrorRate"},
        {"SlowResponses"},
    ]
