"""Small changes of an Alertmanager file, and whether any alert of the rules would go elsewhere.

A route is removed or changes places with the next one, a receiver is another one, an inhibition mutes more. A change is
killed when an expectation that our own reading of the file makes for the alerts fails: their receivers, groups, timers,
and what mutes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from promproof.config.inputs import Document
from promproof.config.yamltext import Key
from promproof.errors import InputError
from promproof.proofs.among import Alert, destinations


@dataclass(frozen=True)
class RouteMutant:
    """A changed file. where: file and line of what is changed; killed_by: the first alert that goes elsewhere."""

    where: str
    what: str
    killed_by: str = ""


def route_mutants(alerts: Sequence[Alert], file: Document) -> list[RouteMutant]:
    """All changes of a file, each with an alert that shows it, if there is one.

    Raises:
        InputError: it is no Alertmanager configuration.
    """
    expected = _expected(alerts, file)
    found = []
    for key, what, data in _changes(file.data):
        try:
            got = _expected(alerts, replace(file, data=data))
        except InputError:
            continue
        names = [
            alert[0] for alert, before, after in zip(alerts, expected, got, strict=True) if before != after
        ]
        found.append(RouteMutant(file.where(key), what, names[0] if names else ""))
    return found


def shown(found: Sequence[RouteMutant]) -> str:
    """What a person reads: the changes that no alert shows, and the sum."""
    if not found:
        return ""
    lines = [
        f"{mutant.where}: survived: {mutant.what}: no alert of these rules would go elsewhere"
        for mutant in found
        if not mutant.killed_by
    ]
    killed = sum(bool(mutant.killed_by) for mutant in found)
    return (
        "\n".join([*lines, f"routes: {killed} of {len(found)} changes show in an alert of the rules"]) + "\n"
    )


def _expected(alerts: Sequence[Alert], file: Document) -> list[tuple[object, ...]]:
    return [
        (found.receivers, found.perhaps, found.groups, found.muted_by) for found in destinations(alerts, file)
    ]


def _changes(data: Mapping[str, Any]) -> Iterator[tuple[Key, str, Any]]:
    receivers = [
        str(receiver.get("name")) for receiver in data.get("receivers") or () if isinstance(receiver, dict)
    ]
    for key, route in _routes(data.get("route"), ("route",)):
        if isinstance(key[-1], int):
            place = key[-1]
            yield key, "route removed", _with(data, key[:-1], lambda routes, n=place: routes.pop(n))
            siblings = _at(data, key[:-1])
            if place + 1 < len(siblings):
                yield (
                    key,
                    "route after the next one",
                    _with(data, key[:-1], lambda routes, n=place: routes.insert(n + 1, routes.pop(n))),
                )
            yield (
                key,
                f"continue: {str(not route.get('continue')).lower()}",
                _with(data, key, lambda r: r.update({"continue": not r.get("continue")})),
            )
        own = route.get("receiver")
        other = next((name for name in receivers if name != own), None)
        if own and other:
            yield (
                (*key, "receiver"),
                f"receiver {own} -> {other}",
                _with(data, key, lambda r, name=other: r.update({"receiver": name})),
            )
    for number, rule in enumerate(data.get("inhibit_rules") or ()):
        if isinstance(rule, dict):
            yield from _widened(data, ("inhibit_rules", number), rule)


def _widened(data: Mapping[str, Any], key: Key, rule: Mapping[str, Any]) -> Iterator[tuple[Key, str, Any]]:
    for name in ("equal", "target_matchers", "source_matchers"):
        items = rule.get(name)
        for place, item in enumerate(items if isinstance(items, list) else ()):
            yield (
                (*key, name),
                f"{name}: {item} dropped",
                _with(data, (*key, name), lambda held, n=place: held.pop(n)),
            )


def _routes(route: Any, key: Key) -> Iterator[tuple[Key, dict[str, Any]]]:
    if not isinstance(route, dict):
        return
    yield key, route
    below = route.get("routes")
    for number, child in enumerate(below if isinstance(below, list) else ()):
        yield from _routes(child, (*key, "routes", number))


def _at(data: Any, key: Key) -> Any:
    for part in key:
        data = data[part]
    return data


def _with(data: Mapping[str, Any], key: Key, change: Any) -> Any:
    copy = deepcopy(data)
    change(_at(copy, key))
    return copy
