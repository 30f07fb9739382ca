"""When nothing is active any more: a watchdog, which always fires, is nothing to wait for."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace

import pytest

from promproof.evidence.records import AlertsPoll, Held, HeldPoll
from promproof.observe.polling import Pollers, rule_states

pytestmark = pytest.mark.unit


def is_quiet(
    firing: Collection[str], held: Collection[str], beside: Collection[str], error: str = ""
) -> bool:
    """What is said when Prometheus and Alertmanager have these alerts."""
    alerts = tuple({"labels": {"alertname": name}, "state": "firing"} for name in firing)
    polls = {
        AlertsPoll: AlertsPoll(0.0, 0.1, error or None, alerts=alerts),
        HeldPoll: HeldPoll(
            0.0, 0.1, None, alerts=tuple(Held({"alertname": name}, "active") for name in held)
        ),
    }
    history = SimpleNamespace(last=lambda kind: SimpleNamespace(data=polls[kind]))
    pollers = Pollers(history, "http://127.0.0.1:1", "http://127.0.0.1:1", 1.0)  # type: ignore[arg-type]  # last alone
    return pollers.quiet(beside)


@pytest.mark.parametrize(
    ("firing", "held", "expected"),
    [
        ([], [], True),
        (["Watchdog"], ["Watchdog"], True),
        (["Watchdog", "Down"], ["Watchdog"], False),
        (["Watchdog"], ["Watchdog", "Down"], False),
    ],
    ids=["none", "the watchdog", "another fires", "another is held"],
)
def test_a_watchdog_is_nothing_to_wait_for(firing: list[str], held: list[str], expected: bool) -> None:
    assert is_quiet(firing, held, {"Watchdog"}) is expected


def test_an_alert_that_is_no_watchdog_is_waited_for() -> None:
    assert not is_quiet(["Watchdog"], [], ())


def test_a_poll_without_an_answer_is_not_quiet() -> None:
    assert not is_quiet([], [], (), error="refused")


def test_a_rule_that_was_not_evaluated_yet_is_inactive() -> None:
    """Newer versions of Prometheus say unknown of it."""
    rules = [
        {"type": "alerting", "name": name, "state": name.lower()} for name in ("Unknown", "Firing", "Pending")
    ]
    rules += [{"type": "alerting", "name": "Firing", "state": "unknown"}, {"type": "recording", "name": "r"}]
    assert rule_states([{"rules": rules}], None) == {
        "Unknown": "inactive",
        "Firing": "firing",
        "Pending": "pending",
    }
