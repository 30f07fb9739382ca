"""Which empty panels are no finding: those of what has not happened, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import panel_legend
from promproof.checks.panel_quiet import by_nature, elsewhere, none_chosen
from promproof.contract.model import Contract
from promproof.exposition import parse
from promproof.grafana.causes import name, relaxations
from promproof.verdict import Outcome
from tests.checks.test_cut_off import CLAIMS, verdict

pytestmark = pytest.mark.unit
SERVED = {"hits_total", "sold_total", "seconds"}
METRIC: dict[str, Any] = {
    "name": "hits_total",
    "type": "counter",
    "labels": {"code": {"from": "status"}, "class": {"from": "status_class"}, "path": {"from": "route"}},
    "truth": {"kind": "requests"},
}
CONTRACT = Contract.model_validate({"contract": 1, "service": "s", "metrics": [METRIC]})
EXPOSED = parse(
    "# TYPE hits_total counter\n"
    'hits_total{code="200",path="/a"} 4\nhits_total{code="500",path="/b"} 1\nhits_total{code="200",path="/b"} 1\n'
)


def empty(expression: str, **there: float | None) -> bool:
    """Whether a query may be empty. there: by a question's kind what it gives; what is not named gives something."""
    questions = relaxations(expression)
    answers: dict[str, float | None] = {question.expression: 9.0 for question in questions}
    answers |= {question.expression: there[question.kind] for question in questions if question.kind in there}
    return by_nature(name(questions, answers), expression, SERVED, CONTRACT)


@pytest.mark.parametrize(
    "expression",
    [
        "sum(rate(sold_total[5m]))",
        "histogram_quantile(0.9, rate(seconds_bucket[5m]))",
        "count(ALERTS)",
        'sum(ALERTS{alertstate="firing"})',
    ],
)
def test_a_metric_that_has_no_series_yet_may_be_empty(expression: str) -> None:
    assert empty(expression, metric=None)


RECORDED = (
    ("job:errors:ratio", 'sum(rate(hits_total{code=~"5.."}[5m])) / sum(rate(hits_total[5m]))'),
    ("job:errors:worst", "max(job:errors:ratio)"),
    ("job:hits:rate", "sum(rate(hits_total[5m]))"),
    ("job:hitts:ratio", 'sum(rate(hitts_total{code="500"}[5m])) / sum(rate(hits_total[5m]))'),
    ("job:impossible", 'sum(rate(hits_total{code="700"}[5m]))'),
    ("job:late", "rate(seconds_sum[5m]) / rate(seconds_count[5m]) > 1"),
    ("itself", "itself"),
)


@pytest.mark.parametrize(
    ("name", "may_be"),
    [
        ("job:errors:ratio", True),
        ("job:errors:worst", True),
        ("job:late", True),
        ("job:hits:rate", False),
        ("job:hitts:ratio", False),
        ("job:impossible", False),
        ("itself", False),
        ("nobody:records", False),
    ],
)
def test_what_a_rule_records_may_be_empty_where_what_it_reads_need_not_have_happened(
    name: str, may_be: bool
) -> None:
    cause = f"the metric {name} is missing"
    assert by_nature(cause, name, SERVED, CONTRACT, RECORDED) is may_be


@pytest.mark.parametrize("expression", ["sum(rate(sold[5m]))", "rate(hitts_total[5m])"])
def test_a_panel_of_a_metric_that_nobody_exposes_may_not_be_empty(expression: str) -> None:
    assert not empty(expression, metric=None)


@pytest.mark.parametrize(
    "matcher", ['code="500"', 'code=~"5..|429"', 'code!="200"', 'class="5xx"', 'path="/seldom"', 'other="x"']
)
def test_a_panel_of_a_value_that_was_not_seen_may_be_empty(matcher: str) -> None:
    assert empty(f"sum(rate(hits_total{{{matcher}}}[5m]))", value=None)


@pytest.mark.parametrize("matcher", ['code="5xx"', 'code=~"5xx"', 'code=~"50"', 'class="500"'])
def test_a_panel_of_a_status_that_no_answer_has_may_not_be_empty(matcher: str) -> None:
    assert not empty(f"sum(rate(hits_total{{{matcher}}}[5m]))", value=None)


def test_a_label_that_no_series_has_and_a_window_that_is_too_short_are_findings() -> None:
    assert not empty('sum(rate(hits_total{kode="500"}[5m]))', label=None)
    assert not empty("sum(rate(hits_total[1s]))", window=1.0)


@pytest.mark.parametrize(
    ("expression", "may"), [("up == 0", True), ("absent(up)", True), ("up == bool 0", False)]
)
def test_what_shows_something_only_while_it_holds_may_be_empty(expression: str, may: bool) -> None:
    assert empty(expression) is may


@pytest.mark.parametrize(
    ("expression", "chosen", "none"),
    [
        ('rate(hits_total{path=~"/a",code="500"}[5m])', ["/a"], True),
        ('rate(hits_total{path=~"/b",code="500"}[5m])', ["/b"], False),
        ('rate(hits_total{path="/a|/b",code="500"}[5m])', ["/a", "/b"], False),
        ('rate(hits_total{path="/a|/b",env="prod"}[5m])', ["/a", "/b"], False),
        ('rate(others_total{path=~"/a"}[5m])', ["/a"], False),
    ],
    ids=[
        "no error there",
        "an error there",
        "two values in one text",
        "a label of the target",
        "another's metric",
    ],
)
def test_a_choice_may_be_empty_where_the_target_has_no_such_series(
    expression: str, chosen: list[str], none: bool
) -> None:
    assert none_chosen(expression, ["path"], chosen, EXPOSED) is none


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ('no series has node_load1{mode="busy"}: this value was never seen', Outcome.PASS),
        ("the metric node_load1 is missing", Outcome.FAIL),
        ("the label of node_load1{mode} is missing", Outcome.FAIL),
    ],
)
def test_only_a_panel_that_nobody_promised_may_be_empty(cause: str, outcome: Outcome) -> None:
    found = {
        kind: verdict(*CLAIMS[kind], error="refused", cause=cause, took=0.01).outcome
        for kind in ("data", "others")
    }
    assert found == {"data": Outcome.FAIL, "others": outcome}


@pytest.mark.parametrize(
    ("name", "absent", "theirs"),
    [
        ("redis_up", ["redis"], True),
        ("redis_up", [], False),
        ("hit_total", ["redis"], False),
        ("seconds_bucket", ["redis"], False),
        ("second_bucket", ["redis"], False),
    ],
    ids=["a job that is not there", "every job is there", "misspelt", "known", "a part misspelt"],
)
def test_a_name_that_nobody_exposes_may_be_that_of_a_job_that_the_run_has_not(
    name: str, absent: list[str], theirs: bool
) -> None:
    assert elsewhere(name, SERVED, absent) is theirs


@pytest.mark.parametrize(("beside", "outcome"), [(("api",), Outcome.FAIL), ((), Outcome.NOT_VERIFIED)])
def test_a_panel_of_a_job_without_a_target_is_not_verified(beside: tuple[str, ...], outcome: Outcome) -> None:
    cause = "the metric node_load1 is missing"
    found = verdict(*CLAIMS["data"], error="refused", cause=cause, took=0.01, beside=beside)
    assert found.outcome == outcome, found.reason
    legend = verdict(
        panel_legend.CHECK, CLAIMS["data"][1], error="refused", cause=cause, took=0.01, beside=beside
    )
    assert (legend.outcome == Outcome.UNKNOWN) is (outcome == Outcome.FAIL)
    others = verdict(*CLAIMS["others"], error="refused", cause=cause, took=0.01, beside=beside).outcome
    assert (others == Outcome.PASS) is (outcome == Outcome.NOT_VERIFIED)


def test_a_documented_metric_that_is_not_there_is_no_other_job_s() -> None:
    cause = "the metric http_requests_total is missing"
    found = verdict(*CLAIMS["data"], error="refused", cause=cause, took=0.01, beside=())
    assert found.outcome == Outcome.FAIL


@pytest.mark.parametrize(("beside", "outcome"), [(("api",), Outcome.FAIL), ((), Outcome.PASS)])
def test_names_and_variables_of_such_a_job_are_no_findings(beside: tuple[str, ...], outcome: Outcome) -> None:
    for kind in ("metrics", "variables"):
        assert verdict(*CLAIMS[kind], error="refused", took=0.01, beside=beside).outcome == outcome, kind
