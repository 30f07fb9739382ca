"""Alertmanager's routing tree: which routes a label set reaches, and with which timers.

Semantics of `dispatch/route.go`: children are tried in order, the first that matches takes the alert unless it says
`continue`; an alert that no child takes stays with the parent; timers are inherited downwards. Which receivers are
reached is amtool's word in a run; this module is for the timers, which amtool does not print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promproof.config import re2
from promproof.config.durations import parse_duration
from promproof.errors import EvidenceError

if TYPE_CHECKING:
    from promproof.config.shapes import RouteShape

# Defaults of Alertmanager (dispatch/route.go, DefaultRouteOpts).
_DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h", "receiver": ""}
# One matcher (alertmanager/pkg/labels/parse.go, matcher/parse): names and values may stand in double quotes.
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_MATCHER = re.compile(
    rf"""\s*({_QUOTED}|[^\s=!~{{}},"]+)\s*(=~|!~|!=|=)\s*({_QUOTED}|[^,"]*?)\s*(,|$)""", re.DOTALL
)
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Reached:
    """One route that takes an alert: receiver and timers in seconds."""

    receiver: str
    group_wait: float
    group_interval: float
    repeat_interval: float


def reached(configuration: Mapping[str, Any], labels: Mapping[str, str]) -> list[Reached]:
    """The routes that take an alert with these labels, in order. The shape of the file was looked at before.

    Raises:
        EvidenceError: it depends on a matcher that can't be read.
    """
    from promproof.config.shapes import AlertmanagerFile  # pydantic's models take long to make

    root = AlertmanagerFile.model_validate(configuration).route
    if root is None:
        return []
    try:
        return list(_walk(root, labels, _DEFAULTS))
    except ValueError as error:
        todo = "`amtool config routes test` tells where such an alert goes"
        raise EvidenceError("alertmanager", f"a route's matcher: {error}", (), todo) from error


def matchers(text: str) -> list[tuple[str, str, str]]:
    """The matchers of one string, with or without braces: name, operator, value.

    Raises:
        ValueError: the text holds something else.
    """
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    found, at = [], 0
    while at < len(inner) and inner[at:].strip():
        match = _MATCHER.match(inner, at)
        if match is None:
            raise ValueError(f"{text!r} is no matcher")
        found.append((_unquoted(match[1]), match[2], _unquoted(match[3])))
        at = match.end()
    return found


def _walk(route: RouteShape, labels: Mapping[str, str], inherited: Mapping[str, str]) -> Iterator[Reached]:
    options = {key: getattr(route, key) or value for key, value in inherited.items()}
    taken = False
    for child in route.routes or ():
        if not _matches(child, labels):
            continue
        taken = True
        yield from _walk(child, labels, options)
        if not child.goes_on:
            break
    if not taken:
        yield Reached(
            options["receiver"],
            parse_duration(options["group_wait"]),
            parse_duration(options["group_interval"]),
            parse_duration(options["repeat_interval"]),
        )


def _matches(route: RouteShape, labels: Mapping[str, str]) -> bool:
    wanted = [(name, "=", value) for name, value in (route.match or {}).items()]
    wanted += [matcher for text in route.matchers or () for matcher in matchers(text)]
    wanted += [(name, "=~", value) for name, value in (route.match_re or {}).items()]
    # Those without a regular expression first: a route that they rule out needs no other word.
    return all(_holds(*matcher, labels) for matcher in sorted(wanted, key=lambda item: item[1].endswith("~")))


def _holds(name: str, operator: str, value: str, labels: Mapping[str, str]) -> bool:
    given = labels.get(name, "")
    equal = re2.whole(value).fullmatch(given) is not None if operator.endswith("~") else given == value
    return equal != operator.startswith("!")


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text[1:-1], flags=re.DOTALL)
