"""Which alerts the tests touch, and on which side: one record for each alerting rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import promql_parser as promql

from promproof.config.promql import parse, walk
from promproof.config.rules import Rule
from promproof.proofs.coverage.findings import (
    Needs,
    Noticed,
    blind,
    is_constant,
    missing_files,
    needs,
    unknown_names,
)
from promproof.proofs.coverage.testfile import AlertCase, ExpressionCase, TestFile


@dataclass(frozen=True)
class AlertTests:
    """What the tests ask of one alert.

    firing, silent: cases that expect it to fire and not to. asked: expressions about it in which neither can be seen.
    blind: those of the silent ones that have nothing to look at: no sample, or only ones that ended long before.
    constant: its expression always fires, or never does; no silent case is asked for.
    """

    alert: str
    where: str
    firing: int = 0
    silent: int = 0
    asked: int = 0
    blind: int = 0
    constant: bool = False

    @property
    def cases(self) -> int:
        """All cases about it."""
        return self.firing + self.silent + self.asked

    @property
    def missing(self) -> tuple[str, ...]:
        """What no test has, in words; empty for an alert that is asked on both sides."""
        if not self.cases:
            return ("no test",)
        if self.asked:
            return ()
        sides = {"firing": self.firing}
        if not self.constant:
            sides["silent"] = self.silent - self.blind
        return tuple(f"no {side} case" for side, count in sides.items() if not count)


@dataclass(frozen=True)
class Coverage:
    """The records of all alerts in file order, and what was noticed about the tests."""

    alerts: tuple[AlertTests, ...]
    noticed: tuple[Noticed, ...] = field(default=())

    @property
    def percent(self) -> float:
        """How many of 100 alerts have a firing and, unless constant, a silent case; 100 without alerts."""
        covered = sum(not alert.missing for alert in self.alerts)
        return 100.0 * covered / len(self.alerts) if self.alerts else 100.0

    def of(self, rule: Rule) -> AlertTests:
        """The record of a rule."""
        return next(alert for alert in self.alerts if (alert.alert, alert.where) == (rule.name, rule.where))


def coverage(
    rules: Sequence[Rule], tests: Sequence[TestFile], recorded: Mapping[str, Sequence[str]] | None = None
) -> Coverage:
    """What the tests ask of these alerting rules.

    recorded: the expressions of the recording rules by name; a rule that reads one reads what it is made from.
    """
    noticed: list[Noticed] = []
    needed = [needs(rule.expression, recorded or {}) for rule in rules]
    counts = [_Counts() for _ in rules]
    for file in tests:
        numbers = _loaded(file, rules)
        noticed += missing_files(file)
        if numbers or not rules:
            noticed += unknown_names(file, [rules[number] for number in numbers])
        for number in numbers:
            _count(file, rules[number], needed[number], counts[number])
    for counted in counts:
        # Silence without data is a good case beside others; alone it says nothing.
        if counted.silent and counted.silent == len(counted.blind):
            noticed += [note for note in counted.blind if note not in noticed]
    alerts = tuple(
        AlertTests(
            rule.name,
            rule.where,
            counted.firing,
            counted.silent,
            counted.asked,
            len(counted.blind),
            is_constant(rule.expression),
        )
        for rule, counted in zip(rules, counts, strict=True)
    )
    return Coverage(alerts, tuple(noticed))


@dataclass
class _Counts:
    firing: int = 0
    silent: int = 0
    asked: int = 0
    blind: list[Noticed] = field(default_factory=list)


def _count(file: TestFile, rule: Rule, needed: Needs | None, counted: _Counts) -> None:
    """Add what a test file asks of a rule."""
    for t, case in enumerate(file.shape.tests or ()):
        for a, asked in enumerate(case.alert_rule_test or ()):
            if asked.alertname != rule.name:
                continue
            counted.firing += _fires(rule, asked)
            counted.silent += not asked.exp_alerts
            if note := blind(file, t, a, needed):
                counted.blind.append(note)
        for expression in case.promql_expr_test or ():
            for name, side in _asked_alerts(expression):
                if name == rule.name:
                    setattr(counted, side, getattr(counted, side) + 1)


def _loaded(file: TestFile, rules: Sequence[Rule]) -> list[int]:
    """The numbers of those rules that the test file loads; of all, when none of its rule files is among theirs."""
    paths = set(file.loads)
    homes = [Path(rule.where.rpartition(":")[0]).resolve() if rule.where else None for rule in rules]
    mine = [number for number, home in enumerate(homes) if home in paths]
    return mine if mine or paths else list(range(len(rules)))


def _fires(rule: Rule, asked: AlertCase) -> bool:
    """Whether one of the expected alerts is this rule's: of several rules of one name, the labels tell which."""
    static = {name: value for name, value in rule.labels.items() if "{{" not in value}
    return any(
        all((expected.exp_labels or {}).get(name) == value for name, value in static.items())
        for expected in asked.exp_alerts or ()
    )


def _asked_alerts(asked: ExpressionCase) -> Iterator[tuple[str, str]]:
    """The alerts that an expression asks about through ALERTS, and on which side: firing, silent, or asked."""
    try:
        root = parse(asked.expr)
    except ValueError:
        return
    for node in walk(root):
        if not isinstance(node, promql.VectorSelector) or node.name != "ALERTS":
            continue
        labels = {matcher.name: matcher for matcher in node.matchers.matchers}
        name, state = labels.get("alertname"), labels.get("alertstate")
        if name is None or str(name.op) != str(promql.MatchOp.Equal):
            continue
        plain = node is root and state is not None and state.value == "firing"
        yield str(name.value), ("firing" if asked.exp_samples else "silent") if plain else "asked"
