"""Rule files of what a Prometheus has loaded (`/api/v1/rules`): each of its files again, with the same rules in it.

Labels of a group are in the answer those of its rules, so nothing is lost. Comments and the order of keys are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from promproof.config.durations import format_duration

Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's, ten times as fast, where it is there: a Prometheus may have the rules of a hundred services."""


def rule_files(groups: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The texts by a name of their own, in the order of the answer; groups without rules are none."""
    by_file: dict[str, list[dict[str, Any]]] = {}
    for group in groups:
        rules = [_rule(rule) for rule in group["rules"]]
        if rules:
            told = {"name": group["name"], "interval": format_duration(float(group["interval"]))}
            by_file.setdefault(str(group.get("file", "")), []).append({**told, "rules": rules})
    return {
        f"loaded-{number}.yml": yaml.dump(
            {"groups": groups}, Dumper=Dumper, sort_keys=False, allow_unicode=True
        )
        for number, groups in enumerate(by_file.values(), 1)
    }


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any]
    if rule["type"] == "recording":
        told = {"record": rule["name"], "expr": rule["query"]}
    else:
        told = {"alert": rule["name"], "expr": rule["query"]}
        for key, field in (("for", "duration"), ("keep_firing_for", "keepFiringFor")):
            if rule.get(field):
                told[key] = format_duration(float(rule[field]))
    return told | {key: dict(rule[key]) for key in ("labels", "annotations") if rule.get(key)}
