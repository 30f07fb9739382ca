"""Many broken alerts in one run: each twin is HighMemoryUsage under a name of its own, with one thing wrong.

The sound alert is drilled, patiently; the others live through the same doses. Each is then judged on its history
as if the drill had been about it, which is what a run of its own would have shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from promproof.config.yamlfile import clone, dump
from promproof.contract.model import load as load_contract
from promproof.drills.drill import Loaded, load_folder
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, read
from promproof.evidence.records import DrillDriven, FaultEnded, Kind, LedgerMark, NodeReading, Turn
from promproof.places import DEFAULT_CONTRACT, DRILLS, REPOSITORY
from promproof.run.drills import judge_all
from promproof.verdict import Verdict
from tests.twins.folders import changed

SOUND = "HighMemoryUsage"
RULES = "prometheus/rules/resources.yml"
ALERTMANAGER = "alertmanager/alertmanager.yml"
NO_END = "no-end"
ROUTES = f"""    - receiver: operator
      matchers: [alertname = "AnotherReceiver"]
    - receiver: {NO_END}
      matchers: [alertname = "ResolvedOff"]
    - receiver: webhook
"""
INHIBITIONS = f"""inhibit_rules:
  - source_matchers: [alertname = "{SOUND}"]
    target_matchers: [alertname = "Inhibited"]
    equal: [job]
"""
RECEIVERS = f"""receivers:
  - name: {NO_END}
    webhook_configs:
      - url: http://api:8000/api/v1/alerts
        send_resolved: false
"""


@dataclass(frozen=True)
class Broken:
    """One alert: its name, what is replaced in its rule, its documented receiver, the aspects that must fail."""

    name: str
    before: str
    after: str
    red: frozenset[str]
    receiver: str = "webhook"


def _broken(name: str, before: str, after: str, *red: str, receiver: str = "webhook") -> Broken:
    return Broken(name, before, after, frozenset(red), receiver)


BROKEN = (
    _broken("ThresholdOff", "> 0.85", "> 0.86", "fires-above", "notified"),
    _broken("ComparatorTurned", "> 0.85", "< 0.85", "silent-below"),
    _broken("ForDoubled", "for: 5m", "for: 10m", "fires-above", "notified"),
    _broken("AnotherMetric", "MemAvailable", "MemFree", "silent-below"),
    _broken("LostLabel", 'Total_bytes{job="node"}', 'Total_bytes{job="nodes"}', "fires-above", "notified"),
    _broken("NoValue", "$value | humanizePercentage", "$labels.value", "notified"),
    _broken("AnotherReceiver", "", "", "notified", "resolved"),
    _broken("ResolvedOff", "", "", "resolved", receiver=NO_END),
    _broken("Inhibited", "", "", "notified"),
)


@dataclass(frozen=True)
class Folders:
    """What the drills' command is given."""

    monitoring: Path
    contract: Path
    drills: Path


def make(out: Path, alerts: Sequence[Broken] = BROKEN) -> Folders:
    """A monitoring folder, contract and drills with all of them beside the sound one."""
    changes = {
        "    - receiver: webhook\n": ROUTES,
        "inhibit_rules:\n": INHIBITIONS,
        "receivers:\n": RECEIVERS,
    }
    monitoring = changed(out / "monitoring", [(ALERTMANAGER, *change) for change in changes.items()])
    (out / "scenarios").symlink_to(REPOSITORY / "scenarios")
    rules = _read(monitoring / RULES)
    rows = rules["groups"][0]["rules"]
    sound = next(rule for rule in rows if rule["alert"] == SOUND)
    rows += [{**_replaced(sound, alert), "alert": alert.name} for alert in alerts]
    (monitoring / RULES).write_text(dump(rules), encoding="utf-8")
    contract = _read(DEFAULT_CONTRACT)
    documented = next(alert for alert in contract["alerts"] if alert["name"] == SOUND)
    contract["alerts"] += [
        {**clone(documented), "name": alert.name, "receivers": [alert.receiver]} for alert in alerts
    ]
    (monitoring / DEFAULT_CONTRACT.name).write_text(dump(contract), encoding="utf-8")
    drill = {**_read(DRILLS / "high-memory-usage.yaml"), "may": [alert.name for alert in alerts]}
    (out / "drills").mkdir()
    (out / "drills" / "high-memory-usage.yaml").write_text(dump(drill), encoding="utf-8")
    return Folders(monitoring, monitoring / DEFAULT_CONTRACT.name, out / "drills")


def judged(folders: Folders, history: Path) -> dict[str, Verdict]:
    """The verdicts of every alert of the folder, as if each had been drilled in that run."""
    contract, ran = load_contract(folders.contract), read(history)
    [sound] = load_folder(folders.drills)
    found = {}
    for alert in (SOUND, *sound.plan.may):
        plan = sound.plan.model_copy(update={"name": alert, "alert": alert})
        receivers = tuple(contract.alert(alert).receivers)
        records = [replace(record, data=_about(record.data, alert, receivers)) for record in ran.records]
        evidence = Evidence(contract, History(ran.run, ran.monotonic, ran.epoch, records))
        for verdict in judge_all(evidence, [Loaded(plan=plan, path=sound.path)]):
            found[verdict.claim.removeprefix("drill/")] = verdict
    return found


def _about(data: Kind, alert: str, receivers: tuple[str, ...]) -> Kind:
    """A record of the drill, as if it had been about this alert."""
    if isinstance(data, DrillDriven):
        plan = {**data.plan, "name": alert, "alert": alert}
        return replace(data, name=alert, alert=alert, plan=plan, receivers=receivers)
    if isinstance(data, Turn | FaultEnded | NodeReading | LedgerMark) and data.drill == SOUND:
        return replace(data, drill=alert)
    return data


def _replaced(rule: dict[str, Any], alert: Broken) -> dict[str, Any]:
    text = dump(rule)
    assert alert.before in text, f"{alert.before!r} is not in the rule"
    found: dict[str, Any] = yaml.safe_load(text.replace(alert.before, alert.after) if alert.before else text)
    return found


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data
