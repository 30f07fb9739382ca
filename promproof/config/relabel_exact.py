"""Relabelling a label set of which everything is known, as Prometheus does.

Sources: prometheus/model/relabel/relabel.go, and scrape/scrape.go (mutateSampleLabels) for what a scrape adds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promproof.config import re2
from promproof.config.relabelling import Rule, expanded

EXPORTED = "exported_"


@dataclass(frozen=True)
class Step:
    """A rule with the one key that only `hashmod` has."""

    rule: Rule
    modulus: int = 0


def steps(configs: Sequence[Mapping[str, Any]] | None) -> list[Step]:
    """Relabel rules as a file has them."""
    found = []
    for config in configs or ():
        given = {
            key: config[key] for key in ("regex", "separator", "target_label", "replacement") if key in config
        }
        sources = tuple(map(str, config.get("source_labels") or ()))
        text = {key: str(value) for key, value in given.items()}
        action = str(config.get("action", "replace")).lower()
        found.append(
            Step(Rule(source_labels=sources, action=action, **text), int(config.get("modulus") or 0))
        )
    return found


def applied(rules: Sequence[Step], labels: Mapping[str, str]) -> dict[str, str] | None:
    """The labels after all rules, without empty ones; None when a rule drops them.

    Raises:
        ValueError: a regular expression can't be read.
    """
    found = dict(labels)
    for step in rules:
        if not _apply(step, found):
            return None
        found = {name: value for name, value in found.items() if value}
    return found


def scraped(exposed: Mapping[str, str], target: Mapping[str, str], *, honor: bool) -> dict[str, str]:
    """The labels of an exposed series with those of its target; a clash makes the exposed one `exported_...`.

    honor: honor_labels, which keeps the exposed one.
    """
    found = {name: value for name, value in exposed.items() if value}
    for name, value in target.items():
        if honor:
            found.setdefault(name, value)
            continue
        if name in found:
            moved = EXPORTED + name
            while moved in exposed or moved in target:
                moved = EXPORTED + moved
            found[moved] = found[name]
        found[name] = value
    return found


def _apply(step: Step, labels: dict[str, str]) -> bool:
    rule = step.rule
    value = rule.separator.join(labels.get(name, "") for name in rule.source_labels)
    match rule.action:
        case "keep" | "drop":
            return (re2.whole(rule.regex).fullmatch(value) is not None) == (rule.action == "keep")
        case "keepequal" | "dropequal":
            return (labels.get(rule.target_label, "") == value) == (rule.action == "keepequal")
        case "lowercase":
            labels[rule.target_label] = value.lower()
        case "uppercase":
            labels[rule.target_label] = value.upper()
        case "hashmod":
            hashed = int.from_bytes(hashlib.md5(value.encode(), usedforsecurity=False).digest()[8:], "big")
            labels[rule.target_label] = str(hashed % step.modulus)
        case "labeldrop" | "labelkeep":
            for name in list(labels):
                if (re2.whole(rule.regex).fullmatch(name) is not None) == (rule.action == "labeldrop"):
                    del labels[name]
        case "labelmap":
            for name, given in list(labels.items()):
                if (mapped := expanded(rule, name)) is not None:
                    labels[mapped] = given
        case "replace":
            written = expanded(rule, value)
            if written is not None:
                labels[expanded(replace(rule, replacement=rule.target_label), value) or rule.target_label] = (
                    written
                )
    return True
