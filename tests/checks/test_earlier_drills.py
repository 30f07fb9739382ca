"""What alerts with long windows may do while another one is drilled: they still see what was before."""

from __future__ import annotations

import pytest

from tests.checks.drilled import (
    Rows,
    good,
    outcomes,
)

pytestmark = [pytest.mark.unit, pytest.mark.takes(0.1)]


def burning(t: float) -> Rows:
    """A poll in which an alert with long windows fires while another one is drilled."""
    labels = {"alertname": "ErrorBudgetSlowBurn", "job": "promptpilot-api"}
    alerts = [{"labels": labels, "annotations": {}, "state": "firing"}]
    return [(t, "poll", {"begin": t, "end": t + 0.01, "alerts": alerts})]


def test_an_alert_that_still_sees_the_traffic_before_the_drill_may_fire() -> None:
    before: Rows = [(1.0, "phase", {"name": "traffic", "edge": "begin"})]
    assert outcomes([*good(), *burning(15.05)]) == {"others-silent": "fail"}
    assert outcomes([*before, *good(), *burning(15.05)]) == {}


@pytest.mark.parametrize(("may", "bad"), [(["ErrorBudgetSlowBurn"], {}), ([], {"others-silent": "fail"})])
def test_an_alert_that_an_earlier_drill_allows_may_fire_as_long_as_its_window_holds_it(
    may: list[str], bad: dict[str, str]
) -> None:
    (driven,) = [data for _, kind, data in good() if kind == "drill"]
    plan = {**driven["plan"], "name": "Errors", "may": may}
    earlier = {**driven, "name": "Errors", "alert": "HighErrorRate", "batch": 1, "begun": 2.0, "ended": 9.0}
    rows: Rows = [(9.0, "drill", {**earlier, "plan": plan})]
    assert outcomes([*rows, *good(), *burning(15.05)]) == bad
