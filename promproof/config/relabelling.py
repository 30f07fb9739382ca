"""Relabel rules on label sets of which only a part is known: what is surely dropped, and what each label may be then.

Only answers that hold for every label set that is possible are given (`labelsets`). Source:
prometheus/model/relabel/relabel.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from promproof.config import re2
from promproof.config.labelsets import ABSENT, ANY, Matcher, Values, known

_MOST = 32
_REFERENCE = re.compile(r"\$(?:(\d+)|\{(\w+)\}|(\w+))|\$\$")


@dataclass(frozen=True)
class Rule:
    """A relabel rule, with Prometheus' defaults."""

    source_labels: tuple[str, ...] = ()
    action: str = "replace"
    regex: str = "(.*)"
    separator: str = ";"
    target_label: str = ""
    replacement: str = "$1"


@dataclass(frozen=True)
class Labels:
    """What each label may be; `others` is what a label that is not named may be."""

    values: Mapping[str, Values] = field(default_factory=dict)
    others: Values = ANY
    absent: tuple[str, ...] = ()
    """Beginnings of names of labels that are surely not there."""

    def of(self, name: str) -> Values:
        """What a label may be."""
        if name in self.values:
            return self.values[name]
        return ABSENT if self.absent and name.startswith(self.absent) else self.others

    def with_(self, name: str, values: Values) -> Labels:
        """The same with another label."""
        return Labels({**self.values, name: values}, self.others, self.absent)


@dataclass(frozen=True)
class Relabelled:
    """What the rules leave. dropped: the rule that surely drops everything, by its place in the list, else None."""

    labels: Labels
    dropped: int | None = None


def relabelled(rules: Sequence[Rule], labels: Labels) -> Relabelled:
    """The labels after all rules."""
    for index, rule in enumerate(rules):
        if rule.action in ("keep", "drop"):
            answer = _answer(rule, labels)
            if answer is not None and answer == (rule.action == "drop"):
                return Relabelled(labels, index)
            labels = _narrowed(rule, labels)
            if any(values.finite == frozenset() for values in labels.values.values()):
                return Relabelled(labels, index)
        elif rule.action in ("keepequal", "dropequal"):
            continue
        else:
            labels = _written(rule, labels)
    return Relabelled(labels)


def _matcher(rule: Rule) -> Matcher:
    return Matcher("", "=~", rule.regex)


def _answer(rule: Rule, labels: Labels) -> bool | None:
    """Whether the regular expression surely matches what the source labels give (True), or surely does not (False)."""
    if len(rule.source_labels) == 1:
        return labels.of(rule.source_labels[0]).answer(_matcher(rule))
    texts = _texts(rule, labels)
    if texts is None:
        return None
    try:
        answers = {_matcher(rule).holds(text) for text in texts}
    except ValueError:
        return None
    return answers.pop() if len(answers) == 1 else None


def _texts(rule: Rule, labels: Labels) -> list[str] | None:
    """What the source labels may give, joined; None when that is not a few texts."""
    each = [labels.of(name).finite for name in rule.source_labels]
    if any(values is None for values in each):
        return None
    finite = [sorted(values) for values in each if values is not None]
    size = 1
    for values in finite:
        size *= len(values)
    return [rule.separator.join(found) for found in product(*finite)] if size <= _MOST else None


def _narrowed(rule: Rule, labels: Labels) -> Labels:
    """What is known of the label after a rule that let some through."""
    if len(rule.source_labels) != 1:
        return labels
    matcher = _matcher(rule)
    name = rule.source_labels[0]
    narrowed = labels.of(name).narrowed(matcher if rule.action == "keep" else matcher.negated)
    return labels.with_(name, narrowed)


def _written(rule: Rule, labels: Labels) -> Labels:
    if rule.action in ("labeldrop", "labelkeep"):
        return _without(rule, labels)
    if rule.action == "labelmap":
        return Labels({name: value for name, value in labels.values.items() if name.startswith("__")}, ANY)
    if rule.action != "replace" or "$" in rule.target_label:
        return labels.with_(rule.target_label, ANY) if "$" not in rule.target_label else Labels()
    return labels.with_(rule.target_label, _replaced(rule, labels))


def _replaced(rule: Rule, labels: Labels) -> Values:
    """What the target label may be after `replace`."""
    before = labels.of(rule.target_label)
    answer = _answer(rule, labels)
    if answer is False:
        return before
    if answer and not _REFERENCE.search(rule.replacement):
        return known(rule.replacement)
    texts = _texts(rule, labels)
    if texts is None:
        return ANY
    found: set[str] = set()
    for text in texts:
        written = expanded(rule, text)
        if written is None:
            if before.finite is None:
                return ANY
            found |= before.finite
        else:
            found.add(written)
    return Values(frozenset(found))


def expanded(rule: Rule, text: str) -> str | None:
    """The replacement for a text; None when the regular expression does not match it."""
    try:
        match = re2.whole(rule.regex).fullmatch(text)
    except ValueError:
        return None
    if match is None:
        return None

    def value(reference: re.Match[str]) -> str:
        if reference[0] == "$$":
            return "$"
        name = reference[1] or reference[2] or reference[3]
        try:
            return match[int(name) if name.isdecimal() else name] or ""
        except IndexError:
            return ""

    return _REFERENCE.sub(value, rule.replacement)


def _without(rule: Rule, labels: Labels) -> Labels:
    """After labeldrop or labelkeep: a label that is surely gone is absent."""
    names = {name: _keeps(rule, name) for name in labels.values}
    kept = {name: values if names[name] is not False else ABSENT for name, values in labels.values.items()}
    return Labels(kept, labels.others, labels.absent)


def _keeps(rule: Rule, name: str) -> bool | None:
    try:
        is_met = re2.whole(rule.regex).fullmatch(name) is not None
    except ValueError:
        return None
    return is_met == (rule.action == "labelkeep")


def removed(rules: Sequence[Rule], names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The labels that the rules surely remove, each with the rule; one that is written anew afterwards is not."""
    for name in names:
        gone: int | None = None
        for index, rule in enumerate(rules):
            if rule.action in ("labeldrop", "labelkeep"):
                gone = index if gone is None and _keeps(rule, name) is False else gone
            elif rule.action == "labelmap" or rule.target_label == name or "$" in rule.target_label:
                is_emptied = rule.action == "replace" and rule.target_label == name and _empties(rule)
                gone = (gone if gone is not None else index) if is_emptied else None
        if gone is not None:
            yield name, gone


def _empties(rule: Rule) -> bool:
    """Whether a rule writes nothing, whatever the source labels are: that removes the label."""
    return rule.replacement == "" and rule.regex in ("(.*)", ".*", "(?s)(.*)")
