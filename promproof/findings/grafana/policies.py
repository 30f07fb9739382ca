"""Grafana's notification policies and contact points under provisioning/alerting, judged as routes and receivers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from promproof.config import routes
from promproof.config.labelsets import Matcher
from promproof.config.routes import contradicting, shadowed
from promproof.config.routing import matchers
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.part import Part
from promproof.findings.setup import Setup

RECEIVER = register(
    Kind(
        id="grafana/policy-receiver",
        severity=Severity.ERROR,
        title="a policy whose contact point is not there",
        why="Grafana refuses a notification policy that names a contact point which it does not know.",
        example="policies: [{receiver: pagers}], contactPoints: [{name: pager}]",
        instead="policies: [{receiver: pager}]",
    )
)
EMPTY = register(
    Kind(
        id="grafana/empty-contact-point",
        severity=Severity.WARNING,
        title="a contact point that sends nothing",
        why="Alerts that go there reach nobody.",
        example="contactPoints: [{name: pager, receivers: []}]",
        instead="contactPoints: [{name: pager, receivers: [{uid: p, type: webhook, settings: {url: ...}}]}]",
    )
)
SHADOWED = register(
    Kind(
        id="grafana/policy-shadowed",
        severity=Severity.WARNING,
        title="a policy that an earlier one leaves nothing for",
        why="The first policy that matches takes an alert, unless it says `continue: true`.",
        example="routes: [{matchers: [team=shop]}, {matchers: [team=shop, severity=page]}]",
        instead="routes: [{matchers: [team=shop, severity=page]}, {matchers: [team=shop]}]",
    )
)
CONTRADICTING = register(
    Kind(
        id="grafana/policy-contradicting",
        severity=Severity.WARNING,
        title="a policy whose matchers exclude each other",
        why="An alert must meet all matchers of a policy and of those above it. No alert meets these.",
        example="{matchers: [severity=warning], routes: [{matchers: [severity=page]}]}",
        instead="{matchers: ['severity=~warning|page'], routes: [{matchers: [severity=page]}]}",
    )
)
MUTE = register(
    Kind(
        id="grafana/policy-mute-time",
        severity=Severity.ERROR,
        title="a policy whose mute timing is not there",
        why="Grafana refuses a notification policy that names a mute timing which it does not know.",
        example="policies: [{routes: [{mute_time_intervals: [night]}]}], muteTimes: [{name: nights}]",
        instead="policies: [{routes: [{mute_time_intervals: [nights]}]}], muteTimes: [{name: nights}]",
    )
)
REPEAT = register(
    Kind(
        id="grafana/policy-repeat",
        severity=Severity.WARNING,
        title="a repeat_interval that is shorter than the group_interval",
        why="A group is looked at every group_interval: nothing is repeated between two looks.",
        example="policies: [{receiver: pager, group_interval: 10m, repeat_interval: 1m}]",
        instead="policies: [{receiver: pager, group_interval: 1m, repeat_interval: 10m}]",
    )
)
_OWN_RECEIVERS = ("grafana-default-email", "email receiver", "empty")
_LOG = "Grafana's log when it starts (logger=provisioning.alerting)"


@whole_setup(RECEIVER, EMPTY, MUTE)
def judge_names(setup: Setup) -> Iterator[Finding]:
    """Policies against the contact points and mute timings of the files, where there are any."""
    points = [point for part in setup.grafana.alerting for point in part.items("contactPoints")]
    names = {point.text("name") for point in points}
    times = {time.text("name") for part in setup.grafana.alerting for time in part.items("muteTimes")}
    for point in points:
        if not list(point.items("receivers")):
            yield EMPTY.at(
                point.at("name"),
                f"the contact point {point.text('name')!r} has no receiver",
                effect="alerts that go there reach nobody",
                todo="give it a receiver",
                see="Alerting > Contact points",
            )
    for route in _policies(setup):
        receiver = route.text("receiver")
        if names and receiver and receiver not in (*names, *_OWN_RECEIVERS) and "$" not in receiver:
            yield RECEIVER.at(
                route.at("receiver"),
                f"the contact point {receiver!r} is none of {', '.join(sorted(names))}",
                effect="Grafana refuses the policies: alerts go on as they went before",
                todo="correct the name",
                see=_LOG,
            )
        for key in ("mute_time_intervals", "active_time_intervals"):
            for name in route.words(key):
                if times and name not in times and "$" not in name:
                    yield MUTE.at(
                        route.at(key),
                        f"the mute timing {name!r} is none of {', '.join(sorted(times))}",
                        effect="Grafana refuses the policies: alerts go on as they went before",
                        todo="correct the name",
                        see=_LOG,
                    )


@whole_setup(SHADOWED, CONTRADICTING, REPEAT)
def judge_trees(setup: Setup) -> Iterator[Finding]:
    """Policies that no alert reaches, and timers that exclude each other."""
    for part in setup.grafana.alerting:
        for policy in part.items("policies"):
            root = _route(
                policy, routes.Route((), "", (), 30.0, 300.0, 14_400.0, (), False, False, (), (), ())
            )
            see = "Alerting > Notification policies shows the tree"
            for route, taker in shadowed(root):
                yield SHADOWED.at(
                    part.document.part().at(*route.key),
                    f"{_text(route)} is taken by {_text(taker)} before it",
                    effect=f"{route.receiver!r} is not told through it",
                    todo="put it before the other, or let that one say `continue: true`",
                    see=see,
                )
            for route, label in contradicting(root):
                yield CONTRADICTING.at(
                    part.document.part().at(*route.key),
                    f"no alert meets {_text(route)} and what stands above it: they disagree on {label!r}",
                    effect=f"{route.receiver!r} is not told through it",
                    todo="put it beside the one above it, or correct a matcher",
                    see=see,
                )
            yield from _repeats(part, root)


def _repeats(part: Part, root: routes.Route) -> Iterator[Finding]:
    for route in root.all():
        place = part.document.part(*route.key)
        is_own = "repeat_interval" in place or "group_interval" in place
        if is_own and 0 < route.repeat_interval < route.group_interval:
            yield REPEAT.at(
                place.at("repeat_interval" if "repeat_interval" in place else "group_interval"),
                f"repeat_interval is {route.repeat_interval:g} s, group_interval {route.group_interval:g} s",
                effect=f"a notification is repeated every {route.group_interval:g} s at most",
                todo="make repeat_interval a multiple of group_interval",
                see="Alerting > Notification policies shows the timings",
            )


def _policies(setup: Setup) -> Iterator[Part]:
    """Every policy, roots first."""
    waiting = [policy for part in setup.grafana.alerting for policy in part.items("policies")]
    while waiting:
        policy = waiting.pop(0)
        yield policy
        waiting += policy.items("routes")


def _route(policy: Part, parent: routes.Route) -> routes.Route:
    """A policy as Alertmanager's model has routes."""
    mine, is_read = _matchers(policy)
    own = routes.Route(
        policy.key,
        policy.text("receiver") or parent.receiver,
        policy.words("group_by") or parent.group_by,
        _seconds(policy, "group_wait", parent.group_wait),
        _seconds(policy, "group_interval", parent.group_interval),
        _seconds(policy, "repeat_interval", parent.repeat_interval),
        mine,
        not is_read,
        policy.truth("continue"),
        policy.words("mute_time_intervals"),
        policy.words("active_time_intervals"),
        (),
    )
    children = tuple(_route(child, own) for child in policy.items("routes"))
    return replace(own, children=children)


def _seconds(policy: Part, key: str, otherwise: float) -> float:
    found = policy.seconds(key)
    return otherwise if found is None else found


def _matchers(policy: Part) -> tuple[tuple[Matcher, ...], bool]:
    """The matchers of a policy, and whether all of them were read."""
    found = [Matcher(name, "=", value) for name, value in policy.texts("match").items()]
    found += [Matcher(name, "=~", value) for name, value in policy.texts("match_re").items()]
    try:
        found += [Matcher(*matcher) for text in policy.words("matchers") for matcher in matchers(text)]
    except ValueError:
        return (), False
    listed = policy.part("object_matchers").data
    for entry in listed if isinstance(listed, list) else ():
        if not _is_matcher(entry):
            return (), False
        found.append(Matcher(*map(str, entry)))
    return tuple(found), True


def _is_matcher(entry: Any) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 3
        and entry[1] in ("=", "!=", "=~", "!~")
        and "$" not in str(entry)
    )


def _text(route: routes.Route) -> str:
    return "{" + ", ".join(map(str, route.matchers)) + "}"
