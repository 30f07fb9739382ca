"""Asks what mutants of an alert say at the moments of its cases, without evaluating a rule: twenty times as cheap.

An alert with `for` fires at a moment if its expression has held at every evaluation since `for` before: a subquery says
so in one go. Only kills are taken from here: a mutant whose firing label sets are others than the rule's, which a case
compares. What lives is asked of the real rules with everything.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.config.durations import format_duration, parse_duration
from promproof.config.yamlfile import clone
from promproof.proofs.asking import ANSWER, IMPOSSIBLE
from promproof.proofs.mutants.base import Mutant, Subject
from promproof.proofs.mutants.inlined import inlined
from promproof.proofs.mutants.project import ALERTS, Suite, metrics
from promproof.proofs.mutants.promtool import Answer, Job

STEPS = 1000
"""Evaluations within a `for`, at most."""
KEYS = {"interval", "input_series", "alert_rule_test", "promql_expr_test", "name", "external_labels"}
"""What a test may say without moving the moments."""
REFUSALS = ("many-to-many matching", "found duplicate series", "multiple matches for labels")
"""Of series that an operator can't join. A rule that can't be evaluated fails its test."""
_LABEL = r'[a-zA-Z_]\w*="(?:\\.|[^"\\])*"'
_ELEMENT = re.compile(rf"(\{{(?:{_LABEL}(?:, )?)*\}}) ([-+0-9.eEInfNa]+)(?:, |$)")
_PAIR = re.compile(r'([a-zA-Z_]\w*)=("(?:\\.|[^"\\])*")')
Firing = frozenset[frozenset[tuple[str, str]]]
"""Label sets, without those labels that the rule gives."""


@dataclass(frozen=True)
class Instants:
    """The questions of one file. asked: of each, who it is about (None: the rule), how often it has to hold, and where.

    where: the number of the test, and the moment; expected: how many alerts a case expects there.
    """

    job: Job
    asked: Sequence[tuple[int | None, int, tuple[int, float]]]
    expected: Mapping[tuple[int, float], int]
    given: frozenset[str]


def relabelled(suites: Sequence[Suite], mutants: Sequence[Mutant]) -> set[int]:
    """Mutants that only give another label: a case that expects the alert compares all of them."""
    return {
        number
        for number, mutant in enumerate(mutants)
        if mutant.operator == "severity"
        and any(
            suite.has(mutant.subject) and _only(suite, mutant.subject) and _fires(suite, mutant.subject.name)
            for suite in suites
        )
    }


def _fires(suite: Suite, name: str) -> bool:
    return any(
        entry.get("alertname") == name and entry.get("exp_alerts")
        for case in suite.raw.get("tests") or ()
        for entry in case.get("alert_rule_test") or ()
    )


def _only(suite: Suite, subject: Subject) -> bool:
    return sum(entry.is_alert and entry.name == subject.name for entry in suite.rules) == 1


def _group(suite: Suite, subject: Subject) -> Mapping[str, Any]:
    """The group of a rule as it stands in its file."""
    entry = next(entry for entry in suite.rules if suite.is_same(entry, subject))
    found: Mapping[str, Any] = entry.document.data["groups"][entry.key[1]]
    return found


def is_askable(suite: Suite, subject: Subject, mutants: Sequence[Mutant]) -> bool:
    """Whether its expression alone says when it fires: each rule that it reads is evaluated before it."""
    if "keep_firing_for" in subject.data or not _only(suite, subject):
        return False
    reads = {name for mutant in mutants for name in metrics(str(mutant.change.data["expr"]))}
    reads |= metrics(subject.expression)
    upstream = suite.upstream(reads)
    if {"*", *ALERTS} & reads.union(*(entry.reads for entry in upstream)):
        return False
    if upstream and suite.raw.get("group_eval_order"):
        return False
    own = next(place for place, entry in enumerate(suite.rules) if suite.is_same(entry, subject))
    if "query_offset" in _group(suite, subject):
        return False
    return all(entry in suite.rules[:own] for entry in upstream)


def questions(
    suite: Suite, subject: Subject, mutants: Sequence[tuple[int, Mutant]], numbers: Collection[int]
) -> Instants | None:
    """What is asked of these tests about some mutants of one alert, or of recordings that it reads.

    None when no case is about it, or about a recording that its expression can't take the place of.
    """
    every = parse_duration(suite.file.evaluation_interval)
    said = _said(suite, subject, mutants, every)
    if said is None or any(steps > STEPS for _, _, steps in said):
        return None
    tests: list[dict[str, Any]] = []
    asked: list[tuple[int | None, int, tuple[int, float]]] = []
    expected: dict[tuple[int, float], int] = {}
    for number, case in enumerate(suite.raw.get("tests") or ()):
        entries = [e for e in case.get("alert_rule_test") or () if e.get("alertname") == subject.name]
        if number not in numbers or not entries:
            continue
        if not set(case) <= KEYS:
            return None
        expressions = []
        for entry in entries:
            moment = math.floor(parse_duration(str(entry.get("eval_time") or "0s")) / every + 1e-9) * every
            place = (number, moment)
            if place not in expected:
                for who, expression, steps in said:
                    expressions.append(_entry(expression, steps, every, moment, len(asked)))
                    asked.append((who, steps, place))
            expected[place] = len(entry.get("exp_alerts") or ())
        kept = {key: value for key, value in case.items() if key != "alert_rule_test"}
        tests.append(clone({**kept, "promql_expr_test": expressions}))
    if not tests:
        return None
    reads = {name for _, expression, _ in said for name in metrics(expression)}
    labels = [subject.data.get("labels"), _group(suite, subject).get("labels")]
    given = frozenset(str(name) for own in labels if isinstance(own, Mapping) for name in own)
    rules = {"groups": [{"name": "g", "rules": [entry.data for entry in suite.upstream(reads)]}]}
    raw = {key: value for key, value in suite.raw.items() if key != "group_eval_order"}
    return Instants(Job({**raw, "tests": tests}, rules), asked, expected, given)


def _said(
    suite: Suite, subject: Subject, mutants: Sequence[tuple[int, Mutant]], every: float
) -> list[tuple[int | None, str, int]] | None:
    """Who says what, and how often in a row it has to hold: the rule, then the mutants.

    Without recordings where that can be, for those are evaluated from the beginning.
    """
    own = next(place for place, entry in enumerate(suite.rules) if suite.is_same(entry, subject))
    plain: list[tuple[int | None, str, int]] = [(None, subject.expression, _steps(subject.data, every))]
    whole: list[tuple[int | None, str | None, int]] = [
        (None, inlined(suite, subject.expression, own, {}), plain[0][2])
    ]
    is_recorded = False
    for number, mutant in mutants:
        data, changed = mutant.change.data, {}
        if mutant.subject.key != subject.key or mutant.subject.file != subject.file:
            is_recorded = True
            place = next(p for p, entry in enumerate(suite.rules) if suite.is_same(entry, mutant.subject))
            data, changed = subject.data, {place: str(mutant.change.data["expr"])}
        steps = _steps(data, every)
        plain.append((number, str(data["expr"]), steps))
        whole.append((number, inlined(suite, str(data["expr"]), own, changed), steps))
    if is_recorded:  # what can't be inlined is left to the rules themselves
        return [(who, text, steps) for who, text, steps in whole if text is not None] if whole[0][1] else None
    return plain if any(text is None for _, text, _ in whole) else [(w, str(text), n) for w, text, n in whole]


def _steps(data: Mapping[str, Any], every: float) -> int:
    """How many evaluations in a row an alert has to hold."""
    return math.ceil(parse_duration(str(data.get("for") or "0s")) / every - 1e-9) + 1


def _entry(expression: str, steps: int, every: float, moment: float, place: int) -> dict[str, Any]:
    held = f"({expression})"
    if steps > 1:
        reach = round((steps - 1) * every * 1000) + 1
        held = f"count_over_time({held}[{reach}ms:{format_duration(every)}])"
    return {
        "expr": f"({held}) + 0 * {place}",
        "eval_time": format_duration(moment),
        "exp_samples": [{"labels": "{}", "value": IMPOSSIBLE}],
    }


def noticed(asked: Instants, answer: Answer) -> set[int] | None:
    """The mutants that fire with other label sets, or are refused; None where the rule itself is not understood."""
    found: dict[tuple[int | None, tuple[int, float]], Firing] = {}
    refused = set()
    for match in ANSWER.finditer(answer.text):
        place = int(match["expr"].rpartition(" ")[2])
        who, steps, where = asked.asked[place]
        if match["error"] is None:
            firing = _firing(match["got"], steps, asked.given)
            if firing is not None:
                found[who, where] = firing
        elif any(words in match["error"] for words in REFUSALS):
            refused.add(who)
    for where, count in asked.expected.items():
        if (None, where) not in found or len(found[None, where]) != count:
            return None
    return {who for (who, where), firing in found.items() if who is not None and firing != found[None, where]}


def _firing(got: str, steps: int, given: Collection[str]) -> Firing | None:
    """The label sets that fire; None where what promtool prints is not understood."""
    if got.strip() == "nil":
        return frozenset()
    elements = list(_ELEMENT.finditer(got))
    if "".join(element[0] for element in elements) != got:
        return None
    return frozenset(
        frozenset(
            (name, json.loads(value))
            for name, value in _PAIR.findall(element[1])
            if name not in given and name != "__name__"
        )
        for element in elements
        if steps == 1 or float(element[2]) == steps
    )
