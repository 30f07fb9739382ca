"""The Alertmanager of a stack that runs already may be asked at another address than Prometheus'."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import alert_documented, configuration
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from tests.records import record

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("backend", "active", "served", "outcome"),
    [
        ("external", ["http://am:9093/api/v2/alerts"], ["desk"], "not verified"),
        ("external", ["http://am:9093/api/v2/alerts"], ["other"], "fail"),
        ("external", [], ["desk"], "fail"),
        ("processes", ["http://am:9093/api/v2/alerts"], ["desk"], "fail"),
        ("external", ["https://alerts.example/api/v2/alerts"], ["desk"], "pass"),
    ],
)
def test_an_address_that_differs_is_no_failure_of_a_stack_that_runs_already(
    backend: str, active: list[str], served: list[str], outcome: str
) -> None:
    told: dict[str, Any] = {"url": "https://alerts.example", "active": active}
    told |= {"receivers": served, "receivers_wanted": ["desk"]}
    history = History("by hand", 0.0, 0.0)
    history.records += [record(0, 0.0, "run", {"backend": backend}), record(1, 0.0, "alertmanager", told)]
    evidence = Evidence(Contract.model_validate({"contract": 1, "service": "s"}), history)
    assert judge(configuration.ALERTMANAGER, Claim("claim"), evidence).outcome == outcome


@pytest.mark.parametrize(("named", "outcome"), [("desk", "pass"), ("nobody", "fail")])
def test_receivers_are_compared_with_no_file_where_there_is_none(named: str, outcome: str) -> None:
    told: dict[str, Any] = {"url": "http://am:9093", "active": ["http://am:9093/api/v2/alerts"]}
    told |= {"receivers": ["desk"], "receivers_wanted": []}
    history = History("by hand", 0.0, 0.0)
    history.records += [record(0, 0.0, "run", {"backend": "external"}), record(1, 0.0, "alertmanager", told)]
    alert = {"name": "Down", "receivers": [named]}
    contract = Contract.model_validate({"contract": 1, "service": "s", "alerts": [alert]})
    assert judge(configuration.ALERTMANAGER, Claim("claim"), Evidence(contract, history)).outcome == outcome


@pytest.mark.parametrize(
    ("backend", "hold", "outcome"),
    [("external", 60, "not verified"), ("external", 30, "fail"), ("processes", 60, "fail"), ("", 60, "fail")],
)
def test_receivers_are_not_verified_without_the_file_of_a_running_alertmanager(
    backend: str, hold: float, outcome: str
) -> None:
    rule = {"name": "Down", "expression": "up == 0", "hold": hold, "where": "a.yml:3"}
    history = History("by hand", 0.0, 0.0)
    history.records += [
        record(0, 0.0, "rule_files", {"files": ["a.yml"], "rules": [rule]}),
        record(1, 0.0, "routes", {"receivers": {}}),
        *([record(2, 0.0, "run", {"backend": backend})] if backend else []),
    ]
    alert = {"name": "Down", "for": "1m", "receivers": ["desk"]}
    contract = Contract.model_validate({"contract": 1, "service": "s", "alerts": [alert]})
    found = judge(alert_documented.CHECK, Claim("claim", "Down"), Evidence(contract, history))
    assert found.outcome == outcome, found
