"""Which alerts of a stack that runs already are the contract's, where others have some of the same names.

A rule over all jobs fires for other services too, another team's rule may have the same name, and Alertmanager gets the
alerts of every Prometheus. Only what the labels contradict is somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import yaml

from promproof.config.promql import parse
from promproof.config.rules import Rule, loaded, normal
from promproof.config.yamlfile import served
from promproof.contract.model import Alert, Contract
from promproof.errors import EvidenceError
from promproof.evidence.records import OwnAlerts
from promproof.observe.prometheus import Prometheus
from promproof.promql.tree import matchers, selectors

REWRITES = ("label_replace", "label_join")


def own_alerts(prometheus: Prometheus, contract: Contract, documented: Sequence[Rule]) -> OwnAlerts | None:
    """What tells them apart; None where Prometheus does not answer. documented: the rules of the folder."""
    try:
        rules, configuration = loaded(prometheus.rules()), prometheus.configuration()
        targets = prometheus.targets()
    except EvidenceError:
        return None
    job = contract.target.job
    taken = {
        str(label) for target in targets if target["labels"].get("job") == job for label in target["labels"]
    }
    taken |= {str(label) for metric in contract.metrics for label in metric.labels}
    mine = {alert.name: of_alert(alert, rules, documented) for alert in contract.alerts}
    found = {name: own for name, own in mine.items() if own}
    return OwnAlerts(
        {name: tuple(fixed_labels(rule) for rule in own) for name, own in found.items()},
        {name: values for name, own in found.items() if (values := _jobs(own, job)) is not None},
        external_labels(configuration, taken),
    )


def of_alert(alert: Alert, rules: Iterable[Rule], documented: Iterable[Rule]) -> list[Rule]:
    """The rules of this name that are the contract's: of several those with its labels, and of these the documented."""
    found = [rule for rule in rules if rule.name == alert.name]
    promised = {**alert.labels, **({"severity": alert.severity} if alert.severity else {})}
    fitting = [rule for rule in found if promised.items() <= rule.labels.items()]
    expressions = {normal(rule.expression) for rule in documented if rule.name == alert.name}
    known = [rule for rule in fitting or found if normal(rule.expression) in expressions]
    return known or fitting or found


def fixed_labels(rule: Rule) -> dict[str, str]:
    """The labels that a rule gives to each of its alerts, without those that a template writes."""
    return {name: value for name, value in rule.labels.items() if value and "{{" not in value}


def external_labels(configuration: str, taken: Collection[str]) -> dict[str, str] | None:
    """Those that Prometheus adds to every alert that it sends; None where it may change them on their way.

    taken: labels that an alert may have of its own, whose values Prometheus leaves.
    """
    try:
        data = served(configuration) or {}
    except yaml.YAMLError:
        return None
    if (data.get("alerting") or {}).get("alert_relabel_configs"):
        return None
    given: Mapping[str, Any] = (data.get("global") or {}).get("external_labels") or {}
    return {str(name): str(value) for name, value in given.items() if name not in taken and value}


def _jobs(rules: Iterable[Rule], job: str) -> tuple[str, ...] | None:
    """What the label `job` of these rules' alerts can be; None where that is open."""
    found: set[str] = set()
    for rule in rules:
        if "job" in rule.labels:
            found.add(rule.labels["job"])
            if "{{" in rule.labels["job"]:
                return None
            continue
        try:
            asked = list(selectors(parse(rule.expression)))
        except ValueError:
            return None
        if any(name in rule.expression for name in REWRITES):
            return None
        pins = [(sign, value) for each in asked for label, sign, value in matchers(each) if label == "job"]
        if any(sign != "=" for sign, _ in pins):
            return None
        found |= {value for _, value in pins} | ({job} if len(pins) < len(asked) else set())
    return tuple(sorted(found))
