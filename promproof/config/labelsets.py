"""Label sets of which only a part is known, and what a matcher says about them: yes, no, or unknown (None).

An alert of a rule file has its rule's labels for certain, and those of its series only as far as the expression fixes
them. As Alertmanager has it, a label that is not there has the empty value. A matcher is answered with yes or no only
when every label set that is possible gives that answer, so unknown is never the ground of a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from promproof.config import re2

_ALTERNATIVE = re.compile(r"(?:[\w \-:/@%,=<>!~\"'&;#]|\\[^\w])*")
_MOST = 64
NEGATED = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}


@dataclass(frozen=True)
class Matcher:
    """One matcher: `name operator value`."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.name}{self.operator}"{self.value}"'

    def holds(self, value: str) -> bool:
        """Whether a value meets it.

        Raises:
            ValueError: its regular expression can't be read.
        """
        if self.operator.endswith("~"):
            return (re2.whole(self.value).fullmatch(value) is not None) != self.operator.startswith("!")
        return (value == self.value) != self.operator.startswith("!")

    @property
    def negated(self) -> Matcher:
        """The matcher that holds exactly where this one doesn't."""
        return Matcher(self.name, NEGATED[self.operator], self.value)


@dataclass(frozen=True)
class Values:
    """What one label's value may be: one of a finite set, or (None) any that meets `facts`."""

    finite: frozenset[str] | None = None
    facts: frozenset[tuple[str, str]] = frozenset()
    """Operator and value of matchers that are known to hold."""

    def answer(self, matcher: Matcher) -> bool | None:
        """Whether every possible value meets the matcher (True), none does (False), or it can't be said."""
        try:
            if self.finite is not None:
                answers = {matcher.holds(value) for value in self.finite}
                return answers.pop() if len(answers) == 1 else None
            return self._open(matcher)
        except ValueError:
            return None

    def _open(self, matcher: Matcher) -> bool | None:
        if (matcher.operator, matcher.value) in self.facts:
            return True
        if (NEGATED[matcher.operator], matcher.value) in self.facts:
            return False
        negative = matcher.operator.startswith("!")
        if matcher.operator.endswith("~") and matcher.value in (".*", "^.*$", "(.*)"):
            return not negative
        if matcher.operator.endswith("~") and matcher.value in (".+", "^.+$", "(.+)", "..*"):
            return None if self._may_be("") else not negative
        wanted = alternatives(matcher.value) if matcher.operator.endswith("~") else frozenset({matcher.value})
        if wanted is not None and not any(self._may_be(value) for value in wanted):
            return negative
        return None

    def _may_be(self, value: str) -> bool:
        return all(Matcher("", operator, wanted).holds(value) for operator, wanted in self.facts)

    def narrowed(self, matcher: Matcher) -> Values:
        """What is left of the values when the matcher holds; an empty finite set when nothing is."""
        try:
            if self.finite is not None:
                return Values(frozenset(value for value in self.finite if matcher.holds(value)))
            wanted = {"=": frozenset({matcher.value}), "=~": alternatives(matcher.value)}.get(
                matcher.operator
            )
            if wanted is not None:
                return Values(frozenset(value for value in wanted if self._may_be(value)))
        except ValueError:
            return self
        return Values(None, self.facts | {(matcher.operator, matcher.value)})


ANY = Values()
"""Nothing is known: the label may be missing as well."""
ABSENT = Values(frozenset({""}))
"""The label is not there."""
PRESENT = Values(None, frozenset({("!=", "")}))
"""The label is there, with a value that is not known."""


def known(value: str) -> Values:
    """The value is known."""
    return Values(frozenset({value}))


def alternatives(pattern: str) -> frozenset[str] | None:
    """The texts that a regular expression such as `a|b` or `^(?:a|b)$` matches; None when it is another kind."""
    text = pattern
    if text.startswith("^") and text.endswith("$") and not text.endswith("\\$"):
        text = text[1:-1]
        if "|" in text and not (text.startswith("(") and text.endswith(")")):
            return None
    for opening in ("(?:", "("):
        if (
            text.startswith(opening)
            and text.endswith(")")
            and not re.search(r"[()]", text[len(opening) : -1])
        ):
            text = text[len(opening) : -1]
            break
    parts = text.split("|")
    if len(parts) > _MOST or not all(_ALTERNATIVE.fullmatch(part) for part in parts):
        return None
    return frozenset(re.sub(r"\\(.)", r"\1", part) for part in parts)


@dataclass(frozen=True)
class Partial:
    """A label set as far as it is known; `rest` is what any other label may be."""

    labels: Mapping[str, Values] = field(default_factory=lambda: MappingProxyType({}))
    rest: Values = ANY

    def __getitem__(self, name: str) -> Values:
        return self.labels.get(name, self.rest)

    def meets(self, matchers: Iterable[Matcher]) -> bool | None:
        """Whether it meets all matchers: True, False, or None when that depends on what is not known."""
        answer: bool | None = True
        for matcher in matchers:
            said = self[matcher.name].answer(matcher)
            if said is False:
                return False
            answer = None if said is None else answer
        return answer

    def narrowed(self, matchers: Iterable[Matcher]) -> Partial:
        """The same when the matchers hold. A label that nothing can be left for has no values (`is_empty`)."""
        labels = dict(self.labels)
        for matcher in matchers:
            labels[matcher.name] = labels.get(matcher.name, self.rest).narrowed(matcher)
        return Partial(labels, self.rest)

    @property
    def impossible(self) -> str | None:
        """A label that can have no value at all, if there is one."""
        return next((name for name, values in self.labels.items() if values.finite == frozenset()), None)

    def but(self, labels: Mapping[str, Values]) -> Partial:
        """The same with other values of some labels."""
        return Partial({**self.labels, **labels}, self.rest)


def exactly(labels: Mapping[str, str]) -> Partial:
    """A label set that is known in full."""
    return Partial({name: known(value) for name, value in labels.items()}, ABSENT)


def at_least(labels: Mapping[str, str]) -> Partial:
    """A label set of which these labels are known and nothing else."""
    return Partial({name: known(value) for name, value in labels.items()}, ANY)
