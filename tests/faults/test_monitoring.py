"""Faults of the monitoring itself: what each does, what it leaves, and when its alert may hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promproof.config.yamlfile import load
from promproof.contract import model as contracts
from promproof.drills.drill import Drill, Loaded, check
from promproof.drills.plan import steps
from promproof.errors import EvidenceError, InputError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import Timing
from promproof.faults.failing_rule import GROUP
from promproof.faults.kind import FAULTS, Fault
from promproof.faults.ledgers import Held, Phase
from promproof.faults.occurring import During, Occurring, Sight, may_hold, must_hold
from promproof.faults.site import Site
from promproof.faults.undo import UndoBook
from promproof.places import DEFAULT_CONTRACT
from tests.records import record

pytestmark = pytest.mark.unit
CONFIG = "scrape_configs:\n- job_name: api\n- job_name: node\n"
RULES = "groups:\n- name: a\n  rules: []\n"
TIMING = Timing(0.0, 5.0, 5.0, 0.25, 0.25, 0.5, 1.0, scrape_timeout=1 / 6, scale=60.0, beat=6.0, again=1.0)
HELD = Held("d", "A", 0.0, 40.0, (Phase(10.0, 20.0, 1.0),), 0.0, 0.0, None, restarted=False)


@dataclass
class Stack:
    """Notes what it is told; refuses to read a Prometheus file that is no YAML."""

    folder: Path
    told: list[str] = field(default_factory=list)
    is_lax: bool = False

    @property
    def rendered(self) -> Any:
        return SimpleNamespace(
            prometheus_config=self.folder / "prometheus.yml",
            alertmanager_config=self.folder / "alertmanager.yml",
            rule_files=(self.folder / "rules.yml",),
        )

    def reload(self, name: str) -> None:
        self.told.append(f"reload {name}")
        if not self.is_lax and "[\n" in (self.folder / f"{name}.yml").read_text(encoding="utf-8"):
            raise EvidenceError(name, "refuses to reload")

    def kill(self, name: str) -> None:
        self.told.append(f"kill {name}")

    def start(self, name: str) -> None:
        self.told.append(f"start {name}")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    for name, text in (("prometheus", CONFIG), ("alertmanager", "route: {}\n"), ("rules", RULES)):
        (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
    receiver: Any = SimpleNamespace(refusing=frozenset())
    with UndoBook(tmp_path / "undo") as book:
        stack: Any = Stack(tmp_path)
        yield Site(book, stack, None, None, None, "api", tmp_path / "prometheus.yml", 0.25, receiver=receiver)


def told(site: Site) -> list[str]:
    stack: Any = site.stack
    found: list[str] = stack.told
    return found


def fault(kind: str, **keys: Any) -> Fault:
    return FAULTS.get(kind).model_validate({"kind": kind, **keys})


@pytest.mark.parametrize("component", ["node_exporter", "alertmanager"])
def test_a_component_is_killed_and_started_anew(component: str, site: Site) -> None:
    down = fault("component_down", component=component)
    down.hold(site, "d", 1.0)
    assert site.state, "nobody takes it for clean"
    down.heal(site, "d")
    down.heal(site, "d")
    assert told(site) == [f"kill {component}", f"start {component}"]
    assert not site.state


@pytest.mark.parametrize("component", ["prometheus", "alertmanager"])
def test_a_broken_file_is_refused_and_comes_back_as_it_was(
    component: str, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / f"{component}.yml"
    before, broken = path.read_text(encoding="utf-8"), fault("broken_configuration", component=component)
    broken.hold(site, "d", 1.0)
    assert path.read_text(encoding="utf-8") != before
    broken.heal(site, "d")
    assert path.read_text(encoding="utf-8") == before
    assert told(site) == [f"reload {component}"] * 2
    assert not site.state


def test_a_broken_file_that_is_taken_is_no_fault(site: Site) -> None:
    stack: Any = site.stack
    stack.is_lax = True
    with pytest.raises(EvidenceError, match="no configuration any more"):
        fault("broken_configuration").hold(site, "d", 1.0)


def test_a_rule_that_fails_stands_in_a_group_of_its_own(site: Site, tmp_path: Path) -> None:
    failing = fault("failing_rule")
    failing.hold(site, "d", 1.0)
    groups = load(tmp_path / "rules.yml", "rules").data["groups"]
    assert [group["name"] for group in groups] == ["a", GROUP["name"]]
    failing.heal(site, "d")
    assert (tmp_path / "rules.yml").read_text(encoding="utf-8") == RULES


def test_a_metric_is_dropped_in_its_own_job_alone(site: Site, tmp_path: Path) -> None:
    missing = fault("missing_metric", metric="node_load1", job="node")
    missing.hold(site, "d", 1.0)
    jobs = load(tmp_path / "prometheus.yml", "configuration").data["scrape_configs"]
    assert "metric_relabel_configs" not in jobs[0]
    assert jobs[1]["metric_relabel_configs"] == [
        {"source_labels": ["__name__"], "regex": "node_load1", "action": "drop"}
    ]
    missing.heal(site, "d")
    assert (tmp_path / "prometheus.yml").read_text(encoding="utf-8") == CONFIG
    with pytest.raises(EvidenceError, match="scrapes no job db"):
        fault("missing_metric", metric="x", job="db").hold(site, "d", 1.0)


def test_receivers_refuse_until_they_are_healed(site: Site) -> None:
    refusing = fault("refusing_receiver", receivers=["deadman"])
    refusing.hold(site, "d", 1.0)
    assert site.receiver is not None
    assert site.receiver.refusing == {"deadman"}
    refusing.heal(site, "d")
    assert site.receiver.refusing == frozenset()


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("component_down", {"component": "alertmanager"}),
        ("broken_configuration", {}),
        ("failing_rule", {}),
        ("missing_metric", {"metric": "x"}),
        ("refusing_receiver", {"receivers": ["deadman"]}),
    ],
)
def test_after_trouble_each_is_taken_back_once(
    kind: str, keys: dict[str, Any], site: Site, tmp_path: Path
) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.yml")}
    made = fault(kind, **keys)
    made.heal(site, "d")
    assert told(site) == [], "healing what was not applied does nothing"
    made.hold(site, "d", 1.0)
    assert made.rescue(site)
    assert {path: path.read_text(encoding="utf-8") for path in texts} == texts


def stored(*rows: tuple[str, str, list[float]], deliveries: int = 0) -> Evidence:
    """Samples at 11 s, 12 s and so on, inside the fault, by name and job; and notifications that were refused."""
    series = [
        {
            "name": name,
            "labels": {"job": job},
            "samples": [[11.0 + number, value] for number, value in enumerate(values)],
        }
        for name, job, values in rows
    ]
    records = [record(1, 30.0, "stored_monitoring", {"series": series})]
    refused = {"receiver": "deadman", "status": 403, "body": {}}
    records += [record(2 + number, 12.0, "delivery", refused) for number in range(deliveries)]
    return Evidence(contracts.load(DEFAULT_CONTRACT), History("by hand", 0.0, 0.0, records))


FAILED = "alertmanager_notifications_failed_total"


@pytest.mark.parametrize(
    ("made", "good", "bad"),
    [
        (
            fault("component_down", component="node_exporter"),
            stored(("up", "node", [0, 0]), ("up", "alertmanager", [1, 1])),
            stored(("up", "node", [0, 1])),
        ),
        (
            fault("broken_configuration"),
            stored(("prometheus_config_last_reload_successful", "prometheus", [0, 0])),
            stored(("prometheus_config_last_reload_successful", "prometheus", [0, 1])),
        ),
        (
            fault("failing_rule"),
            stored(("prometheus_rule_evaluation_failures_total", "prometheus", [0, 3])),
            stored(("prometheus_rule_evaluation_failures_total", "prometheus", [0, 0])),
        ),
        (
            fault("missing_metric", metric="node_load1", job="node"),
            stored(("node_load1", "node", []), ("up", "node", [1, 1])),
            stored(("node_load1", "node", [5]), ("up", "node", [1, 1])),
        ),
        (
            fault("missing_metric", metric="node_load1", job="node"),
            stored(("node_load1", "node", []), ("up", "node", [1, 1])),
            stored(("node_load1", "node", []), ("up", "node", [0, 0])),
        ),
        (
            fault("refusing_receiver", receivers=["deadman"]),
            stored((FAILED, "alertmanager", [0, 2]), deliveries=2),
            stored((FAILED, "alertmanager", [0, 0]), deliveries=2),
        ),
        (
            fault("refusing_receiver", receivers=["deadman"]),
            stored((FAILED, "alertmanager", [0, 2]), deliveries=2),
            stored((FAILED, "alertmanager", [0, 2])),
        ),
    ],
)
def test_what_prometheus_stored_of_the_monitoring_must_show_the_fault(
    made: Fault, good: Evidence, bad: Evidence
) -> None:
    assert not made.ledger(good, HELD).troubles
    assert made.ledger(bad, HELD).troubles


FAULT = During(10.0, 10.2, 20.0, 20.5)
SIGHT = Sight(window=5.0, scrape=0.25, late=0.3)
EVENTS = Occurring(first=1.0, every=1.0)


@pytest.mark.parametrize(
    ("t", "may", "must"),
    [
        (9.9, False, False),
        (10.1, True, False),
        (11.7, True, False),
        (11.8, True, True),
        (20.0, True, True),
        (23.4, True, True),
        (24.0, True, False),
        (25.7, True, False),
        (25.9, False, False),
    ],
)
def test_any_event_in_the_window_makes_a_count_hold_until_it_has_left(
    t: float, may: bool, must: bool
) -> None:
    assert may_hold([FAULT], SIGHT, t) == may
    assert must_hold([FAULT], EVENTS, SIGHT, t) == must


def test_events_that_are_rarer_than_the_window_make_nothing_certain() -> None:
    assert not must_hold([FAULT], Occurring(1.0, 5.0), SIGHT, 15.0)
    assert not must_hold([During(10.0, 10.2, 10.9, 11.0)], EVENTS, SIGHT, 13.0), (
        "it was over before the first"
    )


def drill(alert: str, made: dict[str, Any], **keys: Any) -> Drill:
    return Drill.model_validate({"drill": 1, "name": "d", "alert": alert, "fault": made, **keys})


def checked(plan: Drill, path: Path, **changed: Any) -> None:
    contract = contracts.load(DEFAULT_CONTRACT)
    if changed:
        alerts = tuple(
            alert.model_copy(update=changed) if alert.always else alert for alert in contract.alerts
        )
        contract = contract.model_copy(update={"alerts": alerts})
    path.write_text("drill: 1\nalert: x\nfault: x\ndead_man: x\n", encoding="utf-8")
    names = {alert.name for alert in contract.alerts}
    check(Loaded(plan=plan, path=path), contract, names, {"deadman", "operator", "webhook"})


DOWN = {"kind": "component_down", "component": "alertmanager"}


def test_a_drill_that_would_show_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drill.yaml"
    unreachable = drill("AlertmanagerUnreachable", DOWN)
    refuses = {"kind": "refusing_receiver", "receivers": ["deadman"]}
    checked(unreachable, path)
    checked(drill("NotificationsFailing", refuses), path)
    checked(drill("MetricsMissing", {"kind": "missing_metric", "metric": "up"}), path)
    with pytest.raises(InputError, match="no alert of the contract always fires"):
        checked(unreachable, path, always=False)
    with pytest.raises(InputError, match="no alert that always fires is sent to operator"):
        checked(drill("NotificationsFailing", {**refuses, "receivers": ["operator"]}), path)
    with pytest.raises(InputError, match="no alert of the contract is for the receiver 'pager'"):
        checked(drill("NotificationsFailing", {**refuses, "receivers": ["pager"]}), path)


def test_an_alert_that_always_fires_is_drilled_as_a_dead_man_s_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "drill.yaml"
    checked(drill("Watchdog", DOWN, dead_man=True), path)
    with pytest.raises(InputError, match="Watchdog always fires"):
        checked(drill("Watchdog", DOWN), path)
    with pytest.raises(InputError, match="TargetDown does not always fire"):
        checked(drill("TargetDown", DOWN, dead_man=True), path)
    with pytest.raises(ValueError, match="cuts the way of all notifications"):
        drill("Watchdog", {"kind": "failing_rule"}, dead_man=True)


def test_on_the_harmless_side_a_fault_may_last_for_less_than_for() -> None:
    plan = drill(
        "TargetDown", {"kind": "component_down", "component": "node_exporter"}, below={"lasts": "2m"}
    )
    course = steps(plan, TIMING, 0.1)
    assert [(step.turn, step.do) for step in course] == [
        ("below", "break"),
        ("mended", "heal"),
        ("raised", "break"),
        ("healed", "heal"),
        ("quiet", "watch"),
    ]
    assert course[0].seconds == 2.0
    with pytest.raises(ValueError, match="lasts stands alone"):
        drill("TargetDown", DOWN, below={"lasts": "2m", "failed_scrapes": 1})
