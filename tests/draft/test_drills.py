"""Drills from rules: which alerts get one, what it sends, and that the files are drills that can be played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.config.folder import read_folder
from promproof.config.rules import Rule
from promproof.draft.drills import SCENARIO, drills
from promproof.draft.folder import alert, heartbeats
from promproof.draft.observed import Probe
from promproof.draft.ofmonitoring import Setup
from promproof.draft.recognise import recognise
from promproof.drills.drill import load
from promproof.faults.own_traffic import Traffic
from promproof.load import scenario
from tests.draft.readings import ITEM, ITEMS, UNKNOWN, counter, observed

pytestmark = pytest.mark.unit
FAIL = Probe("GET", "/fail", "/fail", 500)
PROBES = (ITEMS, ITEM, UNKNOWN, FAIL)
SHARE = 'sum(rate(hits_total{{code=~"{}"}}[5m])) / sum(rate(hits_total[5m])) > {}'


def drafted(
    *expressions: str,
    started: bool = True,
    names: str = "ABCDEF",
    setup: Setup | None = None,
) -> dict[str, str]:
    def write(sent: dict[Probe, int], reads: int) -> str:
        rows: dict[str, float] = {}
        for probe, times in sent.items():
            labels = f'app="shop",code="{probe.status}",path="{probe.route}"'
            rows[labels] = rows.get(labels, 0) + times
        return counter("hits_total", rows)

    rules = [Rule(name, text, 60.0) for name, text in zip(names, expressions, strict=False)]
    return drills(rules, recognise(observed(write, PROBES)), PROBES, started=started, setup=setup)


@pytest.mark.parametrize(
    ("codes", "threshold", "sent", "doses"),
    [
        ("5..", 0.05, "GET /fail", (0.025, 0.1)),
        ("404", 0.1, "GET /nowhere", (0.05, 0.2)),
        ("5..", 0.6, "GET /fail", (0.3, 0.8)),
    ],
)
def test_an_alert_on_a_share_is_drilled_with_a_request_that_fails_anyway(
    codes: str, threshold: float, sent: str, doses: tuple[float, float], tmp_path: Path
) -> None:
    for name, text in drafted(SHARE.format(codes, threshold)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    drill = load(tmp_path / "drills" / "A.yaml")
    assert isinstance(drill.fault, Traffic)
    assert (drill.fault.request, drill.below, drill.above) == (sent, *doses)
    played = scenario.load(tmp_path / "drills" / str(drill.scenario))
    assert [item.name for item in played.mix] == ["GET /items", "GET /items/1"], "nothing of it fails"


def test_a_label_that_every_series_has_makes_no_share_another_one(tmp_path: Path) -> None:
    inside = 'sum by (app) (rate(hits_total{app="shop",code="500"}[5m]))'
    [name, _] = drafted(f'{inside} / sum by (app) (rate(hits_total{{app="shop"}}[5m])) > 0.1')
    assert name == "drills/A.yaml"
    assert not drafted(
        'sum(rate(hits_total{code="500",path="/fail"}[5m])) / sum(rate(hits_total{path="/fail"}[5m])) > 0.1'
    )


def test_an_alert_on_a_target_that_is_gone_is_drilled_by_killing_it(tmp_path: Path) -> None:
    [name] = drafted('up{job="shop"} == 0')
    (tmp_path / "drill.yaml").write_text(drafted('up{job="shop"} == 0')[name], encoding="utf-8")
    drill = load(tmp_path / "drill.yaml")
    assert (drill.fault.kind, drill.description) == ("killed", "the service is killed, and started again")
    assert drafted("up < 1")
    assert not drafted("up == 0", started=False)


@pytest.mark.parametrize(
    "expression",
    [
        "sum(rate(hits_total[5m])) > 10",
        SHARE.format("418", 0.1),
        SHARE.format("5..", 1.5),
        SHARE.format("2..", 0.1),
        'sum by (path) (rate(hits_total{code="500"}[5m])) / sum by (path) (rate(hits_total[5m])) > 0.1',
        "others_total == 0",
        "up == 1",
        "(",
    ],
)
def test_an_alert_that_no_request_raises_gets_no_drill(expression: str) -> None:
    assert drafted(expression) == {}


def test_of_two_rules_with_one_name_neither_gets_a_drill() -> None:
    assert drafted("up == 0", "up == 0", names="AA") == {}
    assert set(drafted("up == 0", SHARE.format("5..", 0.1))) == {"drills/A.yaml", "drills/B.yaml", SCENARIO}


SETUP = Setup(("shop", "node", "prometheus", "alertmanager"), "shop", ("deadman",))
FAILURES = "prometheus_rule_evaluation_failures_total"


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ('up{job="node"} == 0', {"kind": "component_down", "component": "node_exporter"}),
        (
            'up{job!="shop"} == 0 or absent(up{job="node"})',
            {"kind": "component_down", "component": "node_exporter"},
        ),
        (f"sum by (instance) (rate({FAILURES}[5m])) > 0", {"kind": "failing_rule"}),
        (f"increase({FAILURES}[10m]) > 0", {"kind": "failing_rule"}),
        (
            'prometheus_config_last_reload_successful{job="prometheus"} == 0',
            {"kind": "broken_configuration", "component": "prometheus"},
        ),
        (
            "alertmanager_config_last_reload_successful != 1",
            {"kind": "broken_configuration", "component": "alertmanager"},
        ),
        (
            'rate(prometheus_notifications_errors_total{job="prometheus"}[5m]) > 0',
            {"kind": "component_down", "component": "alertmanager"},
        ),
        (
            "sum by (integration) (rate(alertmanager_notifications_failed_total[5m])) > 0",
            {"kind": "refusing_receiver", "receivers": ("deadman",)},
        ),
        ("vector(1)", {"kind": "component_down", "component": "alertmanager"}),
        ('absent(node_load1{job="node"})', {"kind": "missing_metric", "metric": "node_load1", "job": "node"}),
    ],
)
def test_an_alert_about_the_monitoring_gets_the_fault_that_moves_it(
    expression: str, fault: dict[str, Any], tmp_path: Path
) -> None:
    [text] = drafted(expression, setup=SETUP).values()
    (tmp_path / "drill.yaml").write_text(text, encoding="utf-8")
    assert {**fault, **load(tmp_path / "drill.yaml").fault.model_dump()} == {**fault}


@pytest.mark.parametrize(
    "expression",
    [
        'up{job="database"} == 0',
        f"rate({FAILURES}[5m]) > 1",
        f"{FAILURES} > 0",
        "max_over_time(prometheus_config_last_reload_successful[5m]) == 0",
        'absent(node_load1{job="database"})',
        "absent(node_load1)",
        "max_over_time(prometheus_notifications_alertmanagers_discovered[5m]) < 1",
    ],
)
def test_an_alert_about_what_no_fault_moves_gets_none(expression: str) -> None:
    assert drafted(expression, setup=SETUP) == {}


@pytest.mark.parametrize(
    ("expression", "job"),
    [
        ("vector(1)", "alertmanager"),
        ('rate(prometheus_notifications_errors_total{job="prometheus"}[5m]) > 0', "alertmanager"),
        ("alertmanager_config_last_reload_successful != 1", "alertmanager"),
        ("prometheus_config_last_reload_successful == 0", "prometheus"),
    ],
)
def test_what_nobody_scrapes_gets_none_since_nothing_stored_shows_it(expression: str, job: str) -> None:
    assert drafted(expression, setup=SETUP)
    rest = tuple(other for other in SETUP.jobs if other != job)
    assert drafted(expression, setup=Setup(rest, SETUP.target, SETUP.heartbeats)) == {}


def test_the_service_is_killed_for_an_alert_about_it_alone() -> None:
    killed = "fault: {kind: killed}"
    assert killed in drafted("up == 0", setup=SETUP)["drills/A.yaml"]
    assert killed in drafted('up{job=~"sh.*"} == 0', setup=SETUP)["drills/A.yaml"]
    assert killed not in drafted('up{job="node"} == 0', setup=SETUP)["drills/A.yaml"]


def test_without_a_known_job_a_rule_that_names_one_gets_no_drill() -> None:
    setup = Setup(("shop", "worker"))
    assert drafted('up{job="worker"} == 0', setup=setup) == {}
    assert set(drafted("up == 0", setup=setup)) == {"drills/A.yaml"}


WATCHED = """
route:
  receiver: all
  routes:
    - {receiver: RECEIVER, matchers: [alertname = Watchdog], repeat_interval: REPEAT}
receivers:
  - {name: all, webhook_configs: [{url: "http://localhost:1"}]}
  - {name: deadman, webhook_configs: [{url: "http://localhost:2"}]}
  - {name: nobody}
"""


@pytest.mark.parametrize(
    ("receiver", "repeat", "expression", "told"),
    [
        ("deadman", "5m", "vector(1)", ("deadman",)),
        ("deadman", "4h", "vector(1)", ()),
        ("nobody", "5m", "vector(1)", ()),
        ("deadman", "5m", "up == 0", ()),
    ],
)
def test_a_watchdog_is_drilled_where_its_receiver_is_told_often(
    receiver: str, repeat: str, expression: str, told: tuple[str, ...], tmp_path: Path
) -> None:
    text = WATCHED.replace("RECEIVER", receiver).replace("REPEAT", repeat)
    (tmp_path / "prometheus.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text(text, encoding="utf-8")
    rule = Rule("Watchdog", expression, 0.0)
    assert heartbeats(read_folder(tmp_path), [rule]) == told
    assert alert(rule, None, {}).get("always", False) == (expression == "vector(1)")
    drafts = drafted(expression, started=False, setup=Setup(("alertmanager",), heartbeats=told))
    assert ("dead_man: true" in drafts.get("drills/A.yaml", "")) == bool(told)
