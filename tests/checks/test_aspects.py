"""The judgement of a whole drill, from small histories written by hand: a good one, and each with one thing wrong."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
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


def test_labels_that_prometheus_adds_to_what_it_sends_are_no_findings() -> None:
    def sent(t: float, data: dict[str, Any]) -> dict[str, Any]:
        return alert(labels={**LABELS, "cluster": "eu1"})(data)

    assert outcomes(changed("delivery", sent)) == {}


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


@pytest.mark.parametrize(("folder", "outcome"), [(True, "fail"), (False, "pass")])
def test_a_busy_machine_is_a_finding_only_of_a_drill_that_writes_its_figures(
    folder: bool, outcome: str
) -> None:
    busy = {"labels": {"alertname": "HighCPUUsage", "instance": "node:1", "job": "node"}, "state": "firing"}
    rows = [row for row in good() if folder or row[1] != "proc_folder"]
    for t, kind, data in rows:
        if kind == "poll" and 25 <= t <= 26:
            data["alerts"] = [busy]
    assert str(verdicts(rows)["others-silent"].outcome) == outcome


@pytest.mark.parametrize(
    ("name", "expression", "outcome"),
    [
        ("TargetDown", 'up{job="node"} == 0', "pass"),
        ("TargetDown", 'up{job!="promptpilot-api"} == 0', "pass"),
        ("ServiceDown", 'up{job="promptpilot-api"} == 0', "fail"),
        ("Watchdog", "vector(1)", "pass"),
        ("DiskWillFill", "node_filesystem_avail_bytes < 1", "pass"),
    ],
)
def test_only_an_alert_whose_truth_is_known_must_be_silent(name: str, expression: str, outcome: str) -> None:
    active = {"labels": {"alertname": name, "job": "node"}, "state": "firing"}
    rule = {"name": name, "expression": expression, "hold": 60.0}
    rows = [*good(), (0.0, "rule_files", {"files": ["rules.yml"], "rules": [rule]})]
    for t, kind, data in rows:
        if kind == "poll" and 25 <= t <= 26:
            data["alerts"] = [active]
    found = verdicts(rows)["others-silent"]
    assert found.outcome == outcome, found.reason


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
    ("failed", "name", "outcome"),
    [(True, "ServiceDown", "unknown"), (False, "ServiceDown", "fail"), (True, "SlowResponses", "fail")],
    ids=["after failed scrapes", "no scrape failed", "not on up"],
)
def test_a_notification_of_an_alert_on_up_is_judged_where_no_scrape_failed(
    failed: bool, name: str, outcome: str
) -> None:
    up = [[9 + n / 4, 0.0 if failed and 60 < n < 66 else 1.0] for n in range(74)]
    scrapes = [{"name": "up", "labels": {}, "samples": up}]
    told = body("firing", labels={**LABELS, "alertname": name})
    rows = [*good(), (28.0, "stored", {"series": scrapes}), (26.0, "delivery", told)]
    found = verdicts(rows)["others-silent"]
    assert found.outcome == outcome, found.reason


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
