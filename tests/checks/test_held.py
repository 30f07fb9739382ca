"""Notifications of a stack that runs already, from its Alertmanager's API: a good drill by hand, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promproof.verdict import Verdict
from tests.checks.drilled import FIRING, INACTIVE, LABELS, OTHER, Rows, changed, verdicts

pytestmark = pytest.mark.unit
ASKED = [t / 10 for t in range(100, 270)]
ALERT = {"labels": LABELS, "state": "active", "receivers": ["webhook", "desk"]}
BESIDE = {"labels": OTHER["labels"], "state": "active", "receivers": ["desk"]}


def told(held: Callable[[float], list[dict[str, Any]]] | None) -> dict[str, Verdict]:
    """Of a drill whose stack tells its own receivers. held: what Alertmanager answers at a time; None: not asked."""
    rows: Rows = [
        row for row in changed("drill", lambda t, data: {**data, "receivers": []}) if row[1] != "delivery"
    ]
    if held is not None:
        rows += [(t, "held_poll", {"begin": t, "end": t + 0.01, "alerts": held(t)}) for t in ASKED]
    return verdicts(rows)


def while_firing(*alerts: dict[str, Any]) -> Callable[[float], list[dict[str, Any]]]:
    return lambda t: [BESIDE, *alerts] if FIRING + 0.2 <= t < INACTIVE + 0.2 else [BESIDE]


def test_an_alert_that_is_held_for_its_receivers_and_let_go_is_told_and_resolved() -> None:
    found = told(while_firing(ALERT))
    assert (found["notified"].outcome, found["resolved"].outcome) == ("pass", "pass")
    assert "Alertmanager's API" in found["notified"].reason


def test_without_an_alertmanager_who_is_told_is_not_verified() -> None:
    found = told(None)
    assert (found["notified"].outcome, found["resolved"].outcome) == ("not verified", "not verified")
    assert "--alertmanager" in found["notified"].reason


def test_an_alert_that_is_routed_to_others_fails() -> None:
    found = told(while_firing({**ALERT, "receivers": ["desk"]}))["notified"]
    assert (found.outcome, found.reason) == ("fail", "it is for desk, not for webhook")


def test_what_a_silence_of_that_stack_mutes_is_not_verified() -> None:
    assert told(while_firing({**ALERT, "state": "suppressed"}))["notified"].outcome == "not verified"


def test_an_alert_that_fires_for_long_and_is_never_held_fails() -> None:
    found = told(while_firing())
    assert found["notified"].outcome == "fail"
    assert "does Prometheus send to this one?" in found["notified"].reason
    assert found["resolved"].outcome == "unknown"


def test_an_alert_that_is_held_to_the_end_leaves_its_resolution_unknown() -> None:
    assert told(lambda t: [ALERT] if t >= FIRING else [])["resolved"].outcome == "unknown"
