"""A service of a few lines with a small, healthy set-up: what it has not is no failure, and no doubt of the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promproof.checks import (
    alert_boundary,
    configuration,
    deployment_live,
    metric_cardinality,
    metric_form,
    metric_parked,
    target,
)
from promproof.checks.base import Check, Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
METRICS: list[dict[str, Any]] = [
    {
        "name": "hits_total",
        "type": "counter",
        "unit": "requests",
        "help": "Hits",
        "labels": {"endpoint": {}},
        "truth": {"kind": "requests"},
    },
    {"name": "open", "type": "gauge", "unit": "requests", "help": "Open", "truth": {"kind": "open_requests"}},
]
ALERT = {
    "name": "Down",
    "comparator": "==",
    "threshold": 0,
    "unit": "state",
    "for": "1m",
    "severity": "page",
    "receivers": ["desk"],
    "metrics": ["up"],
    "boundary": {"threshold": 0.5, "fires_when": "below", "series": [{"series": "up", "value": "q"}]},
}
EXPOSED = '# TYPE hits counter\nhits_total{endpoint="/"} 3\n# TYPE hits_created gauge\nhits_created{endpoint="/"} 1e9\n'


def judged(
    check: Check,
    subject: str = "",
    *,
    alerts: bool = False,
    unknown: int = 0,
    exposed: str = EXPOSED,
    promised: dict[str, Any] | None = None,
    further: Sequence[tuple[str, dict[str, Any]]] = (),
) -> Verdict:
    """Of a run that sent three requests for the start page, and some for unknown paths, to a set-up without rules."""
    about = {"contract": 1, "service": "s", "target": {"job": "s"}, "metrics": METRICS, "allowed": []}
    contract = Contract.model_validate({**about, "alerts": [ALERT] if alerts else [], **(promised or {})})
    ledger = Ledger(lambda: 1.0, 0.025)
    for endpoint in ["/"] * 3 + ["unmatched"] * unknown:
        ledger.close(ledger.open("GET", endpoint), 200)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 1.0, "managed": True}),
        ("rules", {"groups": []}),
        ("rendered_rules", {"rules": []}),
        ("reload", {"rows": []}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("exposition", {"label": "rest", "begin": 7.0, "end": 7.1, "text": exposed}),
        ("stored", {"series": [{"name": "open", "labels": {}, "samples": []}]}),
        ("ledger", {"view": ledger.snapshot().to_json()}),
        *further,
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 8.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(check, Claim("claim", subject), Evidence(contract, history))


def test_no_rules_pass_where_no_alert_is_promised() -> None:
    found = judged(configuration.RULES)
    assert (found.outcome, found.reason) == ("pass", "none promised, none there")


def test_no_rules_fail_where_an_alert_is_promised() -> None:
    found = judged(configuration.RULES, alerts=True)
    assert (found.outcome, found.reason) == ("fail", "the folder has no alerting rules")


def test_a_reload_is_not_verified_without_rules_and_receivers() -> None:
    assert judged(deployment_live.RELOAD).outcome == "not verified"


@pytest.mark.parametrize(("unknown", "outcome"), [(0, "not verified"), (5, "unknown"), (1000, "pass")])
def test_unknown_paths_that_no_scenario_sends_leave_their_claim_not_verified(
    unknown: int, outcome: str
) -> None:
    assert judged(metric_cardinality.CHECK, "hits_total", unknown=unknown).outcome == outcome


@pytest.mark.parametrize(("word", "outcome"), [("/no-such-path", "not verified"), ("other", "unknown")])
def test_a_contract_that_gives_an_unknown_path_its_own_value_promises_no_shared_one(
    word: str, outcome: str
) -> None:
    label = {"from": "route", "as": {"unmatched": word}}
    metric = {**METRICS[0], "labels": {"endpoint": label}}
    promised = {"metrics": [metric, *METRICS[1:]]}
    exposed = EXPOSED.replace("unmatched", word)
    found = judged(metric_cardinality.CHECK, "hits_total", unknown=5, exposed=exposed, promised=promised)
    assert found.outcome == outcome, found


@pytest.mark.parametrize(
    ("handler", "path", "unknown", "outcome"),
    [
        ("none", "/no-such-path", 5, "not verified"),
        ("none", "none", 5, "unknown"),
        ("none", "none", 1000, "pass"),
        ("/made-up", "none", 1000, "fail"),
        ("none", "/made-up", 1000, "fail"),
    ],
)
def test_each_of_two_labels_with_the_route_is_judged(
    handler: str, path: str, unknown: int, outcome: str
) -> None:
    shared = "/no-such-path" if path == "/no-such-path" else "none"
    labels = {
        "handler": {"from": "route", "as": {"/": "start", "unmatched": "none"}},
        "url": {"from": "route", "as": {"unmatched": shared}},
    }
    promised = {"metrics": [{**METRICS[0], "labels": labels}, *METRICS[1:]]}
    exposed = (
        '# TYPE hits counter\nhits_total{handler="start",url="/"} 3\n'
        f'hits_total{{handler="{handler}",url="{path}"}} {unknown}\n'
    )
    found = judged(
        metric_cardinality.CHECK, "hits_total", unknown=unknown, exposed=exposed, promised=promised
    )
    assert found.outcome == outcome, found


@pytest.mark.parametrize(("value", "outcome"), [(0, "pass"), (1, "fail")], ids=["at 0", "counted"])
def test_an_endpoint_at_0_is_not_taken_for_one_of_an_unknown_path(value: int, outcome: str) -> None:
    exposed = EXPOSED + f'hits_total{{endpoint="/elsewhere"}} {value}\n'
    assert judged(metric_cardinality.CHECK, "hits_total", unknown=1000, exposed=exposed).outcome == outcome


def test_a_metric_without_a_label_for_the_endpoint_has_no_claim_about_unknown_paths() -> None:
    without = [{**METRICS[0], "labels": {}}, METRICS[0] | {"name": "others_total"}]
    contract = Contract.model_validate(
        {"contract": 1, "service": "s", "target": {"job": "s"}, "metrics": without}
    )
    assert [claim.subject for claim in metric_cardinality.CHECK.claims(contract)] == ["others_total"]


def test_how_many_requests_are_open_is_not_verified_where_none_is_made_to_wait() -> None:
    found = judged(metric_parked.CHECK, "open")
    assert found.outcome == "not verified", found.reason


def test_a_created_series_may_be_exposed_and_an_undocumented_family_may_not() -> None:
    assert judged(target.EXPOSITION).outcome == "pass"
    found = judged(target.EXPOSITION, exposed=EXPOSED + "# TYPE python_info gauge\npython_info 1\n")
    assert found.outcome == "fail"
    assert found.reason.startswith(
        "python_info is exposed, not documented and not on the allow-list (`allowed` in"
    )


def test_without_an_allow_list_other_families_pass() -> None:
    more = EXPOSED + "# TYPE python_info gauge\npython_info 1\n"
    assert (
        judged(target.EXPOSITION, exposed=more, promised={"allowed": None, "metrics": []}).outcome == "pass"
    )


def form(exposed: str, **metric: Any) -> Verdict:
    """The form of a histogram `seconds` of which only `metric` is promised."""
    promised = {"metrics": [{"name": "seconds", "type": "histogram", **metric}]}
    return judged(metric_form.CHECK, "seconds", exposed=exposed, promised=promised)


SECONDS = """# HELP seconds Any text
# TYPE seconds histogram
seconds_bucket{path="/",le="1.0"} 1
seconds_bucket{path="/",le="+Inf"} 2
seconds_count{path="/"} 2
seconds_sum{path="/"} 3
"""


@pytest.mark.parametrize(
    ("error", "labels", "outcome"),
    [
        ("", {"path": {}}, "pass"),
        ("timeout", {"path": {}}, "fail"),
        ("", {"path": {}, "error": {"values": ["", "timeout"]}}, "pass"),
    ],
)
def test_an_empty_label_counts_as_absent(error: str, labels: dict[str, Any], outcome: str) -> None:
    exposed = SECONDS.replace('path="/"', f'path="/",error="{error}"')
    assert form(exposed, labels=labels).outcome == outcome


def test_a_label_that_may_be_empty_may_be_missing() -> None:
    labels = {"path": {}, "error": {"values": ["", "timeout"]}}
    assert form(SECONDS, labels=labels).outcome == "pass"
    assert form(SECONDS, labels={**labels, "error": {"values": ["timeout"]}}).outcome == "fail"


@pytest.mark.parametrize("promised", [{}, {"help": "Any text"}, {"labels": {"path": {}}}, {"buckets": [1.0]}])
def test_of_a_metrics_form_only_what_is_promised_is_judged(promised: dict[str, Any]) -> None:
    assert form(SECONDS, **promised).outcome == "pass"


@pytest.mark.parametrize(
    ("promised", "reason"),
    [
        ({"help": "Another"}, "help is 'Any text', documented 'Another'"),
        ({"labels": {}}, "has labels"),
        ({"labels": {"route": {}}}, "has labels"),
        ({"buckets": [2.0]}, "bucket edges"),
    ],
)
def test_what_is_promised_of_a_metrics_form_is_judged_as_ever(promised: dict[str, Any], reason: str) -> None:
    found = form(SECONDS, **promised)
    assert (found.outcome, reason in found.reason) == ("fail", True), found.reason


def test_a_metric_with_a_name_and_a_type_must_be_there_with_that_type() -> None:
    assert form("# TYPE seconds gauge\nseconds 1\n").reason == "type is gauge, documented histogram"
    assert form("# TYPE others gauge\nothers 1\n").reason == "seconds is not exposed"


def test_an_alert_without_a_boundary_is_not_verified() -> None:
    found = judged(alert_boundary.CHECK, "Down", promised={"alerts": [{"name": "Down"}]})
    assert found.outcome == "not verified"
    assert "no `boundary`" in found.reason


@pytest.mark.parametrize(
    ("said", "points", "outcome", "reason"),
    [
        pytest.param(
            ("proven", "> 5", ""),
            [("Down", 4.98, False), ("Down", 5.02, True)],
            "pass",
            "flips at > 5",
            id="its rule flips there",
        ),
        pytest.param(
            ("proven", "< 5", ""),
            [("Down", 4.98, True), ("Down", 5.02, False)],
            "fail",
            "fires below 5",
            id="its rule fires on the other side",
        ),
        pytest.param(
            ("proven", "< 0.95", ""), [], "not verified", "flips at < 0.95", id="its rule has another number"
        ),
        pytest.param(("dead", "-", "no label"), [], "fail", "dead: no label", id="its rule is dead"),
        pytest.param(
            ("not covered", "-", "no parse"),
            [],
            "not verified",
            "no parse",
            id="nothing is known of its rule",
        ),
    ],
)
def test_an_alert_without_a_boundary_is_judged_by_its_rule(
    said: tuple[str, str, str], points: list[tuple[str, float, bool]], outcome: str, reason: str
) -> None:
    alert = {"name": "Down", "comparator": ">", "threshold": 5.0}
    record = ("boundary", {"points": points, "rules": {"Down": said}})
    found = judged(alert_boundary.CHECK, "Down", promised={"alerts": [alert]}, further=[record])
    assert (found.outcome, reason in found.reason) == (outcome, True), found.reason


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        (("proven", "== 1", ""), "pass", "flips at == 1"),
        (("proven", "-", ""), "not verified", "flips at -"),
        (("contradicted", "-", "it never fires"), "fail", "it never fires"),
        (("not covered", "-", "no parse"), "not verified", "no parse"),
    ],
)
def test_an_alert_without_a_number_is_judged_by_where_its_rule_flips(
    said: tuple[str, str, str], outcome: str, reason: str
) -> None:
    record = ("boundary", {"points": [], "rules": {"Gone": said}})
    found = judged(alert_boundary.CHECK, "Gone", promised={"alerts": [{"name": "Gone"}]}, further=[record])
    assert (found.outcome, reason in found.reason) == (outcome, True), found.reason
