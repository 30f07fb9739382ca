"""Notifications of a drill: what arrived, how often, in which words, and what it answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.checks.drilled import (
    EPOCH,
    LABELS,
    SHOWN,
    TEXTS,
    Rows,
    alert,
    at,
    body,
    changed,
    good,
    hidden,
    left_out,
    outcomes,
    verdicts,
)

pytestmark = pytest.mark.unit


def test_labels_that_prometheus_adds_to_what_it_sends_are_no_findings() -> None:
    def sent(t: float, data: dict[str, Any]) -> dict[str, Any]:
        return alert(labels={**LABELS, "cluster": "eu1"})(data)

    assert outcomes(changed("delivery", sent)) == {}


def ended_before(data: dict[str, Any]) -> dict[str, Any]:
    """A notification that also tells of an alert of its group that had ended before the drill began."""
    ended = datetime.fromtimestamp(EPOCH + 5, UTC).isoformat()
    old = {
        "labels": {**LABELS, "instance": "old"},
        "annotations": TEXTS,
        "status": "resolved",
        "endsAt": ended,
    }
    data["body"]["alerts"].append(old)
    return data


def test_an_alert_that_had_ended_before_does_not_disturb_a_delivery() -> None:
    assert outcomes(changed("delivery", at(22, 22.5, ended_before))) == {}


def test_a_group_told_again_of_an_alert_that_had_ended_before_counts_once() -> None:
    assert outcomes([*good(), (22.4, "delivery", ended_before(body("firing")))]) == {}


@pytest.mark.parametrize(
    "rows",
    [
        [*good(), (22.4, "delivery", body("firing"))],
        [*changed("delivery", at(22, 22.1, ended_before)), (22.4, "delivery", ended_before(body("firing")))],
        [*good(), *((t, "delivery", ended_before(body("firing"))) for t in (22.4, 22.5))],
        [*good(), (22.4, "delivery", ended_before(body("firing", labels={**LABELS, "instance": "x"})))],
    ],
)
def test_a_notification_that_comes_twice_by_itself_fails(rows: Rows) -> None:
    assert outcomes(rows).get("notified") == "fail"


@pytest.mark.parametrize(("hole", "outcome"), [(0.0, "fail"), (0.4, "pass")], ids=["all polled", "a hole"])
def test_a_text_that_the_alert_never_had_is_wrong_where_no_evaluation_went_unseen(
    hole: float, outcome: str
) -> None:
    other = {**TEXTS, "description": SHOWN.replace("86%", "86.04%")}
    rows = hidden(21.5, 21.5 + hole, changed("delivery", at(22, 22.5, alert(annotations=other))))
    assert verdicts(rows)["notified"].outcome == outcome, verdicts(rows)["notified"].reason


def test_a_text_of_other_words_is_wrong_whatever_went_unseen() -> None:
    other = {**TEXTS, "summary": "High swap usage"}
    rows = hidden(21.5, 21.9, changed("delivery", at(22, 22.5, alert(annotations=other))))
    assert "the alert never had it" in verdicts(rows)["notified"].reason


@pytest.mark.parametrize(
    ("failed", "told", "outcome"),
    [(True, 15.2, "unknown"), (False, 15.2, "fail"), (True, 13.0, "fail")],
    ids=["it may have fired by itself", "no scrape failed", "sooner than it can have fired"],
)
def test_a_notification_on_the_harmless_side_is_judged_where_the_alert_can_not_have_fired(
    failed: bool, told: float, outcome: str
) -> None:
    def gap(data: dict[str, Any]) -> dict[str, Any]:
        for series in data["series"]:
            if series["name"] == "up" and failed:
                series["samples"] = [[t, 0.0 if 9 < t < 15.4 else value] for t, value in series["samples"]]
        return data

    rows = [*changed("stored_node", at(28, 28, gap)), (told, "delivery", body("firing"))]
    found = verdicts(rows)["silent-below"]
    assert found.outcome == outcome, found.reason


@pytest.mark.parametrize(
    ("answered", "taken", "outcome"),
    [(502, True, "pass"), (502, False, "fail"), (500, True, "fail"), (404, True, "fail")],
    ids=["no answer in time, then taken", "never taken", "an error", "a wrong path"],
)
def test_a_target_that_did_not_answer_in_time_and_took_it_then_has_refused_nothing(
    answered: int, taken: bool, outcome: str
) -> None:
    rows = good() if taken else changed("delivery", at(22, 22.5, left_out))
    rows.append((21.95, "delivery", body("firing") | {"status": answered}))
    assert verdicts(rows)["notified"].outcome == outcome, verdicts(rows)["notified"].reason


@pytest.mark.parametrize(
    ("answered", "failed", "outcome"),
    [(502, True, "unknown"), (502, False, "fail"), (500, True, "fail")],
    ids=["and its scrapes failed", "and its scrapes did not", "an error"],
)
def test_a_target_too_busy_for_its_scrapes_and_its_notification_has_lost_none(
    answered: int, failed: bool, outcome: str
) -> None:
    up = [[9 + n / 4, 0.0 if failed and 48 < n < 60 else 1.0] for n in range(74)]
    rows = [
        *changed("delivery", at(22, 22.5, left_out)),
        (28.0, "stored", {"series": [{"name": "up", "labels": {}, "samples": up}]}),
    ]
    rows.append((21.95, "delivery", body("firing") | {"status": answered}))
    found = verdicts(rows)["notified"]
    assert found.outcome == outcome, found.reason
