"""Every part of a contract is optional: what is not promised is not judged, and what a drill needs is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.checks import claims
from promproof.contract.model import Contract
from promproof.drills.drill import Drill, Loaded, check
from promproof.errors import InputError

pytestmark = pytest.mark.unit
LEAST = {"contract": 1, "service": "shop"}


def contract(**parts: Any) -> Contract:
    """The least contract with more parts."""
    return Contract.model_validate({**LEAST, **parts})


def ids(**parts: Any) -> set[str]:
    """The claims of a contract beyond those that every one makes."""
    return {claim.id for _, claim in claims(contract(**parts))} - {
        claim.id for _, claim in claims(contract())
    }


def test_a_contract_of_two_lines_makes_the_claims_that_hold_for_any_service() -> None:
    made = {claim.id.partition("/")[0] for _, claim in claims(contract())}
    assert made == {"config", "target", "traffic", "dashboards"}


def test_a_metric_without_a_truth_has_claims_on_form_movement_and_storage() -> None:
    made = ids(metrics=[{"name": "hits_total", "type": "counter"}])
    assert made == {f"metric/hits_total/{aspect}" for aspect in ("form", "moves", "stored")}


def test_an_alert_may_be_a_name() -> None:
    assert ids(alerts=[{"name": "Down"}]) == {"alert/Down/documented", "alert/Down/boundary"}


def test_a_dashboard_without_a_list_of_panels_makes_no_claim_for_a_panel() -> None:
    made = ids(dashboards=[{"uid": "shop"}])
    assert {claim.partition("/")[0] for claim in made} == {"grafana"}


@pytest.mark.parametrize(
    ("alert", "missing"),
    [
        ({}, "comparator and threshold, for"),
        ({"for": "1m"}, "comparator and threshold"),
        ({"comparator": ">", "threshold": 0.1}, "for"),
    ],
)
def test_a_drill_says_what_its_alert_must_promise(alert: dict[str, Any], missing: str) -> None:
    promised = contract(alerts=[{"name": "Errors", **alert}])
    plan = Drill.model_validate(
        {
            "drill": 1,
            "name": "errors",
            "alert": "Errors",
            "scenario": "a.yaml",
            "rate": 1.0,
            "fault": {"kind": "errors", "routes": ["/"]},
            "below": 0.1,
            "above": 0.5,
        }
    )
    drill = Loaded(plan=plan, path=Path(__file__).parents[2] / "scenarios/drills/high-error-rate.yaml")
    with pytest.raises(InputError, match=f"what Errors promises: {missing}\n") as caught:
        check(drill, promised, {"Errors"}, set())
    assert "add them to the alert" in str(caught.value.todo)


def test_a_comparator_without_a_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="comparator and threshold belong together"):
        contract(alerts=[{"name": "Down", "comparator": ">"}])


def test_a_job_of_the_contract_wins_over_one_that_was_found() -> None:
    assert contract().of_job("told").target.job == "told"
    assert contract(target={"job": "mine"}).of_job("told").target.job == "mine"
