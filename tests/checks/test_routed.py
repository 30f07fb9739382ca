"""Notifications that an Alertmanager which runs already sends to an address of the run: by hand, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promproof.verdict import Verdict
from tests.checks.drilled import BELOW, FIRING, INACTIVE, LABELS, Row, Rows, body, good, verdicts

pytestmark = pytest.mark.unit
URL = "http://127.0.0.1:9599/"
ASKED = [t / 10 for t in range(100, 270)]
HELD = {"labels": LABELS, "state": "active", "receivers": ["webhook"]}


def routed(
    *,
    led: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    held: dict[str, Any] | None = HELD,
    more: Sequence[Row] = (),
) -> dict[str, Verdict]:
    """Of a good drill of such a stack. without: what did not arrive, by status; held: what Alertmanager's API shows."""
    rows: Rows = [
        row for row in good() if row[1] != "delivery" or row[2]["body"]["alerts"][0]["status"] not in without
    ]
    rows.append((BELOW - 5, "listening", {"url": URL, "led": led}))
    for t in ASKED:
        alerts = [held] if held is not None and FIRING + 0.2 <= t < INACTIVE + 0.2 else []
        rows.append((t, "held_poll", {"begin": t, "end": t + 0.01, "alerts": alerts}))
    return verdicts([*rows, *more])


def earlier(status: str, receiver: str = "webhook") -> Rows:
    """A notification of another alert, before the drill."""
    told = body(status, labels={**LABELS, "alertname": "SlowResponses"})
    return [(BELOW - 1, "delivery", {**told, "receiver": receiver})]


def test_what_arrives_is_judged_as_that_of_a_stack_of_the_run() -> None:
    found = routed()
    assert (found["notified"].outcome, found["resolved"].outcome) == ("pass", "pass")
    assert found["notified"].reason.startswith("webhook after")
    assert "API" not in found["notified"].reason


def test_where_nothing_arrives_the_api_says_whom_and_the_reason_says_what_to_do() -> None:
    found = routed(without=("firing", "resolved"))
    assert (found["notified"].outcome, found["resolved"].outcome) == ("pass", "pass")
    assert f"nothing to judge it by came to {URL}" in found["notified"].reason
    assert "webhook_configs" in found["notified"].reason


def test_a_receiver_of_the_users_own_is_named_and_not_judged() -> None:
    found = routed(without=("firing", "resolved"), more=[(22.0, "stranger", {"receiver": "promproof"})])
    assert found["notified"].outcome == "pass"
    assert "where promproof came, which the contract does not name" in found["notified"].reason


@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_a_notification_that_is_missing_fails_once_one_like_it_came(status: str) -> None:
    claim = {"firing": "notified", "resolved": "resolved"}[status]
    assert routed(without=(status,))[claim].outcome == "pass"
    found = routed(without=(status,), more=earlier(status))[claim]
    assert found.outcome == "fail", found.reason
    assert "missed" in found.reason


def test_one_that_is_missing_fails_where_the_configuration_leads_here_and_something_came() -> None:
    both = ("firing", "resolved")
    assert routed(without=both, led=("webhook",))["notified"].outcome == "pass"
    stranger: Rows = [(12.0, "stranger", {"receiver": "promproof"})]
    assert routed(without=both, led=("webhook",), more=stranger)["notified"].outcome == "fail"


def test_one_that_a_silence_of_that_stack_mutes_is_not_verified() -> None:
    found = routed(without=("firing",), held={**HELD, "state": "suppressed"}, more=earlier("firing"))
    assert found["notified"].outcome == "not verified"


def test_a_notification_with_other_labels_fails() -> None:
    wrong = body("firing", labels={**LABELS, "severity": "critical"})
    found = routed(without=("firing",), more=[(22.0, "delivery", wrong)])["notified"]
    assert found.outcome == "fail"
    assert "severity" in found.reason


@pytest.mark.parametrize(("beside", "outcome"), [(False, "fail"), (True, "pass")])
def test_one_that_waits_for_a_group_that_others_have_opened_is_in_time(*, beside: bool, outcome: str) -> None:
    """Alertmanager tells an alert that joins a group at the next tick, which may be before group_wait is over."""
    late: list[Row] = [(21.1, "delivery", body("firing"))]
    other = {"labels": {**LABELS, "alertname": "SlowResponses"}, "state": "active", "receivers": ["webhook"]}
    if beside:
        late += [(t, "held_poll", {"begin": t, "end": t + 0.01, "alerts": [other]}) for t in ASKED]
    found = routed(without=("firing",), more=late)["notified"]
    assert found.outcome == outcome, found.reason
