"""Worlds beside the boundaries in which small changes of a rule show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promproof.proofs.evaluate import Unevaluable
from promproof.proofs.killers import answer, scenes
from promproof.proofs.plan import planned, turned
from promproof.proofs.search import Knobs
from promproof.proofs.shapes import Recorded
from promproof.proofs.spans import spans
from promproof.proofs.tree import Node, parse
from promproof.proofs.turning import gone, instead, mirrored
from promproof.proofs.world import COPIES, LEVEL, PAST, SLOPE, Family

pytestmark = pytest.mark.unit

OWNED = (
    'max by (pod) (phase{phase=~"P|U"}) * on (pod) group_left (kind) '
    'topk by (pod) (1, max by (pod, kind) (owner{kind!="Job"})) > 0'
)
QUOTA = 'sum(min without (resource) (quota{resource=~"(cpu|requests.cpu)"})) / sum(whole) > 1.5'

PODS = (
    "count by (node) ((phase == 1) * on (pod) group_left (node) topk by (pod) (1, info)) "
    "/ max by (node) (room != 1) > 0.95"
)
DOWN = "count(avg_over_time(up[5m]) < 0.5) / count(up) >= 0.5"
FULL = "quota{type='used'} / ignoring (instance, type) (quota{type='hard'} > 0) > 0.9 < 1"

ZONES = "count by (zone) (pods) / count(nodes) > 2.5"

QUIET = "((x > 5) unless on (t) (quiet == 1))"
AGED = "stamp > 0 and stamp - time() < 86400"
FULLER = "predict_linear(free{fs!='tmp'}[6h], 86400) < 0"
PANIC = "reason{reason=~'wdt_.*|panic'} == 1 and up < 3"
HIDDEN = "count without (to) (rate(c_total[2m]) > 0.01)"
EITHER_OF = f"max without (e) (sum without (instance) (up == bool 0) or {HIDDEN}) > 0"
CRON = "sum by (team) (failed{ns='m'} * on (ns, name) group_left (team) info{ns='m'}) > 0"
BOTH = "rate(c_total[5m]) + rate(d_total[5m]) > 0"
EITHER = f"{QUIET} * on (t) group_left (owner) info or {QUIET} unless on (t) info"


@pytest.mark.parametrize(
    ("expression", "changed"),
    [
        (OWNED, OWNED.replace('kind!="Job"', "")),
        (OWNED, OWNED.replace('phase=~"P|U"', "")),
        (OWNED, OWNED.replace("topk by (pod)", "topk by ()")),
        (QUOTA, QUOTA.replace("without (resource)", "without ()")),
        (PODS, PODS.replace("topk by (pod)", "topk by ()")),
        (DOWN, DOWN.replace(">= 0.5", ">= 0.495")),
        (ZONES, ZONES.replace("by (zone)", "by ()")),
        (ZONES, ZONES.replace("2.5", "2.475")),
        (FULL, FULL.replace("> 0)", "> -1)")),
        (FULL, FULL.replace("> 0)", ">= 0)")),
        (EITHER, EITHER.replace("== 1)) unless on (t) info", "!= 1)) unless on (t) info")),
        (EITHER, EITHER.replace("== 1)) * on", "!= 1)) * on")),
        (AGED, AGED.replace("> 0", ">= 0")),
        (AGED, AGED.replace("> 0", "> 1")),
        (PANIC, PANIC.replace("'wdt_.*|panic'", "'(?:wdt_.*|panic).*'")),
        (EITHER_OF, EITHER_OF.replace("without (to)", "without ()")),
        (CRON, CRON.replace("info{ns='m'}", "info")),
    ],
    ids=[
        "a matcher of one side",
        "a matcher of the other",
        "a label of a grouping",
        "a label that differs",
        "two that are counted",
        "a share of many",
        "a label that it has to lack",
        "more of one than of the other",
        "a divisor below 0",
        "a divisor of 0 beside another",
        "the second of two alternatives",
        "the first of two alternatives",
        "a stamp of 0",
        "a stamp of less than 1",
        "the last alternative of a pattern",
        "a label below it",
        "the side that must have one",
    ],
)
def test_a_small_change_shows_in_a_world(expression: str, changed: str) -> None:
    plan = planned(expression, {}, 15.0)

    def said(families: list[Family], knobs: Knobs, root: Node) -> set[object]:
        try:
            found = replace(plan.problem, families=families, root=root, asked=0).result(knobs)[0]
        except Unevaluable:
            return {"refused"}
        assert isinstance(found, dict)
        return {labels for labels, (_, gap) in found.items() if gap == 0}

    shown = [
        scene
        for scene in scenes(plan, [{"alert": "A", "expr": expression}])
        if said(list(scene.families), scene.knobs, parse(expression))
        != said(list(scene.families), scene.knobs, parse(changed))
    ]
    assert shown


def test_a_recorded_age_is_asked_at_its_very_threshold() -> None:
    recorded, age = "time() - min by (backend) (x)", "age > 172800"
    rules: Recorded = {"age": [(parse(recorded), {})]}
    plan = planned(age, rules, 15.0)
    assert [family.follows_time for family in plan.problem.families] == [True]
    data = [{"record": "age", "expr": recorded}, {"alert": "A", "expr": age}]
    told = [
        answer(plan.problem, scene, parse(age), rules)
        != answer(plan.problem, scene, parse("age >= 172800"), rules)
        for scene in scenes(plan, data)
    ]
    assert any(told)


def test_a_value_that_a_text_shows_tells_what_the_labels_do_not() -> None:
    expression = "sum(max by (pod) (changes(phase[5m]))) > 0"
    plan = planned(expression, {}, 15.0)
    shown = {"summary": "{{ $value }}"}
    plain = scenes(plan, [{"alert": "A", "expr": expression}])
    valued = scenes(plan, [{"alert": "A", "expr": expression, "annotations": shown}])
    assert len(valued) > len(plain), "two instances of one pod are a sum of two, or the greatest of two"


def test_two_series_of_a_side_that_must_have_one_are_refused_only_beside_a_partner() -> None:
    root = parse("quota{type='used'} / ignoring (type) quota{type=~'hard.*'}")
    families = [Family(place, "quota", {"type": kind}) for place, kind in enumerate(("hard", "hardx"))]
    problem = replace(planned("quota > 1", {}, 15.0).problem, root=root, families=families)
    assert problem.result({})[0] == {}
    problem = replace(problem, families=[*families, Family(2, "quota", {"type": "used"})])
    with pytest.raises(Unevaluable):
        problem.result({})


@pytest.mark.parametrize(
    ("expression", "changed"),
    [(FULLER, FULLER.replace("< 0", "< 1")), (FULLER, FULLER.replace("fs!='tmp'", ""))],
    ids=["the threshold", "the matcher"],
)
def test_a_forecast_is_told_from_a_changed_one_by_gauges_that_stand_still(
    expression: str, changed: str
) -> None:
    """At each moment within `for`, where a gauge that falls is beside its threshold for one."""
    plan = planned(expression, {}, 15.0)
    moments = [plan.problem.moment + late for late in (0.0, 900.0, 3600.0)]
    told = [
        [
            answer(replace(plan.problem, moment=moment), scene, parse(text), {})
            for moment in moments
            for text in (expression, changed)
        ]
        for scene in scenes(plan, [{"alert": "A", "expr": expression}])
    ]
    assert any(not any(said[::2]) and all(said[1::2]) for said in told)


def test_an_alternative_below_an_aggregation_has_a_boundary_of_its_own() -> None:
    compared = {
        found.comparison.text for found in planned(EITHER_OF, {}, 15.0).boundaries if found.comparison
    }
    assert "rate(c_total[2m]) > 0.01" in compared


def test_nothing_rests_where_nothing_drifts() -> None:
    assert planned("x > 5", {}, 15.0).at_rest == []
    assert planned("deriv(x[1h]) > 5", {}, 15.0).at_rest == [], "without a slope it says 0"


@pytest.mark.parametrize("share", ["0.99", "0.9999", "0.0144"])
def test_a_recorded_share_is_asked_at_its_very_threshold(share: str) -> None:
    recorded, rule = 'sum(rate(c{s="2"}[5m])) / sum(rate(c[5m]))', f"share < {share}"
    rules: Recorded = {"share": [(parse(recorded), {})]}
    plan = planned(rule, rules, 15.0)
    data = [{"record": "share", "expr": recorded}, {"alert": "A", "expr": rule}]
    told = [
        answer(plan.problem, scene, parse(rule), rules)
        != answer(plan.problem, scene, parse(rule.replace("<", "<=")), rules)
        for scene in scenes(plan, data)
    ]
    assert any(told)


BY_MODE, MEAN = "sum by (mode) (rate(c[5m]))", "sum by (job) (rate(s[5m])) / sum by (job) (rate(n[5m]))"


@pytest.mark.parametrize(
    ("recorded", "rule", "changed"),
    [
        (BY_MODE, 'r{mode!="idle"} > 0.5', "r > 0.5"),
        (BY_MODE, 'sum(r{mode!~"idle|x.*"}) > 0.5', "sum(r) > 0.5"),
        (MEAN, 'max(r{job="api"}) > 0.5', "max(r) > 0.5"),
        ("twice * 2", 'r{mode!="idle"} > 0.5', "r > 0.5"),
    ],
    ids=[
        "one value left out",
        "a pattern left out",
        "both sides of a quotient",
        "a recording of a recording",
    ],
)
def test_a_matcher_on_a_recorded_metric_shows(recorded: str, rule: str, changed: str) -> None:
    rules: Recorded = {"r": [(parse(recorded), {})], "twice": [(parse(BY_MODE), {})]}
    plan = planned(rule, rules, 15.0)
    data = [
        {"record": "twice", "expr": BY_MODE},
        {"record": "r", "expr": recorded},
        {"alert": "A", "expr": rule},
    ]
    told = [
        answer(plan.problem, scene, parse(rule), rules) != answer(plan.problem, scene, parse(changed), rules)
        for scene in scenes(plan, data)
    ]
    assert any(told)


def test_a_matcher_on_a_label_that_the_recording_gives_is_none_of_its_series() -> None:
    rules: Recorded = {"r": [(parse(BY_MODE), {"team": "a"})]}
    plan = planned('r{team="a"} > 0.5', rules, 15.0)
    data: list[dict[str, Any]] = [
        {"record": "r", "expr": BY_MODE, "labels": {"team": "a"}},
        {"alert": "A", "expr": 'r{team="a"} > 0.5'},
    ]
    labels = [family.labels for scene in scenes(plan, data) for family in scene.families]
    assert not any(held.get("team") for held in labels)


def test_each_addend_turns_the_alert_alone() -> None:
    plan = planned(BOTH, {}, 15.0)
    fired, silent = (point.knobs for point in plan.boundaries[0].points[:2])
    (other,) = instead(plan.problem, [(fired, silent)])
    assert other[1] == silent
    assert plan.problem.fires(other[0])
    assert [key for key in fired if fired[key] != silent[key]] != [
        key for key in other[0] if other[0][key] != silent[key]
    ]
    assert instead(plan.problem, [(fired, {**silent, (0, SLOPE): 9.0, (1, SLOPE): 9.0})]) == []


def test_a_turn_the_other_way_fires_too_where_a_span_is_asked() -> None:
    span = "max_over_time(x[1h]) - min_over_time(x[1h]) >= 3"
    plan = turned(span, {}, 15.0)
    assert plan is not None
    fired = plan.boundaries[0].points[0].knobs
    (other,) = mirrored(plan.problem, fired)
    assert (other[0, PAST], other[0, LEVEL]) == (-fired[0, PAST], fired[0, LEVEL] + fired[0, PAST])
    drop = turned("x offset 1h - x > 3", {}, 15.0)
    assert drop is not None
    assert mirrored(drop.problem, drop.boundaries[0].points[0].knobs) == [], "a rise is no drop"


def _share(window: str, matcher: str = 's="5"') -> str:
    return f"sum(rate(c{{{matcher}}}[{window}])) / sum(rate(c[{window}]))"


@pytest.mark.parametrize("window", ["1h", "5m"])
def test_a_matcher_of_one_window_of_two_shows_where_errors_began_or_ended_lately(window: str) -> None:
    """Of steady series the other window decides, whatever this one says."""
    rules: Recorded = {f"r{w}": [(parse(_share(w)), {})] for w in ("1h", "5m")}
    changed = {**rules, f"r{window}": [(parse(_share(window, 's=~"5.*"')), {})]}
    expression = "r1h > 0.0144 and r5m > 0.0144"
    plan = planned(expression, rules, 15.0)
    data = [{"record": f"r{w}", "expr": _share(w)} for w in ("1h", "5m")]
    told = [
        scene
        for scene in scenes(plan, [*data, {"alert": "A", "expr": expression}])
        if answer(plan.problem, scene, parse(expression), rules)
        != answer(plan.problem, scene, parse(expression), changed)
    ]
    assert told
    assert all(any(family.turn is not None for family in scene.families) for scene in told)


def test_one_window_has_no_span_and_one_that_took_a_turn_has_no_other() -> None:
    plan = planned("rate(c_total[5m]) > 5", {}, 15.0)
    assert spans(plan.problem, plan.boundaries) is None
    drop = turned("x offset 1h - x > 3", {}, 15.0)
    assert drop is not None
    assert spans(drop.problem, drop.boundaries) is None


def test_what_silences_by_a_window_is_gone_before_the_alert_fires() -> None:
    plan = planned("x unless on (instance) max_over_time(y[1h])", {}, 15.0)
    ((fired, silent),) = gone(plan.problem, plan.boundaries[0].points[0].knobs)
    numbers = {family.metric: family.number for family in plan.problem.families}
    assert fired[numbers["y"], COPIES] == 0
    assert silent[numbers["y"], COPIES] == silent[numbers["x"], COPIES] > 0
    needed = planned("x and on (instance) max_over_time(y[1h]) > 0", {}, 15.0)
    ((fired, silent),) = gone(needed.problem, needed.boundaries[0].points[0].knobs)
    assert silent[needed.problem.families[-1].number, COPIES] == 0, "there it is what the alert needs"
