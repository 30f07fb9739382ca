"""The judgement of a whole drill, from small histories written by hand: a good one, and each with one thing wrong."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from promproof.checks import alert_live, aspects, base
from promproof.drills.case import Built
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.report.drills import matrix, rows_of
from promproof.run.drills import judge_all
from tests.checks.drilled import (
    CONTRACT,
    DRILL,
    ENDED,
    EPOCH,
    FIRING,
    HEALED,
    LABELS,
    LOUD,
    OTHER,
    RAISED,
    SCRAPE,
    SHOWN,
    TEXTS,
    TIMING,
    Rows,
    alert,
    at,
    body,
    changed,
    good,
    hidden,
    left_out,
    outcomes,
    state,
    verdicts,
)
from tests.records import record

pytestmark = [pytest.mark.unit, pytest.mark.takes(0.6)]


@pytest.mark.parametrize(
    ("unseen", "outcome"), [(0.0, "pass"), (0.05, "pass"), (1.0, "unknown")], ids=["none", "short", "long"]
)
def test_without_a_for_only_a_hole_of_an_evaluation_can_hide_that_it_fired(
    unseen: float, outcome: str
) -> None:
    at_once = {"timing": asdict(replace(TIMING, hold=0.0))}
    rows = changed("drill", lambda t, data: {**data, **at_once})
    assert verdicts(hidden(13.0, 13.0 + unseen, rows))["silent-below"].outcome == outcome


@pytest.mark.parametrize(
    ("watched", "loud", "bad"),
    [
        (10.5, (10.0, 10.4), {}),  # of the traffic before: that is not judged
        (10.5, (10.6, 11.0), {"silent-below": "fail"}),
        (10.5, (0.0, 0.0), {}),
        (12.0, (0.0, 0.0), {"silent-below": "unknown"}),  # 4 s are left, and `for` is 5 s
    ],
)
def test_a_drill_that_begins_in_other_traffic_is_judged_when_that_has_left_the_windows(
    watched: float, loud: tuple[float, float], bad: dict[str, str]
) -> None:
    rows = [
        (t, kind, {**data, "watched": watched} if kind == "drill" else data)
        for t, kind, data in changed("poll", at(*loud, lambda data: {**data, "alerts": [LOUD]}))
    ]
    assert outcomes(rows) == bad


@pytest.mark.parametrize(
    ("window", "ended", "outcome"),
    [(1.0, 24.5, "pass"), (1.0, 24.0, "unknown"), (1.5, 24.9, "pass"), (1.5, 24.5, "unknown")],
)
def test_a_quiet_lasts_until_the_window_since_the_healing_and_a_group_interval_are_over(
    window: float, ended: float, outcome: str
) -> None:
    rows: Rows = []
    for t, kind, data in good():
        if kind == "drill":
            short = {"timing": asdict(replace(TIMING, window=window)), "ended": ended}
            rows.append((ended, kind, {**data, **short}))
        elif kind == "turn" and data["turn"] == "ended":
            rows.append((ended, kind, {**data, "asked": ended, "done": ended}))
        else:
            rows.append((t, kind, data))
    assert verdicts(rows)["quiet"].outcome == outcome


def test_a_drill_that_went_well_has_no_findings() -> None:
    found = verdicts(good())
    assert not {aspect: verdict.reason for aspect, verdict in found.items() if verdict.outcome != "pass"}
    assert found.keys() == aspects.COMMON.keys()


@pytest.mark.parametrize(
    ("rows", "bad"),
    [
        (changed("poll", at(12, 13, lambda data: {**data, "alerts": [LOUD]})), {"silent-below": "fail"}),
        (
            changed("rules_poll", at(12, 13, lambda data: {**data, "rules": {"HighMemoryUsage": "pending"}})),
            {"silent-below": "fail"},
        ),
        (changed("poll", at(19, 20, lambda data: {**data, "alerts": []})), {"fires-above": "fail"}),
        (changed("poll", at(25, 26, lambda data: {**data, "alerts": [LOUD]})), {"quiet": "fail"}),
        (changed("poll", at(25, 26, lambda data: {**data, "alerts": [OTHER]})), {"others-silent": "fail"}),
        (
            changed(
                "poll",
                at(10, 16, lambda data: {"begin": data["begin"], "end": data["end"], "error": "no answer"}),
            ),
            {"silent-below": "unknown"},
        ),
        (changed("delivery", at(22, 22.5, left_out)), {"notified": "fail"}),
        (changed("delivery", at(22.6, 24, left_out)), {"resolved": "fail"}),
        (
            changed("delivery", at(22, 22.5, lambda data: {**data, "receiver": "operator"})),
            {"notified": "fail"},
        ),
        (changed("delivery", at(22, 22.5, lambda data: {**data, "status": 500})), {"notified": "fail"}),
        (
            changed("delivery", at(22, 22.5, alert(labels={**LABELS, "severity": "page"}))),
            {"notified": "fail"},
        ),
        (changed("delivery", at(22, 22.5, alert(labels={**LABELS, "instance": "x"}))), {"notified": "fail"}),
        (
            changed("delivery", at(22, 22.5, alert(annotations={**TEXTS, "description": "% of the memory"}))),
            {"notified": "fail"},
        ),
        (
            changed(
                "delivery",
                at(22, 22.5, alert(annotations={**TEXTS, "description": SHOWN.replace("86", "99")})),
            ),
            {"notified": "fail"},
        ),
        (changed("delivery", at(22, 22.5, alert(annotations={"description": SHOWN}))), {"notified": "fail"}),
        (
            changed("delivery", at(22, 22.5, alert(annotations={**TEXTS, "summary": " "}))),
            {"notified": "fail"},
        ),
        (
            changed(
                "delivery",
                at(
                    22,
                    22.5,
                    lambda delivery: {**delivery, "body": delivery["body"] | {"groupLabels": {"job": "api"}}},
                ),
            ),
            {"notified": "fail"},
        ),
        ([*good(), (22.1, "delivery", body("firing"))], {"notified": "fail"}),
        ([*good(), (26.5, "delivery", body("resolved"))], {"resolved": "fail", "quiet": "fail"}),
    ],
)
def test_one_thing_wrong_turns_its_aspect_red(rows: Rows, bad: dict[str, str]) -> None:
    found = outcomes(rows)
    assert bad.items() <= found.items(), {
        aspect: verdict.reason for aspect, verdict in verdicts(rows).items()
    }
    assert {"others-silent", "three-ledgers"} & found.keys() == {"others-silent"} & bad.keys()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (changed("node_reading", lambda t, data: {**data, "available": 50.0}), "the exporter showed 50"),
        (changed("node_reading", lambda t, data: None), "the exporter showed nothing"),
        (
            changed(
                "stored_node",
                lambda t, data: {
                    "series": [
                        series | {"samples": [[t, v * 0.99] for t, v in series["samples"]]}
                        if "Available" in series["name"]
                        else series
                        for series in data["series"]
                    ]
                },
            ),
            "Prometheus stored",
        ),
    ],
)
def test_ledgers_that_disagree_leave_every_verdict_unknown(rows: Rows, words: str) -> None:
    found = verdicts(rows)
    assert words in found["three-ledgers"].reason
    assert {str(verdict.outcome) for aspect, verdict in found.items() if aspect != "others-silent"} == {
        "unknown"
    }


@pytest.mark.parametrize(("begins", "agree"), [(RAISED - 0.005, True), (RAISED - 0.1, False)])
def test_a_scrape_that_was_under_way_when_the_dose_was_raised_may_show_either(
    begins: float, agree: bool
) -> None:
    def early(t: float, data: dict[str, Any]) -> dict[str, Any]:
        for series in data.get("series", ()):
            value = {"node_memory_MemAvailable_bytes": 14.0, "node_memory_MemTotal_bytes": 100.0}
            series["samples"].append(
                [begins, value.get(series["name"], SCRAPE if "seconds" in series["name"] else 1.0)]
            )
            series["samples"].sort()
        return data

    found = verdicts(changed("stored_node", early))["three-ledgers"]
    assert (found.outcome == "pass") is agree, found.reason
    assert agree or "Prometheus stored 86.000% at a dose of 84.0%" in found.reason


def test_a_drill_that_broke_off_leaves_every_verdict_unknown_with_its_reason() -> None:
    rows = changed("drill", lambda t, data: {**data, "error": "prometheus: died with signal 9"})
    found = verdicts(rows)
    assert {str(verdict.outcome) for verdict in found.values()} == {"unknown"}
    assert all("died with signal 9" in verdict.reason for verdict in found.values())


def test_the_matrix_says_what_the_verdicts_say() -> None:
    history = History("by hand", 0.0, EPOCH)
    history.records += [record(n, *row) for n, row in enumerate(sorted(good(), key=lambda row: row[0]))]
    evidence = Evidence(CONTRACT, history)
    table = matrix(rows_of(evidence, [DRILL], judge_all(evidence, [DRILL])))
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells[0] == "HighMemoryUsage"
    assert cells.count("[bold]FIRED[/]") == 1
    assert cells[-1] == "[green]pass[/]"


def test_an_alert_first_polled_firing_just_after_the_healing_has_fired() -> None:
    rows = [
        row
        for row in good()
        if row[1] not in ("poll", "rules_poll") or not FIRING <= row[0] < HEALED or state(row[0]) != "firing"
    ]
    for _, kind, data in rows:
        if kind == "stored":
            for series in data.get("series", ()):
                series["samples"] = [
                    sample for sample in series["samples"] if not FIRING <= sample[0] < HEALED
                ]
    assert outcomes(rows) == {}


@pytest.mark.parametrize(
    ("why", "outcome"),
    [("the live drill was left out (--no-drill)", "not verified"), ("", "unknown")],
)
def test_a_drill_that_was_left_out_is_told_apart_from_one_that_went_missing(why: str, outcome: str) -> None:
    history = History("by hand", 0.0, EPOCH)
    history.records.append(record(0, 0.0, "run", {"no_drill": why}))
    evidence = Evidence(CONTRACT, history)
    found = [
        base.judge(check, claim, evidence) for check in alert_live.CHECKS for claim in check.claims(CONTRACT)
    ]
    assert len(found) == len(alert_live.ASPECTS) * len(CONTRACT.drilled)
    assert {str(verdict.outcome) for verdict in found} == {outcome}
    assert not why or {verdict.reason for verdict in found} == {why}


def test_a_drill_is_read_anew_when_its_history_has_grown() -> None:
    rows = good()
    records = [record(number, t, kind, fields) for number, (t, kind, fields) in enumerate(rows, 1)]
    evidence = Evidence(CONTRACT, History("run", 0.0, EPOCH, records))
    built = Built("HighMemoryUsage")
    first = built(evidence)
    assert built(evidence) is first
    evidence.history.records.append(record(len(rows) + 1, ENDED, "delivery", body("resolved")))
    assert built(evidence) is not first


def test_what_a_server_answers_while_it_stops_says_nothing_of_the_restart() -> None:
    def restarted(data: dict[str, Any]) -> dict[str, Any]:
        disturb = {"what": "prometheus_restarts", "when": "pending", "times": 3}
        return {**data, "plan": {**data["plan"], "disturb": disturb}}

    turn = {"drill": "HighMemoryUsage", "turn": "disturbed", "do": "disturb", "value": 3.0}
    rows = [*changed("drill", at(27, 27, restarted)), (17.0, "turn", {**turn, "asked": 17.0, "done": 19.0})]
    records = [
        record(number, t, kind, fields)
        for number, (t, kind, fields) in enumerate(sorted(rows, key=lambda row: row[0]), 1)
    ]
    case = Built("HighMemoryUsage")(Evidence(CONTRACT, History("run", 0.0, EPOCH, records)))
    assert case.quantity.down == ((17.0, 19.0),)
    assert not [seen for seen in case.seen if seen.begin >= 17.0 and seen.end <= 19.0]
    assert [seen for seen in case.seen if 16.5 <= seen.begin < 17.0]
    assert [seen for seen in case.seen if seen.begin > 19.0]
