"""Inhibitions that mute more than they seem to, the wrong way round, or nothing at all.

Semantics of inhibit/inhibit.go: a label of `equal` that is on neither alert counts as equal, and what is source and
target of a rule is not muted by another alert that is both.
"""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config.labelsets import ABSENT, Matcher, Partial, alternatives
from promproof.findings.alertlabels import Sent
from promproof.findings.alertroutes import Muting, is_resource, mutings, rank, sent_to
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.setup import Alertmanager, Setup

_AM = "# alertmanager.yml\nroute: {receiver: mail}\nreceivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]\n"
_RULES = "# prometheus.yml\nrule_files: [rules.yml]\n# rules.yml\ngroups:\n- name: api\n  rules:\n"
_TWO = f"""{_RULES}  - {{alert: SlowDisk, expr: max(disk_seconds) > 1, labels: {{severity: info}}}}
  - {{alert: Errors, expr: 'sum(rate(errors_total[5m])) > 1', labels: {{severity: warning}}}}
"""
_HOSTS = f"""{_RULES}  - {{alert: HostDown, expr: up == 0, labels: {{severity: page}}}}
  - {{alert: Slow, expr: request_seconds > 1, labels: {{severity: warning}}}}
"""
_INFO = "inhibit_rules: [{source_matchers: ['severity=\"info\"'], target_matchers: ['severity=\"warning\"'], equal: "
_PAGE = "inhibit_rules: [{source_matchers: ['severity=\"page\"'], target_matchers: ['severity=\"warning\"'], equal: "

UNEQUAL = register(
    Kind(
        id="alertmanager/equal-on-neither-side",
        severity=Severity.WARNING,
        title="an inhibition whose `equal` labels are on neither alert",
        why="A label that both alerts lack counts as equal. Such an inhibition mutes every alert that its"
        " matchers meet, wherever it comes from.",
        example=f"{_TWO}{_AM}{_INFO}[building]}}]",
        instead=f"{_HOSTS}{_AM}{_PAGE}[instance]}}]",
    )
)
ALWAYS = register(
    Kind(
        id="alertmanager/always-inhibited",
        severity=Severity.ERROR,
        title="an alert that one which always fires mutes",
        why="A watchdog never stops firing: what it inhibits is never sent.",
        example=f"""{_RULES}  - {{alert: Heartbeat, expr: vector(1), labels: {{severity: info}}}}
  - {{alert: Errors, expr: 'sum(rate(errors_total[5m])) > 1', labels: {{severity: warning}}}}
{_AM}inhibit_rules: [{{source_matchers: ['severity="info"'], target_matchers: ['severity="warning"']}}]""",
        instead=f"""{_RULES}  - {{alert: Heartbeat, expr: vector(1), labels: {{severity: none}}}}
  - {{alert: Errors, expr: 'sum(rate(errors_total[5m])) > 1', labels: {{severity: warning}}}}
{_AM}inhibit_rules: [{{source_matchers: ['severity="info"'], target_matchers: ['severity="warning"']}}]""",
    )
)
CRITICAL = register(
    Kind(
        id="alertmanager/inhibits-critical",
        severity=Severity.WARNING,
        title="a lesser alert that mutes a critical one",
        why="Source and target are the wrong way round: while the warning fires, the page is held back.",
        example=_AM
        + _PAGE.replace("page", "x").replace("warning", "page").replace("x", "warning")
        + "[instance]}]",
        instead=f"{_AM}{_PAGE}[instance]}}]",
    )
)
EVERYTHING = register(
    Kind(
        id="alertmanager/inhibits-everything",
        severity=Severity.WARNING,
        title="an inhibition without target matchers",
        why="A side without matchers meets every alert: while the source fires, all others are held back.",
        example=f"{_AM}inhibit_rules: [{{source_matchers: ['alertname=\"HostDown\"']}}]",
        instead=f"{_AM}inhibit_rules: [{{source_matchers: ['alertname=\"HostDown\"'], equal: [instance]}}]",
    )
)
EACH_OTHER = register(
    Kind(
        id="alertmanager/inhibits-each-other",
        severity=Severity.WARNING,
        title="two inhibitions that mute each other's source",
        why="An alert that is inhibited inhibits all the same. While both fire, each mutes the other.",
        example=f"""{_AM}inhibit_rules:
- {{source_matchers: ['alertname="ApiDown"'], target_matchers: ['alertname="DatabaseDown"'], equal: [cluster]}}
- {{source_matchers: ['alertname="DatabaseDown"'], target_matchers: ['alertname="ApiDown"'], equal: [cluster]}}""",
        instead=f"""{_AM}inhibit_rules:
- {{source_matchers: ['alertname="DatabaseDown"'], target_matchers: ['alertname="ApiDown"'], equal: [cluster]}}""",
    )
)
NOTHING = register(
    Kind(
        id="alertmanager/inhibits-nothing",
        severity=Severity.WARNING,
        title="an inhibition that never mutes anything",
        why="An alert that is source and target is not muted by another that is both; and a label of `equal`"
        " that the matchers fix to two values is never equal.",
        example=f"""{_AM}inhibit_rules:
- source_matchers: ['alertname="HostDown"']
  target_matchers: ['alertname="HostSlow"']
  equal: [alertname, instance]""",
        instead=f"""{_AM}inhibit_rules:
- source_matchers: ['alertname="HostDown"']
  target_matchers: ['alertname="HostSlow"']
  equal: [instance]
- source_matchers: ['alertname="InfoInhibitor"']
  target_matchers: ['severity="info"']
  equal: [namespace, alertname]""",
    )
)


@each_alertmanager(UNEQUAL, ALWAYS)
def judge_pairs(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Each inhibition for each two alerts of the rules."""
    if is_resource(server):
        return
    alerts = sent_to(server, setup)
    for muting in mutings(server):
        rule = muting.rule
        sources = [alert for alert in alerts if alert.labels.meets(rule.source)]
        targets = [alert for alert in alerts if alert.labels.meets(rule.target)]
        always = _muted([alert for alert in sources if alert.fires_always], targets, muting)
        neither = _muted(_lacking(sources, rule.equal), _lacking(targets, rule.equal), muting)
        if always:
            yield ALWAYS.at(
                muting.part.at(),
                f"{_names(always, 1)} is muted by {always[0][0].rule.name}, which always fires"
                + (
                    f": the label {' or '.join(muting.rule.equal)} is on neither, and counts as equal"
                    if neither
                    else ""
                ),
                effect=f"{_names(always, 1)} is never sent",
                todo=_todo(muting, bool(neither)),
                see=_see(always),
            )
        elif neither:
            yield UNEQUAL.at(
                muting.part.at("equal"),
                f"neither {neither[0][0].rule.name} nor {_names(neither, 1)} has the label"
                f" {' or '.join(muting.rule.equal)}, which counts as equal",
                effect=f"{_names(neither, 1)} is not sent while {neither[0][0].rule.name} fires, wherever that is",
                todo=_todo(muting, True),
                see=_see(neither),
            )


def _muted(sources: list[Sent], targets: list[Sent], muting: Muting) -> list[tuple[Sent, Sent]]:
    """The first source that surely mutes others, with each of these."""
    for source in sources:
        pairs = [
            (source, target)
            for target in targets
            if target.rule is not source.rule and muting.rule.mutes(source.labels, target.labels)
        ]
        if pairs:
            return pairs
    return []


def _lacking(alerts: list[Sent], labels: tuple[str, ...]) -> list[Sent]:
    """The alerts that surely have none of the labels; none where there are no labels."""
    return [alert for alert in alerts if labels and all(alert.labels[name] == ABSENT for name in labels)]


def _names(pairs: list[tuple[Sent, Sent]], side: int) -> str:
    names = list(dict.fromkeys(pair[side].rule.name for pair in pairs))
    return f"{names[0]} (and {len(names) - 1} more)" if len(names) > 1 else names[0]


def _todo(muting: Muting, unequal: bool) -> str:
    if not unequal:
        return "take it out of the source matchers"
    return f"name labels that both have in `equal` (they lack {', '.join(muting.rule.equal)}), or narrow the matchers"


def _see(pairs: list[tuple[Sent, Sent]]) -> str:
    source, target = pairs[0]
    return (
        f"send both ({source.rule.name}, {target.rule.name}) to an Alertmanager with `amtool alert add`:"
        " `amtool alert query --inhibited` lists the second"
    )


@each_alertmanager(EACH_OTHER)
def judge_circles(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Two inhibitions that are the reverse of each other."""
    seen: list[Muting] = []
    for muting in mutings(server):
        sides = set(muting.rule.source), set(muting.rule.target)
        for other in seen:
            if sides[0] != sides[1] and sides == (set(other.rule.target), set(other.rule.source)):
                yield EACH_OTHER.at(
                    muting.part.at(),
                    f"it is the reverse of the inhibition at line {other.part.at().line}: {muting.text}",
                    effect="while both alerts fire each mutes the other: none of them is sent",
                    todo="delete one of the two",
                    see="send both to an Alertmanager with `amtool alert add`: `amtool alert query --inhibited`",
                )
        seen.append(muting)


@each_alertmanager(CRITICAL, EVERYTHING, NOTHING)
def judge_rules(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """What each inhibition says, whatever the alerts are."""
    for muting in mutings(server):
        rule = muting.rule
        see = f"amtool check-config {server.argument}, and the rule in it: {muting.text}"
        source, target = _ranks(rule.source), _ranks(rule.target)
        is_meant = any(matcher.name == "alertname" for matcher in rule.source)  # of a maintenance, say
        if source and target and max(source) < min(target) == 2 and not is_meant:
            yield CRITICAL.at(
                muting.part.at(),
                f"an alert of {_severity(rule.source)} mutes one of {_severity(rule.target)}",
                effect="the graver alert is not sent while the lesser one fires",
                todo="swap the two sides",
                see=see,
            )
        if rule.source and not rule.target and not rule.equal and not is_resource(server):
            yield EVERYTHING.at(
                muting.part.at(),
                "there are no target matchers, and no labels that must be equal",
                effect="while an alert of the source fires, no other alert is sent",
                todo="say which alerts it explains, or which labels must be equal",
                see=see,
            )
        if reason := _dead(muting):
            yield NOTHING.at(
                muting.part.at(),
                reason,
                effect="it never mutes anything: what it should hold back is sent",
                todo="correct `equal` or the matchers",
                see=see,
            )


def _dead(muting: Muting) -> str:
    """Why no two alerts can be muted by it; empty when some can."""
    rule = muting.rule
    if rule.source and set(rule.source) == set(rule.target):
        return (
            "source and target are the same, and an alert that is both is not muted by another that is both"
        )
    source, target = Partial().narrowed(rule.source), Partial().narrowed(rule.target)
    for side, name in (source.impossible, "source"), (target.impossible, "target"):
        if side is not None:
            return f"no alert meets the {name} matchers: they disagree on {side!r}"
    for label in rule.equal:
        left, right = source[label].finite, target[label].finite
        if left is not None and right is not None and not left & right:
            want = f"{_listed(left)} on one side, {_listed(right)} on the other"
            return f"{label!r} must be equal, and the matchers want {want}"
    return ""


def _listed(values: frozenset[str]) -> str:
    return " or ".join(map(repr, sorted(values)))


def _severity(matchers: tuple[Matcher, ...]) -> str:
    return ", ".join(str(matcher) for matcher in matchers if matcher.name == "severity")


def _ranks(matchers: tuple[Matcher, ...]) -> list[int]:
    """The ranks of all severities that a side names; none when it does not name them all."""
    for matcher in matchers:
        if matcher.name == "severity" and matcher.operator in ("=", "=~"):
            values = alternatives(matcher.value) if matcher.operator == "=~" else {matcher.value}
            ranks = [rank(value) for value in values or ()]
            if None not in ranks:
                return [found for found in ranks if found is not None]
    return []
