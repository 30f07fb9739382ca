"""Faults of other people's targets: where they are called, and doses that are no shares."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from promproof.contract.model import Alert
from promproof.drills.drill import Drill
from promproof.faults.undo import HttpCall
from promproof.proofs.boundary import _grid

pytestmark = pytest.mark.unit
HTTP = {
    "kind": "http",
    "apply": {"url": "{target}/fill?to={dose}"},
    "undo": {"url": "http://127.0.0.1:{port}/x"},
}
ERRORS = {"kind": "errors", "routes": ["GET /"]}


def drill(fault: dict[str, Any], below: float, above: float) -> Drill:
    traffic = {"scenario": "a.yaml", "rate": 10.0}
    about = {"drill": 1, "name": "d", "alert": "A", "fault": fault, "below": below, "above": above}
    return Drill.model_validate({**about, **traffic})


@pytest.mark.parametrize(
    ("target", "url", "undo"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/fill?to={dose}", "http://127.0.0.1:8000/x"),
        ("https://shop.internal/", "https://shop.internal/fill?to={dose}", "http://127.0.0.1:443/x"),
    ],
)
def test_a_call_is_filled_in_with_the_target_of_the_run(target: str, url: str, undo: str) -> None:
    fault = drill(HTTP, 80.0, 120.0).fault
    assert fault.apply.at(target).url == url  # type: ignore[attr-defined]  # of this kind of fault
    assert fault.undo.at(target).url == undo  # type: ignore[attr-defined]


def test_a_body_keeps_its_other_braces() -> None:
    call = HttpCall(url="http://x/", body='{"level": {dose}, "of": "{target}"}').at("http://t:1")
    assert call.body == '{"level": {dose}, "of": "http://t:1"}'


def test_a_share_of_requests_stays_below_1() -> None:
    assert drill(ERRORS, 0.1, 0.9).above == 0.9
    with pytest.raises(ValidationError, match="must be less than 1"):
        drill(ERRORS, 0.1, 1.2)
    with pytest.raises(ValidationError, match="greater than 0"):
        drill(HTTP, -1.0, 1.2)


@pytest.mark.parametrize(("threshold", "most"), [(0.05, 0.2), (0.8, 0.88), (1.0, 4.0), (100.0, 400.0)])
def test_a_boundary_above_1_is_asked_on_both_sides(threshold: float, most: float) -> None:
    boundary = {"threshold": threshold, "series": [{"series": "x", "value": "q"}]}
    alert = Alert.model_validate({"name": "A", "boundary": boundary})
    assert alert.boundary is not None
    asked = _grid(alert, alert.boundary)
    assert min(asked) < threshold < max(asked)
    assert max(asked) == pytest.approx(most)
