"""The worlds beside a boundary's own: what follows from the contract, and how what promtool counted is judged."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from promproof.checks.alert_boundary import refusals, refused, world_findings
from promproof.checks.alert_resolves import claims
from promproof.checks.base import Claim
from promproof.checks.boundary_worlds import Part, doses, fault, is_possible, worlds
from promproof.contract.model import Alert, Contract
from promproof.evidence.records import Boundary, WorldAsked

pytestmark = pytest.mark.unit
SERIES = [
    {"series": 'r_total{job="api",instance="a:1",code="500"}', "rate": "100 * q"},
    {"series": 'r_total{job="api",instance="a:1",code="200"}', "rate": "100 * (1 - q)"},
]


def alert(threshold: float = 0.05, series: Any = None, **boundary: Any) -> Alert:
    given = {"threshold": threshold, "series": series or SERIES, **boundary}
    own = {"name": "A", "unit": "ratio", "window": "5m", "for": "5m"}
    return Alert.model_validate({**own, "boundary": given})


def names(given: Alert) -> list[str]:
    return [world.name for world in worlds(given)]


def test_a_contract_that_says_nothing_of_others_is_asked_over_time_alone() -> None:
    assert names(alert()) == ["well beyond the threshold, over time", "just beyond the threshold, over time"]


def test_each_value_has_an_alert_of_its_own_with_its_labels() -> None:
    found = {world.name: world for world in worlds(alert(labels=["job"], each={"instance": ["b:1"]}))}
    only = found["only instance b:1 is beyond it"]
    assert only.fires == ((("instance", "b:1"), ("job", "api")),)
    assert only.parts == (Part((0.025,)), Part((0.1,), (("instance", "b:1"),)))
    assert len(found["instance b:1 are beyond it as well"].fires) == 2


def test_what_counts_together_has_the_documented_share_in_sum_however_it_is_spread() -> None:
    spread = [world for world in worlds(alert(together={"instance": ["b:1", "c:1"]})) if "with" in world.name]
    assert len(spread) == 4
    for world in spread:
        mean = sum(part.share * (part.q[0] or 0.0) for part in world.parts)
        assert (mean > 0.05) == bool(world.fires)
        assert abs(mean - 0.05) < 0.0011
        assert sum(part.share for part in world.parts) == pytest.approx(1.0)


def test_gauges_do_not_count_together() -> None:
    gauge = [{"series": 'level{job="api",instance="a:1"}', "value": "q"}]
    assert names(alert(0.8, gauge, together={"instance": ["b:1"]})) == names(alert(0.8, gauge))


def test_a_counter_that_would_fall_is_no_dose() -> None:
    cores = [{"series": 'cpu{job="node",mode="idle"}', "rate": "1 - 1.5 * (1 - q)"}]
    boundary = alert(0.8, cores).boundary
    assert boundary is not None
    assert [q for q in (0.2, 0.4, 0.79, 0.99, 1.0) if is_possible(boundary, q)] == [0.4, 0.79, 0.99]


def test_an_averaged_value_turns_after_a_part_of_its_window() -> None:
    well, just = worlds(alert(averaged=True))
    assert [well.rises, well.falls] == pytest.approx([1 / 3, 2 / 3])
    assert [just.rises, just.falls] == pytest.approx([0.9615, 0.0385], abs=1e-3)
    assert {(world.rises, world.falls) for world in worlds(alert())} == {(0.0, 1.0)}, "nothing is known"


def test_around_a_threshold_of_0_there_are_no_doses() -> None:
    assert doses(alert(0.0)) is None
    assert worlds(alert(0.0)) == []


@pytest.mark.parametrize(
    ("counts", "wrong"),
    [
        pytest.param((1.0, 1.0), "", id="the one that must"),
        pytest.param((0.0, 0.0), "silent, must fire", id="none"),
        pytest.param((2.0, 1.0), "2 alerts fire, must be 1", id="one too many"),
        pytest.param((1.0, 0.0), "1 alerts fire, 0 with instance=a:1, job=api", id="without its labels"),
    ],
)
def test_alerts_are_counted_with_their_labels(counts: tuple[float, ...], wrong: str) -> None:
    world = worlds(alert(labels=["job"], each={"instance": ["b:1"]}))[0]
    assert fault(world, counts) == wrong


def test_a_course_over_time_is_judged_in_all_but_its_way_back() -> None:
    name = "well beyond the threshold, over time"

    def said(*counts: float) -> list[str]:
        return world_findings(alert(), Boundary((), worlds=(WorldAsked("A", name, counts),)))

    assert said(0, 0, 1, 0) == []
    assert said(0, 0, 1, 1) == [], "that it is not over is of another claim"
    assert said(1, 0, 1, 0) == [f"{name}: it is active before the cause"]
    assert said(0, 1, 1, 0) == [f"{name}: it fires before its window and `for` have passed"]
    assert said(0, 0, 0, 0) == [f"{name}: it does not fire after a window of 5m and for 5m"]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        pytest.param(
            "promtool: FAILED: rule: A, time: 0s, err: found duplicate series for", "fail", id="torn"
        ),
        pytest.param("promtool needs over 60 s for it", "unknown", id="late"),
    ],
)
def test_what_prometheus_can_not_evaluate_fails_and_what_was_late_is_unknown(said: str, outcome: str) -> None:
    record = Boundary((), refused={"A": said, "B": "else"})
    assert refusals(alert(), record) == [said]
    assert refused(Claim("alert/A/boundary", "A"), refusals(alert(), record), [1]).outcome == outcome


def test_the_way_back_is_claimed_where_the_contract_says_how_long_it_goes_on() -> None:
    told = alert().model_copy(update={"keep_firing_for": "0s"})
    contract = Contract(contract=1, service="s", alerts=(told, alert().model_copy(update={"name": "B"})))
    assert [claim.id for claim in claims(contract)] == ["alert/A/resolves"]


@pytest.mark.parametrize("key", ["each", "together", "foreign"])
def test_a_label_that_the_series_differ_in_can_not_be_replaced(key: str) -> None:
    with pytest.raises(ValidationError, match="not all series have one value of code"):
        alert(0.05, SERIES, **{key: {"code": ["404"]}})
