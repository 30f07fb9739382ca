"""The checks of a running deployment, fed with small records: each is green on what is right and red on its twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.checks import CHECKS
from promproof.checks.base import judge
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Outcome, Verdict
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = load(Path(__file__).parents[2] / "monitoring" / "contract.yaml")
LOOPBACK = ["127.0.0.1", 9090, 9090]
NODE = {"labels": {"job": "node"}, "health": "up", "lastError": ""}


def verdict(
    claim_id: str, *records: tuple[str, dict[str, Any]], scale: float = 1.0, backend: str = "containers"
) -> Verdict:
    """The verdict on one claim of the shipped contract from these records."""
    all_records: list[tuple[str, dict[str, Any]]] = [
        ("prepared", {"time_scale": scale}),
        ("run", {"backend": backend}),
        *records,
    ]
    history = History(
        "run", 0.0, 0.0, [record(n, 0.0, kind, data) for n, (kind, data) in enumerate(all_records, 1)]
    )
    for check in CHECKS:
        for claim in check.claims(CONTRACT):
            if claim.id == claim_id:
                return judge(check, claim, Evidence(CONTRACT, history))
    raise AssertionError(f"nobody claims {claim_id}")


def service(**changes: Any) -> dict[str, Any]:
    return {
        "service": "node-exporter",
        "state": "running",
        "health": "healthy",
        "published": [["127.0.0.1", 9100, 9100]],
        **changes,
    }


def services(row: dict[str, Any], **changes: Any) -> tuple[str, dict[str, Any]]:
    data = {
        "services": [row],
        "listeners": [["127.0.0.1", 9100]],
        "ports": {"node_exporter": 9100},
        "missing": {"grafana": "the image is not here"},
        "series": {"node node_cpu_seconds_total": 8.0},
        **changes,
    }
    return "services", data


@pytest.mark.parametrize(
    ("row", "changes", "target", "said"),
    [
        (service(), {}, NODE, ""),
        (service(health="unhealthy"), {}, NODE, "health unhealthy"),
        (service(state="exited"), {}, NODE, "is exited"),
        (service(published=[["127.0.0.1", 9101, 9100]]), {}, NODE, "expected 127.0.0.1:9100"),
        (service(), {}, {**NODE, "health": "down", "lastError": "refused"}, "is down: refused"),
        (service(), {"series": {}}, NODE, "brings no node_cpu_seconds_total"),
        (service(service="other"), {}, NODE, "has no container"),
    ],
)
def test_a_service_that_is_not_as_documented_fails(
    row: dict[str, Any], changes: dict[str, Any], target: dict[str, Any], said: str
) -> None:
    found = verdict(
        "deployment/service/node-exporter", services(row, **changes), ("targets", {"targets": [target]})
    )
    assert found.outcome is (Outcome.FAIL if said else Outcome.PASS)
    assert said in found.reason


CUT_OFF = {
    **NODE,
    "health": "down",
    "lastError": "context deadline exceeded",
    "lastScrapeDuration": 0.178,
    "scrapeTimeout": "167ms",
}


@pytest.mark.parametrize(
    ("target", "row", "scale", "outcome"),
    [
        (CUT_OFF, service(), 60.0, Outcome.UNKNOWN),
        (CUT_OFF, service(), 1.0, Outcome.FAIL),
        (CUT_OFF, service(state="exited"), 60.0, Outcome.FAIL),
        ({**CUT_OFF, "lastError": "connection refused"}, service(), 60.0, Outcome.FAIL),
    ],
    ids=["cut off", "not scaled", "exited", "dead"],
)
def test_a_service_cut_off_by_a_scaled_time_out_is_unknown_and_a_dead_one_fails(
    target: dict[str, Any], row: dict[str, Any], scale: float, outcome: Outcome
) -> None:
    records = services(row, series={}), ("targets", {"targets": [target]})
    found = verdict("deployment/service/node-exporter", *records, scale=scale)
    assert found.outcome is outcome, found.reason
    figures = (
        "took 0.178 s, its time-out at time scale 60 is 0.167 s, documented 10 s: use a smaller time scale"
    )
    assert (figures in found.reason) is (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("ups", "took", "outcome"),
    [([0, 0, 0], 0.178, Outcome.UNKNOWN), ([0, 1, 0], 0.178, Outcome.PASS), ([0, 0, 0], 0.001, Outcome.FAIL)],
    ids=["all cut off", "some cut off", "refused"],
)
def test_a_target_that_no_scrape_has_reached_is_not_up(ups: list[int], took: float, outcome: Outcome) -> None:
    target = {
        **CUT_OFF,
        "labels": {"job": CONTRACT.target.job, "instance": "api:1", **CONTRACT.target.labels},
    }
    target["scrapeUrl"] = f"http://api:1{CONTRACT.target.metrics_path}"
    stored = [
        {"name": name, "labels": {}, "samples": [[t, value] for t, value in enumerate(values)]}
        for name, values in (("up", ups), ("scrape_duration_seconds", [took] * len(ups)))
    ]
    run = {"instance": "api:1", "scrape_interval": 0.25, "scrape_timeout": 10 / 60}
    found = verdict(
        "target/up",
        ("run", run),
        ("targets", {"targets": [target]}),
        ("stored", {"series": stored}),
        ("clock_offset", {"low": 0.0, "high": 0.0}),
        scale=60.0,
    )
    assert found.outcome is outcome, found.reason


def test_a_service_without_an_image_is_not_verified() -> None:
    found = verdict("deployment/service/grafana", services(service()))
    assert found.outcome is Outcome.NOT_VERIFIED
    assert found.reason == "the image is not here"


@pytest.mark.parametrize(
    ("published", "listeners", "outcome"),
    [
        ([LOOPBACK], [["127.0.0.1", 9090]], Outcome.PASS),
        ([["0.0.0.0", 9090, 9090]], [], Outcome.FAIL),
        ([["::", 9090, 9090]], [], Outcome.FAIL),
        ([LOOPBACK], [["0.0.0.0", 9090]], Outcome.FAIL),
        ([], [], Outcome.UNKNOWN),
    ],
)
def test_a_port_on_all_addresses_fails(published: list[Any], listeners: list[Any], outcome: Outcome) -> None:
    found = verdict("deployment/loopback", services(service(published=published), listeners=listeners))
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("inside", "outside", "outcome"),
    [
        ({"prometheus:9090": True}, {"172.20.0.2:9090": False}, Outcome.PASS),
        ({"prometheus:9090": False}, {"172.20.0.2:9090": False}, Outcome.FAIL),
        ({"prometheus:9090": True}, {"172.20.0.2:9090": True}, Outcome.FAIL),
        ({"prometheus:9090": True}, {}, Outcome.UNKNOWN),
        ({}, {"172.20.0.2:9090": False}, Outcome.UNKNOWN),
    ],
)
def test_a_network_that_is_not_isolated_fails(
    inside: dict[str, bool], outside: dict[str, bool], outcome: Outcome
) -> None:
    record = ("isolation", {"inside": inside, "outside": outside})
    assert verdict("deployment/isolation", record).outcome is outcome


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        ({"left": ["volume a"], "processes": 4, "alive": []}, Outcome.PASS),
        ({"left": ["volume a", "network b"], "processes": 4, "alive": []}, Outcome.FAIL),
        ({"left": ["container c"], "processes": 4, "alive": []}, Outcome.FAIL),
        ({"left": [], "processes": 4, "alive": [17]}, Outcome.FAIL),
        ({"left": [], "processes": 0, "alive": []}, Outcome.UNKNOWN),
    ],
)
def test_a_down_that_leaves_something_fails(data: dict[str, Any], outcome: Outcome) -> None:
    assert verdict("deployment/down", ("down", data)).outcome is outcome


@pytest.mark.parametrize(
    ("during", "after", "outcome"),
    [
        (["a", "edit"], ["a"], Outcome.PASS),
        (["a"], ["a"], Outcome.FAIL),
        (["a", "edit"], ["a", "edit"], Outcome.FAIL),
    ],
)
def test_an_edit_that_takes_no_effect_fails(during: list[str], after: list[str], outcome: Outcome) -> None:
    row = {"file": "http.yml", "name": "edit", "during": during, "after": after}
    assert verdict("config/reload", ("reload", {"rows": [row]})).outcome is outcome
    assert verdict("config/reload", ("reload", {"rows": []})).outcome is Outcome.NOT_VERIFIED


ALL = ("prometheus", "grafana", "node-exporter", "alertmanager", "cadvisor")


def usage(names: tuple[str, ...], cores: float, megabytes: float, span: float) -> tuple[str, dict[str, Any]]:
    """Two samples: the sum over the services uses these cores and holds this memory."""

    def sample(t: float) -> dict[str, Any]:
        share = 1 / len(names)
        used = [3.0 + cores * t * share, megabytes * 1e6 * share]
        return {"t": t, "services": {**dict.fromkeys(names, used), "api": [t, 9e9]}}

    return "usage", {"samples": [sample(0.0), sample(span)]}


@pytest.mark.parametrize(
    ("record", "scale", "outcome", "said"),
    [
        (usage(ALL, 0.2, 300, 300), 1, Outcome.PASS, "0.20 cores and 300 MB over 300 s"),
        (usage(ALL, 0.6, 300, 300), 1, Outcome.FAIL, "0.60 cores are more than the documented 0.5"),
        (usage(ALL, 0.2, 501, 300), 1, Outcome.FAIL, "501.00 MB are more than the documented 500"),
        (usage(ALL, 0.2, 300, 299), 1, Outcome.NOT_VERIFIED, "shorter than 300 s"),
        (usage(ALL, 0.6, 300, 300), 60, Outcome.NOT_VERIFIED, "at time scale 60"),
        (usage(ALL[:2], 0.2, 300, 300), 1, Outcome.NOT_VERIFIED, "a part only"),
        (usage(ALL[:2], 0.6, 300, 300), 1, Outcome.FAIL, "0.60 cores"),
    ],
)
def test_a_stack_that_needs_more_than_documented_fails(
    record: tuple[str, dict[str, Any]], scale: float, outcome: Outcome, said: str
) -> None:
    found = verdict("deployment/resources", record, scale=scale)
    assert found.outcome is outcome, found.reason
    assert said in found.reason


def test_a_stack_of_processes_is_not_verified_as_the_deployment() -> None:
    for claim in ("loopback", "isolation", "down", "resources", "survives/restart", "service/prometheus"):
        assert verdict(f"deployment/{claim}", backend="processes").outcome is Outcome.NOT_VERIFIED


RULE = {"name": "A", "query": "up == 0", "duration": 0, "type": "alerting", "health": "ok"}
WRITTEN = {"name": "A", "expression": "up == 0", "hold": 0.0, "group": "g"}


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (RULE, Outcome.PASS),
        ({**RULE, "health": "unknown"}, Outcome.UNKNOWN),
        ({**RULE, "health": "err", "lastError": "many-to-many"}, Outcome.FAIL),
        ({**RULE, "health": "unknown", "query": "up == 1"}, Outcome.FAIL),
    ],
    ids=["healthy", "not evaluated yet", "an error", "another expression"],
)
def test_a_rule_that_was_not_evaluated_yet_is_unknown(rule: dict[str, Any], outcome: Outcome) -> None:
    found = verdict(
        "config/rules-loaded",
        ("rules", {"groups": [{"name": "g", "rules": [rule]}]}),
        ("rendered_rules", {"rules": [WRITTEN]}),
    )
    assert found.outcome is outcome, found.reason
