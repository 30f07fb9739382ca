"""The files of a draft: they load, promise what was seen, and hold comments instead of guesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.config.folder import read_folder
from promproof.config.rules import read as read_rules
from promproof.contract import model
from promproof.draft import folder as monitoring
from promproof.draft import metrics, traffic
from promproof.draft.contract import Service, contract
from promproof.draft.lines import flow, scalar
from promproof.draft.observed import Probe
from promproof.draft.recognise import recognise
from promproof.load import scenario
from promproof.places import REPOSITORY
from tests.draft.readings import counter, observed, recorded

pytestmark = pytest.mark.unit
LIBRARIES = ("plain", "fastapi", "flask", "starlette")


def drafted(name: str) -> str:
    seen = recorded(name)
    found = recognise(seen)
    return contract(
        Service(name, f"{name} --port {{port}}", scenario="traffic.yaml"),
        [
            metrics.metrics(seen, found, "/metrics", frozenset({"cpu_seconds"})),
            metrics.unpromised(seen, found, frozenset()),
        ],
    )


def played(name: str) -> str:
    seen = recorded(name)
    probes = [batch.probe for batch in seen.batches if batch.probe is not None]
    return traffic.scenario(name, probes, recognise(seen), [("GET /x/{y}", "no answer had a value for y")])


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_draft_of_a_recorded_service_loads(name: str, tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(drafted(name), encoding="utf-8")
    (tmp_path / "traffic.yaml").write_text(played(name), encoding="utf-8")
    loaded = model.load(tmp_path / "contract.yaml")
    found = recognise(recorded(name))
    assert {metric.name for metric in loaded.metrics if metric.truth.kind != "process"} == set(found.counting)
    traffic_of_it = scenario.load(tmp_path / "traffic.yaml")
    assert traffic_of_it.mix
    assert traffic_of_it.generator.lag == 2  # a draft compares numbers; a busy machine is no doubt of them


def metric(name: str, wanted: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = yaml.safe_load(drafted(name))["metrics"]
    return next(each for each in found if each["name"] == wanted)


def test_labels_say_where_they_come_from_and_how_they_are_spelt() -> None:
    assert metric("plain", "shop_requests_total")["labels"] == {
        "code": {"from": "status"},
        "path": {"from": "route", "as": {"/items/1": "/items/:id", "unmatched": "other"}},
        "verb": {"from": "method", "case": "lower"},
    }
    assert metric("starlette", "starlette_requests_total")["labels"]["app_name"] == {
        "from": "constant",
        "values": ["shop"],
    }


def test_a_metric_that_counts_its_own_scrapes_says_so_and_another_does_not() -> None:
    assert metric("fastapi", "http_requests_total")["truth"] == {"kind": "requests", "scrapes": True}
    assert metric("flask", "flask_http_request_total")["truth"] == {"kind": "requests"}


def test_what_did_not_move_is_a_comment_and_no_promise() -> None:
    text = drafted("plain")
    assert "#   shop_items (gauge): did not move under the requests that were sent" in text
    assert "shop_in_flight" not in {each["name"] for each in yaml.safe_load(text)["metrics"]}


def test_what_moved_otherwise_is_promised_by_its_form_alone() -> None:
    seen = observed(lambda sent, reads: counter("hits_total", {'a="b"': 2 * sum(sent.values())}))
    text = "\n".join(metrics.metrics(seen, recognise(seen), "/metrics", frozenset()))
    assert yaml.safe_load(text)["metrics"] == [{"name": "hits_total", "type": "counter", "help": "Text."}]
    assert "raise it by" in text


def test_which_requests_a_metric_leaves_out_is_drafted_as_a_pattern_with_a_comment() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        routed = sum(times for probe, times in sent.items() if probe.route != "unmatched")
        return counter("all_total", {'a="x"': sum(sent.values())}) + counter(
            "routed_total", {'a="x"': routed}
        )

    seen = observed(write)
    text = "\n".join(metrics.metrics(seen, recognise(seen), "/metrics", frozenset()))
    found = {each["name"]: each["truth"] for each in yaml.safe_load(text)["metrics"]}
    assert found["routed_total"] == {"kind": "requests", "except": {"route": "unmatched"}}
    assert "# It counted all requests that were sent but those with route unmatched" in text


def test_a_health_path_that_no_metric_counts_is_left_out_of_them_all() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("all_total", {'a="x"': sum(sent.values())})

    seen = observed(write)
    text = "\n".join(metrics.metrics(seen, recognise(seen), "/metrics", frozenset(), "/up.html"))
    [found] = yaml.safe_load(text)["metrics"]
    assert found["truth"] == {"kind": "requests", "except": {"route": r"/up\.html"}}


def test_what_the_target_needs_to_start_is_drafted_where_it_is_named() -> None:
    more = {"directory": "svc", "env_file": None, "health": "/ready", "health_status": 204}
    told = yaml.safe_load(contract(Service("shop", "app {port}", more=more), []))["target"]
    assert told == {"app": "app {port}", "directory": "svc", "health": "/ready", "health_status": 204}


def test_a_label_that_is_always_empty_is_not_drafted() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        rows = {f'code="{probe.status}",error=""': 0.0 for probe in sent}
        for probe, times in sent.items():
            rows[f'code="{probe.status}",error=""'] += times
        return counter("hits_total", rows)

    seen = observed(write)
    [hits] = yaml.safe_load("\n".join(metrics.metrics(seen, recognise(seen), "/metrics", frozenset())))[
        "metrics"
    ]
    assert hits["labels"] == {"code": {"from": "status"}}


def test_unknown_paths_are_many_where_they_share_a_value_and_one_where_each_has_its_own() -> None:
    shared, apart, uncounted = (
        yaml.safe_load(played(name))["once"][0] for name in ("plain", "flask", "starlette")
    )
    assert (shared["times"], "{n}" in shared["steps"][0]["request"]) == (1000, True)
    assert (apart["times"], "{n}" in apart["steps"][0]["request"]) == (20, False)
    assert uncounted["steps"][0]["counted"] is False


def test_what_is_not_sent_is_told_in_the_scenario() -> None:
    assert "#   GET /x/{y}: no answer had a value for y" in played("plain")


def test_the_alerts_of_the_shipped_folder_are_drafted_as_their_contract_has_them() -> None:
    folder = read_folder(REPOSITORY / "monitoring")
    lines = monitoring.alerts(
        folder, read_rules(folder.rules), {}, {"http_request_duration_seconds": [0.5, 1.0, 2.0]}
    )
    made = {alert["name"]: alert for alert in yaml.safe_load("\n".join(lines))["alerts"]}
    written = yaml.safe_load((REPOSITORY / "monitoring" / "contract.yaml").read_text(encoding="utf-8"))[
        "alerts"
    ]
    assert set(made) == {alert["name"] for alert in written}
    for alert in written:
        mine = made[alert["name"]]
        for key in ("comparator", "threshold", "window", "for", "severity", "labels", "receivers"):
            if key in mine:
                wanted = sorted(alert[key]) if key == "receivers" else alert[key]
                assert (sorted(mine[key]) if key == "receivers" else mine[key]) == wanted, (
                    alert["name"],
                    key,
                )


NOBODY: dict[str, list[str] | None] = {"Sum": None, "Recorded": None, "Each": None}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", {"Sum": ["desk"], "Recorded": ["desk"], "Each": None}),
        ("global: {external_labels: {team: b}}\n", {"Sum": ["pager"], "Recorded": ["pager"], "Each": None}),
        (
            "alerting: {alert_relabel_configs: [{action: labelkeep, regex: a}]}\n",
            dict.fromkeys(("Sum", "Recorded", "Each")),
        ),
    ],
    ids=["labels that are summed away", "a label that Prometheus adds", "relabelled"],
)
def test_who_is_told_is_drafted_where_all_labels_of_an_alert_are_known(
    more: str, told: dict[str, list[str] | None], tmp_path: Path
) -> None:
    (tmp_path / "prometheus.yml").write_text(
        f"rule_files: [r.yml]\nscrape_configs: []\n{more}", encoding="utf-8"
    )
    rules = """
groups:
  - name: g
    rules:
      - {record: all, expr: sum(x)}
      - {alert: Sum, expr: sum(x) > 1}
      - {alert: Recorded, expr: all > 1}
      - {alert: Each, expr: x > 1}
"""
    (tmp_path / "r.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text(
        "route: {receiver: desk, routes: [{matchers: [team=b], receiver: pager}]}\n"
        "receivers: [{name: desk}, {name: pager}]\n",
        encoding="utf-8",
    )
    folder = read_folder(tmp_path)
    made = yaml.safe_load("\n".join(monitoring.alerts(folder, read_rules(folder.rules), {}, {})))["alerts"]
    assert {alert["name"]: alert.get("receivers") for alert in made} == told


def test_two_rules_of_one_name_and_a_threshold_that_is_not_one_number_are_left_open(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("rule_files: [r.yml]\nscrape_configs: []\n", encoding="utf-8")
    rules = """
groups:
  - name: g
    rules:
      - {alert: Twice, expr: up == 0}
      - {alert: Twice, expr: up == 1}
      - {alert: Band, expr: 1 < x < 5, for: 10m, labels: {severity: "{{ $labels.s }}"}}
      - {alert: Two, expr: x > 1 and y > 2}
"""
    (tmp_path / "r.yml").write_text(rules, encoding="utf-8")
    folder = read_folder(tmp_path)
    text = "\n".join(monitoring.alerts(folder, read_rules(folder.rules), {}, {}))
    assert "# Twice" in text
    assert yaml.safe_load(text)["alerts"] == [
        {"name": "Band", "for": "10m", "metrics": ["x"]},
        {"name": "Two", "for": "0s", "metrics": ["x", "y"]},
    ]


@pytest.mark.parametrize(
    "value",
    [
        "5m",
        "no",
        "y",
        "on",
        "1",
        "1.5",
        "a: b",
        "[x]",
        "/items/{id}",
        "",
        " ",
        "a # b",
        "Ä",
        "- x",
        "~",
        "null",
        "a.b",
        "2xx",
        "0x1",
        "1e3",
        "12:30",
        "Total requests.",
    ],
)
def test_a_text_reads_back_as_it_was_written(value: str) -> None:
    assert yaml.safe_load(scalar(value)) == value
    assert yaml.safe_load(flow({"k": value, value or "e": [value]}))["k"] == value


@pytest.mark.parametrize("text", ["2024-99-99", "0x_", "2024-01-02"])
def test_a_text_that_looks_like_a_value_is_quoted(text: str) -> None:
    assert scalar(text) == f'"{text}"'


@pytest.mark.parametrize("value", [-1e-08, 1.5e-7, 1e16, 2e300, 0.05, 3, -4.25, float("inf"), -float("inf")])
def test_a_number_is_read_as_one(value: float) -> None:
    assert yaml.safe_load(scalar(value)) == value
