"""What a driver may ask of the fault control, and what is refused."""

from typing import Any

import pytest

from promptpilot.faultapp import FaultControl
from promptpilot.faults import Kind, Mode
from promptpilot.metrics import Metrics
from promptpilot.routing import Route
from tests.promptpilot.support import Exposition

pytestmark = pytest.mark.unit

LIST, EXECUTE = "GET /api/v1/prompts", "POST /api/v1/prompts/{prompt_id}/execute"
METRICS = Metrics(series_limit=10, active_users_window=60.0)
CONTROL = FaultControl(
    (
        Route("GET", "/health", print),
        Route("GET", "/metrics", print),
        Route("GET", "/api/v1/prompts", print),
        Route("POST", "/api/v1/prompts/{prompt_id}/execute", print),
    ),
    METRICS,
)


def test_a_fault_without_routes_hits_every_route_of_the_api() -> None:
    fault = CONTROL.fault(Kind.ERRORS, {"rate": 0.055})
    assert fault.targets == {LIST: 0.055, EXECUTE: 0.055}
    assert fault.everywhere
    assert (fault.status, fault.mode, fault.lease_seconds) == (503, Mode.RESPONSE, 5.0)
    assert CONTROL.fault(Kind.FAILED_EXECUTIONS, {"rate": 1}).targets == {EXECUTE: 1.0}


def test_routes_are_named_by_a_list_or_by_a_mapping_to_rates() -> None:
    assert CONTROL.fault(Kind.ERRORS, {"rate": 0.5, "routes": ["GET /health"]}).targets == {
        "GET /health": 0.5
    }
    mapping = CONTROL.fault(Kind.ERRORS, {"routes": {LIST: 0.1, EXECUTE: 0}})
    assert mapping.targets == {LIST: 0.1, EXECUTE: 0.0}
    assert not mapping.everywhere


def test_a_null_stands_for_the_default() -> None:
    body = {"rate": 1, "routes": None, "status": None, "mode": None, "delay_seconds": None, "bytes": None}
    assert CONTROL.fault(Kind.ERRORS, body).status == 503


def test_an_exception_has_the_status_500() -> None:
    assert CONTROL.fault(Kind.ERRORS, {"rate": 1, "mode": "exception"}).status == 500


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        (Kind.ERRORS, {}, "rate is missing"),
        (Kind.ERRORS, {"rate": 1.01}, "less than or equal to 1"),
        (Kind.ERRORS, {"rate": -0.1}, "greater than or equal to 0"),
        (Kind.ERRORS, {"rate": "0.5"}, "valid number"),
        (Kind.ERRORS, {"rate": float("nan")}, "finite number"),
        (Kind.ERRORS, {"rate": 1, "routes": []}, "routes is empty"),
        (Kind.ERRORS, {"rate": 1, "routes": ["GET /nowhere"]}, "unknown routes: GET /nowhere"),
        (Kind.ERRORS, {"rate": 1, "routes": {LIST: 2}}, "less than or equal to 1"),
        (Kind.ERRORS, {"rate": 1, "routes": LIST}, "valid list"),
        (Kind.ERRORS, {"rate": 1, "status": 200}, "greater than or equal to 400"),
        (Kind.ERRORS, {"rate": 1, "status": 503, "mode": "exception"}, "always gives status 500"),
        (Kind.ERRORS, {"rate": 1, "mode": "explosion"}, "'response' or 'exception'"),
        (Kind.ERRORS, {"rate": 1, "lease_seconds": 0}, "greater than 0"),
        (Kind.ERRORS, {"rate": 1, "lease_seconds": 1e9}, "less than or equal to 3600"),
        (Kind.ERRORS, {"rate": 1, "delay_seconds": 1.0}, "Extra inputs are not permitted"),
        (Kind.ERRORS, {"rate": 1, "leese_seconds": 1.0}, "Extra inputs are not permitted"),
        (Kind.SLOW, {"rate": 1}, "delay_seconds"),
        (Kind.SLOW, {"rate": 1, "delay_seconds": 0}, "greater than 0"),
        (Kind.FAILED_EXECUTIONS, {"rate": 1, "routes": [LIST]}, f"unknown routes: {LIST}"),
        (Kind.BALLAST, {}, "bytes"),
        (Kind.BALLAST, {"bytes": 0}, "greater than 0"),
        (Kind.BALLAST, {"bytes": 1.5}, "valid integer"),
        (Kind.BALLAST, {"bytes": 10**15}, "less than or equal to"),
        (Kind.BALLAST, {"bytes": 1000, "rate": 0.5}, "Extra inputs are not permitted"),
    ],
)
def test_an_impossible_fault_is_refused_with_its_reason(
    kind: Kind, body: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=r".*") as refusal:
        CONTROL.fault(kind, body)
    assert reason in str(refusal.value)


def test_an_error_that_can_be_injected_has_a_series_at_0() -> None:
    seen = Exposition(METRICS.render(None).decode())
    assert seen.requests("GET", "/api/v1/prompts", 503) == 0
