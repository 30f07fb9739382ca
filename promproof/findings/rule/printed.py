"""Texts of alerts that print the value in a wrong unit, or a number that is not that of the rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.config.promql import TooLarge, parse
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.rules import one_line
from promproof.findings.setup import Rule, Setup
from promproof.promql.arity import miscalled, misread
from promproof.promql.presence import answered
from promproof.promql.printf import misprinted
from promproof.promql.prints import misprints, wrong_numbers
from promproof.promql.templates import error, queries

_ASKS = "- alert: Down\n  expr: up == 0\n  annotations: {summary: 'ACTION'}"
ADVICE = re.compile("runbook|action|resol|remed|impact|todo|fix|hint", re.IGNORECASE)
"""Names of annotations that tell what to do, and not what has happened."""
_SHARE = "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))"
_BAD = """- alert: Errors
  expr: SHARE > 0.05
  annotations: {summary: '{{ $value }}% of the requests fail'}"""

UNIT = register(
    Kind(
        id="rule/printed-unit",
        severity=Severity.WARNING,
        title="a value that is printed in another unit than it has",
        why="A share of 0.05 printed with a % behind it reads as 0.05 %, a percentage through humanizePercentage as "
        "500 %: who gets the alert judges its weight by a number that is a hundred times off.",
        example=_BAD.replace("SHARE", _SHARE),
        instead=_BAD.replace("SHARE", _SHARE).replace("$value }}%", "$value | humanizePercentage }}"),
    )
)
NUMBER = register(
    Kind(
        id="rule/number-in-text",
        severity=Severity.WARNING,
        title="a number in the text that is not that of the rule",
        why="The threshold or the `for` was changed and the text was not: the reader looks for 80 % where the alert "
        "fires at 90.",
        example="- alert: Cpu\n  expr: cpu_usage_percent > 90\n  for: 5m\n"
        "  annotations: {summary: CPU usage is above 80% for 5 minutes}",
        instead="- alert: Cpu\n  expr: cpu_usage_percent > 90\n  for: 5m\n"
        "  annotations: {summary: CPU usage is above 90% for 5 minutes}",
    )
)
QUERY = register(
    Kind(
        id="rule/template-query",
        severity=Severity.WARNING,
        title="a query in a text that fails",
        why="A template may ask Prometheus. A query that does not parse, or `first` of an answer that is empty, puts "
        "an error where the text should be.",
        example=_ASKS.replace("ACTION", '{{ query "sum(up" | first | value }}'),
        instead=_ASKS.replace("ACTION", '{{ range query "sum(up)" }}{{ . | value }}{{ end }}'),
    )
)

PRINTF = register(
    Kind(
        id="rule/printf-verb",
        severity=Severity.WARNING,
        title="a printf whose verb does not take what it is given",
        why="The value of an alert is a float64: `%d` takes whole numbers only, and the text reads "
        "`%!d(float64=12)`. What humanize makes of it is a text, which `%.2f` does not take.",
        example=_ASKS.replace("ACTION", '{{ $value | printf "%d" }}'),
        instead=_ASKS.replace("ACTION", '{{ $value | printf "%.0f" }}'),
    )
)
ARGUMENTS = register(
    Kind(
        id="rule/template-arguments",
        severity=Severity.ERROR,
        title="a function of a template with a wrong number of arguments",
        why="Prometheus takes the rule, and the template fails each time: the text is "
        "`<error expanding template ...>`. `value` is a function that takes a sample; the value of the alert is "
        "`$value`.",
        example=_ASKS.replace("ACTION", "{{ value | humanize }}"),
        instead=_ASKS.replace("ACTION", "{{ $value | humanize }}"),
    )
)
FIELD = register(
    Kind(
        id="rule/template-field",
        severity=Severity.ERROR,
        title="a template that reads what a rule's template does not have",
        why="Prometheus takes the rule, and the template fails each time: the text is "
        "`<error expanding template ...>`. `.CommonLabels`, `.GroupLabels` and `.Alerts` are those of Alertmanager's "
        "templates; a rule has `$labels`, `$value`, `$externalLabels` and `$externalURL`.",
        example=_ASKS.replace("ACTION", "{{ .CommonLabels.job }} is down"),
        instead=_ASKS.replace("ACTION", "{{ $labels.job }} is down"),
    )
)


@each_alert(UNIT, NUMBER)
def judge_values(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare the texts with the expression."""
    if rule.tree is None:
        return
    for name, template in rule.annotations.items():
        if error(template):
            continue
        for misprint in dict.fromkeys(misprints(rule.tree, template)):
            yield UNIT.at(
                rule.at("annotations", name),
                f"{name}: {misprint.message}",
                effect="the reader sees a wrong number",
                todo=misprint.todo,
                see=_see(rule),
            )
        interval = rule.group.evaluation_interval or 0.0
        if ADVICE.search(name):
            continue
        for misprint in dict.fromkeys(wrong_numbers(rule.tree, (template,), rule.hold, interval)):
            yield NUMBER.at(
                rule.at("annotations", name),
                f"{name}: {misprint.message}",
                effect="the reader looks for another cause",
                todo=misprint.todo,
                see=_see(rule),
            )


@each_alert(QUERY)
def judge_queries(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Queries of templates whose text is known."""
    for name, template, place in _texts(rule):
        for query, fails_empty in queries(template):
            if judged := _judged(rule, query, fails_empty):
                said, effect, todo = judged
                message = f"{name}: the query {one_line(query)} {said}"
                yield QUERY.at(place, message, effect=effect, todo=todo, see=_see(rule))


@each_alert(ARGUMENTS, FIELD, PRINTF)
def judge_calls(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """The functions, the fields and the formats of printf in templates that Prometheus takes."""
    for name, template, place in _texts(rule):
        if error(template):
            continue
        for said in dict.fromkeys(misread(template)):
            yield FIELD.at(
                place,
                f"{name}: {said}",
                effect="in place of the text stands an error",
                todo="read $labels, $value, $externalLabels or $externalURL",
                see=_see(rule),
            )
        for said in dict.fromkeys(miscalled(template)):
            yield ARGUMENTS.at(
                place,
                f"{name}: {said}",
                effect="in place of the text stands an error",
                todo="give it what it takes",
                see=_see(rule),
            )
        for printed in dict.fromkeys(misprinted(template)) if "printf" in template else ():
            yield PRINTF.at(
                place,
                f"{name}: printf gives {printed}",
                effect="the text has that in place of the value",
                todo="write %.0f or %.2f for the value, %s for a label and for what humanize gives",
                see=_see(rule),
            )


def _texts(rule: Rule) -> Iterator[tuple[str, str, Place]]:
    """The templates of a rule, with name and place."""
    for key, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
        for name, template in texts.items():
            yield name, template, rule.at(key, name)


def _judged(rule: Rule, query: str, fails_empty: bool) -> tuple[str, str, str] | None:
    """What is wrong with a query of a template, what it does, and what to do."""
    if "{{" in query:
        return (
            "has an action in its quotes, which nothing fills in: it is asked as it stands",
            "the text has nothing there",
            'put it together: query (printf "...%s..." $labels.instance)',
        )
    if said := _refused(query):
        return f"does not parse: {said}", "the text is an error message", "correct the query"
    if fails_empty and not _is_there(query, rule):
        return (
            "may be empty, and `first` of nothing is an error",
            "the text is an error message at times",
            "use {{ range query ... }} or {{ with query ... }}",
        )
    return None


def _refused(query: str) -> str:
    try:
        parse(query)
    except TooLarge:
        return ""
    except ValueError as said:
        return one_line(str(said))
    return ""


def _is_there(query: str, rule: Rule) -> bool:
    """Whether the alert can't fire while the query is empty: it asks for a part of the alert's expression."""
    try:
        return rule.tree is not None and answered(parse(query), rule.tree)
    except ValueError:
        return False


def _see(rule: Rule) -> str:
    return f"a promtool test with exp_annotations prints the texts of {rule.name}"
