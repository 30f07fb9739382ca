"""Each proven alert, with its labels, through a real Alertmanager beside our own reading of its file.

Receivers, one group with a second alert, and each inhibition with its twin that mutes nothing: where both do not say
the same, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from promproof.config.inhibition import Inhibition, read_inhibitions
from promproof.config.inputs import Document
from promproof.config.labelsets import exactly
from promproof.config.routes import ALL_LABELS, Route, read_routes
from promproof.config.routes import reaches as ends
from promproof.proofs.alertmanagers import Alertmanager, Labels, running
from promproof.proofs.evaluate import Unevaluable
from promproof.proofs.outcome import PROVEN, Outcome
from promproof.proofs.routes import Destination
from promproof.proofs.rulefiles import Rules
from promproof.proofs.strings import refused, values
from promproof.stack.waiting import wait_until

MARK = "promproof"
"""A label that tells alerts with the same labels apart."""
TARGETS = 3
"""Alerts that each inhibition is tried on."""
SETTLED_SECONDS = 2.0
QUIET_SECONDS = 0.3
FAR = "-other"


@dataclass(frozen=True)
class Sent:
    """An alert as it is sent, and the same of another instance. place: among the outcomes."""

    place: int
    labels: Labels
    second: Labels


def compared(
    outcomes: Sequence[Outcome],
    rules: Rules,
    alertmanager: Document,
    destinations: Sequence[Destination],
    program: Path,
) -> list[Destination]:
    """The destinations, each with whether Alertmanager says the same, and a note where it does not.

    Raises:
        EvidenceError: Alertmanager did not start or answer.
    """
    root = read_routes(alertmanager.data)
    sent = list(_sent(outcomes, rules))
    if root is None or not sent:
        return list(destinations)
    with running(program, alertmanager.data) as server:
        said = _routed(server, root, sent)
        for place, notes in _inhibited(server, alertmanager, sent).items():
            said[place] += notes
    made = list(destinations)
    for alert in sent:
        before, notes = made[alert.place], said[alert.place]
        made[alert.place] = replace(before, notes=(*before.notes, *notes), agreed=not notes)
    return made


def _sent(outcomes: Sequence[Outcome], rules: Rules) -> Iterator[Sent]:
    for place, outcome in enumerate(outcomes):
        labels = labels_of(outcome, rules.external or {})
        if outcome.verdict == PROVEN and labels is not None:
            first = {**labels, MARK: f"a{place}"}
            second = {**first, "instance": f"{labels.get('instance', 'host')}{FAR}", MARK: f"b{place}"}
            yield Sent(place, first, second)


def labels_of(outcome: Outcome, external: Mapping[str, str]) -> Labels | None:
    """The labels of an alert of the world in which it fires; None where there is none.

    A label that a template makes has the value `x`.
    """
    if outcome.plan is None or not outcome.plan.boundaries:
        return None
    try:
        found = outcome.plan.problem.result(outcome.plan.boundaries[0].points[0].knobs)[0]
    except Unevaluable:
        return None
    firing = {} if isinstance(found, float) else {key: gap for key, (_, gap) in found.items() if gap == 0}
    own = {name: value for name, value in next(iter(sorted(firing)), ()) if name != "__name__"}
    rule = {
        str(name): "x" if "{{" in str(value) else str(value)
        for name, value in (outcome.alert.data.get("labels") or {}).items()
    }
    whole = {**external, **own, **rule, "alertname": outcome.alert.name}
    return {name: value for name, value in whole.items() if value}


def _routed(server: Alertmanager, root: Route, sent: Sequence[Sent]) -> dict[int, list[str]]:
    everything = [labels for alert in sent for labels in (alert.labels, alert.second)]
    server.send(everything)
    wanted = {_key(labels) for labels in everything}

    def missing() -> str:
        held = {labels for _, group in server.groups() for labels in group}
        return "" if wanted <= held else f"{len(wanted - held)} alerts are in no group"

    try:
        wait_until(missing, SETTLED_SECONDS)
    except TimeoutError as error:
        return {alert.place: [f"Alertmanager: {error}"] for alert in sent}
    answers, groups = server.alerts(), server.groups()
    said: dict[int, list[str]] = {}
    for alert in sent:
        reached = [reach.route for reach in ends(root, exactly(alert.labels))]
        expected = {route.receiver for route in reached}
        got = answers[_key(alert.labels)].receivers
        notes = []
        if expected != got:
            notes.append(f"Alertmanager sends it to {_names(got)}, by our reading to {_names(expected)}")
        together = {
            route.receiver for route in reached if _group(route, alert.labels) == _group(route, alert.second)
        }
        beside = {receiver for receiver, group in groups if {_key(alert.labels), _key(alert.second)} <= group}
        if expected == got and together != beside:
            notes.append(
                f"Alertmanager groups it with another instance for {_names(beside)}, by our reading for "
                f"{_names(together)}"
            )
        said[alert.place] = notes
    server.send(everything, are_over=True)
    return said


def _group(route: Route, labels: Labels) -> tuple[tuple[str, str], ...]:
    names = labels if ALL_LABELS in route.group_by else route.group_by
    return tuple(sorted((name, labels.get(name, "")) for name in names))


def _inhibited(server: Alertmanager, file: Document, sent: Sequence[Sent]) -> dict[int, list[str]]:
    """Each inhibition on a few alerts: muted beside its source, and not beside the twin of the source."""
    rules = read_inhibitions(file.data)
    said: dict[int, list[str]] = {}
    for rule in rules:
        targets = [alert for alert in sent if exactly(alert.labels).meets(rule.target)]
        for alert in targets[:TARGETS]:
            for source in sources(rule, alert.labels):
                expected = any(rule.mutes(exactly(source), exactly(alert.labels)) is True for rule in rules)
                server.send([source, alert.labels])
                got = _is_muted(server, alert.labels, expected=expected)
                server.send([source, alert.labels], are_over=True)
                if got != expected:
                    said.setdefault(alert.place, []).append(
                        f"{file.where(rule.key)}: Alertmanager {'mutes' if got else 'does not mute'} it beside "
                        f"{_written(source)}, by our reading it is the other way"
                    )
    return said


def _is_muted(server: Alertmanager, labels: Labels, *, expected: bool) -> bool:
    def answer() -> bool:
        found = server.alerts().get(_key(labels))
        return found is not None and found.is_inhibited

    # The inhibitor learns of alerts a moment after the API: what is not muted must stay so for a while.
    try:
        wait_until(lambda: "" if answer() else "not muted", SETTLED_SECONDS if expected else QUIET_SECONDS)
    except TimeoutError:
        return False
    return True


def sources(rule: Inhibition, target: Labels) -> Iterator[Labels]:
    """Labels of an alert that mutes the target by this rule, and of one that is as it except for one label."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    for matcher in rule.source:
        by_name.setdefault(matcher.name, []).append((matcher.operator, matcher.value))
    made = {"alertname": "PromproofSource", MARK: "source"}
    for name, matchers in by_name.items():
        preferred = [target[name]] if name in rule.equal and name in target else []
        pool = values(matchers, preferred)
        if pool:
            made[name] = pool[0]
    for name in rule.equal:
        if name not in by_name:
            made.pop(name, None)
            if name in target:
                made[name] = target[name]
    yield made
    free = next((name for name in rule.equal if name not in by_name), None)
    if free is not None:
        yield {**made, free: f"{made.get(free, '')}{FAR}"}
        return
    for name, matchers in by_name.items():
        other = next((v for v in (*refused(matchers), f"{made.get(name, '')}{FAR}") if v), "")
        yield {**made, name: other}
        return


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def _names(receivers: Sequence[str] | set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(receivers)) or "nobody"


def _written(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items() if name != MARK) + "}"
