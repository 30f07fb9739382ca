"""Templates in labels and annotations: what Prometheus refuses, what prints nothing, what makes an alert flap."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.rules import checking, recorded_by
from promproof.findings.setup import Rule, Setup
from promproof.promql.mistakes import Mistake, of_label, of_text

ERROR = register(
    Kind(
        id="rule/template-error",
        severity=Severity.ERROR,
        title="a template that is none",
        why="Prometheus parses the templates of a rule when it loads the file, and refuses the whole file for one "
        "that is wrong: after a restart none of its rules are there.",
        example="- alert: Down\n  expr: up == 0\n  annotations: {summary: '{{ $label.job }} is down'}",
        instead="- alert: Down\n  expr: up == 0\n  annotations: {summary: '{{ $labels.job }} is down'}",
    )
)
LOST = register(
    Kind(
        id="rule/label-lost",
        severity=Severity.WARNING,
        title="a text about a label that the expression has summed away",
        why="`$labels.x` prints nothing when the alert has no label x: the reader gets `Instance  is down`.",
        example="- alert: Down\n  expr: sum by (job) (up) == 0\n"
        "  annotations: {summary: '{{ $labels.instance }} is down'}",
        instead="- alert: Down\n  expr: sum by (job) (up) == 0\n"
        "  annotations: {summary: '{{ $labels.job }} is down'}",
    )
)
VALUE = register(
    Kind(
        id="rule/value-in-label",
        severity=Severity.ERROR,
        title="the value of an alert in one of its labels",
        why="Labels are what an alert is known by. One that changes with each evaluation makes a new alert each "
        "time: `for` begins again and is never over, or every evaluation notifies anew.",
        example="- alert: Hot\n  expr: celsius > 90\n  for: 5m\n  labels: {value: '{{ $value }}'}",
        instead="- alert: Hot\n  expr: celsius > 90\n  for: 5m\n  annotations: {value: '{{ $value }}'}",
    )
)
_SAID = {
    ERROR.id: (ERROR, "Prometheus refuses the file", "correct the template"),
    LOST.id: (
        LOST,
        "the text has a gap there",
        "keep the label in the expression, or leave it out of the text",
    ),
    VALUE.id: (VALUE, "the alert ends and begins with each evaluation", "write the value into an annotation"),
}


@each_alert(*(kind for kind, _, _ in _SAID.values()))
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Look at every template of an alert."""
    if rule.tree is None:
        return
    recorded = recorded_by(setup)
    for key, texts, look in (("labels", rule.labels, of_label), ("annotations", rule.annotations, of_text)):
        for name, template in texts.items():
            if "{{" in template:
                for mistake in dict.fromkeys(look(rule.tree, template, recorded)):
                    yield _finding(rule, key, name, mistake)


def _finding(rule: Rule, key: str, name: str, mistake: Mistake) -> Finding:
    kind, effect, todo = _SAID[mistake.kind]
    see = (
        checking(rule)
        if kind is ERROR
        else f"a promtool test with exp_alerts prints the {key} of {rule.name}"
    )
    return kind.at(rule.at(key, name), f"{name}: {mistake.message}", effect=effect, todo=todo, see=see)
