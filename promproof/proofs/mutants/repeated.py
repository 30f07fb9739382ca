"""What stands twice: where a recording rule selects its series, and where its metric is read.

Either alone says the same as both, as long as the recording keeps the label: what one lets in, the other leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from promproof.proofs.mutants.equivalent import changed, fixes, keeps
from promproof.proofs.mutants.implied import implies, limit
from promproof.proofs.mutants.unread import Step
from promproof.proofs.shapes import is_number
from promproof.proofs.strings import accepts
from promproof.proofs.tree import Binary, Node, NotCovered, Selector, parse, walk

Recorded = Mapping[str, Sequence[tuple[str, Mapping[str, object]]]]
"""For each recorded metric the expressions of its rules, each with the labels that the rule gives."""


def is_asked_again(
    old: Node, new: Node, given: Mapping[str, object], name: str, readers: Sequence[Node]
) -> bool:
    """Whether a recording rule lost or widened a matcher that everybody who reads the metric has too.

    given: the labels of the rule; name: what it records.
    """
    path = changed(old, new)
    gone = _loosened(path)
    if gone is None or gone[0] in given:
        return False
    for (node, _), (below, _) in pairwise(path):
        if isinstance(node, Binary):
            other = node.right if below is node.left else node.left
            is_plain = node.on is None and not node.ignoring and not node.many
            if not (is_plain or is_number(other)):
                return False
        elif not keeps(node, gone[0]):
            return False
    found = [
        node for tree in readers for node in walk(tree) if isinstance(node, Selector) and node.name == name
    ]
    return bool(found) and all(gone in node.matchers for node in found)


def is_recorded_so(before: Mapping[str, object], after: Mapping[str, object], recorded: Recorded) -> bool:
    """Whether a rule lost or widened what all series of a recorded metric meet: a matcher, or a looser comparison.

    recorded: all rules; a metric that something else has too may not be among them.
    """
    try:
        path = changed(parse(str(before["expr"])), parse(str(after["expr"])))
        if any(_is_compared_so(old, new, recorded) for old, new in path):
            return True
        gone, selector = _loosened(path), path[-1][0]
        if gone is None or not isinstance(selector, Selector) or not recorded.get(selector.name):
            return False
        return all(_gives(parse(text), given, gone) for text, given in recorded[selector.name])
    except (NotCovered, RecursionError):
        return False


def _is_compared_so(old: Node, new: Node, recorded: Recorded) -> bool:
    """Whether both comparisons of a recorded metric let all through that its rules record: `r > 0` of `x > 0`."""
    before, after = limit(old), limit(new)
    if before is None or after is None or not (isinstance(old, Binary) and isinstance(new, Binary)):
        return False
    if not isinstance(old.left, Selector) or old.left.text != new.left.text:
        return False
    limits = [limit(parse(text)) for text, _ in recorded.get(old.left.name, ())]
    return bool(limits) and all(
        told is not None and implies(told, before) and implies(told, after) for told in limits
    )


def _gives(tree: Node, given: Mapping[str, object], matcher: tuple[str, str, str]) -> bool:
    name, operator, value = matcher
    if name in given:
        return accepts([(operator, value)], str(given[name]))
    return fixes(tree, matcher)


def _loosened(path: Sequence[Step]) -> tuple[str, str, str] | None:
    """The matcher that a selector has no more, or no more as it was; None where something else changed."""
    old, new = path[-1]
    if not (isinstance(old, Selector) and isinstance(new, Selector)) or not old.name:
        return None
    if (old.name, old.shift, old.at) != (new.name, new.shift, new.at):
        return None
    gone = [matcher for matcher in old.matchers if matcher not in new.matchers]
    come = [matcher for matcher in new.matchers if matcher not in old.matchers]
    is_wider = all(name == gone[0][0] and operator == "=~" for name, operator, _ in come) if gone else False
    return gone[0] if len(gone) == 1 and is_wider else None
