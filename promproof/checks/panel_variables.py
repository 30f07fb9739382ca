"""dashboards/variables: variable queries give what is there, a default is chosen, and one or several values work.

What is there is the target's own exposition. A choice works when its queries give series, and none of another value.
"""

from __future__ import annotations

import re

from promproof.checks import lacking_labels
from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.panel_inventory import nothing_promised, one_claim
from promproof.checks.panel_quiet import elsewhere, none_chosen
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import Choice, Dashboards, VariableAsked
from promproof.grafana.dashboard import Dashboard, Variable
from promproof.grafana.expand import unknown_names
from promproof.observe.panels import CHOICE, VARIABLE
from promproof.truth.views import Views, views
from promproof.verdict import Verdict

LABEL_VALUES = re.compile(
    r"label_values\((?P<metric>[a-zA-Z_:][\w:]*)(?P<matchers>\{[^}]*\})?\s*,\s*(?P<label>\w+)\)"
)
_IDENTITY = re.compile(r'\{\s*((job|instance)\s*=\s*"[^"]*"\s*,?\s*)*\}')


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Values, defaults, choices, and that every name is declared."""
    seen = views(evidence)
    if (nothing := nothing_promised(claim, seen)) is not None:
        return nothing
    seen.need_answers()
    found: list[str] = []
    doubts: list[str] = []
    lacks: list[str] = []
    count = 0
    others = 0
    for dashboard in seen.folder.dashboards:
        for variable in dashboard.variables:
            if variable.type == "query" and not variable.source.is_prometheus:
                others += 1
                continue
            count += 1
            wrong = _variable(seen, dashboard, variable, doubts)
            why = lacking_labels.of_variable(variable.query, evidence) if wrong else ""
            if why:
                lacks.append(f"{wrong[0]}: {why}")
            else:
                found += wrong
        found += _undeclared(dashboard)
    choices, wrong = _choices(seen, doubts, lacks)
    why = evidence.why_missing(VARIABLE) or evidence.why_missing(CHOICE)
    if why and not found + wrong:
        raise Gap(f"a variable could not be asked{why}")
    if doubts and not found + wrong:
        raise Gap(doubts[0])
    if lacks and not found + wrong:
        return not_verified(claim, lacks[0])
    beside = f"; {others} of other data sources are not judged" if others else ""
    return findings(
        claim,
        found + wrong,
        good=f"{count} variables with live values, {choices} queries with one and with several of them{beside}",
        expected="the values that are there from every query variable, a default, and choices that are kept",
        evidence=[evidence.need(Dashboards).number],
    )


def _variable(seen: Views, dashboard: Dashboard, variable: Variable, doubts: list[str]) -> list[str]:
    """What is wrong with a variable. `doubts` takes what may be so because the scaled time-out cut scrapes off."""
    where = f"{dashboard.file}: {variable.path}, ${variable.name}"
    declared = [variable.name for variable in dashboard.variables]
    found = [f"{where}: ${name} is no variable" for name in unknown_names(variable.query, declared)]
    asked = [
        record.data
        for record in seen.evidence.history.of(VariableAsked)
        if record.data.dashboard == dashboard.file and record.data.name == variable.name
    ]
    if variable.type == "query" and not asked:
        raise Gap(f"{where}: was not asked")
    why = seen.cut_off(variable.query)
    for data in asked:
        values = data.values
        if data.error is not None:
            found.append(f"{where}: {data.error}")
        elif variable.type != "query" or values is None:
            if not data.chosen and _must_choose(seen, variable):
                found.append(f"{where}: nothing is chosen when the dashboard opens")
        elif not values:
            if _unused(seen, variable):
                continue
            text = f"{where}: {variable.query} gives no value"
            doubts.append(f"{text}: {why}") if why else found.append(text)
        elif not data.chosen:
            found.append(f"{where}: nothing is chosen when the dashboard opens")
        elif missing := sorted(_exposed(seen, variable) - set(values)):
            text = f"{where}: does not offer {', '.join(missing[:3])}, which the target exposes"
            doubts.append(f"{text}: {why}") if why else found.append(text)
    return found


def _unused(seen: Views, variable: Variable) -> bool:
    """Whether a variable asks for a metric without a series yet, or for one of a job that is not in this run."""
    match = LABEL_VALUES.fullmatch(variable.query.strip())
    if match is None:
        return False
    if elsewhere(match["metric"], seen.known, seen.absent_jobs):
        return True
    shown = seen.evidence.rest.exposition
    return match["metric"] in shown.families and not shown.series(match["metric"])


def _must_choose(seen: Views, variable: Variable) -> bool:
    """Whether a variable without a value is a fault; data sources may be provisioned elsewhere as well."""
    if variable.type == "datasource":
        return any(source.type == variable.query for source in seen.folder.sources)
    return variable.type in ("custom", "interval")


def _exposed(seen: Views, variable: Variable) -> set[str]:
    """The label's values on the target's own exposition; none for what it does not expose, or for narrower queries."""
    match = LABEL_VALUES.fullmatch(variable.query.strip())
    if match is None or variable.regex or not _IDENTITY.fullmatch(match["matchers"] or "{}"):
        return set()
    series = seen.evidence.rest.exposition.series(match["metric"])
    return {value for labels in series if (value := dict(labels).get(match["label"]))}


def _undeclared(dashboard: Dashboard) -> list[str]:
    declared = [variable.name for variable in dashboard.variables]
    found = [
        f"{dashboard.file}: {panel.path}: repeats for ${panel.repeat}, which is no variable"
        for panel in dashboard.panels
        if panel.repeat and panel.repeat not in declared
    ]
    return found + [
        f"{dashboard.file}: {annotation.path}: ${name} is no variable"
        for annotation in dashboard.annotations
        for name in unknown_names(annotation.expression, declared)
    ]


def _choices(seen: Views, doubts: list[str], lacks: list[str]) -> tuple[int, list[str]]:
    """(how many queries were asked with a choice, what is wrong with their answers); `doubts` as of a variable.

    lacks: takes what may be so because the run does without a discovery.
    """
    found = []
    records = list(seen.evidence.history.of(Choice))
    for record in records:
        data = record.data
        chosen = ", ".join(data.chosen)
        where = f"{data.dashboard}: {data.path} with ${data.variable} at {chosen}"
        if data.error is not None:
            found.append(f"{where}: {data.error}")
        elif not data.series:
            text = f"{where}: gives nothing"
            if none_chosen(data.expanded, data.labels, data.chosen, seen.evidence.rest.exposition):
                continue
            if lack := lacking_labels.asked(data.expanded, seen.evidence):
                lacks.append(f"{text}: {lack}")
                continue
            why = seen.cut_off(data.expanded)
            doubts.append(f"{text}: {why}") if why else found.append(text)
        else:
            strange = _others(data)
            found += [f"{where}: shows {', '.join(strange[:3])} as well"] if strange else []
    return len(records), found


def _others(data: Choice) -> list[str]:
    """Values of the chosen label that were not chosen; a label that was summed away tells nothing."""
    values = {labels[label] for labels in data.series or () for label in data.labels if label in labels}
    return sorted(values - set(data.chosen))


CHECK = register(Check("dashboards-variables", one_claim("dashboards/variables"), judge, order=720))
