"""Metrics of the target that nobody documented: in panels, annotations and recording rules, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.checks import configuration
from promproof.checks.base import Claim
from promproof.checks.panel_inventory import CHECKS
from promproof.checks.panel_plain import _of_annotation, _of_links
from promproof.checks.target_metrics import is_known, misread, sampled, strange
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import RuleFiles, Tools
from promproof.run.clock import SystemClock
from promproof.verdict import Outcome
from tests.checks.test_dashboards import contract, dashboard, expr, judged, panel

__all__ = ["contract"]
pytestmark = pytest.mark.unit
JOB = 'job="promptpilot-api"'
KNOWN = (
    f"rate(http_requests_total{{{JOB}}}[5m])",
    f"rate(http_request_duration_seconds_bucket{{{JOB}}}[5m])",
    f"process_start_time_seconds{{{JOB}}}",
    f"python_gc_objects_collected_total{{{JOB}}}",
    f"up{{{JOB}}} == 0",
    f"scrape_duration_seconds{{{JOB}}}",
    'ALERTS{alertstate="firing"}',
    f"job:http_requests:rate5m{{{JOB}}}",
    'node_load1{job="node"}',
    "nobody_knows_the_job_of_this",
    'http_request_total{job=~"promptpilot-.*"}',
    f"{{{JOB}}}",
    "no PromQL (",
)


@pytest.mark.parametrize("expression", KNOWN)
def test_what_the_target_may_expose_or_another_has_is_not_strange(
    contract: Contract, expression: str
) -> None:
    assert list(strange(expression, contract, ["job:http_requests:rate5m"])) == []


def test_a_metric_of_the_target_that_the_contract_does_not_know_is_strange(contract: Contract) -> None:
    expression = f"rate(http_request_total{{{JOB}}}[5m]) / rate(http_requests_total{{{JOB}}}[5m])"
    assert list(strange(expression, contract, [])) == ["http_request_total"]
    assert not list(strange(expression, contract.model_copy(update={"allowed": None}), []))


def test_a_panel_of_a_metric_that_nobody_documented_fails_without_a_server(
    contract: Contract, tmp_path: Path
) -> None:
    asks = dashboard(panel(targets=[expr(f"rate(http_request_total{{{JOB}}}[5m])")]))
    verdict = judged(contract, tmp_path, CHECKS[2], asks)
    assert (verdict.claim, verdict.outcome) == ("dashboards/metrics", Outcome.FAIL)
    assert "asks for http_request_total, which is not documented" in verdict.reason


def test_a_panel_of_documented_metrics_waits_for_a_server(contract: Contract, tmp_path: Path) -> None:
    asks = dashboard(panel(targets=[expr(f"rate(http_requests_total{{{JOB}}}[5m])")]))
    assert judged(contract, tmp_path, CHECKS[2], asks).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        (f"sum(rate(http_requests_total{{{JOB}}}[5m]))", Outcome.PASS),
        (f"sum(rate(http_request_total{{{JOB}}}[5m]))", Outcome.FAIL),
    ],
)
def test_a_recording_rule_of_an_unknown_metric_is_not_clean(
    contract: Contract, tmp_path: Path, expression: str, outcome: Outcome
) -> None:
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    history.add(Tools((), ()))
    history.add(RuleFiles((), (), ("job:x",), (("job:x", expression),)))
    history.close()
    verdict = configuration.judge_tools(Claim("config/clean"), Evidence(contract, history))
    assert verdict.outcome is outcome
    assert ("asks for http_request_total" in verdict.reason) == (outcome is Outcome.FAIL)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ('ALERTS{alertstate="firing",alertname!="Watchdog"}', []),
        ('ALERTS{alertstate=~"firing|pending"}', []),
        (f"changes(process_start_time_seconds{{{JOB}}}[1m]) > 0", []),
        ("changes($metric[1m])", []),
        ('ALERTS{alertstate="fireing"}', ["asks for alerts that are fireing: they are firing or pending"]),
        (
            f"changes(process_started_seconds{{{JOB}}}[1m]) > 0",
            ["asks for process_started_seconds, which is not documented"],
        ),
    ],
)
def test_an_annotation_asks_for_what_can_be_found(
    contract: Contract, expression: str, said: list[str]
) -> None:
    assert list(_of_annotation(expression, contract, [])) == said


def board(tags: list[str], *linked: str, kind: str = "dashboards") -> dict[str, Any]:
    return {"tags": tags, "links": [{"type": kind, "tags": list(linked)}]}


def test_links_by_a_tag_lead_to_the_dashboards_that_have_it() -> None:
    one, two = board(["pilot"], "pilot"), board(["pilot", "api"], "pilot")
    assert list(_of_links(one, [two])) == []
    assert list(_of_links(board(["pilot"], "pylot"), [one, two])) == [
        ("links[0].tags", "no dashboard has pylot")
    ]
    assert list(_of_links(board(["plot"], "pilot"), [one, two])) == [
        ("tags", "the links of the others are to pilot, which it is not")
    ]


def test_a_page_of_links_needs_no_tag_of_its_own() -> None:
    leaf = {"tags": ["pilot"], "links": []}
    assert list(_of_links(board(["home"], "pilot"), [leaf, leaf])) == []
    assert list(_of_links(board([], kind="link"), [leaf])) == []
    assert list(_of_links(board(["home"]), [leaf])) == []


FAILED = f'rate(prompt_executions_total{{{JOB},status="failed"}}[5m])'


@pytest.mark.parametrize(
    ("name", "expression", "said"),
    [
        ("job:x", FAILED, []),
        ("job:x", FAILED.replace('="failed', '=~"fail.*'), []),
        ("job:x", f"delta(active_users{{{JOB}}}[5m])", []),
        ("job:x", f'rate(http_request_duration_seconds_bucket{{{JOB},le="1.0"}}[5m])', []),
        ("job:x", "rate(node_load1[5m])", []),
        ("job:x", f'rate(http_requests_total{{{JOB},env="prod",status="503"}}[5m])', []),
        ("job:x", "no PromQL (", []),
        ("job:x", FAILED.replace("failed", "failure"), ["with status='failure', which it never has"]),
        ("job:x", f"rate(active_users{{{JOB}}}[5m])", ["takes rate() of active_users, which is a gauge"]),
        (
            "active_users",
            f"sum(active_users{{{JOB}}})",
            ["writes series of a metric that the target exposes"],
        ),
    ],
)
def test_a_recording_rule_reads_metrics_as_they_are_documented(
    contract: Contract, name: str, expression: str, said: list[str]
) -> None:
    found = list(misread(name, expression, contract))
    assert len(found) == len(said)
    assert all(text in each for text, each in zip(said, found, strict=True))


SERVED = {
    "shop_build": "info",
    "orders": "counter",
    "took_seconds": "histogram",
    "load": "gauge",
    "odd": None,
}


@pytest.mark.parametrize(
    "name", ["shop_build_info", "orders_total", "orders_created", "took_seconds_created", "load", "odd"]
)
def test_what_openmetrics_appends_to_a_family_is_served_with_it(contract: Contract, name: str) -> None:
    assert is_known(contract, name, sampled(SERVED))


@pytest.mark.parametrize("name", ["load_info", "odd_created", "shop_info", "orders_info"])
def test_a_suffix_that_the_type_does_not_have_is_not_served(contract: Contract, name: str) -> None:
    assert not is_known(contract, name, sampled(SERVED))
