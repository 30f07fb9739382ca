"""Reads an Alertmanager configuration: the tree of routes with what each inherits, and the receivers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promproof.config.routing import matchers
from promproof.findings.part import Part
from promproof.findings.setup import Alertmanager, Receiver, Route


@dataclass(frozen=True)
class _Inherited:
    """What a route has of its parent. Those of the root: dispatch/route.go, DefaultRouteOpts."""

    receiver: str = ""
    group_by: tuple[str, ...] = ()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 14_400.0


def alertmanager_of(part: Part) -> Alertmanager:
    """The configuration in a document. Templates are read by who knows where they are."""
    root = part.part("route")
    intervals = [*part.items("mute_time_intervals"), *part.items("time_intervals")]
    return Alertmanager(
        part,
        _route(root, "route", _Inherited()) if isinstance(root.data, dict) else None,
        tuple(_receivers(part)),
        tuple(part.items("inhibit_rules")),
        {interval.text("name"): interval for interval in intervals},
    )


def _route(part: Part, path: str, parent: _Inherited) -> Route:
    mine = _Inherited(
        part.text("receiver", parent.receiver),
        part.words("group_by") if "group_by" in part else parent.group_by,
        _or(part.seconds("group_wait"), parent.group_wait),
        _or(part.seconds("group_interval"), parent.group_interval),
        _or(part.seconds("repeat_interval"), parent.repeat_interval),
    )
    children = [_route(child, f"{path}.routes[{child.key[-1]}]", mine) for child in part.items("routes")]
    return Route(
        part,
        path,
        mine.receiver,
        _matchers(part),
        part.truth("continue"),
        mine.group_by,
        mine.group_wait,
        mine.group_interval,
        mine.repeat_interval,
        tuple(children),
    )


def _or(own: float | None, parents: float) -> float:
    return parents if own is None else own


def _matchers(part: Part) -> tuple[tuple[str, str, str], ...] | None:
    found = [(name, "=", value) for name, value in part.texts("match").items()]
    found += [(name, "=~", value) for name, value in part.texts("match_re").items()]
    try:
        found += [matcher for text in part.words("matchers") for matcher in matchers(text)]
    except ValueError:
        return None
    return tuple(found)


def _receivers(part: Part) -> Iterator[Receiver]:
    for entry in part.items("receivers"):
        kinds = [key for key in entry.data if str(key).endswith("_configs")]
        yield Receiver(
            entry,
            entry.text("name"),
            tuple((str(kind), integration) for kind in kinds for integration in entry.items(kind)),
        )
