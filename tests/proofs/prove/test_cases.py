"""Troubles that people had with monitoring, made small: what `prove` says of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.cli import prove as command
from tests.proofs.prove.test_command import given

pytestmark = pytest.mark.stack

REFUSED, ALL = 'kiosk_orders_total{code=~"4..|5.."}', "kiosk_orders_total"
SHARE = f"sum(rate({REFUSED}[2m])) / sum(rate({ALL}[2m])) > 0.2"
PROMETHEUS = "global: {scrape_interval: %s}\nscrape_configs: [{job_name: kiosk}]\n"
ROUTES = """
route: {receiver: attic, routes: [{matchers: [%s], receiver: counter, group_wait: 2m}]}
receivers: [{name: attic, webhook_configs: [{url: "http://a/"}]}, {name: counter, webhook_configs: [{url: "http://c/"}]}]
"""


def told(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    expression: str,
    *,
    more: str = "",
    matcher: str = "",
    scrape: str = "15s",
    further: str = "",
) -> dict[str, Any]:
    text = f"groups:\n- name: kiosk\n  rules:\n  - alert: KioskRefusals\n    expr: {expression}\n    for: 1m\n{more}"
    (folder / "kiosk.rules.yml").write_text(text + further, encoding="utf-8")
    (folder / "prometheus.yml").write_text(PROMETHEUS % scrape, encoding="utf-8")
    routes = None
    if matcher:
        routes = folder / "alertmanager.yml"
        routes.write_text(ROUTES % matcher, encoding="utf-8")
    command.run(given((folder,), alertmanager=routes))
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["alerts"][0]
    return found


@pytest.mark.parametrize(
    ("matcher", "severity", "receiver"),
    [
        pytest.param("'team=\"till\"'", "page", "counter", id="a route by another label than severity"),
        pytest.param(
            '\'{severity="page", alertname=~"Kiosk.*"}\'', "page", "counter", id="two matchers in one string"
        ),
        pytest.param("'severity=\"Page\"'", "page", "attic", id="severity in another spelling"),
    ],
)
def test_an_alert_reaches_the_receiver_that_its_labels_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], matcher: str, severity: str, receiver: str
) -> None:
    labels = f"    labels: {{severity: {severity}, team: till}}\n"
    found = told(tmp_path, capsys, SHARE, more=labels, matcher=matcher)
    assert found["verdict"] == "proven"
    assert (found["reaches"]["receivers"], found["reaches"]["perhaps"]) == ([receiver], [])
    if receiver == "counter":
        assert [group["wait"] for group in found["reaches"]["groups"]] == [120.0]


def test_office_hours_are_asked_when_the_alert_can_fire(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(tmp_path, capsys, f"({SHARE}) and on() (hour() >= 8 < 18)")
    assert (found["verdict"], found["flips"]) == ("proven", "> 0.2")
    assert "asked at Thursday 08:0" in found["notes"][0]


@pytest.mark.parametrize(("scrape", "verdict"), [("1m", "dead"), ("15s", "proven")])
def test_a_window_of_one_scrape_never_fires(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scrape: str, verdict: str
) -> None:
    found = told(tmp_path, capsys, SHARE.replace("2m", "1m"), scrape=scrape)
    assert found["verdict"] == verdict
    assert ("scraped every 1m, the window holds one sample" in found["reason"]) == (verdict == "dead")


def test_a_recording_rule_of_a_later_group_is_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = SHARE.partition(" >")[0]
    later = f"- name: later\n  rules:\n  - record: kiosk:refused:ratio2m\n    expr: {recorded}\n"
    found = told(tmp_path, capsys, "kiosk:refused:ratio2m > 0.2", further=later)
    assert (found["verdict"], found["flips"]) == ("proven", "> 0.2")


def test_what_keeps_an_alert_firing_does_not_hide_that_it_resolves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(tmp_path, capsys, SHARE, more="    keep_firing_for: 10m\n")
    assert (found["verdict"], found["flips"], found["seconds_to_firing"]) == ("proven", "> 0.2", 60.0)


def test_several_series_on_the_side_of_one_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(tmp_path, capsys, f"rate({REFUSED}[2m]) / on(job) rate({ALL}[2m]) > 0.2")
    assert found["verdict"] == "contradicted"
    assert "Prometheus refuses it as soon as there are several series" in found["reason"]


def test_a_guard_on_traffic_has_a_boundary_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(tmp_path, capsys, f"{SHARE} and sum(rate({ALL}[2m])) > 1")
    assert (found["verdict"], found["flips"], len(found["boundaries"])) == ("proven", "> 0.2", 2)


@pytest.mark.parametrize(("labels", "verdict"), [("job", "dead"), ("job, le", "proven")])
def test_a_quantile_without_le_never_fires(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: str, verdict: str
) -> None:
    buckets = f"sum by ({labels}) (rate(kiosk_order_seconds_bucket[2m]))"
    found = told(tmp_path, capsys, f"histogram_quantile(0.95, {buckets}) > 1")
    assert found["verdict"] == verdict
    assert ("`le` is dropped" in found["reason"]) == (verdict == "dead")


def test_each_alert_has_the_share_of_its_mutants_that_its_tests_notice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "r.yml"
    rules.write_text(
        "groups:\n- name: g\n  rules:\n  - {alert: Hot, expr: a > 5, for: 2m}\n"
        "  - {alert: Hot, expr: b > 5}\n  - {alert: Untested, expr: c > 1}\n",
        encoding="utf-8",
    )
    (tmp_path / "t.yml").write_text(
        "rule_files: [r.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series: "
        "[{series: a, values: 6x9}]\n  alert_rule_test: [{eval_time: 2m, alertname: Hot, exp_alerts: [{}]}]\n",
        encoding="utf-8",
    )
    command.run(given((rules,), tests=(str(tmp_path / "t.yml"),), mutants=True, format="text"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-2:] == ["tests", "mutants"]
    killed = [line.split()[-1] for line in lines if line.startswith(("Hot", "Untested"))]
    first, second, third = (tuple(map(int, cell.split("/"))) for cell in killed)
    assert 0 < first[0] < first[1]
    assert (second[0], third[0]) == (0, 0)
    command.run(given((rules,), write_tests=tmp_path / "made", mutants=True))
    told = json.loads(capsys.readouterr().out)["alerts"]
    shares = [alert["mutants"].split("/") for alert in told]
    assert all(killed == whole for killed, whole in shares), shares
