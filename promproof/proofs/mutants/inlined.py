"""An alert's expression with those of the recording rules in place of their names: no rule has to be evaluated for it.

What a rule records at an evaluation is what its expression says then, with the rule's labels, for the rules behind it.
Only where that is sure: not over a window, with an offset, or by a matcher on a label that the expression brings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from promproof.proofs.mutants.project import Entry, Suite
from promproof.proofs.mutants.syntax import Matcher, Node, read
from promproof.proofs.strings import accepts

DEEPEST = 8
LONGEST = 20_000
"""Letters: each further recording may read all that one before it does."""
_PLAIN = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{.*\})?", re.DOTALL)
_UNLIKE = ("limit", "labels", "query_offset")
"""What a group may say that makes a recording another than its expression."""


def inlined(
    suite: Suite, expression: str, before: int, changed: Mapping[int, str], depth: int = 0
) -> str | None:
    """The expression of the rule at this place of the suite, or None where it is not sure to say the same.

    changed: other expressions of recording rules, by their place.
    """
    recorded = {entry.name for entry in suite.rules if not entry.is_alert}
    try:
        tree = read(expression)
    except ValueError:
        return None
    made = expression
    for node in sorted(tree.walk(), key=lambda node: node.span[0], reverse=True):
        if node.kind == "subquery" and any(part.word in recorded for part in _selectors(node)):
            return None
        if node.kind != "selector":
            continue
        if not node.word or any(matcher.name == "__name__" for matcher in node.matchers):
            return None
        if node.word not in recorded:
            continue
        if node.windows or _PLAIN.fullmatch(expression[node.span[0] : node.span[1]]) is None:
            return None
        inner = _recording(suite, node, before, changed, depth)
        if inner is None or len(made) + len(inner) > LONGEST:
            return None
        made = f"{made[: node.span[0]]}({inner}){made[node.span[1] :]}"
    return made


def _selectors(node: Node) -> list[Node]:
    return [part for part in node.walk() if part.kind == "selector"]


def _recording(suite: Suite, node: Node, before: int, changed: Mapping[int, str], depth: int) -> str | None:
    """What a selector reads of the one recording rule that it can mean, evaluated earlier."""
    fitting = []
    for place, entry in enumerate(suite.rules):
        if entry.is_alert or entry.name != node.word:
            continue
        fits = _fits(entry, node.matchers)
        if fits is None:
            return None
        if fits:
            fitting.append((place, entry))
    if len(fitting) != 1 or depth >= DEEPEST:
        return None
    ((place, entry),) = fitting
    group: Mapping[str, Any] = entry.document.data["groups"][entry.key[1]]
    if place >= before or any(name in group for name in _UNLIKE):
        return None
    made = inlined(suite, changed.get(place, str(entry.data.get("expr"))), place, changed, depth + 1)
    for name, value in (entry.data.get("labels") or {}).items() if made is not None else ():
        given = json.dumps(str(value).replace("$", "$$"), ensure_ascii=False)
        made = f'label_replace({made}, "{name}", {given}, "", "")'
    return made


def _fits(entry: Entry, matchers: list[Matcher]) -> bool | None:
    """Whether a selector takes what a rule records; None where the rule does not say."""
    given = entry.data.get("labels") or {}
    for matcher in matchers:
        value = matcher.value[1:-1]
        is_given = matcher.name in given and "\\" not in value
        if is_given and not accepts([(matcher.operator, value)], str(given[matcher.name])):
            return False
    known = all(matcher.name in given and "\\" not in matcher.value for matcher in matchers)
    return True if known else None
