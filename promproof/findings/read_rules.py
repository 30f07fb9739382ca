"""Reads rule groups of a document, whatever it holds: an odd group or rule is left out, the others are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promproof.findings.part import Part
from promproof.findings.setup import Group, Prometheus, Rule


def groups_of(part: Part, prometheuses: Sequence[Prometheus]) -> Iterator[tuple[Group, tuple[Rule, ...]]]:
    """The groups of a rule file, or of the spec of a PrometheusRule, each with its rules."""
    for index, entry in enumerate(part.items("groups")):
        limit = entry.text("limit")
        group = Group(
            entry,
            entry.text("name"),
            index,
            entry.seconds("interval"),
            int(limit) if limit.isdecimal() else 0,
            entry.seconds("query_offset"),
            entry.texts("labels"),
            tuple(prometheuses),
        )
        yield group, tuple(_rules(entry, group))


def _rules(entry: Part, group: Group) -> Iterator[Rule]:
    for rule in entry.items("rules"):
        alert, record = rule.text("alert"), rule.text("record")
        if not (alert or record):
            continue
        labels = {**group.labels, **rule.texts("labels")}
        yield Rule(
            rule,
            alert or record,
            bool(alert),
            rule.text("expr"),
            group,
            int(rule.key[-1]),
            rule.seconds("for") or 0.0,
            rule.seconds("keep_firing_for") or 0.0,
            {name: value for name, value in labels.items() if value},
            {name: value for name, value in rule.texts("annotations").items() if value},
        )
