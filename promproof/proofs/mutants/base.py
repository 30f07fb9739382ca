"""What a mutant is. Each operator is one file in `operators`, which registers itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promproof.config.durations import parse_milliseconds
from promproof.config.promql import parse
from promproof.proofs.mutants.equivalent import is_equivalent
from promproof.proofs.mutants.syntax import Node, Span, read
from promproof.registry import Registry


@dataclass(frozen=True)
class Subject:
    """One rule of a file, as the operators see it.

    key: its place in the parsed file. where: file:line. data: the rule as it stands there. tree: of its expression.
    """

    file: str
    key: tuple[str | int, ...]
    where: str
    data: dict[str, object]
    tree: Node

    @property
    def name(self) -> str:
        """The alert, or what is recorded."""
        return str(self.data.get("alert") or self.data.get("record") or "")

    @property
    def is_alert(self) -> bool:
        return bool(self.data.get("alert"))

    @property
    def expression(self) -> str:
        return str(self.data["expr"])


@dataclass(frozen=True)
class Change:
    """One change: what is different, the rule with it, and which test would notice."""

    what: str
    data: dict[str, object]
    killer: str


@dataclass(frozen=True)
class Mutant:
    """A change of a rule by an operator."""

    operator: str
    subject: Subject
    change: Change


@dataclass(frozen=True)
class Operator:
    """name: public, in reports. make: the changes of a rule; one that means the same as the rule is not made."""

    name: str
    make: Callable[[Subject], Iterable[Change]]


OPERATORS: Registry[Operator] = Registry(
    "mutation operator", "promproof.proofs.mutants.operators", lambda operator: 0.0
)


def register(name: str) -> Callable[[Callable[[Subject], Iterable[Change]]], Operator]:
    """Register a function as the operator of this name."""
    return lambda make: OPERATORS.add(name, Operator(name, make))


def edited(subject: Subject, span: Span, text: str, what: str, killer: str) -> list[Change]:
    """A change of the expression at one place; none when the result does not parse or says the same as before."""
    before = subject.expression
    after = before[: span[0]] + text + before[span[1] :]
    try:
        if parse(after).prettify() == parse(before).prettify():
            return []
        read(after)
    except ValueError:
        return []
    return [Change(what, {**subject.data, "expr": after}, killer)]


def removed(before: str, span: Span) -> Span:
    """The place of one item of a list, with the comma that goes with it."""
    start, end = span
    behind = len(before) - len(before[end:].lstrip())
    if before[behind : behind + 1] == ",":
        behind += 1
        return start, len(before) - len(before[behind:].lstrip())
    front = len(before[:start].rstrip())
    return (front - 1, end) if before[front - 1 : front] == "," else (start, end)


def times(duration: str, numerator: int, denominator: int = 1) -> int:
    """Milliseconds of a duration, multiplied.

    Raises:
        ValueError: it is no duration.
    """
    return parse_milliseconds(duration) * numerator // denominator


def mutants(subject: Subject) -> list[Mutant]:
    """All mutants of a rule that do not mean the same; each changed text once."""
    found: list[Mutant] = []
    for operator in OPERATORS:
        for change in operator.make(subject):
            if is_equivalent(subject.data, change.data):
                continue
            if all(mutant.change.data != change.data for mutant in found):
                found.append(Mutant(operator.name, subject, change))
    return found
