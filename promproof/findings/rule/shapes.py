"""What Prometheus refuses when it loads a rule file, besides the syntax of YAML: it then loads none of its rules.

Judged on the file as it is, because a group or a rule of a wrong shape is none for the other judges. Source:
prometheus/model/rulefmt/rulefmt.go, which reads strictly: a key that it does not know is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from promproof.config.durations import EXPECTED, parse_duration
from promproof.config.promql import TooLarge, parse
from promproof.findings.finding import Finding, Severity
from promproof.findings.foreign import IS_OTHER, KEYS, PLACEHOLDER, is_log_query, is_of_another_program
from promproof.findings.kind import Kind, each_rule, register, whole_setup
from promproof.findings.part import Part, scalar_text
from promproof.findings.rules import checking, one_line
from promproof.findings.setup import Rule, Setup
from promproof.findings.thing import argument_of

SHAPE = register(
    Kind(
        id="rule/refused-shape",
        severity=Severity.ERROR,
        title="a group or a rule of a shape that Prometheus refuses",
        why="One text where a rule is expected, or a list where labels are, and Prometheus refuses the whole file: it "
        "does not start with it, or goes on with the old rules.",
        example="- alert: Down\n  expr: up == 0\n  labels: [severity, page]",
        instead="- alert: Down\n  expr: up == 0\n  labels: {severity: page}",
    )
)
DURATION = register(
    Kind(
        id="rule/refused-duration",
        severity=Severity.ERROR,
        title="a duration that is none",
        why="Prometheus refuses the whole file for one duration that it can't read: `1 minute`, `90`, `1.5m`.",
        example="- alert: Down\n  expr: up == 0\n  for: 1 minute",
        instead="- alert: Down\n  expr: up == 0\n  for: 1m",
    )
)
KEY = register(
    Kind(
        id="rule/unknown-key",
        severity=Severity.ERROR,
        title="a key that Prometheus does not know",
        why="Rule files are read strictly: one misspelt key, and Prometheus refuses the whole file.",
        example="- alert: Down\n  expr: up == 0\n  annotation: {summary: down}",
        instead="- alert: Down\n  expr: up == 0\n  annotations: {summary: down}",
    )
)
EXPRESSION = register(
    Kind(
        id="rule/unparsable",
        severity=Severity.ERROR,
        title="an expression that is no PromQL",
        why="Prometheus refuses the whole file for one expression that does not parse.",
        example="sum(rate(http_requests_total[5m]) > 5",
        instead="sum(rate(http_requests_total[5m])) > 5",
    )
)
TWICE = register(
    Kind(
        id="rule/group-twice",
        severity=Severity.ERROR,
        title="two groups of one name in a file",
        why="Prometheus refuses a file with two groups of one name.",
        example="groups:\n- name: api\n  rules: []\n- name: api\n  rules: []",
        instead="groups:\n- name: api\n  rules: []\n- name: web\n  rules: []",
    )
)
_DURATIONS = {"for", "keep_firing_for", "interval", "query_offset"}
_GROUP_KEYS = {"name", "interval", "query_offset", "limit", "labels", "rules"}
_RULE_KEYS = {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}


@whole_setup(SHAPE, DURATION, KEY, TWICE)
def judge_files(setup: Setup) -> Iterator[Finding]:
    """Look at each group of each document that holds rules."""
    for file in setup.rule_parts:
        seen: set[str] = set()
        groups = file.data.get("groups") if isinstance(file.data, dict) else None
        for index, group in enumerate(groups if isinstance(groups, list) else ()):
            part = file.part("groups", index)
            if not isinstance(group, dict):
                yield _shape(part, "a group", group)
                continue
            yield from _group(part)
            name = part.text("name")
            if name and name in seen:
                yield TWICE.at(
                    part.at("name"),
                    f"the group {name} is here a second time",
                    effect="Prometheus refuses the file",
                    todo="give it another name",
                    see=_see(part),
                )
            seen.add(name)


def _group(part: Part) -> Iterator[Finding]:
    yield from _keys(part, _GROUP_KEYS)
    yield from _durations(part)
    yield from _mappings(part, "labels")
    if not part.text("name"):
        yield _missing(part, "a group", "name")
    rules = part.data.get("rules")
    if rules is not None and not isinstance(rules, list):
        yield _shape(part.part("rules"), "a list of rules", rules)
        return
    for index, rule in enumerate(rules or ()):
        below = part.part("rules", index)
        if not isinstance(rule, dict):
            yield _shape(below, "a rule", rule)
            continue
        yield from _rule(below)


def _rule(part: Part) -> Iterator[Finding]:
    yield from _keys(part, _RULE_KEYS)
    yield from _durations(part)
    yield from _mappings(part, "labels", "annotations")
    alert, record = part.text("alert"), part.text("record")
    if alert and record:
        yield _said(part.at("record"), part, "a rule with `alert` and `record`", "make two rules of it")
    if not (alert or record):
        yield _missing(part, "a rule", "alert or record")
    if not part.text("expr").strip():
        yield _missing(part, f"the rule {alert or record}", "expr")
    for key in ("for", "keep_firing_for", "annotations"):
        is_there = part.data.get(key) if key == "annotations" else part.seconds(key)
        if record and not alert and is_there:
            yield _said(part.at(key), part, f"`{key}` in a recording rule", "leave it out")
    for label in part.texts("labels"):
        if label in ("", "__name__"):
            yield _said(part.at("labels", label), part, f"the label name {label!r}", "give it another name")


def _mappings(part: Part, *keys: str) -> Iterator[Finding]:
    for key in keys:
        value = part.data.get(key)
        if isinstance(value, dict):
            for name, item in value.items():
                if isinstance(item, dict | list):
                    yield _shape(part.part(key, name), "a text", item)
        elif value is not None:
            yield _shape(part.part(key), "names and texts", value)


def _durations(part: Part) -> Iterator[Finding]:
    for key in sorted(_DURATIONS & set(part.data)):
        value = part.data[key]
        if value is None:  # nothing after the colon is no key
            continue
        if not _is_duration(value) and not PLACEHOLDER.search(str(value)):
            yield DURATION.at(
                part.at(key),
                f"`{key}: {one_line(str(value))}` is no duration",
                effect="Prometheus refuses the file",
                todo=f"write {EXPECTED}",
                see=_see(part),
            )


def _is_duration(value: Any) -> bool:
    if isinstance(value, dict | list):
        return False
    try:
        parse_duration(scalar_text(value))
    except ValueError:
        return False
    return True


def _keys(part: Part, known: set[str]) -> Iterator[Finding]:
    for key in part.data:
        if key in known or key in KEYS:
            continue
        near = get_close_matches(str(key), known, n=1)
        yield KEY.at(
            part.at(key),
            f"`{key}` is no key of a {'rule' if known is _RULE_KEYS else 'group'}",
            effect="Prometheus refuses the file",
            todo=f"write {near[0]}" if near else "remove it",
            see=_see(part),
        )


def _missing(part: Part, what: str, key: str) -> Finding:
    return _said(part.at(), part, f"{what} without {key}", f"add {key}")


def _shape(part: Part, expected: str, found: Any) -> Finding:
    said = "nothing" if found is None else one_line(str(found))
    return _said(part.at(), part, f"{said} where {expected} is expected", f"write {expected} there")


def _said(place: Any, part: Part, message: str, todo: str) -> Finding:
    return SHAPE.at(place, message, effect="Prometheus refuses the file", todo=todo, see=_see(part))


def _see(part: Part) -> str:
    return f"promtool check rules {argument_of(part)}"


@each_rule(EXPRESSION)
def judge_expression(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """An expression that the parser refuses, unless another program or version may take it."""
    if rule.tree is not None or not rule.expression.strip():
        return
    try:
        parse(rule.expression)
    except TooLarge:
        return
    except ValueError as error:
        said = one_line(str(error))
        if PLACEHOLDER.search(rule.expression):
            return
        if not rule.group.prometheuses and (
            is_log_query(rule) or is_of_another_program(rule.part.document, setup)
        ):
            return
        if not IS_OTHER.search(f"{said} {rule.expression}"):
            yield EXPRESSION.at(
                rule.at("expr"),
                f"cannot be parsed: {said}",
                effect="Prometheus refuses the file",
                todo="correct the expression",
                see=checking(rule),
            )
