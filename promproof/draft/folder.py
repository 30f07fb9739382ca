"""What a monitoring folder says that a contract can promise: alerts as their rules have them, dashboards, the job.

The rules as they are now are what is promised: a later change of threshold, window, `for` or route is then a finding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from promproof.config.durations import format_duration
from promproof.config.folder import PROMETHEUS_FILES, Folder
from promproof.config.labelsets import Partial
from promproof.config.promql import bare, parse
from promproof.config.routing import reached
from promproof.config.rules import Facts, Rule, facts
from promproof.draft.lines import comment, item
from promproof.errors import EvidenceError, InputError
from promproof.grafana.dashboard import Dashboard
from promproof.grafana.queries import quantity
from promproof.promql.tree import is_call, number
from promproof.promql.values import unit
from promproof.proofs.among import destinations
from promproof.proofs.routes import Destination, of_rule

_BUCKET = re.compile(r"([a-zA-Z_:][\w:]*)_bucket\b")
_OPEN_BUCKET = re.compile(r"[$}\]]\w*_bucket\b")
COMPARATORS = (">", ">=", "<", "<=", "==")
OTHERS_FOLDERS = ("node_modules", "vendor", "venv", "target", "tests", "test", "examples")
"""Folders whose configurations are somebody else's, or of tests."""
MOST_FOLDERS = 50
OFTEN = 3600.0
"""Seconds; whoever is told of a watchdog more seldom makes a drill of it take hours."""


def alerts(
    folder: Folder | None,
    rules: Sequence[Rule],
    proofs: Mapping[str, str],
    edges: Mapping[str, Sequence[float]],
) -> list[str]:
    """The section `alerts`. folder: None where only the rules are known.

    proofs: what was proven of each, by name; edges: buckets of the histograms, by name.
    """
    if not rules:
        return []
    times = Counter(rule.name for rule in rules)
    sent = _destinations(folder, rules)
    lines = ["alerts:"]
    for rule in rules:
        if times[rule.name] > 1:
            if f"  # {rule.name}" not in lines:
                lines += [f"  # {rule.name}", f"  #   left out: {times[rule.name]} rules have this name"]
            continue
        if rule.name in proofs:
            lines += comment(proofs[rule.name], "  ")
        lines += item(alert(rule, sent.get(rule.name), edges))
    return (
        lines
        if any(line.startswith("  - ") for line in lines)
        else ["# alerts:", *("#" + x for x in lines[1:])]
    )


def alert(
    rule: Rule, destination: Destination | None, edges: Mapping[str, Sequence[float]]
) -> dict[str, Any]:
    """An alert as the contract has it: what its rule says for certain, and nothing else."""
    told: dict[str, Any] = {"name": rule.name}
    said = _facts(rule)
    if said is not None:
        limits = {pair for pair in said.thresholds if pair[0] in COMPARATORS}
        if len(limits) == 1 and len(set(said.thresholds)) == 1:
            [(comparator, threshold)] = limits
            told |= {"comparator": comparator, "threshold": threshold}
            told |= _unit(rule, said, threshold, edges)
        if len(set(said.windows)) == 1:
            told["window"] = format_duration(said.windows[0])
    if is_constant(rule):
        told = {"name": rule.name, "always": True}
    told["for"] = format_duration(rule.hold)
    severity = rule.labels.get("severity", "")
    if severity and "{{" not in severity:
        told["severity"] = severity
    others = {
        name: value
        for name, value in rule.labels.items()
        if name != "severity" and value and "{{" not in value
    }
    if others:
        told["labels"] = others
    if destination is not None and destination.receivers and not destination.perhaps:
        told["receivers"] = list(destination.receivers)
    if said is not None and said.metrics:
        told["metrics"] = list(said.metrics)
    return told


def is_constant(rule: Rule) -> bool:
    """Whether a rule always fires: `vector(1)`, as watchdogs have it."""
    try:
        node = bare(parse(rule.expression))
    except ValueError:
        return False
    return is_call(node, "vector") and number(node) is not None


def heartbeats(folder: Folder, rules: Sequence[Rule]) -> tuple[str, ...]:
    """The receivers that are told of an alert which always fires, each at least once in `OFTEN` seconds.

    One without an integration is told nothing.
    """
    data = folder.alertmanager.data if folder.alertmanager is not None else {}
    able = {
        str(receiver.get("name"))
        for receiver in data.get("receivers") or ()
        if any(str(key).endswith("_configs") and value for key, value in receiver.items())
    }
    found: list[str] = []
    for rule in rules:
        if is_constant(rule):
            with suppress(EvidenceError):
                found += [
                    route.receiver
                    for route in reached(data, {**rule.labels, "alertname": rule.name})
                    if route.receiver in able and route.repeat_interval + route.group_interval <= OFTEN
                ]
    return tuple(dict.fromkeys(found))


def limits(rules: Sequence[Rule]) -> dict[str, tuple[str, float]]:
    """By alert what it compares, in normal form, and with which number; without those of which that isn't certain."""
    times = Counter(rule.name for rule in rules)
    found = {}
    for rule in rules:
        told = alert(rule, None, {})
        if "threshold" in told and times[rule.name] == 1:
            with suppress(ValueError):
                found[rule.name] = (quantity(rule.expression), told["threshold"])
    return found


def read_buckets(
    folder: Folder | None, rules: Sequence[Rule], boards: Sequence[Dashboard]
) -> frozenset[str] | None:
    """The histograms whose buckets a rule or a panel reads; None where a query leaves open which."""
    recorded = [str(rule.get("expr")) for rule in _recordings(folder)] if folder is not None else []
    asked = [target.expression for board in boards for panel in board.panels for target in panel.sent]
    variables = [str(variable.query) for board in boards for variable in board.variables]
    found: set[str] = set()
    for expression in (*(rule.expression for rule in rules), *recorded, *asked, *variables):
        if "__name__" in expression or _OPEN_BUCKET.search(expression):
            return None
        found |= set(_BUCKET.findall(expression))
    return frozenset(found)


def dashboards(found: Sequence[Dashboard], panels: Mapping[str, Sequence[dict[str, Any]]]) -> list[str]:
    """The section `dashboards`. panels: by uid, those whose numbers have a truth or a unit."""
    uids = Counter(dashboard.uid for dashboard in found)
    lines = ["dashboards:"]
    for dashboard in found:
        if not dashboard.uid or uids[dashboard.uid] > 1:
            why = "has no uid" if not dashboard.uid else f"shares the uid {dashboard.uid}"
            lines += comment(f"{dashboard.file} is left out: it {why}", "  ")
            continue
        lines += item(
            {"title": dashboard.title, "uid": dashboard.uid} if dashboard.title else {"uid": dashboard.uid}
        )
        mine = panels.get(dashboard.uid, ())
        if mine:
            lines += ["    panels:", *(f"    {line}" for panel in mine for line in item(panel))]
    return lines if any(line.startswith("  - ") for line in lines) else []


def _destinations(folder: Folder | None, rules: Sequence[Rule]) -> dict[str, Destination]:
    """Where each alert goes; nothing where there is no Alertmanager file, or one that can't be read."""
    if folder is None or folder.alertmanager is None:
        return {}
    recorded, external = _recordings(folder), _external(folder)
    named: list[tuple[str, Partial]] = [
        (
            rule.name,
            of_rule({"alert": rule.name, "expr": rule.expression, "labels": rule.labels}, recorded, external),
        )
        for rule in rules
    ]
    try:
        found = destinations(named, folder.alertmanager)
    except InputError:
        return {}
    return {rule.name: destination for rule, destination in zip(rules, found, strict=True)}


def _recordings(folder: Folder) -> list[dict[str, Any]]:
    """The recording rules of the folder; its rule files were read before, so they have their form."""
    groups = [group for document in folder.rules for group in document.data.get("groups") or ()]
    return [dict(rule) for group in groups for rule in group.get("rules") or () if rule.get("record")]


def _external(folder: Folder) -> dict[str, str] | None:
    """The labels that Prometheus adds to alerts; None where it relabels them, so that nobody knows."""
    data = folder.prometheus.data
    if (data.get("alerting") or {}).get("alert_relabel_configs"):
        return None
    labels = (data.get("global") or {}).get("external_labels") or {}
    return {str(name): str(value) for name, value in labels.items()}


def _facts(rule: Rule) -> Facts | None:
    try:
        return facts(rule.expression)
    except ValueError:
        return None


def _unit(rule: Rule, said: Facts, threshold: float, edges: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """The threshold's unit, where the expression leaves no doubt about it."""
    found = unit(parse(rule.expression))
    if found == "ratio":
        return {"unit": "ratio"}
    if found == "seconds":
        named = [edges[name] for metric in said.metrics if (name := metric.removesuffix("_bucket")) in edges]
        # between two edges a quantile is a guess: the contract then promises no number of seconds
        if all(threshold in given and max(given) > threshold for given in named):
            return {"unit": "seconds"}
    return {}


def elsewhere(root: Path) -> str:
    """A folder below, or one deeper, that has a configuration of Prometheus; empty for none, or several."""
    try:
        near = _folders(root)
        found = [
            folder
            for folder in [*near, *(inner for folder in near for inner in _folders(folder))]
            if any((folder / name).is_file() for name in PROMETHEUS_FILES)
        ]
    except OSError:  # what can't be looked into is no help
        return ""
    first = found[0] if found else root
    alone = all(folder.is_relative_to(first) for folder in found)
    return str(first.relative_to(root)) if found and alone else ""


def _folders(root: Path) -> list[Path]:
    return sorted(
        folder
        for folder in root.iterdir()
        if folder.name[0] not in "._" and folder.name not in OTHERS_FOLDERS and folder.is_dir()
    )[:MOST_FOLDERS]
