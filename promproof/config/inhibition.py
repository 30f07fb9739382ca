"""Alertmanager's inhibition rules for alerts that are known in part (inhibit/inhibit.go).

An alert that meets the target matchers is muted while one that meets the source matchers fires and both have the same
value of every label in `equal`. A label that is on neither counts as equal. An alert that is source and target of a
rule is not muted by another one that is both, so no alert ever mutes itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promproof.config.labelsets import Matcher, Partial
from promproof.config.routing import matchers as parsed
from promproof.config.yamltext import Key


@dataclass(frozen=True)
class Inhibition:
    """One rule; `key` is its place in the file."""

    key: Key
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def mutes(self, source: Partial, target: Partial) -> bool | None:
        """Whether the first alert, while it fires, mutes the second: True, False, or None when it depends."""
        is_source, is_target = source.meets(self.source), target.meets(self.target)
        if is_source is False or is_target is False:
            return False
        equal = [same(source, target, name) for name in self.equal]
        if False in equal:
            return False
        both = (target.meets(self.source), source.meets(self.target))
        if both == (True, True):
            return False
        if False not in both or None in equal or is_source is None or is_target is None:
            return None
        return True

    def decided_by(self, source: Partial, target: Partial) -> tuple[str, ...] | None:
        """The labels in `equal` of which the two alerts need the same value; None where more has to be known.

        Empty: the first mutes the second, whatever their other labels are.
        """
        if not (source.meets(self.source) and target.meets(self.target)):
            return None
        equal = {name: same(source, target, name) for name in self.equal}
        if False in equal.values() or False not in (target.meets(self.source), source.meets(self.target)):
            return None
        return tuple(name for name, is_same in equal.items() if is_same is None)


def read_inhibitions(configuration: Mapping[str, Any]) -> list[Inhibition]:
    """The rules of a file; one whose matchers can't be read is left out."""
    found = []
    for index, rule in enumerate(configuration.get("inhibit_rules") or ()):
        if not isinstance(rule, Mapping):
            continue
        try:
            source, target = tuple(_side(rule, "source")), tuple(_side(rule, "target"))
        except ValueError:
            continue
        equal = rule.get("equal")
        names = tuple(map(str, equal)) if isinstance(equal, list) else ()
        found.append(Inhibition(("inhibit_rules", index), source, target, names))
    return found


def _side(rule: Mapping[str, Any], side: str) -> Iterator[Matcher]:
    for key, operator in ((f"{side}_match", "="), (f"{side}_match_re", "=~")):
        labels = rule.get(key) or {}
        if not isinstance(labels, Mapping):
            raise ValueError(f"{key} is no mapping")
        for name, value in labels.items():
            yield Matcher(str(name), operator, "" if value is None else str(value))
    texts = rule.get(f"{side}_matchers") or []
    if not isinstance(texts, list):
        raise ValueError(f"{side}_matchers is no list")
    for text in texts:
        yield from (Matcher(*found) for found in parsed(str(text)))


def same(source: Partial, target: Partial, name: str) -> bool | None:
    """Whether two alerts have the same value of a label, none at all being one; None when it depends."""
    left, right = source[name], target[name]
    if left.finite is None or right.finite is None:
        listed, other = (left, right) if left.finite is not None else (right, left)
        if listed.finite is not None and len(listed.finite) == 1:
            (value,) = listed.finite
            return False if other.answer(Matcher(name, "=", value)) is False else None
        return None
    if not left.finite & right.finite:
        return False
    return True if len(left.finite) == len(right.finite) == 1 else None
