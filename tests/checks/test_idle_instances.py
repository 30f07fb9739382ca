"""A drill on one of two instances: the alert of the other one is a finding, and what idleness shows there is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.drilled import FIRING, INACTIVE, LABELS, LOUD, Row, Rows, good, verdicts

pytestmark = pytest.mark.unit
MINE, OTHER = LABELS["instance"], "node:2"


def with_two(*alerts: dict[str, Any]) -> Rows:
    """The good drill, of the first of two instances, with more alerts while it fires."""

    def changed(row: Row) -> Row:
        t, kind, data = row
        if kind == "run":
            return t, kind, {**data, "instance": MINE, "instances": [MINE, OTHER]}
        if kind == "poll" and FIRING <= t < INACTIVE:
            return t, kind, {**data, "alerts": [*data["alerts"], *alerts]}
        return row

    return [changed(row) for row in good()]


def of(instance: str, name: str = "HighMemoryUsage") -> dict[str, Any]:
    return {**LOUD, "labels": {**LABELS, "alertname": name, "instance": instance}}


def test_a_drill_on_one_of_two_instances_is_judged_as_one_on_the_only_one() -> None:
    found = verdicts(with_two())
    assert {str(verdict.outcome) for verdict in found.values()} == {"pass"}


def test_the_same_alert_of_the_other_instance_is_a_finding() -> None:
    found = verdicts(with_two(of(OTHER)))["fires-above"]
    assert found.outcome == "fail"
    assert f"HighMemoryUsage is firing for {OTHER}, and the fault is at {MINE}" in found.reason


@pytest.mark.parametrize(("instance", "outcome"), [(OTHER, "pass"), (MINE, "fail")])
def test_another_alert_of_the_idle_instance_is_no_finding(instance: str, outcome: str) -> None:
    found = verdicts(with_two(of(instance, "SlowResponses")))["others-silent"]
    assert found.outcome == outcome, found.reason
