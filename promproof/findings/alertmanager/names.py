"""Names of receivers and time intervals: those that routes use and nobody defines, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, each_route, register
from promproof.findings.setup import Alertmanager, Route, Setup

UNDEFINED_RECEIVER = register(
    Kind(
        id="alertmanager/undefined-receiver",
        severity=Severity.ERROR,
        title="a receiver that a route names and nobody defines",
        why="Alertmanager does not start with such a file, or goes on with the old one after a reload.",
        example="route: {receiver: pagers}\nreceivers: [{name: pager, webhook_configs: [{url: 'http://pager'}]}]",
        instead="route: {receiver: pager}\nreceivers: [{name: pager, webhook_configs: [{url: 'http://pager'}]}]",
    )
)
UNDEFINED_INTERVAL = register(
    Kind(
        id="alertmanager/undefined-interval",
        severity=Severity.ERROR,
        title="a time interval that a route names and nobody defines",
        why="Alertmanager does not start with such a file, or goes on with the old one after a reload.",
        example="""
route:
  receiver: pager
  routes: [{matchers: ['team="shop"'], mute_time_intervals: [nights]}]
receivers: [{name: pager, webhook_configs: [{url: 'http://pager'}]}]
""",
        instead="""
route:
  receiver: pager
  routes: [{matchers: ['team="shop"'], mute_time_intervals: [nights]}]
receivers: [{name: pager, webhook_configs: [{url: 'http://pager'}]}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]
""",
    )
)
UNUSED_RECEIVER = register(
    Kind(
        id="alertmanager/unused-receiver",
        severity=Severity.INFO,
        title="a receiver that no route names",
        why="Nothing is ever sent to it. Who reads the file believes that it is told.",
        example="""
route: {receiver: mail}
receivers:
- {name: mail, webhook_configs: [{url: 'http://mail'}]}
- {name: pager, webhook_configs: [{url: 'http://pager'}]}
""",
        instead="""
route: {receiver: mail, routes: [{matchers: ['severity="page"'], receiver: pager}]}
receivers:
- {name: mail, webhook_configs: [{url: 'http://mail'}]}
- {name: pager, webhook_configs: [{url: 'http://pager'}]}
""",
    )
)
UNUSED_INTERVAL = register(
    Kind(
        id="alertmanager/unused-interval",
        severity=Severity.INFO,
        title="a time interval that no route names",
        why="It mutes nothing: alerts are sent at times at which the file seems to hold them back.",
        example="""
route: {receiver: mail}
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
time_intervals: [{name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}]
""",
        instead="""
route: {receiver: mail, routes: [{matchers: ['severity="info"'], mute_time_intervals: [weekend]}]}
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
time_intervals: [{name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}]
""",
    )
)
_INTERVALS = ("mute_time_intervals", "active_time_intervals")


@each_route(UNDEFINED_RECEIVER, UNDEFINED_INTERVAL)
def judge_route(route: Route, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The names that a route uses."""
    see = f"amtool check-config {server.argument}"
    effect = "Alertmanager does not load the file: at a start nobody is told anything"
    if is_resource(server):
        see, effect = "the operator's log", "the operator leaves the whole resource out"
    name = route.part.text("receiver")
    known = [receiver.name for receiver in server.receivers]
    if isinstance(server.part.data.get("receivers"), str):  # filled in before it is loaded, or refused
        return
    if name and name not in known and not any(set("${") & set(text) for text in (name, *known)):
        yield UNDEFINED_RECEIVER.at(
            route.at("receiver"),
            f"no receiver is called {name!r}: there are {', '.join(map(repr, known)) or 'none'}",
            effect=effect,
            todo="define it, or correct the name",
            see=see,
        )
    for key in _INTERVALS:
        for name in route.part.words(key):
            if name not in server.time_intervals:
                yield UNDEFINED_INTERVAL.at(
                    route.at(key),
                    f"no time interval is called {name!r}",
                    effect=effect,
                    todo="define it under time_intervals, or correct the name",
                    see=see,
                )


@each_alertmanager(UNUSED_RECEIVER, UNUSED_INTERVAL)
def judge_names(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The names that are defined."""
    if not server.routes:
        return
    used = {route.receiver for route in server.routes}
    for receiver in server.receivers:
        if receiver.name and receiver.name not in used and receiver.integrations:
            yield UNUSED_RECEIVER.at(
                receiver.at("name"),
                f"no route names the receiver {receiver.name!r}",
                effect="it is never told anything",
                todo="give it a route, or delete it",
                see=f"amtool config routes show --config.file={server.argument}",
            )
    named = {name for route in server.routes for key in _INTERVALS for name in route.part.words(key)}
    for name, part in server.time_intervals.items():
        if name and name not in named:
            yield UNUSED_INTERVAL.at(
                part.at("name"),
                f"no route names the time interval {name!r}",
                effect="it mutes nothing and opens nothing",
                todo="name it in mute_time_intervals or active_time_intervals of a route, or delete it",
                see=f"amtool config routes show --config.file={server.argument}",
            )
