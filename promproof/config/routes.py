"""Alertmanager's routes for alerts that are known in part: which are reached for certain, perhaps, or never.

`routing` walks the tree with a whole label set; here the same walk (dispatch/route.go) is three-valued. The timers,
`group_by` and receiver of a route are inherited, its intervals are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promproof.config.durations import parse_duration
from promproof.config.labelsets import Matcher, Partial
from promproof.config.routing import matchers as parsed
from promproof.config.yamltext import Key

if TYPE_CHECKING:
    from promproof.config.shapes import RouteShape

ALL_LABELS = "..."
"""In `group_by`: every label set is a group of its own."""
_INHERITED = ("receiver", "group_wait", "group_interval", "repeat_interval", "group_by")
_DEFAULTS: dict[str, Any] = {
    "receiver": "",
    "group_wait": "30s",
    "group_interval": "5m",
    "repeat_interval": "4h",
    "group_by": (),
}


@dataclass(frozen=True)
class Route:
    """One route with what it inherits; `key` is its place in the file, timers are seconds."""

    key: Key
    receiver: str
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float
    matchers: tuple[Matcher, ...]
    unread: bool
    """A matcher can't be read: what it takes is not known."""
    goes_on: bool
    mute: tuple[str, ...]
    active: tuple[str, ...]
    children: tuple[Route, ...]

    def all(self) -> Iterator[Route]:
        """This route and all below it."""
        yield self
        for child in self.children:
            yield from child.all()

    def takes(self, labels: Partial) -> bool | None:
        """Whether its own matchers let the alert in."""
        answer = labels.meets(self.matchers)
        return None if self.unread and answer else answer


@dataclass(frozen=True)
class Reach:
    """A route that an alert ends in: for certain, or perhaps."""

    route: Route
    certain: bool


def read_routes(configuration: Mapping[str, Any]) -> Route | None:
    """The tree of a file whose shape was looked at before; None without `route`."""
    from promproof.config.shapes import AlertmanagerFile  # pydantic's models take long to make

    root = AlertmanagerFile.model_validate(configuration).route
    if root is None:
        return None
    return _route(root, configuration["route"], ("route",), _DEFAULTS)


def reaches(root: Route, labels: Partial) -> list[Reach]:
    """Where such an alert ends, in the order of the file. What is not listed is never reached."""
    return [Reach(route, certain) for route, certain in _walk(root, labels, True)]


def certain_receivers(root: Route, labels: Partial) -> list[str] | None:
    """The receivers when they are certain; None when it depends on what is not known."""
    found = reaches(root, labels)
    return [reach.route.receiver for reach in found] if all(reach.certain for reach in found) else None


def shadowed(root: Route) -> Iterator[tuple[Route, Route]]:
    """Routes that no alert at all can reach, each with the earlier sibling that takes the last of its alerts."""
    yield from _shadowed(root, Partial())


def contradicting(root: Route) -> Iterator[tuple[Route, str]]:
    """Routes whose own matchers and those above them exclude each other, each with the label they disagree on."""
    yield from _contradicting(root, Partial())


def _contradicting(route: Route, context: Partial) -> Iterator[tuple[Route, str]]:
    for child in route.children:
        inside = context.narrowed(child.matchers)
        if inside.impossible is not None:
            yield child, inside.impossible
        else:
            yield from _contradicting(child, inside)


def _shadowed(route: Route, context: Partial) -> Iterator[tuple[Route, Route]]:
    left = context  # what the siblings so far let go on
    last = None
    for index, child in enumerate(route.children):
        inside = context.narrowed(child.matchers)
        if inside.impossible is not None or child.unread:
            continue
        earlier = (sibling for sibling in route.children[:index] if not sibling.goes_on)
        taker = next((sibling for sibling in earlier if sibling.takes(inside)), None)
        if taker is None and left.narrowed(child.matchers).impossible is not None:
            taker = last  # several take it between them
        if taker is not None:
            yield child, taker
        else:
            yield from _shadowed(child, inside)
        if not child.goes_on and len(child.matchers) == 1:
            left, last = left.narrowed([child.matchers[0].negated]), child


def _walk(route: Route, labels: Partial, certain: bool) -> Iterator[tuple[Route, bool]]:
    arrives = certain  # at the next child, for certain
    taken: bool | None = False  # by a child
    for child in route.children:
        answer = child.takes(labels)
        inside = labels if answer else labels.narrowed(child.matchers)
        if answer is False or inside.impossible is not None:
            continue
        yield from _walk(child, inside, arrives and answer is True)
        # where it does not arrive for certain, an earlier child may have taken it: a child has in any case
        taken = True if answer else taken or None
        if child.goes_on:
            continue
        if answer:
            break
        arrives = False
        if len(child.matchers) == 1 and not child.unread:
            labels = labels.narrowed([child.matchers[0].negated])
            if labels.impossible is not None:
                taken = True
                break
    if taken is not True:
        yield route, certain and taken is False


def _route(shape: RouteShape, data: Any, key: Key, inherited: Mapping[str, Any]) -> Route:
    options = {name: getattr(shape, name) or inherited[name] for name in _INHERITED}
    if shape.group_by is not None:  # an empty list is a wish too: one group of all
        options["group_by"] = tuple(shape.group_by)
    wanted, unread = _matchers(shape)
    raw = data if isinstance(data, Mapping) else {}
    children = raw.get("routes") or ()
    return Route(
        key,
        options["receiver"],
        tuple(options["group_by"]),
        parse_duration(options["group_wait"]),
        parse_duration(options["group_interval"]),
        parse_duration(options["repeat_interval"]),
        wanted,
        unread,
        bool(shape.goes_on),
        _names(raw, "mute_time_intervals"),
        _names(raw, "active_time_intervals"),
        tuple(
            _route(child, children[index], (*key, "routes", index), options)
            for index, child in enumerate(shape.routes or ())
        ),
    )


def _matchers(shape: RouteShape) -> tuple[tuple[Matcher, ...], bool]:
    wanted = [Matcher(name, "=", value) for name, value in (shape.match or {}).items()]
    wanted += [Matcher(name, "=~", value) for name, value in (shape.match_re or {}).items()]
    unread = False
    for text in shape.matchers or ():
        try:
            wanted += [Matcher(*found) for found in parsed(text)]
        except ValueError:
            unread = True
    return tuple(wanted), unread


def _names(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = data.get(key)
    return tuple(map(str, names)) if isinstance(names, list) else ()
