"""The set-up that a running Prometheus has loaded, and what it knows: made of its answers, which others ask for.

What is not complete is not judged by: names count as known only while every target is up and has been scraped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from promproof.config import yamlfile
from promproof.config.durations import format_duration, parse_duration
from promproof.config.usertext import Mistake
from promproof.findings.part import Document
from promproof.findings.read_prometheus import prometheus_of
from promproof.findings.read_rules import groups_of
from promproof.findings.setup import Knowledge, Prometheus, Setup
from promproof.promql.tree import metric, selectors

_DEFAULT_RETENTION = 15 * 86_400.0
_OF_VARIABLE = re.compile(r"label_values\(\s*([a-zA-Z_:][\w:]*)")


@dataclass(frozen=True)
class Answers:
    """What a server answers; None where it does not. missing: why, one text for each question.

    rules: the groups of /api/v1/rules; targets: health of each active one; series: asks for the label sets of a
    metric, None when they are too many or the question fails.
    """

    url: str
    configuration: str | None = None
    rules: Sequence[Mapping[str, Any]] | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Sequence[Mapping[str, str]]] | None = None
    names: Sequence[str] | None = None
    targets: Sequence[str] | None = None
    series: Callable[[str], Sequence[Mapping[str, str]] | None] = lambda name: None
    missing: tuple[str, ...] = ()


def with_server(setup: Setup, answers: Answers, *, has_files: bool) -> Setup:
    """The set-up with what the server knows; without files of a user, it is what the server has loaded."""
    whole = setup if has_files else _loaded(setup, answers)
    known, notes = _knowledge(whole, answers)
    unread = {**whole.unread, **dict.fromkeys((*answers.missing, *notes), (answers.url,))}
    return replace(whole, knowledge=known, unread=unread)


def _loaded(setup: Setup, answers: Answers) -> Setup:
    servers = tuple(_server(answers))
    documents = [
        _rule_file(name, groups, servers, answers.url) for name, groups in _by_file(answers.rules or ())
    ]
    pairs = [pair for document in documents for pair in groups_of(document.part(), servers)]
    return replace(
        setup,
        root=answers.url,
        prometheuses=servers,
        groups=tuple(group for group, _ in pairs),
        rules=tuple(rule for _, rules in pairs for rule in rules),
        rule_parts=tuple(document.part() for document in documents),
        documents=(*(server.part.document for server in servers), *documents),
    )


def _server(answers: Answers) -> Iterable[Prometheus]:
    if answers.configuration is None:
        return
    try:
        parsed = next(iter(yamlfile.documents(answers.configuration)))
    except (Mistake, StopIteration):
        return
    name = f"{answers.url}/api/v1/status/config"
    document = Document(name, parsed.data, parsed.lines, 0, answers.configuration)
    yield prometheus_of(document.part(), retention=_retention(answers.flags))


def _retention(flags: Mapping[str, str]) -> float | None:
    try:
        kept = parse_duration(flags.get("storage.tsdb.retention.time") or "0s")
    except ValueError:
        return None
    has_size = flags.get("storage.tsdb.retention.size", "0B") != "0B"
    return kept or (None if has_size or not flags else _DEFAULT_RETENTION)


def _by_file(groups: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        found.setdefault(str(group.get("file")), []).append(group)
    return list(found.items())


def _rule_file(
    name: str, groups: Iterable[Mapping[str, Any]], servers: Sequence[Prometheus], url: str
) -> Document:
    """A rule file as the server has it; a group's interval stands there only when it is its own."""
    usual = {server.evaluation_interval for server in servers}
    data = [
        {
            "name": group.get("name"),
            **({"limit": group["limit"]} if group.get("limit") else {}),
            **({} if group.get("interval") in usual else _duration("interval", group.get("interval"))),
            "rules": [_rule(rule) for rule in group.get("rules") or () if isinstance(rule, dict)],
        }
        for group in groups
    ]
    return Document(f"{url} {name}", {"groups": data})


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    is_alert = rule.get("type") == "alerting"
    return {
        "alert" if is_alert else "record": rule.get("name"),
        "expr": rule.get("query"),
        **_duration("for", rule.get("duration")),
        **_duration("keep_firing_for", rule.get("keepFiringFor")),
        **{key: rule[key] for key in ("labels", "annotations") if rule.get(key)},
    }


def _duration(key: str, seconds: Any) -> dict[str, str]:
    return {key: format_duration(float(seconds))} if isinstance(seconds, int | float) and seconds else {}


def _knowledge(setup: Setup, answers: Answers) -> tuple[Knowledge, list[str]]:
    """What the server knows of the metrics that the set-up asks for, and what it can't be asked about."""
    types = {name: _type(entries) for name, entries in (answers.metadata or {}).items()}
    labels: dict[str, Mapping[str, frozenset[str]]] = {name: {} for name in answers.names or ()}
    unknown = []
    for name in sorted(_asked(setup) & set(labels)):
        rows = answers.series(name)
        if rows is None:
            unknown.append(name)
        else:
            labels[name] = _values(rows)
    down = [health for health in answers.targets or () if health != "up"]
    notes = []
    if unknown:
        others = " and others" if unknown[3:] else ""
        notes.append(f"label values of {', '.join(unknown[:3])}{others}: too many series, or no answer")
    if answers.names is not None and down:
        count = f"{len(down)} of {len(answers.targets or ())} targets {'are' if down[1:] else 'is'}"
        notes.append(f"{count} not up, or not scraped yet: a metric that is not there may be of those")
    is_complete = answers.names is not None and answers.targets is not None and not down
    known = {name: type_ for name, type_ in types.items() if type_}
    return Knowledge(answers.url, known, labels, is_complete), notes


def _type(entries: Sequence[Mapping[str, str]]) -> str:
    """The type of a metric; empty when its targets disagree, or none says."""
    types = {entry.get("type", "") for entry in entries} - {"unknown", "unspecified", ""}
    return types.pop() if len(types) == 1 else ""


def _asked(setup: Setup) -> set[str]:
    """The metrics of rules, and those whose labels fill variables of dashboards."""
    names = {metric(found) for rule in setup.rules if rule.tree is not None for found in selectors(rule.tree)}
    queries = (variable.query for board in setup.dashboards for variable in board.dashboard.variables)
    return names | {name for query in queries for name in _OF_VARIABLE.findall(query)}


def _values(rows: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for label, value in row.items():
            if label != "__name__":
                found.setdefault(label, set()).add(value)
    return {label: frozenset(values) for label, values in found.items()}
