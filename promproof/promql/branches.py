"""Texts of an alert whose expression has several sides: each side has labels of its own, and a text has gaps for one.

`up == 0 or absent(up{job="api"})` fires for a target, which has an instance, and for none, which has no instance. A
template is expanded here as far as its conditions ask for labels; where one asks for anything else nothing is said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from promproof.config.promql import bare
from promproof.promql.labels import Labels, Recorded, labels_of, nothing_recorded
from promproof.promql.templates import ACTION, Action, actions
from promproof.promql.tree import is_alternative, is_call, text

_ASKED = re.compile(r"(?:else )?if\s+(?P<not>not\s+)?(?:\$labels|\$?\.Labels)\.(?P<label>\w+)")
_PRINTED = re.compile(r"(?:\$labels|\$?\.Labels)\.(?P<label>\w+)")
_TARGET = ("instance",)
"""Labels that every scraped series has and that a reader needs: what absent() lacks of them."""
Part = str | Action


class _Unknown(Exception):
    """A condition on anything but one label."""


def sides(root: Any) -> list[Any]:
    """The sides of an expression of which one is enough, in their order."""
    node = bare(root)
    return [*sides(node.lhs), *sides(node.rhs)] if is_alternative(node) else [node]


def gaps(root: Any, template: str, recorded: Recorded = nothing_recorded) -> Iterator[str]:
    """What a text lacks for the series of one side of the expression, where those of the others have it."""
    found, whole = sides(root), labels_of(root, recorded)
    if len(found) < 2:
        return
    for side in found:
        labels = labels_of(side, recorded)
        try:
            said, lost = expanded(template, labels)
        except _Unknown:
            return
        is_absence = is_call(side, "absent", "absent_over_time")
        if not said.strip() and template.strip() and (is_absence or _asks(template)):
            yield f"the text is empty for {text(side)}"
        elif is_absence:
            yield from (
                f"the text reads $labels.{label}, which {text(side)} does not leave"
                for label in dict.fromkeys(lost)
                if label in _TARGET and whole.can_have(label)
            )


def _asks(template: str) -> bool:
    return any(action.control == "if" for action in actions(template))


def expanded(template: str, labels: Labels) -> tuple[str, list[str]]:
    """The text for a series of these labels, and the labels that it prints outside of brackets and that are not there.

    A label that may be there is.

    Raises:
        _Unknown: a condition is about anything but one label, or there is a loop.
    """
    parts, said, lost = deque(_parts(template)), [], []
    taken: list[list[bool]] = []  # of each if: is this branch taken, was one taken
    while parts:
        part = parts.popleft()
        is_shown = all(level[0] for level in taken)
        if isinstance(part, str):
            said.append(part if is_shown else "")
            continue
        match part.control:
            case "if":
                holds = _holds(part, labels)
                taken.append([holds, holds])
            case "else if" if taken:
                holds = not taken[-1][1] and _holds(part, labels)
                taken[-1] = [holds, taken[-1][1] or holds]
            case "else" if taken:
                taken[-1] = [not taken[-1][1], True]
            case "end" if taken:
                taken.pop()
            case "":
                printed = _PRINTED.fullmatch(part.body)
                is_lost = printed is not None and not labels.can_have(printed["label"])
                if is_shown and is_lost and printed is not None and not _is_aside("".join(said)):
                    lost.append(printed["label"])
                said.append("" if is_lost or not is_shown or ":=" in part.bare else "{}")
            case _:
                raise _Unknown
    return "".join(said), lost


def _is_aside(before: str) -> bool:
    """Whether what follows stands in brackets, where nobody misses it."""
    return any(before.count(opening) > before.count(closing) for opening, closing in ("()", "[]"))


def _holds(action: Action, labels: Labels) -> bool:
    asked = _ASKED.fullmatch(action.body.strip())
    if asked is None:
        raise _Unknown
    return labels.can_have(asked["label"]) is not bool(asked["not"])


def _parts(template: str) -> Iterator[Part]:
    """The text and the actions of a template in their order."""
    begin, found = 0, {action.start: action for action in actions(template)}
    for match in ACTION.finditer(template):
        yield template[begin : match.start()]
        if match.start() in found:
            yield found[match.start()]
        begin = match.end()
    yield template[begin:]
