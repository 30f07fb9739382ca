"""What a drill needs of the target: a fault of the process alone wants no fault port, so the main job can play it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from promproof.contract.model import Alert
from promproof.drills.drill import Drill, Loaded
from promproof.drills.needs import needs_of
from promproof.faults.kind import Need
from promproof.places import DRILLS
from promproof.run.bringup import no_drill
from promproof.run.options import Options

pytestmark = pytest.mark.unit


def drill(**parts: Any) -> Drill:
    """A drill with traffic whose fault and harmless side are given."""
    about = {"drill": 1, "name": "d", "alert": "A", "scenario": "a.yaml", "rate": 10.0}
    return Drill.model_validate({**about, **parts})


@pytest.mark.parametrize(
    ("parts", "needs"),
    [
        ({"fault": {"kind": "killed"}}, {Need.TARGET}),
        ({"fault": {"kind": "killed"}, "below": {"failed_scrapes": 1}}, {Need.TARGET, Need.FAULT_PORT}),
        ({"fault": {"kind": "command", "apply": ["a"], "undo": ["b"]}}, set()),
        ({"fault": {"kind": "errors", "routes": ["GET /"]}, "below": 0.1, "above": 0.2}, {Need.FAULT_PORT}),
    ],
)
def test_what_a_drill_needs_is_that_of_its_fault_and_its_harmless_side(
    parts: dict[str, Any], needs: set[Need]
) -> None:
    assert needs_of(drill(**parts))[0] == needs


@pytest.mark.parametrize(
    ("parts", "app", "port", "words"),
    [
        ({"fault": {"kind": "killed"}}, True, False, ""),
        ({"fault": {"kind": "killed"}}, False, False, "has not started it"),
        ({"fault": {"kind": "killed"}, "below": {"failed_scrapes": 1}}, True, False, "no fault port"),
        ({"fault": {"kind": "killed"}, "below": {"failed_scrapes": 1}}, True, True, ""),
        ({"fault": {"kind": "cpu"}, "below": 0.7, "above": 0.9}, True, True, "promproof drill does that"),
    ],
)
def test_the_main_job_plays_a_drill_whose_needs_are_met(
    parts: dict[str, Any], app: bool, port: bool, words: str
) -> None:
    loaded = Loaded(plan=drill(**parts), path=DRILLS / "high-error-rate.yaml")
    contract = SimpleNamespace(deployment=None)
    prepared: Any = SimpleNamespace(drill=loaded, options=Options.of(app="x {port}"), contract=contract)
    service = SimpleNamespace(
        faults=object() if port else None, app=object() if app else None, siblings=(), others=()
    )
    bench: Any = SimpleNamespace(service=service)
    said = no_drill(prepared, bench)
    assert bool(said) == bool(words)
    assert words in said


@pytest.mark.parametrize(
    ("alert", "edge", "above"),
    [
        ({"comparator": "==", "threshold": 0, "unit": "state"}, 0.5, True),
        ({"comparator": ">", "threshold": 100}, 100, True),
        ({"comparator": "<", "threshold": 3}, 3, False),
    ],
)
def test_an_alert_without_a_boundary_is_drilled_at_its_documented_threshold(
    alert: dict[str, Any], edge: float, above: bool
) -> None:
    promised = Alert.model_validate({"name": "A", "for": "1m", **alert})
    assert (promised.edge, promised.fires_above) == (edge, above)
