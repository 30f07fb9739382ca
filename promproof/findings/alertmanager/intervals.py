"""Time intervals: those that never begin or never end, and those that hold a critical alert back for a night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from promproof.config import routes
from promproof.config.labelsets import Partial
from promproof.config.routes import Reach, reaches
from promproof.config.yamltext import Key
from promproof.findings.alertroutes import endings, is_critical, is_resource, place_of, says_nobody, tree_of
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.setup import Alertmanager, Setup
from promproof.findings.weektimes import (
    FULL,
    WeekTimes,
    covers_a_night,
    last_year,
    longest,
    mistakes,
    moment,
    weektimes,
)

_TREE = """
route:
  receiver: pager
  routes: [{matchers: ['severity="critical"'], mute_time_intervals: [nights]}]
receivers: [{name: pager, webhook_configs: [{url: 'http://pager'}]}]
time_intervals: [{name: nights, time_intervals: """
_WARNINGS = _TREE.replace("critical", "warning")
BAD = register(
    Kind(
        id="alertmanager/bad-interval",
        severity=Severity.ERROR,
        title="a time interval that goes over midnight or over the end of the week",
        why="Alertmanager refuses a start that is not before its end, and its week begins with Sunday.",
        example=_WARNINGS + "[{times: [{start_time: '22:00', end_time: '06:00'}]}]}]",
        instead=_WARNINGS
        + "[{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]}]}]",
    )
)
NEVER = register(
    Kind(
        id="alertmanager/interval-never-begins",
        severity=Severity.WARNING,
        title="a time interval that never begins",
        why="It has no time in it: what it should mute is sent, what it should open stays shut.",
        example=_WARNINGS + "[]}]",
        instead=_WARNINGS + "[{weekdays: [saturday, sunday]}]}]",
    )
)
FOR_EVER = register(
    Kind(
        id="alertmanager/muted-for-ever",
        severity=Severity.WARNING,
        title="a route that is muted at all times",
        why="An alert that takes the route is never sent: its mute intervals hold the whole week, or its active"
        " ones nothing of it.",
        example=_WARNINGS + "[{weekdays: ['sunday:saturday']}]}]",
        instead=_WARNINGS + "[{weekdays: ['monday:friday']}]}]",
    )
)
CRITICAL = register(
    Kind(
        id="alertmanager/critical-muted",
        severity=Severity.WARNING,
        title="a critical alert that is held back for a night",
        why="A muted route takes the alert all the same: nobody is told until the interval ends.",
        example=_TREE + "[{times: [{start_time: '00:00', end_time: '07:00'}]}]}]",
        instead=_TREE.replace("routes: [", "routes: [{matchers: ['severity=\"critical\"'], continue: true}, ")
        + "[{times: [{start_time: '00:00', end_time: '07:00'}]}]}]",
    )
)
PAST = register(
    Kind(
        id="alertmanager/interval-past",
        severity=Severity.WARNING,
        title="a time interval of years that are over",
        why="Its `years` are in the past: what it should mute is sent again. A route that is only active in it is "
        "never told anything any more.",
        example=_WARNINGS + "[{months: [december], years: ['2020:2021']}]}]",
        instead=_WARNINGS + "[{months: [december], years: ['2020:2999']}]}]",
    )
)
_DELIBERATE = ("always", "never", "forever", "permanent", "24x7")


@each_alertmanager(BAD, NEVER)
def judge_intervals(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Every interval by itself."""
    used = {name for route in server.routes for name in route.part.words("mute_time_intervals")}
    for name, interval in server.time_intervals.items():
        for entry in interval.items("time_intervals"):
            for key, reason in mistakes(entry):
                yield BAD.at(
                    entry.at(key),
                    reason,
                    effect="Alertmanager does not load the file: at a start nobody is told anything",
                    todo="write two ranges, one on either side",
                    see=f"amtool check-config {server.argument}",
                )
        times = weektimes(interval)
        if times is not None and not times.perhaps and name in used and not _is_meant(name):
            yield NEVER.at(
                interval.at("time_intervals"),
                f"{name!r} has no time in it",
                effect="it mutes nothing: the alerts are sent at all times",
                todo="write its times, or delete it",
                see=f"amtool check-config {server.argument} accepts it; an alert is not suppressed in its times",
            )


@each_alertmanager(PAST)
def judge_years(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The intervals that routes name, against the year of today."""
    today = datetime.now(UTC).year
    opening = {name for route in server.routes for name in route.part.words("active_time_intervals")}
    muting = {name for route in server.routes for name in route.part.words("mute_time_intervals")}
    for name in sorted(opening | muting):
        interval = server.time_intervals.get(name)
        last = last_year(interval) if interval is not None else None
        if interval is not None and last is not None and last < today:
            yield PAST.at(
                interval.at("time_intervals"),
                f"{name!r} ended with the year {last}",
                effect="a route that is active in it only is never told anything"
                if name in opening
                else "it mutes nothing any more: the alerts are sent at all times",
                todo="write the years to come, or leave `years` out",
                see=f'date +%Y; grep -n -A9 "name: {name}" {server.argument}',
                severity=Severity.ERROR if name in opening else None,
            )


@each_alertmanager(FOR_EVER, CRITICAL)
def judge_routes(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The intervals of every route, and what they do to critical alerts."""
    tree = tree_of(server)
    if tree is None:
        return
    for route in tree.all():
        muted = _muted(route, server)
        named = (*route.mute, *route.active)
        if muted.surely == FULL and not says_nobody(route.receiver) and not any(map(_is_meant, named)):
            yield FOR_EVER.at(
                place_of(server, route, _key(route)),
                f"{', '.join(map(repr, named))} hold this route back at all times",
                effect=f"{route.receiver!r} is never told through it",
                todo="correct the intervals, or give the route a receiver that is called null",
                see="amtool alert query lists the alert as suppressed",
            )
    if not is_resource(server):
        yield from _critical(server, setup, tree)


def _critical(server: Alertmanager, setup: Setup, tree: routes.Route) -> Iterator[Finding]:
    held: dict[Key, tuple[routes.Route, int, list[str]]] = {}
    for name, all_ends in _alerts(server, setup, tree):
        ends = [reach for reach in all_ends if not says_nobody(reach.route.receiver)]
        if not ends or not all(reach.certain for reach in ends):
            continue
        times = [_muted(reach.route, server) for reach in ends]
        minutes = FULL
        for hours in times:
            minutes &= hours.surely
        places = frozenset[str]().union(*(hours.places for hours in times))
        first = ends[0].route
        if minutes not in (0, FULL) and covers_a_night(minutes) and len(places) == 1:
            held.setdefault(first.key, (first, minutes, []))[2].append(name)
    for route, minutes, names in held.values():
        start, length = longest(minutes)
        texts = list(dict.fromkeys(names))
        more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
        yield CRITICAL.at(
            place_of(server, route, _key(route)),
            f"{', '.join(texts[:3])}{more}: held back from {moment(start)} to {moment(start + length)}",
            effect="a critical alert of the night is not sent before the interval ends",
            todo="let another receiver have it at that time, or leave critical alerts out of the interval",
            see="amtool alert query lists the alert as suppressed at that time",
        )


def _alerts(server: Alertmanager, setup: Setup, tree: routes.Route) -> Iterator[tuple[str, Sequence[Reach]]]:
    """The critical alerts of the rules; without rules those that a route of the file itself calls so."""
    if alerts := endings(server, setup):
        for alert, ends in alerts:
            if is_critical(alert.labels) and not alert.fires_always:
                yield alert.rule.name, ends
        return
    for route in tree.children:
        labels = Partial().narrowed(route.matchers)
        if is_critical(labels):
            yield "alerts of " + "{" + ", ".join(map(str, route.matchers)) + "}", reaches(tree, labels)


def _muted(route: routes.Route, server: Alertmanager) -> WeekTimes:
    """When the route is surely muted; never where an interval is not known."""
    closed, opened = WeekTimes(), WeekTimes()
    for name in (*route.mute, *route.active):
        interval = server.time_intervals.get(name)
        times = weektimes(interval) if interval is not None else None
        if times is None:
            return WeekTimes()
        if name in route.mute:
            closed |= times
        else:
            opened |= times
    surely = closed.surely | (FULL & ~opened.perhaps if route.active else 0)
    return WeekTimes(surely, surely, closed.places | opened.places)


def _key(route: routes.Route) -> str:
    return "mute_time_intervals" if route.mute else "active_time_intervals"


def _is_meant(name: str) -> bool:
    return any(word in name.lower() for word in _DELIBERATE)
