"""What alerts do to each other in Alertmanager: which mutes which, and which are one notification.

Only what is certain is told: two alerts share a group, or one mutes the other, whatever their series' other labels are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_

from promproof.config.inhibition import read_inhibitions
from promproof.config.inputs import Document
from promproof.config.labelsets import Partial
from promproof.config.routes import ALL_LABELS, Route, read_routes
from promproof.config.routes import reaches as ends
from promproof.config.yamltext import Key
from promproof.findings import part as findings
from promproof.findings.weektimes import FULL, moment, weektimes
from promproof.proofs.routes import Destination, Group, reaches

Alert = tuple[str, Partial]
"""Its name and its labels, as far as they are known."""
Muting = tuple[str, tuple[str, ...]]
"""Where an inhibition stands, and the labels of which source and target need the same value, for all that is known."""


def destinations(alerts: Sequence[Alert], alertmanager: Document) -> list[Destination]:
    """Where each of the alerts goes, in their order, with those that mute it and those it is one group with.

    Raises:
        InputError: the document is no Alertmanager configuration; with file, line and key.
    """
    alone = [reaches(labels, alertmanager) for _, labels in alerts]
    muters = _muters(alerts, alertmanager)
    groups = _groups(alerts, alertmanager)
    found = []
    for place, destination in enumerate(alone):
        notes = [
            f"muted while {' or '.join(names[:2])}{' or others' if len(names) > 2 else ''} fires"
            f"{' with the same ' if labels else ''}{' and '.join(labels)}: {where}"
            for (where, labels), names in muters[place].items()
        ]
        notes += [told for group in groups[place] for told in _hours(group, alertmanager)]
        found.append(
            replace(
                destination,
                notes=(*destination.notes, *notes),
                groups=tuple(groups[place]),
                muted_by=_names(muters[place], sure=True),
                perhaps_muted_by=_names(muters[place], sure=False),
            )
        )
    return found


def undecided(alerts: Sequence[Alert], alertmanager: Document) -> list[str]:
    """The inhibitions of which it depends on labels that no rule fixes what they mute, a line each."""
    found = []
    for rule in read_inhibitions(alertmanager.data) if isinstance(alertmanager.data, Mapping) else []:
        held = [labels for _, labels in alerts]
        sources = [labels for labels in held if labels.meets(rule.source) is not False]
        targets = [labels for labels in held if labels.meets(rule.target) is not False]
        surely = any(labels.meets(rule.source) for labels in sources) and any(
            labels.meets(rule.target) for labels in targets
        )
        if not sources or not targets or surely:
            continue
        sides = ((sources, rule.source), (targets, rule.target))
        names = dict.fromkeys(
            matcher.name
            for pool, matchers in sides
            for matcher in matchers
            if not any(labels.meets((matcher,)) for labels in pool)
        )
        if names:
            found.append(
                f"{alertmanager.where(rule.key)}: what this inhibition mutes depends on {', '.join(names)}, "
                "which no rule fixes: it is tried with --routes alone"
            )
    return found


def _names(muters: Mapping[Muting, Sequence[str]], *, sure: bool) -> tuple[str, ...]:
    found = (name for (_, labels), names in muters.items() if bool(labels) != sure for name in names)
    return tuple(dict.fromkeys(found))


def _hours(group: Group, alertmanager: Document) -> list[str]:
    """For a route with time intervals, a minute of the week in which it tells nobody, and one in which it does."""
    whole = findings.Document(str(alertmanager.path), alertmanager.data).part()
    intervals = {
        interval.text("name"): interval
        for key in ("time_intervals", "mute_time_intervals")
        for interval in whole.items(key)
    }
    times = {name: weektimes(intervals[name]) for name in (*group.mute, *group.active) if name in intervals}
    if not times or any(found is None or len(found.places) > 1 for found in times.values()):
        return []
    mute = [found for name, found in times.items() if found is not None and name in group.mute]
    active = [found for name, found in times.items() if found is not None and name in group.active]
    muted, told = 0, FULL
    for found in mute:
        muted, told = muted | found.surely, told & ~found.perhaps
    if active:
        muted |= FULL & ~reduce(or_, (found.perhaps for found in active))
        told &= reduce(or_, (found.surely for found in active))
    names = ", ".join(times)
    zone = next((place for found in times.values() if found for place in found.places), "UTC")
    if muted == FULL:
        return [f"{group.receiver} is never told: {names}"]
    if not muted or not told:
        return []
    return [
        f"{group.receiver} is told nothing at {moment(_first(muted))}, and is at {moment(_first(told))} "
        f"({zone}): {names}"
    ]


def _first(minutes: int) -> int:
    return (minutes & -minutes).bit_length() - 1


def _muters(alerts: Sequence[Alert], alertmanager: Document) -> list[dict[Muting, list[str]]]:
    """For each alert the names of those that mute it, surely or where both have the same values of some labels."""
    found: list[dict[Muting, list[str]]] = [{} for _ in alerts]
    rules = read_inhibitions(alertmanager.data) if isinstance(alertmanager.data, Mapping) else []
    for rule in rules:
        where = alertmanager.where(rule.key)
        sources = [place for place, (_, labels) in enumerate(alerts) if labels.meets(rule.source)]
        targets = [place for place, (_, labels) in enumerate(alerts) if labels.meets(rule.target)]
        for target in targets:
            for source in sources:
                labels = rule.decided_by(alerts[source][1], alerts[target][1]) if source != target else None
                names = found[target].setdefault((where, labels), []) if labels is not None else []
                if alerts[source][0] not in names:
                    names.append(alerts[source][0])
    return found


def _groups(alerts: Sequence[Alert], alertmanager: Document) -> list[list[Group]]:
    """For each alert the groups that it surely joins, each with the other alerts that surely join the same."""
    root = read_routes(alertmanager.data)
    if root is None:
        return [[] for _ in alerts]
    routes = [[reach.route for reach in ends(root, labels) if reach.certain] for _, labels in alerts]
    joined: dict[tuple[Key, tuple[str, ...]], list[str]] = {}
    keys = [
        [(route, _values(labels, route)) for route in mine]
        for (_, labels), mine in zip(alerts, routes, strict=True)
    ]
    for (name, _), mine in zip(alerts, keys, strict=True):
        for route, values in mine:
            if values is not None:
                joined.setdefault((route.key, values), []).append(name)

    def group(name: str, route: Route, values: tuple[str, ...] | None) -> Group:
        others = joined[route.key, values] if values is not None else []
        beside = tuple(dict.fromkeys(other for other in others if other != name))
        timers = (route.group_wait, route.group_interval, route.repeat_interval)
        return Group(route.receiver, route.group_by, *timers, beside, route.mute, route.active)

    return [
        [group(name, route, values) for route, values in mine]
        for (name, _), mine in zip(alerts, keys, strict=True)
    ]


def _values(labels: Partial, route: Route) -> tuple[str, ...] | None:
    """The values that a route groups the alert by; None when one is not known, or when it groups by all labels."""
    if ALL_LABELS in route.group_by:
        return None
    values = [labels[name].finite for name in route.group_by]
    if any(finite is None or len(finite) != 1 for finite in values):
        return None
    return tuple(value for finite in values if finite is not None for value in finite)
