"""Alertmanager's routes and inhibitions of a set-up, for alerts that are known in part; and how grave an alert is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from promproof.config import routes
from promproof.config.inhibition import Inhibition
from promproof.config.labelsets import Matcher, Partial
from promproof.config.routing import matchers
from promproof.findings.alertlabels import Sent, sent
from promproof.findings.finding import Place
from promproof.findings.part import Part
from promproof.findings.services import Service
from promproof.findings.setup import Alertmanager, Receiver, Route, Setup

OPERATOR = "AlertmanagerConfig"
"""The kind of an operator resource: its routes are a part of a tree that is not known."""
PAGERS = ("pagerduty_configs", "opsgenie_configs", "victorops_configs")
_HIGH = frozenset(("critical", "crit", "page", "pager", "emergency", "disaster", "fatal", "blocker"))
_MIDDLE = frozenset(("warning", "warn", "minor", "ticket", "average"))
_LOW = frozenset(("info", "information", "informational", "notice", "none", "debug"))
_NOBODY = re.compile(
    r"null|nil|none|no-?op|no-?one|nobody|nowhere|black-?hole|/?dev[-/ ]?null|void|silen|mute|drop|discard|ignor"
    r"|empty|trash|sink|suppress|skip|disabled|stub|dummy|drain|inhibit|quiet|fake"
    r"|console|(?:log|ui)[-_ ]?only|no-?notif|watchdog|dead-?man",
    re.IGNORECASE,
)


_ENDINGS: WeakKeyDictionary[Setup, dict[Alertmanager, tuple[tuple[Sent, tuple[routes.Reach, ...]], ...]]] = (
    WeakKeyDictionary()
)


def rank(severity: str) -> int | None:
    """2 for what wakes people, 1 for a warning, 0 for information; None for other words."""
    word = severity.lower()
    return 2 if word in _HIGH else 1 if word in _MIDDLE else 0 if word in _LOW else None


def severity_of(labels: Partial) -> str:
    """The severity, where it is known."""
    finite = labels["severity"].finite
    return next(iter(finite)) if finite is not None and len(finite) == 1 else ""


def words_of(alert: Sent) -> str:
    """The labels that are known of an alert, as `amtool config routes test` takes them."""
    finite = {name: values.finite for name, values in alert.labels.labels.items()}
    single = {name: next(iter(values)) for name, values in finite.items() if values and len(values) == 1}
    return " ".join(f"'{name}={value}'" for name, value in sorted(single.items()) if value)


def is_critical(labels: Partial) -> bool:
    """Whether it is known to be one that wakes people."""
    return rank(severity_of(labels)) == 2


def says_nobody(receiver: str) -> bool:
    """Whether a receiver's name says that it is meant to tell nobody."""
    return _NOBODY.search(receiver) is not None


def is_resource(server: Alertmanager) -> bool:
    """Whether it is an operator's resource, of which the operator makes a part of the tree."""
    return server.part.document.kind == OPERATOR


def tree_of(server: Alertmanager) -> routes.Route | None:
    """The tree as `config.routes` walks it."""
    return _route(server.root) if server.root is not None else None


def place_of(server: Alertmanager, route: routes.Route, *key: str) -> Place:
    """Where a route of the tree stands."""
    return server.part.document.part().at(*route.key, *key)


def receiver_of(server: Alertmanager, name: str) -> Receiver | None:
    """The receiver of this name."""
    return next((receiver for receiver in server.receivers if receiver.name == name), None)


def services_of(server: Alertmanager, setup: Setup) -> list[Service]:
    """The service of the compose files that runs it, as each of them has it; none when that is not known."""
    services = [service for file in setup.compose for service in file.services]
    return [service for service in services if server.service and service.name == server.service]


def sent_to(server: Alertmanager, setup: Setup) -> tuple[Sent, ...]:
    """The alerts that one Alertmanager gets: of the Prometheus whose file is nearest, and to which it is nearest.

    Several set-ups may be in one tree. A rule that no Prometheus loads counts where none is there at all.
    """
    return tuple(alert for alert, _ in endings(server, setup))


def endings(server: Alertmanager, setup: Setup) -> tuple[tuple[Sent, tuple[routes.Reach, ...]], ...]:
    """The alerts that one Alertmanager gets, each with the routes that it ends at: for certain, or perhaps."""
    known = _ENDINGS.setdefault(setup, {})
    if server not in known:
        tree = tree_of(server)
        known[server] = tuple(
            (alert, tuple(routes.reaches(tree, alert.labels)) if tree is not None else ())
            for alert in _received(server, setup)
        )
    return known[server]


def _received(server: Alertmanager, setup: Setup) -> tuple[Sent, ...]:
    others = {_folder(other.part) for other in setup.alertmanagers if not is_resource(other)}
    alerts = [alert for alert in sent(setup) if alert.server is not None or not setup.prometheuses]
    folders = dict.fromkeys(_folder((alert.server or alert.rule).part) for alert in alerts)
    mine = _folder(server.part)
    near = {folder: _in_common(mine, folder) for folder in folders}  # files are many, folders are few
    nearest = max(near.values(), default=0)
    chosen = {
        folder
        for folder in folders
        if near[folder] == nearest and all(_in_common(other, folder) <= nearest for other in others)
    }
    return tuple(alert for alert in alerts if _folder((alert.server or alert.rule).part) in chosen)


def _folder(part: Part) -> str:
    return part.document.folder


def _in_common(one: str, other: str) -> int:
    """How many folders two paths have in common."""
    paths = (one.split("/"), other.split("/"))
    return next(
        (index for index, (mine, its) in enumerate(zip(*paths, strict=False)) if mine != its),
        min(map(len, paths)),
    )


@dataclass(frozen=True)
class Muting:
    """An inhibition rule with the part of the file it stands in."""

    part: Part
    rule: Inhibition

    @property
    def text(self) -> str:
        """Both sides as one line."""
        return " mutes ".join(
            "{" + ", ".join(map(str, side)) + "}" for side in (self.rule.source, self.rule.target)
        )


def mutings(server: Alertmanager) -> Iterator[Muting]:
    """The inhibition rules whose matchers can be read."""
    for part in server.inhibitions:
        source, target = side(part, "source_"), side(part, "target_")
        if source is not None and target is not None:
            yield Muting(part, Inhibition(part.key, source, target, part.words("equal")))


def side(part: Part, prefix: str = "") -> tuple[Matcher, ...] | None:
    """The matchers of a route, or of a side of an inhibition; None when one can't be read."""
    found = [Matcher(name, "=", value) for name, value in part.texts(f"{prefix}match").items()]
    found += [Matcher(name, "=~", value) for name, value in part.texts(f"{prefix}match_re").items()]
    patterns = part.part(f"{prefix}match_re").data
    if isinstance(patterns, dict) and None in patterns.values():
        return None
    listed = part.data.get(f"{prefix}matchers") if isinstance(part.data, dict) else None
    if not isinstance(listed, list | None):
        return None
    try:
        for text in listed or ():
            found += [Matcher(*matcher) for matcher in matchers(_text(text))]
    except ValueError:
        return None
    return tuple(found)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _route(route: Route) -> routes.Route:
    wanted = side(route.part)
    return routes.Route(
        route.part.key,
        route.receiver,
        route.group_by,
        route.group_wait,
        route.group_interval,
        route.repeat_interval,
        wanted or (),
        wanted is None,
        route.goes_on,
        route.part.words("mute_time_intervals"),
        route.part.words("active_time_intervals"),
        tuple(map(_route, route.children)),
    )
