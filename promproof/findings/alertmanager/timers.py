"""Timers and grouping of routes: notifications that come at other times than written, or not by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from promproof.config.durations import format_duration, parse_duration
from promproof.findings.alertroutes import PAGERS, is_resource, receiver_of, services_of
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_route, register
from promproof.findings.setup import Alertmanager, Route, Setup

_MAIL = "receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]"
_PAGER = "receivers: [{name: pager, pagerduty_configs: [{routing_key_file: /key}]}]"
_COMPOSE = """# compose.yml
services:
  alertmanager:
    image: prom/alertmanager:v0.28.0
    volumes: ['./alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro']
    command: ['--config.file=/etc/alertmanager/alertmanager.yml', '--data.retention=120h']
# alertmanager.yml
"""
SHORT = register(
    Kind(
        id="alertmanager/repeat-under-group-interval",
        severity=Severity.WARNING,
        title="a repeat_interval that is shorter than the group_interval",
        why="Alertmanager looks at a group every group_interval: nothing is repeated between two looks.",
        example=f"route: {{receiver: mail, group_interval: 10m, repeat_interval: 1m}}\n{_MAIL}",
        instead=f"route: {{receiver: mail, group_interval: 1m, repeat_interval: 10m}}\n{_MAIL}",
    )
)
MULTIPLE = register(
    Kind(
        id="alertmanager/repeat-no-multiple",
        severity=Severity.INFO,
        title="a repeat_interval that is no multiple of the group_interval",
        why="Alertmanager looks at a group every group_interval: a repetition waits for the next look.",
        example=f"route: {{receiver: mail, group_interval: 45m, repeat_interval: 1h}}\n{_MAIL}",
        instead=f"route: {{receiver: mail, group_interval: 30m, repeat_interval: 1h}}\n{_MAIL}",
    )
)
RETENTION = register(
    Kind(
        id="alertmanager/repeat-beyond-retention",
        severity=Severity.WARNING,
        title="a repeat_interval that is longer than notifications are remembered",
        why="What was sent is forgotten after --data.retention, 120h unless said otherwise, and is sent again.",
        example=f"{_COMPOSE}route: {{receiver: mail, repeat_interval: 30d}}\n{_MAIL}",
        instead=f"{_COMPOSE}route: {{receiver: mail, repeat_interval: 5d}}\n{_MAIL}",
    )
)
BY_NOTHING = register(
    Kind(
        id="alertmanager/grouped-by-nothing",
        severity=Severity.WARNING,
        title="a pager whose alerts all are one group",
        why="A pager opens one incident for each group. Without group_by a second alert, of whatever kind, joins"
        " the incident that is open: nobody is paged for it.",
        example=f"route: {{receiver: pager}}\n{_PAGER}",
        instead=f"route: {{receiver: pager, group_by: [alertname]}}\n{_PAGER}",
    )
)
SPELLING = register(
    Kind(
        id="alertmanager/group-by-spelling",
        severity=Severity.WARNING,
        title="a label of group_by that is `alertname`, misspelt",
        why="The label of an alert's name is called alertname. A label that no alert has groups by nothing: all"
        " alerts are one group.",
        example=f"route: {{receiver: mail, group_by: [alertName]}}\n{_MAIL}",
        instead=f"route: {{receiver: mail, group_by: [alertname, alert_type]}}\n{_MAIL}",
    )
)
_RETENTION = 120 * 3600.0
_ALIKE = 0.9
"""Of two words that differ in one of nine letters at most."""


@each_route(SHORT, MULTIPLE)
def judge_repeat(route: Route, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """repeat_interval beside group_interval, where one of them is written."""
    own = {"repeat_interval", "group_interval"} & set(route.part.data)
    # What a resource does not say is inherited from a tree that is not known.
    if not own or not route.group_interval or (len(own) == 1 and is_resource(server)):
        return
    key = "repeat_interval" if "repeat_interval" in route.part else "group_interval"
    repeat, group = format_duration(route.repeat_interval), format_duration(route.group_interval)
    looks = -(-route.repeat_interval // route.group_interval)
    real = format_duration(looks * route.group_interval)
    if 0 < route.repeat_interval < route.group_interval:
        yield SHORT.at(
            route.at(key),
            f"repeat_interval {repeat} is shorter than group_interval {group}",
            effect=f"a notification is repeated every {group}, not every {repeat}",
            todo=f"make repeat_interval at least {group}, or group_interval shorter",
            see=f"alertmanager --config.file={server.argument} --log.level=debug: newer ones warn of it",
        )
    elif route.repeat_interval % route.group_interval > 1e-6:
        yield MULTIPLE.at(
            route.at(key),
            f"repeat_interval {repeat} is no multiple of group_interval {group}",
            effect=f"a notification is repeated after {real}, not after {repeat}",
            todo=f"make it a multiple of {group}",
            see="the times of two notifications of one group in Alertmanager's log",
        )


@each_route(RETENTION)
def judge_retention(route: Route, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """repeat_interval beside the retention of the command line."""
    if "repeat_interval" not in route.part or is_resource(server):
        return
    services = services_of(server, setup)
    limit = _RETENTION
    for text in filter(None, (service.flag("data.retention") for service in services)):
        try:
            limit = parse_duration(text)
        except ValueError:
            return
    kept = format_duration(limit)
    if limit and route.repeat_interval > limit:
        yield RETENTION.at(
            route.at("repeat_interval"),
            f"repeat_interval {format_duration(route.repeat_interval)} is over the retention of {kept}",
            effect=f"a notification is repeated after {kept}",
            todo="shorten it, or raise --data.retention",
            see="alertmanager --help: --data.retention",
            severity=None if services else Severity.HINT,
        )


@each_route(BY_NOTHING, SPELLING)
def judge_groups(route: Route, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """What a route groups by."""
    for label in route.part.words("group_by"):
        if _is_misspelt(label) and not any(label in alert.labels for alert in setup.alerts):
            yield SPELLING.at(
                route.at("group_by"),
                f"{label} is no label that an alert has: its name is in alertname",
                effect="alerts of different names are one notification",
                todo="write alertname",
                see=f"amtool config routes show --config.file={server.argument}",
            )
    receiver = receiver_of(server, route.receiver)
    pagers = [kind for kind, _ in receiver.integrations if kind in PAGERS] if receiver is not None else []
    if not pagers or route.group_by or is_resource(server) or not _ends_here(route) or _is_one_alert(route):
        return
    yield BY_NOTHING.at(
        route.at("group_by") if "group_by" in route.part else route.at("receiver"),
        f"all alerts of this route are one group, and {route.receiver!r} is a pager ({pagers[0]})",
        effect="a second alert joins the open incident: nobody is paged for it",
        todo="group by alertname and what tells one incident from another",
        see=f"amtool config routes show --config.file={server.argument}; "
        "the same dedup_key, alias or entity_id is sent",
    )


def _is_misspelt(label: str) -> bool:
    letters = label.replace("_", "").replace("-", "").lower()
    return label != "alertname" and SequenceMatcher(None, letters, "alertname").ratio() > _ALIKE


def _ends_here(route: Route) -> bool:
    """Whether alerts may end at this route itself: no child takes everything."""
    return all(child.matchers is None or child.matchers for child in route.children)


def _is_one_alert(route: Route) -> bool:
    return any(name == "alertname" and operator == "=" for name, operator, _ in route.matchers or ())
