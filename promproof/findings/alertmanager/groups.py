"""Which alerts of the rules become one notification, and which receivers none of them reaches."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config import routes
from promproof.config.durations import format_duration
from promproof.config.labelsets import ABSENT
from promproof.config.yamltext import Key
from promproof.findings.alertlabels import Sent
from promproof.findings.alertroutes import PAGERS, endings, is_resource, place_of, receiver_of, tree_of
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.setup import Alertmanager, Setup

_RULES = """# prometheus.yml
rule_files: [rules.yml]
# rules.yml
groups:
- name: api
  rules:
  - {alert: Errors, expr: 'sum(rate(errors_total[5m])) > 1', labels: {severity: page}}
  - {alert: Slow, expr: 'max(request_seconds) > 1', labels: {severity: page}}
# alertmanager.yml
"""
_MAIL = "\nreceivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]\n"
_BOTH = """
receivers:
- {name: mail, webhook_configs: [{url: 'http://mail'}]}
- {name: pager, pagerduty_configs: [{routing_key_file: /key}]}
"""
WAITS = register(
    Kind(
        id="alertmanager/second-alert-waits",
        severity=Severity.INFO,
        title="alerts that have nothing to do with each other in one group",
        why="The first alert of a group is sent after group_wait. A second one that joins it later waits for"
        " group_interval, and a pager opens no incident for it.",
        example=f"{_RULES}route: {{receiver: mail, group_by: [cluster]}}{_MAIL}",
        instead=f"{_RULES}route: {{receiver: mail, group_by: [alertname, cluster]}}{_MAIL}",
    )
)
UNREACHED = register(
    Kind(
        id="alertmanager/receiver-not-reached",
        severity=Severity.INFO,
        title="a receiver that no alert of the rules reaches",
        why="Its routes want labels that the rules do not give. Who reads the file believes that it is told.",
        example=_RULES
        + """route:
  receiver: mail
  group_by: [alertname]
  routes: [{matchers: ['severity="major"'], receiver: pager}]
"""
        + _BOTH.lstrip(),
        instead=_RULES
        + """route:
  receiver: mail
  group_by: [alertname]
  routes: [{matchers: ['severity="page"'], receiver: pager, continue: true}, {receiver: mail}]
"""
        + _BOTH.lstrip(),
    )
)


@each_alertmanager(WAITS)
def judge_groups(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The alerts that surely end at one route, and what it groups them by."""
    tree = tree_of(server)
    if tree is None or is_resource(server):
        return
    ending: dict[Key, list[Sent]] = {}
    for alert, reaches in endings(server, setup):
        if not alert.fires_always:
            for reach in reaches:
                if reach.certain:
                    ending.setdefault(reach.route.key, []).append(alert)
    for route in tree.all():
        together = [alert for alert in ending.get(route.key, ()) if _is_apart_by_nothing(alert, route)]
        names = list(dict.fromkeys(alert.rule.name for alert in together))
        receiver = receiver_of(server, route.receiver)
        if len(names) < 2 or receiver is None or not receiver.integrations:
            continue
        is_pager = any(kind in PAGERS for kind, _ in receiver.integrations)
        if is_pager and not route.group_by:  # alertmanager/grouped-by-nothing
            continue
        key = "group_by" if route.group_by else "receiver"
        yield WAITS.at(
            place_of(server, route, key),
            f"{names[0]} and {names[1]}{f' and {len(names) - 2} more' if len(names) > 2 else ''} are one group:"
            + (
                f" they have none of {', '.join(route.group_by)}"
                if route.group_by
                else " there is no group_by"
            ),
            effect="nobody is paged for the second: it joins the open incident"
            if is_pager
            else f"the second is sent up to {format_duration(route.group_interval)} after it fires",
            todo="group by alertname as well",
            see=f"amtool config routes show --config.file={server.argument}",
            severity=Severity.WARNING if is_pager else None,
        )


def _is_apart_by_nothing(alert: Sent, route: routes.Route) -> bool:
    return "..." not in route.group_by and all(alert.labels[label] == ABSENT for label in route.group_by)


@each_alertmanager(UNREACHED)
def judge_receivers(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The receivers of routes, where all alerts are known: those of rules that a known Prometheus loads."""
    tree, alerts = tree_of(server), endings(server, setup)
    if tree is None or is_resource(server) or not alerts or setup.grafana.alerting:
        return
    if any(alert.server is None for alert, _ in alerts) or not _are_whole(setup):
        return
    reached = {reach.route.receiver for _, reaches in alerts for reach in reaches}
    for receiver in server.receivers:
        named = [route for route in tree.all() if route.receiver == receiver.name]
        if named and receiver.integrations and receiver.name not in reached and named[0] is not tree:
            yield UNREACHED.at(
                receiver.at("name"),
                f"no alert of the rules reaches {receiver.name!r}",
                effect="it is never told anything by these rules",
                todo="correct the matchers or the labels of the rules, or delete it",
                see=f"amtool config routes test --config.file={server.argument} with the labels of each alert",
            )


def _are_whole(setup: Setup) -> bool:
    """Whether all rule files of every configuration are here."""
    return all(pattern.files for server in setup.prometheuses for pattern in server.patterns)
