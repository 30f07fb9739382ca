"""The alerts of a set-up with the labels that Alertmanager gets, as far as they are known.

An alert has its rule's labels for certain, those of its series as far as the expression fixes them, then external
labels where it has none of that name (notifier/notifier.go), then what alert_relabel_configs make of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import promql_parser as promql

from promproof.config import re2
from promproof.config.labelsets import ABSENT, ANY, PRESENT, Partial, Values, known
from promproof.config.promql import bare
from promproof.findings.part import Part
from promproof.findings.setup import Prometheus, Rule, Setup
from promproof.promql.labels import Labels, Recorded, labels_of
from promproof.promql.tree import name

_SENT: WeakKeyDictionary[Setup, tuple[Sent, ...]] = WeakKeyDictionary()
_PLACEHOLDER = re.compile(r"\$(?:\{(\d+)\}|(\d+))")


@dataclass(frozen=True)
class Sent:
    """An alert as one Prometheus sends it. server: None when none is known to load the rule."""

    rule: Rule
    labels: Partial
    server: Prometheus | None

    @property
    def fires_always(self) -> bool:
        """Whether its expression always has a sample: that of a watchdog."""
        node = bare(self.rule.tree)
        return (
            isinstance(node, promql.Call)
            and name(node) == "vector"
            and isinstance(bare(node.args[0]), promql.NumberLiteral)
        )


def sent(setup: Setup) -> tuple[Sent, ...]:
    """Every alert of the rules, once for each Prometheus that loads it."""
    if setup not in _SENT:
        _SENT[setup] = tuple(_sent(setup))
    return _SENT[setup]


def recorded_labels(setup: Setup) -> Recorded:
    """The labels that the recording rules of a set-up give a metric."""
    found: dict[str, Labels | None] = {}

    def look(metric: str) -> Labels | None:
        if metric not in found:
            found[metric] = Labels() if metric in setup.recorded else None  # for a rule that reads itself
            for index, rule in enumerate(setup.recorded.get(metric, ())):
                given = labels_of(rule.tree, look).given(rule.labels) if rule.tree is not None else Labels()
                before = found[metric]
                found[metric] = given if not index or before is None else before.either(given)
        return found[metric]

    return look


def _sent(setup: Setup) -> Iterator[Sent]:
    recorded = recorded_labels(setup)
    for rule in setup.alerts:
        series = labels_of(rule.tree, recorded) if rule.tree is not None else Labels()
        labels = series.given(rule.labels).dropped(frozenset({"__name__", "alertname"}))
        # What an operator's Prometheus adds to its alerts is not all in its resource.
        loading = [server for server in rule.group.prometheuses if server in setup.prometheuses]
        for server in loading or (None,):
            partial = _partial(rule.name, labels, server)
            if partial is not None:
                yield Sent(rule, partial, server)


def _partial(alert: str, labels: Labels, server: Prometheus | None) -> Partial | None:
    """What arrives; None for an alert that is dropped on its way."""
    found: dict[str, Values] = dict.fromkeys(labels.has, PRESENT)
    found |= {label: known(value) for label, value in labels.fixed.items()}
    found["alertname"] = known(alert)
    if server is None:
        return Partial(found, ANY)
    rest = ANY
    if labels.may is not None:
        rest = ABSENT
        found = dict.fromkeys(labels.may, ANY) | found
    found |= {label: ABSENT for label in labels.gone if label not in found}
    for label, value in server.external_labels.items():
        given = known(value) if value and "$" not in value else PRESENT
        now = found.get(label, rest)
        if now is ABSENT:
            found[label] = given
        elif now is ANY:
            found[label] = PRESENT
    partial: Partial | None = Partial(found, rest)
    for config in server.alert_relabel_configs:
        partial = relabelled(partial, config) if partial is not None else None
    if partial is not None and any("alert_relabel_configs" in entry for entry in server.alertmanagers):
        return Partial({}, ANY)
    return partial


def relabelled(labels: Partial, config: Part) -> Partial | None:
    """The labels after one relabelling (model/relabel/relabel.go); None when the alert is dropped."""
    action, target = config.text("action", "replace").lower(), config.text("target_label")
    regex, replacement = config.text("regex", "(.*)"), config.text("replacement", "$1")
    value = _joined(labels, config)
    try:
        pattern = re2.whole(regex)
    except ValueError:
        return Partial({}, ANY)
    match = pattern.fullmatch(value) if value is not None else None
    if action in ("keep", "drop"):
        return None if value is not None and (match is None) == (action == "keep") else labels
    if action in ("labeldrop", "labelkeep"):
        gone = [label for label in labels.labels if bool(pattern.fullmatch(label)) == (action == "labeldrop")]
        return labels.but(dict.fromkeys(gone, ABSENT))
    if action in ("lowercase", "uppercase") and value is not None:
        return labels.but({target: known(getattr(value, action.removesuffix("case"))())})
    if action == "replace" and "$" not in target:
        if value is not None and match is None:
            return labels
        if "$" not in replacement and (value is not None or regex in ("(.*)", ".*")):
            return labels.but({target: known(replacement)})
        if match is not None and "$" not in _PLACEHOLDER.sub("", replacement):
            filled = _PLACEHOLDER.sub(lambda found: _group(match, int(found[1] or found[2])), replacement)
            return labels.but({target: known(filled)})
        return labels.but({target: ANY})
    if action in ("hashmod", "lowercase", "uppercase") and "$" not in target:
        return labels.but({target: PRESENT})
    return Partial({}, ANY)


def _joined(labels: Partial, config: Part) -> str | None:
    """The values of the source labels as they are joined; None when one is not known."""
    values: list[str] = []
    for source in config.words("source_labels"):
        finite = labels[source].finite
        if finite is None or len(finite) != 1:
            return None
        values += finite
    return config.text("separator", ";").join(values)


def _group(match: re.Match[str], number: int) -> str:
    return (match[number] or "") if number <= (match.re.groups) else ""
