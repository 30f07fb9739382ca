"""The Alertmanager of a stack that runs already may be asked at another address than Prometheus'."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import configuration
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
