"""What a running Prometheus has loaded and knows becomes a set-up; what it does not answer is named."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.cli.program import main
from promproof.findings.discover import discover, discover_text
from promproof.findings.judging import judge
from promproof.findings.loaded import Answers, with_server
from promproof.findings.setup import Setup
from tests.observe.servers import answer, serving

pytestmark = pytest.mark.unit
CONFIGURATION = (
    "global: {scrape_interval: 15s, evaluation_interval: 15s}\nscrape_configs:\n- {job_name: api}\n"
)
ALERT: dict[str, Any] = {
    "type": "alerting",
    "name": "Slow",
    "query": 'rate(seconds_total{code="200"}[5m]) > 1',
    "duration": 120,
    "keepFiringFor": 0,
    "labels": {"severity": "page"},
}
RECORD = {"type": "recording", "name": "job:up:sum", "query": "sum by (job) (up)"}
GROUPS = [
    {"name": "a", "file": "/etc/a.yml", "interval": 15, "limit": 0, "rules": [ALERT]},
    {"name": "b", "file": "/etc/a.yml", "interval": 60, "limit": 5, "rules": [RECORD]},
]
ANSWERS = Answers(
    "http://server",
    CONFIGURATION,
    GROUPS,
    {"storage.tsdb.retention.time": "30d"},
    {"seconds_total": [{"type": "counter"}], "odd": [{"type": "gauge"}, {"type": "counter"}]},
    ["seconds_total", "up"],
    ["up", "up"],
    lambda name: [{"__name__": name, "code": "200"}, {"__name__": name, "code": "500"}],
)


def loaded(**changes: Any) -> Setup:
    return with_server(discover([]), replace(ANSWERS, **changes), has_files=False)


def test_the_rules_of_a_server_are_those_that_it_has_loaded() -> None:
    setup = loaded()
    (server,) = setup.prometheuses
    (slow,) = setup.alerts
    assert (slow.hold, slow.labels, slow.group.prometheuses) == (120, {"severity": "page"}, (server,))
    assert str(slow.at("expr")) == "http://server /etc/a.yml: groups[0].rules[0].expr"
    assert [(group.interval, group.limit) for group in setup.groups] == [(None, 0), (60, 5)]
    assert (server.scrape_interval, server.retention) == (15, 30 * 86_400)
    assert str(server.jobs[0].at()) == "http://server/api/v1/status/config:3"


def test_a_server_knows_types_names_and_labels() -> None:
    known = loaded().knowledge
    assert (known.type_of("seconds_total"), known.type_of("odd"), known.complete) == ("counter", "", True)
    assert known.labels["seconds_total"] == {"code": frozenset(("200", "500"))}


def test_a_metric_that_a_server_lacks_is_found_unless_a_target_is_down() -> None:
    def rules(setup: Setup) -> list[str]:
        return [finding.rule for finding in judge(setup, lambda rule: rule == "rule/unknown-metric").findings]

    assert rules(loaded(names=["up"], metadata={})) == ["rule/unknown-metric"]
    down = loaded(names=["up"], metadata={}, targets=["up", "down"])
    assert rules(down) == []
    (missed,) = judge(down).unjudged
    assert (
        missed.reason
        == "1 of 2 targets is not up, or not scraped yet: a metric that is not there may be of those"
    )


def test_files_stay_the_users_and_gain_what_the_server_knows(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        "groups: [{name: a, rules: [{alert: B, expr: up == 0}]}]", encoding="utf-8"
    )
    setup = with_server(discover([tmp_path], tmp_path), ANSWERS, has_files=True)
    assert [rule.name for rule in setup.rules] == ["B"]
    assert setup.knowledge.source == "http://server"


def test_a_missing_answer_of_a_server_is_named_and_the_rest_is_judged() -> None:
    setup = loaded(names=None, rules=None, series=lambda name: None, missing=("the rules: it is too busy",))
    assert (setup.rules, setup.knowledge.complete) == ((), False)
    assert [missed.reason for missed in judge(setup).unjudged] == ["the rules: it is too busy"]
    known = with_server(
        discover_text("stdin", "groups: [{name: a, rules: [{alert: B, expr: up == 0}]}]"),
        replace(ANSWERS, series=lambda name: None),
        has_files=True,
    )
    assert list(known.unread) == ["label values of up: too many series, or no answer"]


def test_the_command_asks_the_server_and_judges_what_it_has_loaded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data: dict[str, Any] = {
        "/api/v1/status/buildinfo": {"version": "3.5.0"},
        "/api/v1/status/config": {"yaml": CONFIGURATION},
        "/api/v1/rules": {"groups": GROUPS},
        "/api/v1/label/__name__/values": ["up"],
        "/api/v1/metadata": {},
        "/api/v1/targets": {"activeTargets": [{"health": "up"}]},
        "/api/v1/series": [{"__name__": "up", "job": "api"}],
    }

    def script(client: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1].decode().partition("?")[0]
        known = (
            {"status": "success", "data": data[path]} if path in data else {"status": "error", "error": "no"}
        )
        answer(json.dumps(known), 200 if path in data else 404)(client, request)

    with serving(script) as server:
        status = main(
            ["check", "--only", "rule/unknown-metric", "--severity", "info", "--prometheus", server.url]
        )
    out = " ".join(capsys.readouterr().out.replace(server.url, "URL").split())
    assert status == 1
    assert (
        "URL /etc/a.yml: groups[0].rules[0].expr info rule/unknown-metric URL has no metric seconds_total"
        in out
    )
    assert "not verified: URL: the flags of Prometheus 3.5.0" in out


def test_a_server_that_is_not_there_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--prometheus", "http://127.0.0.1:9"]) == 2
    assert "look whether http://127.0.0.1:9 is up" in capsys.readouterr().err
