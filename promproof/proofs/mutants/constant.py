"""Labels that a rule gives to all its alerts, and that tell no mutant from it.

promtool expands each at every evaluation. They are left out of the copies of a rule and of what is expected of them,
where no series can have a label of that name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any


def constant_labels(
    rules: Sequence[Mapping[str, Any]], asked: Iterable[Mapping[str, Any]], told: str
) -> frozenset[str]:
    """The names of labels with one value in all rules of an alert and in each expected alert.

    asked: the entries of alert_rule_test. told: all texts that a label of a series may come from; a name that is a
    part of it stays.
    """
    expected = [alert.get("exp_labels") or {} for entry in asked for alert in entry.get("exp_alerts") or ()]
    given = [rule.get("labels") or {} for rule in rules]
    if not given or not all(isinstance(labels, Mapping) for labels in (*given, *expected)):
        return frozenset()
    return frozenset(
        name
        for name, value in given[0].items()
        if _is_plain(name, value)
        and name not in told
        and all(labels.get(name) == value for labels in (*given, *expected))
    )


def _is_plain(name: object, value: object) -> bool:
    """Whether a label is a text that is no template; an empty one would take the label away."""
    return type(name) is type(value) is str and name != "alertname" and bool(value) and "{{" not in value


def without_labels(rule: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The rule without these labels."""
    if not names:
        return dict(rule)
    kept = {name: value for name, value in rule["labels"].items() if name not in names}
    return {**rule, "labels": kept}


def expected_without(asked: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """An entry of alert_rule_test whose alerts are expected without these labels."""
    if not names or not asked.get("exp_alerts"):
        return dict(asked)
    alerts = [
        {**alert, "exp_labels": {n: value for n, value in alert["exp_labels"].items() if n not in names}}
        for alert in asked["exp_alerts"]
    ]
    return {**asked, "exp_alerts": alerts}
