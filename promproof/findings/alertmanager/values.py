"""Values of matchers against those that the rules give: one letter off, or known to no route."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config.labelsets import Matcher, alternatives
from promproof.findings.alertlabels import Sent
from promproof.findings.alertroutes import (
    endings,
    is_resource,
    mutings,
    place_of,
    rank,
    receiver_of,
    says_nobody,
    sent_to,
    severity_of,
    tree_of,
    words_of,
)
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.setup import Alertmanager, Setup

_RULES = "# prometheus.yml\nrule_files: [rules.yml]\n# rules.yml\ngroups:\n- name: api\n  rules:\n"
_PAGE = f"{_RULES}  - {{alert: Down, expr: up == 0, labels: {{severity: page}}}}\n# alertmanager.yml\n"
_PAGER = "receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}, {name: pager, webhook_configs: [{url: 'http://pager'}]}]"
NEAR = register(
    Kind(
        id="alertmanager/near-miss",
        severity=Severity.WARNING,
        title="a matcher that no alert meets, and one misses by a letter",
        why="Matchers compare exactly: upper and lower case count. The alerts that it is meant for go on to the"
        " next route.",
        example=f"""{_PAGE}
route:
  receiver: mail
  routes: [{{matchers: ['severity="Page"'], receiver: pager}}]
{_PAGER}""",
        instead=f"""{_PAGE}
route:
  receiver: mail
  routes: [{{matchers: ['severity=~"Page|page"'], receiver: pager}}, {{matchers: ['severity="none"'], receiver: mail}}]
{_PAGER}""",
    )
)
UNROUTED = register(
    Kind(
        id="alertmanager/severity-without-route",
        severity=Severity.INFO,
        title="a severity that no route knows, in a tree that drops what it does not know",
        why="The first route leads to a receiver that tells nobody. The other severities have routes of their own,"
        " this one is dropped.",
        example=f"""{_RULES}  - {{alert: Down, expr: up == 0, labels: {{severity: page}}}}
  - {{alert: Slow, expr: slow > 0, labels: {{severity: warning}}}}
  - {{alert: Odd, expr: odd > 0, labels: {{severity: error}}}}
# alertmanager.yml
route:
  receiver: 'null'
  routes: [{{matchers: ['severity="page"'], receiver: pager}}, {{matchers: ['severity="warning"'], receiver: mail}}]
receivers:
- {{name: 'null'}}
- {{name: pager, webhook_configs: [{{url: 'http://pager'}}]}}
- {{name: mail, webhook_configs: [{{url: 'http://mail'}}]}}
""",
        instead=f"""{_RULES}  - {{alert: Down, expr: up == 0, labels: {{severity: page}}}}
  - {{alert: Slow, expr: slow > 0, labels: {{severity: warning}}}}
  - {{alert: Odd, expr: odd > 0, labels: {{severity: info}}}}
# alertmanager.yml
route:
  receiver: 'null'
  group_by: [alertname]
  routes: [{{matchers: ['severity="page"'], receiver: pager}}, {{matchers: ['severity="warning"'], receiver: mail}}]
receivers:
- {{name: 'null'}}
- {{name: pager, webhook_configs: [{{url: 'http://pager'}}]}}
- {{name: mail, webhook_configs: [{{url: 'http://mail'}}]}}
""",
    )
)
_DUPLICATES = (("warn", "warning"), ("crit", "critical"), ("info", "information"), ("err", "error"))


@each_alertmanager(NEAR)
def judge_values(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Matchers of routes and inhibitions against the values that the rules give."""
    tree = tree_of(server)
    alerts = sent_to(server, setup)
    if tree is None or not alerts or is_resource(server) or any(alert.server is None for alert in alerts):
        return
    routed = [
        (place_of(server, route), matcher, "route") for route in tree.all() for matcher in route.matchers
    ]
    sides = [
        (muting.part.at(), matcher, "inhibition")
        for muting in mutings(server)
        for matcher in (*muting.rule.source, *muting.rule.target)
    ]
    yield from _names(alerts, [*routed, *sides], server)
    seen: set[tuple[str, str, str]] = set()
    for place, matcher, noun in [*routed, *sides]:
        others = [
            other for _, other, _ in (routed if noun == "route" else sides) if other.name == matcher.name
        ]
        is_met = any(alert.labels[matcher.name].answer(matcher) is not False for alert in alerts)
        # One alert that is spelt otherwise than the others: said of severities only, where the words are few.
        if is_met and (matcher.name != "severity" or noun != "route"):
            continue
        for value, alert in _near(matcher, alerts, others):
            if (noun, matcher.name, value) not in seen:
                seen.add((noun, matcher.name, value))
                yield _told(alert, value, matcher, (place, noun), is_met, server)
                break


def _names(
    alerts: tuple[Sent, ...], wanting: list[tuple[Place, Matcher, str]], server: Alertmanager
) -> Iterator[Finding]:
    """Labels of matchers that no rule gives, and that are one letter away from one that the rules give."""
    given = {name for alert in alerts for name in (*alert.rule.labels, "alertname")}
    for place, matcher, noun in wanting:
        near = [name for name in sorted(given) if is_near(matcher.name, name)]
        if (
            matcher.name in given
            or not near
            or any(matcher.name in alert.rule.expression for alert in alerts)
        ):
            continue
        yield NEAR.at(
            place,
            f"the {noun} asks for the label {matcher.name}, and the rules give {near[0]}",
            effect=f"no alert has it: {matcher} is never met",
            todo=f"write {near[0]}",
            see=f"amtool config routes show --config.file={server.argument}",
        )


def _told(
    alert: Sent, value: str, matcher: Matcher, wanting: tuple[Place, str], is_met: bool, server: Alertmanager
) -> Finding:
    place, noun = wanting
    name = alert.rule.name
    return NEAR.at(
        alert.rule.at("labels", matcher.name) if is_met else place,
        f"{name} has {matcher.name}={value!r}, the {noun} wants {matcher}",
        effect=f"{name} does not take the route at {place}"
        if noun == "route"
        else f"{name} is not meant by the inhibition at {place}",
        todo="write both the same",
        see=f"amtool config routes test --config.file={server.argument} {words_of(alert)}",
    )


@each_alertmanager(UNROUTED)
def judge_severities(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The severities of alerts that a first route without integration takes, where others have routes."""
    tree = tree_of(server)
    root = receiver_of(server, tree.receiver) if tree is not None else None
    if tree is None or root is None or is_resource(server) or root.integrations or not says_nobody(root.name):
        return
    known = [matcher for route in tree.all() for matcher in route.matchers if matcher.name == "severity"]
    words = {
        word for matcher in known if "!" not in matcher.operator for word in alternatives(matcher.value) or ()
    }
    lost: dict[str, Sent] = {}
    for alert, ends in endings(server, setup):
        severity = severity_of(alert.labels)
        is_lost = bool(ends) and all(reach.certain and reach.route.key == tree.key for reach in ends)
        if is_lost and severity and severity not in words and rank(severity) != 0 and not alert.fires_always:
            lost.setdefault(severity, alert)
    for severity, alert in lost.items() if len(words) > 1 else ():
        yield UNROUTED.at(
            place_of(server, tree, "receiver"),
            f"{alert.rule.name} has severity={severity!r}, the routes know {', '.join(sorted(words))}",
            effect=f"it ends at {root.name!r}: nobody is told",
            todo="give it a route, or one of the severities that have one",
            see=f"amtool config routes test --config.file={server.argument} {words_of(alert)}",
        )


def _near(matcher: Matcher, alerts: tuple[Sent, ...], others: list[Matcher]) -> Iterator[tuple[str, Sent]]:
    """Values that the rules give, that this matcher misses narrowly, and that no other one knows."""
    if matcher.operator not in ("=", "=~"):
        return
    wanted = alternatives(matcher.value) if matcher.operator == "=~" else {matcher.value}
    for alert in alerts:
        values = alert.labels[matcher.name]
        if wanted and all(values.answer(other) is False for other in others):
            for value in values.finite or ():
                if value and any(is_near(value, text) for text in wanted):
                    yield value, alert


def is_near(value: str, other: str) -> bool:
    """Whether two values are surely meant to be one: by case, by a blank, or by one letter of a long word."""
    left, right = (text.strip().lower().replace("-", "_") for text in (value, other))
    if left == right or (min(left, right, key=len), max(left, right, key=len)) in _DUPLICATES:
        return value != other
    return min(len(left), len(right)) >= 6 and _one_letter(value.strip(), other.strip())


def _one_letter(left: str, right: str) -> bool:
    """Whether one small letter more, less, or other, or two swapped, makes one the other.

    A digit is no slip, nor is a capital: CPU and GPU, HTTP and HTTPS are two things.
    """
    short, long = sorted((left, right), key=len)
    pairs = enumerate(zip(short, long, strict=False))
    start = next((at for at, (letter, other) in pairs if letter != other), len(short))
    if len(long) - len(short) == 1:
        return short[start:] == long[start + 1 :] and long[start].islower()
    if len(long) != len(short):
        return False
    if short[start + 1 :] == long[start + 1 :]:
        return short[start].islower() and long[start].islower()
    swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return swapped and short[start + 2 :] == long[start + 2 :]
