"""A job with several instances, of which one gets the requests: what is said of panels and of the target itself."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import target
from promproof.checks.base import Claim, judge
from promproof.checks.panel_values import bounds_of
from promproof.contract.model import Contract
from promproof.contract.panels import PANEL_TRUTHS
from promproof.evidence.evidence import Evidence, Gap, NotShown
from promproof.evidence.history import History
from promproof.grafana.dashboard import Target
from promproof.truth.panel import Truth
from promproof.truth.views import Answered, Views
from promproof.verdict import Outcome
from tests.records import record

pytestmark = pytest.mark.unit
OWN, OTHER = ("shop", "a:1"), ("shop", "b:1")
SUM, PINNED = 'sum(rate(x_total{job="shop"}[1m]))', 'sum(rate(x_total{instance="a:1"}[1m]))'


def evidence(*targets: tuple[str, str], health: str = "up") -> Evidence:
    """A run against shop at a:1, of a Prometheus with these targets: job and instance of each."""
    listed: list[dict[str, Any]] = [
        {
            "labels": {"job": job, "instance": instance},
            "discoveredLabels": {"__address__": instance},
            "scrapeUrl": f"http://{instance}/metrics",
            "health": health,
            "lastError": "",
        }
        for job, instance in targets
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records += [
        record(
            0,
            0.0,
            "run",
            {"instance": "a:1", "time_scale": 1.0, "scrape_interval": 1.0, "scrape_timeout": 10.0},
        ),
        record(1, 0.0, "targets", {"targets": listed}),
    ]
    contract = {"contract": 1, "service": "shop", "target": {"job": "shop"}}
    contract["metrics"] = [{"name": "x_total", "type": "counter", "truth": {"kind": "requests"}}]
    return Evidence(Contract.model_validate(contract), history)


def why_not(seen: Evidence, expression: str) -> Gap:
    """Why the panel's truth is not there; of a run without samples there is always a reason."""
    truth = PANEL_TRUTHS.get("rate").model_validate({"kind": "rate", "metric": "x_total"})
    assert isinstance(truth, Truth)
    asked = Answered(
        Target("A", expression, "$.panels[0].targets[0]"), "whole", expression, 1.0, (), (10.0,), 7
    )
    with pytest.raises(Gap) as raised:
        bounds_of(Views(seen), truth, asked, 0, "shop/all")
    return raised.value


def test_a_panel_over_several_instances_is_not_verified() -> None:
    gap = why_not(evidence(OWN, OTHER), SUM)
    assert isinstance(gap, NotShown)
    assert "job shop has 2 instances, and one gets the requests: no ledger has those of b:1" in str(gap)


@pytest.mark.parametrize(
    ("targets", "expression"),
    [((OWN, OTHER), PINNED), ((OWN,), SUM), ((OWN, ("node", "b:1")), SUM), ((OTHER,), SUM)],
    ids=["the target's alone", "one instance", "another job", "one by another name"],
)
def test_a_panel_of_the_target_alone_is_judged(targets: tuple[tuple[str, str], ...], expression: str) -> None:
    gap = why_not(evidence(*targets), expression)
    assert not isinstance(gap, NotShown)
    assert str(gap) == "no stored samples were recorded"


@pytest.mark.parametrize(
    ("targets", "outcome"),
    [
        ((("probe", "a:1"), OWN), Outcome.PASS),
        ((OWN, OTHER), Outcome.PASS),
        ((("probe", "a:1"),), Outcome.FAIL),
    ],
    ids=["another job reads it as well", "another instance", "only another job reads it"],
)
def test_the_target_is_the_one_of_its_own_job(targets: tuple[tuple[str, str], ...], outcome: Outcome) -> None:
    seen = evidence(*targets)
    seen.history.records += [
        record(2, 0.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        record(3, 0.0, "prepared", {"time_scale": 1.0}),
        record(4, 9.0, "stored", {"series": [samples("up", 1.0), samples("scrape_duration_seconds", 0.01)]}),
    ]
    found = judge(target.UP, Claim("target/up"), seen)
    assert found.outcome is outcome, found


def samples(name: str, value: float) -> dict[str, Any]:
    """A series that was stored with one value, each second from 1 s to 8 s."""
    return {"name": name, "labels": {}, "samples": [[float(t), value] for t in range(1, 9)]}
