"""Where alerts go: receivers that tell nobody, routes that nothing reaches."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config import routes
from promproof.config.routes import contradicting, shadowed
from promproof.findings.alertlabels import Sent
from promproof.findings.alertroutes import (
    endings,
    is_resource,
    place_of,
    rank,
    receiver_of,
    says_nobody,
    severity_of,
    tree_of,
    words_of,
)
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.setup import Alertmanager, Setup

_RULES = "# prometheus.yml\nrule_files: [rules.yml]\n# rules.yml\ngroups:\n- name: api\n  rules:\n"
_PAGE = f"{_RULES}  - {{alert: Down, expr: up == 0, labels: {{severity: page}}}}\n# alertmanager.yml\n"
_PAGER = "receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}, {name: pager, webhook_configs: [{url: 'http://pager'}]}]"
NOBODY = register(
    Kind(
        id="alertmanager/tells-nobody",
        severity=Severity.WARNING,
        title="an alert that ends at a receiver without any integration",
        why="The alert fires, and nobody is told. A receiver that is meant so is called null, blackhole or the"
        " like, and is no finding.",
        example=f"{_PAGE}route: {{receiver: team}}\nreceivers: [{{name: team}}]",
        instead=f"{_PAGE}route: {{receiver: 'null'}}\nreceivers: [{{name: 'null'}}]",
    )
)
SHADOWED = register(
    Kind(
        id="alertmanager/shadowed-route",
        severity=Severity.WARNING,
        title="a route that an earlier one leaves nothing for",
        why="The first route that matches takes an alert, unless it says `continue: true`.",
        example="""
route:
  receiver: mail
  routes:
  - {matchers: ['team="shop"'], receiver: mail}
  - {matchers: ['team="shop"', 'severity="page"'], receiver: pager}
"""
        + _PAGER,
        instead="""
route:
  receiver: mail
  routes:
  - {matchers: ['team="shop"', 'severity="page"'], receiver: pager}
  - {matchers: ['team="shop"'], receiver: mail}
"""
        + _PAGER,
    )
)
CONTRADICTING = register(
    Kind(
        id="alertmanager/contradicting-route",
        severity=Severity.WARNING,
        title="a route whose matchers exclude each other",
        why="An alert must meet all matchers of a route and of those above it. No alert meets these.",
        example="""
route:
  receiver: mail
  routes:
  - matchers: ['severity="warning"']
    receiver: mail
    routes: [{matchers: ['severity="page"'], receiver: pager}]
"""
        + _PAGER,
        instead="""
route:
  receiver: mail
  routes:
  - matchers: ['severity=~"warning|page"']
    receiver: mail
    routes: [{matchers: ['severity="page"'], receiver: pager}]
"""
        + _PAGER,
    )
)


@each_alertmanager(NOBODY)
def judge_ends(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The receivers that alerts end at."""
    tree = tree_of(server)
    if tree is None or is_resource(server):
        return
    alerts = endings(server, setup)
    if not alerts:
        yield from _empty(server)
    lost: dict[str, list[Sent]] = {}
    for alert, ends in alerts:
        if not ends or not all(reach.certain for reach in ends) or _is_quiet(alert):
            continue
        names = [reach.route.receiver for reach in ends]
        if all(_is_empty(server, name) for name in names) and not any(map(says_nobody, names)):
            lost.setdefault(names[0], []).append(alert)
    for name, ending in lost.items():
        receiver = receiver_of(server, name)
        assert receiver is not None  # is_empty
        names = list(dict.fromkeys(alert.rule.name for alert in ending))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield NOBODY.at(
            receiver.at("name"),
            f"{', '.join(names[:3])}{more} {'end' if len(names) > 1 else 'ends'} at {name!r}, which has no"
            " integration",
            effect="nobody is told when they fire" if len(names) > 1 else "nobody is told when it fires",
            todo="give the receiver an integration, or call it null if that is meant",
            see=f"amtool config routes test --config.file={server.argument} {words_of(ending[0])}",
        )


def _empty(server: Alertmanager) -> Iterator[Finding]:
    """Empty receivers of routes of their own, where no rule says what arrives; the root's when all are empty."""
    named = {route.receiver for route in server.routes[1:] if route.part.text("receiver")}
    if not any(receiver.integrations for receiver in server.receivers):
        named.add(server.routes[0].receiver)
    for receiver in server.receivers:
        if receiver.name in named and not receiver.integrations and not says_nobody(receiver.name):
            yield NOBODY.at(
                receiver.at("name"),
                f"routes lead to {receiver.name!r}, which has no integration",
                effect="nobody is told of the alerts that take them",
                todo="give the receiver an integration, or call it null if that is meant",
                see=f"amtool config routes show --config.file={server.argument}",
            )


def _is_empty(server: Alertmanager, name: str) -> bool:
    receiver = receiver_of(server, name)
    return receiver is not None and not receiver.integrations


def _is_quiet(alert: Sent) -> bool:
    """Whether nobody needs to be told: a watchdog, or information."""
    return alert.fires_always or rank(severity_of(alert.labels)) == 0


@each_alertmanager(SHADOWED, CONTRADICTING)
def judge_order(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Routes that no alert at all can reach."""
    tree = tree_of(server)
    if tree is None:
        return
    see = f"amtool config routes show --config.file={server.argument}"
    for route, taker in shadowed(tree):
        same = _settings(route) == _settings(taker) and not route.children and not taker.children
        yield SHADOWED.at(
            place_of(server, route),
            f"{_text(route)} leaves nothing to take after {_text(taker)}, at line {place_of(server, taker).line}",
            effect="nothing changes: both do the same"
            if same
            else f"{route.receiver!r} is not told through it",
            todo="delete it" if same else "put it before the other, or let that one say `continue: true`",
            see=see,
            severity=Severity.INFO if same else None,
        )
    for route, label in contradicting(tree):
        yield CONTRADICTING.at(
            place_of(server, route),
            f"no alert meets {_text(route)} and what stands above it: they disagree on {label!r}",
            effect=f"{route.receiver!r} is not told through it",
            todo="put the route beside the one above it, or correct a matcher",
            see=see,
        )


def _settings(route: routes.Route) -> tuple[object, ...]:
    return (
        route.receiver,
        route.group_by,
        route.group_wait,
        route.group_interval,
        route.repeat_interval,
        route.mute,
        route.active,
    )


def _text(route: routes.Route) -> str:
    return "{" + ", ".join(map(str, route.matchers)) + "}"
