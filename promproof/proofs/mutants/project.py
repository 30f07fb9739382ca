"""The rule files that are mutated and the test files that judge, joined: which rules and cases a rule concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import promql_parser as promql

from promproof.config.durations import parse_duration
from promproof.config.inputs import Document
from promproof.config.promql import parse, walk
from promproof.config.shapes import RuleFile, shaped
from promproof.config.yamlfile import load
from promproof.config.yamltext import Key
from promproof.proofs.coverage.testfile import TestFile
from promproof.proofs.mutants.base import Mutant, Subject
from promproof.proofs.mutants.syntax import read

ALERTS = ("ALERTS", "ALERTS_FOR_STATE")


@dataclass(frozen=True)
class Entry:
    """One rule of the loaded files: its file, group and place, and the metrics that it reads."""

    document: Document
    key: Key
    data: dict[str, Any]
    reads: frozenset[str]

    @property
    def name(self) -> str:
        return str(self.data.get("alert") or self.data.get("record") or "")

    @property
    def is_alert(self) -> bool:
        return bool(self.data.get("alert"))


def entries(document: Document) -> list[Entry]:
    """The rules of a rule file.

    Raises:
        InputError: it is no rule file.
    """
    shaped(document, RuleFile, "a rule file")
    return [
        Entry(document, ("groups", g, "rules", r), rule, metrics(str(rule.get("expr", ""))))
        for g, group in enumerate(document.data.get("groups") or ())
        for r, rule in enumerate(group.get("rules") or ())
    ]


def metrics(expression: str) -> frozenset[str]:
    """The metrics that an expression reads; `*` for one that can't be told."""
    try:
        nodes = walk(parse(expression))
    except ValueError:
        return frozenset({"*"})
    return frozenset(str(node.name or "*") for node in nodes if isinstance(node, promql.VectorSelector))


def subject(entry: Entry) -> Subject | None:
    """The rule as the operators see it; None for an expression that is not read."""
    try:
        tree = read(str(entry.data["expr"]))
        parse(str(entry.data["expr"]))
    except ValueError:
        return None
    where = entry.document.where((*entry.key, "expr"))
    return Subject(str(entry.document.path), entry.key, where, entry.data, tree)


@dataclass(frozen=True)
class Suite:
    """One test file with the rules that it loads, in order of its rule files."""

    file: TestFile
    rules: tuple[Entry, ...]

    @cached_property
    def raw(self) -> dict[str, Any]:
        """The test file's data."""
        data: dict[str, Any] = self.file.document.data
        return data

    @cached_property
    def places(self) -> dict[tuple[str, Key], Entry]:
        """The rules by resolved file and place."""
        return {(_resolved(str(entry.document.path)), entry.key): entry for entry in self.rules}

    def has(self, subject: Subject) -> bool:
        """Whether the file loads this rule."""
        return (_resolved(subject.file), subject.key) in self.places

    def asks(self, alert: str) -> bool:
        """Whether a case names the alert, or reads what Prometheus records of all alerts."""
        for case in self.raw.get("tests") or ():
            if any(entry.get("alertname") == alert for entry in case.get("alert_rule_test") or ()):
                return True
            if any(ALERTS[0] in str(entry.get("expr")) for entry in case.get("promql_expr_test") or ()):
                return True
        return False

    def is_same(self, entry: Entry, subject: Subject) -> bool:
        return entry.key == subject.key and _resolved(str(entry.document.path)) == _resolved(subject.file)

    def phase(self, number: int) -> list[int]:
        """Tests by their length: the shortest, the next, the next two, the next four, and so on."""
        begin = 2 ** (number - 1) if number else 0
        return self.by_length[begin : 2**number]

    @cached_property
    def by_length(self) -> list[int]:
        """The numbers of the tests, those with the fewest evaluations first."""
        ends = [_end(case) for case in self.raw.get("tests") or ()]
        return sorted(range(len(ends)), key=lambda number: ends[number])

    def upstream(self, names: Iterable[str]) -> list[Entry]:
        """The recording rules that these metrics come from, and all rules where ALERTS is read."""
        wanted, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name in wanted:
                continue
            wanted.add(name)
            for entry in self.rules:
                if self._makes(entry, name):
                    waiting += entry.reads
        return [entry for entry in self.rules if any(self._makes(entry, name) for name in wanted)]

    def downstream(self, name: str, *, is_alert: bool) -> tuple[set[str], set[str]]:
        """The alerts and the metrics that change with a rule."""
        alerts, changed = ({name}, {*ALERTS}) if is_alert else (set(), {name})
        grown = True
        while grown:
            grown = False
            for entry in self.rules:
                new = entry.name not in (alerts if entry.is_alert else changed)
                if new and (entry.reads & changed or "*" in entry.reads):
                    grown = True
                    if entry.is_alert:
                        alerts.add(entry.name)
                        changed |= {*ALERTS}
                    else:
                        changed.add(entry.name)
        return alerts, changed

    @staticmethod
    def _makes(entry: Entry, name: str) -> bool:
        if name == "*" or (name in ALERTS and entry.is_alert):
            return True
        return not entry.is_alert and entry.name == name


def _end(case: dict[str, Any]) -> float:
    """The last moment that a test asks about."""
    asked = [*(case.get("alert_rule_test") or ()), *(case.get("promql_expr_test") or ())]
    try:
        return max((parse_duration(str(entry.get("eval_time") or "0s")) for entry in asked), default=0.0)
    except ValueError:
        return 0.0


@cache
def _resolved(path: str) -> str:
    return str(Path(path).resolve())


def surroundings(documents: Sequence[Document], files: Sequence[TestFile]) -> dict[Path, Document]:
    """The given rule files and those that the test files load beside them, by resolved path.

    Raises:
        InputError: a file that a test file loads is no rule file.
    """
    found = {document.path.resolve(): document for document in documents}
    for file in files:
        for path in file.loads:
            if path not in found:
                found[path] = load(path, "a rule file")
    return found


def suites(files: Sequence[TestFile], documents: Mapping[Path, Document]) -> Iterator[Suite]:
    """The test files with all rules that they load; documents: those of `surroundings`."""
    for file in files:
        yield Suite(file, tuple(entry for path in file.loads for entry in entries(documents[path])))


TOGETHER = 24
"""Mutants that are asked about in one test."""


def readers(
    suites: Sequence[Suite], mutants: Sequence[Mutant], dead: Collection[int]
) -> Iterator[tuple[Suite, Subject, list[int]]]:
    """The alerts that read a mutated recording, with the numbers of its mutants that live, in groups."""
    for suite in suites:
        recorded = [
            number
            for number, mutant in enumerate(mutants)
            if not mutant.subject.is_alert and number not in dead and suite.has(mutant.subject)
        ]
        for entry in suite.rules if recorded else ():
            read = subject(entry) if entry.is_alert else None
            if read is None:
                continue
            needed = {(_resolved(str(rule.document.path)), rule.key) for rule in suite.upstream(entry.reads)}
            numbers = [
                number
                for number in recorded
                if (_resolved(mutants[number].subject.file), mutants[number].subject.key) in needed
            ]
            for start in range(0, len(numbers), TOGETHER):
                yield suite, read, numbers[start : start + TOGETHER]
