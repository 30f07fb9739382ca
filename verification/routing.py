"""Alertmanager's routing tree: which routes a label set reaches, and with which timers.

Semantics of `dispatch/route.go`: children are tried in order, the first that matches takes the alert unless it says
`continue`; an alert that no child takes stays with the parent; timers are inherited downwards. Which receivers are
reached is amtool's word in a run; this module is for the timers, which amtool does not print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verification.durations import parse_duration

# Defaults of Alertmanager (dispatch/route.go, DefaultRouteOpts).
_DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
_MATCHER = re.compile(r"""^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$""")


@dataclass(frozen=True)
class Reached:
    """One route that takes an alert: receiver and timers in seconds."""

    receiver: str
    group_wait: float
    group_interval: float
    repeat_interval: float


def reached(configuration: Mapping[str, Any], labels: Mapping[str, str]) -> list[Reached]:
    """The routes that take an alert with these labels, in order."""
    root = configuration.get("route")
    if not isinstance(root, Mapping):
        return []
    return list(_walk(root, labels, {**_DEFAULTS, "receiver": ""}))


def _walk(
    route: Mapping[str, Any], labels: Mapping[str, str], inherited: Mapping[str, str]
) -> Iterator[Reached]:
    options = {key: str(route.get(key, value)) for key, value in inherited.items()}
    taken = False
    for child in route.get("routes") or ():
        if not _matches(child, labels):
            continue
        taken = True
        yield from _walk(child, labels, options)
        if not child.get("continue"):
            break
    if not taken:
        yield Reached(
            options["receiver"],
            parse_duration(options["group_wait"]),
            parse_duration(options["group_interval"]),
            parse_duration(options["repeat_interval"]),
        )


def _matches(route: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    exact = all(labels.get(key, "") == str(value) for key, value in (route.get("match") or {}).items())
    pattern = all(
        re.fullmatch(str(value), labels.get(key, "")) for key, value in (route.get("match_re") or {}).items()
    )
    return exact and pattern and all(_matcher(str(text), labels) for text in route.get("matchers") or ())


def _matcher(text: str, labels: Mapping[str, str]) -> bool:
    parts = _MATCHER.match(text)
    if parts is None:
        return False
    name, operator, value = parts.groups()
    given = labels.get(name, "")
    equal = re.fullmatch(value, given) is not None if operator.endswith("~") else given == value
    return equal != operator.startswith("!")
