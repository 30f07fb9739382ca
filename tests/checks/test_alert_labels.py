"""A rule that selects the target's series by a label that none of them has is red, at its file and line."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks.alert_documented import CHECK
from promproof.checks.base import Claim, judge
from promproof.contract.model import Alert, load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.places import DEFAULT_CONTRACT
from promproof.verdict import Outcome, Verdict
from tests.records import record

pytestmark = pytest.mark.unit
JOB = 'job="promptpilot-api"'
OWN = {"job": "promptpilot-api", "instance": "i", "env": "prod"}
SERIES: dict[str, dict[str, str]] = {
    "http_requests_total": {"method": "GET", "endpoint": "/health", "status": "200"},
    "http_request_duration_seconds_count": {"method": "GET", "endpoint": "/health"},
}


def judged(expression: str, *, managed: bool = True) -> Verdict:
    alert = Alert.model_validate({"name": "A", "comparator": ">", "threshold": 0.2})
    contract = load(DEFAULT_CONTRACT).model_copy(update={"alerts": (alert,)})
    rule = {"name": "A", "expression": f"{expression} > 0.2", "hold": 0.0, "where": "rules.yml:6"}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": managed, "instance": "i"}),
        ("rule_files", {"files": ["rules.yml"], "rules": [rule]}),
        ("routes", {"receivers": {"A": []}}),
    ]
    for metric in contract.metrics:
        labels = SERIES.get(metric.sample)
        series: list[dict[str, Any]] = []
        if labels:
            series.append({"name": metric.sample, "labels": OWN | labels, "samples": [[1.0, 1.0]]})
        rows.append(("stored", {"selector": metric.sample, "series": series}))
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, 8.0, kind, data) for number, (kind, data) in enumerate(rows))
    return judge(CHECK, Claim("alert/A/documented", "A"), Evidence(contract, history))


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (
            f'rate(http_requests_total{{{JOB},code=~"5.."}}[5m])',
            "rules.yml:6: selects http_requests_total by the label code, and its series have "
            "endpoint, env, instance, job, method, status",
        ),
        (f'rate(http_requests_total{{{JOB},path="/health"}}[5m])', "by the label path"),
        (f'rate(http_requests_total{{{JOB},code!=""}}[5m])', "by the label code"),
        (f'rate(http_request_duration_seconds_bucket{{{JOB},status="200"}}[5m])', "by the label status"),
    ],
)
def test_a_label_that_no_series_has_is_red_at_its_rule(expression: str, says: str) -> None:
    verdict = judged(expression)
    assert verdict.outcome is Outcome.FAIL
    assert says in verdict.reason


@pytest.mark.parametrize(
    "expression",
    [
        f'rate(http_requests_total{{{JOB},status=~"5.."}}[5m])',
        f'rate(http_requests_total{{{JOB},env="prod",instance="j"}}[5m])',
        f'rate(http_requests_total{{{JOB},code!="500"}}[5m])',
        f'rate(http_requests_total{{{JOB},code=""}}[5m])',
        f'rate(http_requests_total{{{JOB},code=~".*"}}[5m])',
        f'rate(http_request_duration_seconds_bucket{{{JOB},le="0.5"}}[5m])',
        'rate(http_requests_total{code=~"5.."}[5m])',
        'rate(http_requests_total{job="another",code=~"5.."}[5m])',
        f'rate(prompt_executions_total{{{JOB},code="5"}}[5m])',
    ],
    ids=[
        "a-label-it-has",
        "target-labels",
        "none-is-found-too",
        "absent",
        "any",
        "of-a-bucket",
        "of-any-job",
        "of-another-job",
        "nothing-stored",
    ],
)
def test_a_label_that_may_be_there_or_may_be_absent_is_not(expression: str) -> None:
    assert judged(expression).outcome is Outcome.PASS


def test_of_a_stack_that_runs_already_one_instance_says_nothing_about_the_others() -> None:
    assert (
        judged(f'rate(http_requests_total{{{JOB},code=~"5.."}}[5m])', managed=False).outcome is Outcome.PASS
    )
