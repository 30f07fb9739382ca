"""Labels that a run's targets lack because a discovery gives them, which the run does without: not verified, never red.

`namespace` of a pod is there as deployed. What asks for it finds nothing in a run, and a legend that names it is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from promproof.checks.target_metrics import accepts_none
from promproof.config.discovered import ANY
from promproof.config.promql import parse
from promproof.config.rules import Rule
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import FilesJudged
from promproof.grafana.legends import parts
from promproof.promql.tree import matchers, metric, selectors

_LABEL_VALUES = re.compile(r"label_values\((?:(?P<of>.+),)?\s*(?P<label>\w+)\s*\)")
_PRINTED = re.compile(r"(?:\$labels|\.Labels)\.(\w+)")
_ALWAYS = ("__name__", "le", "quantile", "alertname", "alertstate")
"""What no discovery gives."""


def asked(expression: str, evidence: Evidence) -> str:
    """Why a query may give nothing; empty where its selectors ask for no such label."""
    return _why(
        expression,
        lambda selector: [
            label for label, sign, value in matchers(selector) if not accepts_none(sign, value)
        ],
        evidence,
    )


def of_any(expressions: Iterable[str], evidence: Evidence) -> str:
    """The same of several queries, or of one with different choices."""
    return next((why for expression in expressions if (why := asked(expression, evidence))), "")


def named(legend: str, expression: str, evidence: Evidence) -> str:
    """Why a legend may be empty; empty where it names no such label."""
    return _why(expression, lambda selector: parts(legend), evidence)


def of_variable(query: str, evidence: Evidence) -> str:
    """Why a variable's query may give no value: it lists such a label, or asks for one."""
    match = _LABEL_VALUES.fullmatch(query.strip())
    if match is None:
        return asked(query.strip().removeprefix("query_result"), evidence)
    expression = match["of"] or '{__name__!=""}'
    return named(f"{{{{{match['label']}}}}}", expression, evidence) or asked(expression, evidence)


def of_rule(rule: Rule, evidence: Evidence) -> str:
    """Why an alert may be silent, or its texts be without a label."""
    said = _PRINTED.findall(" ".join(rule.annotations.values()))
    legend = " ".join(f"{{{{{label}}}}}" for label in said)
    return asked(rule.expression, evidence) or named(legend, rule.expression, evidence)


def _lacking(evidence: Evidence) -> dict[str, frozenset[str]]:
    """By job the labels that its targets lack; nothing in a stack that ran already, which discovers them."""
    files = evidence.history.last(FilesJudged)
    jobs: Mapping[str, Mapping[str, Any]] = files.data.facts.get("jobs", {}) if files is not None else {}
    found = {name: frozenset(job["lacking"]) for name, job in jobs.items() if job.get("lacking")}
    try:
        return {} if found and evidence.run.is_external else found
    except Gap:  # files alone are judged: there is no run
        return found


def _is_lacking(label: str, selector: Any, lacking: Mapping[str, frozenset[str]], evidence: Evidence) -> bool:
    """Whether the series that a selector takes may lack a label: those of the target, or of any job it may be about."""
    if label in _ALWAYS:
        return False
    of_contract = {
        sample: documented for documented in evidence.contract.metrics for sample in _samples(documented.name)
    }
    documented = of_contract.get(metric(selector))
    if documented is not None and label in documented.labels:
        return False
    jobs = set(_jobs(selector, lacking))
    if documented is not None:
        jobs &= {evidence.contract.target.job}
    # a job has its own name in a run, but where a rule names it by what is discovered
    return any(
        label in lacking[job] or (ANY in lacking[job] and label not in ("job", "instance")) for job in jobs
    )


def _jobs(selector: Any, lacking: Mapping[str, frozenset[str]]) -> Iterator[str]:
    one = [value for label, sign, value in matchers(selector) if (label, sign) == ("job", "=")]
    for job, labels in lacking.items():
        if not one or job in one or "job" in labels:
            yield job


def _samples(name: str) -> tuple[str, ...]:
    return (name, f"{name}_bucket", f"{name}_count", f"{name}_sum", f"{name}_total")


def _why(expression: str, wanted: Callable[[Any], Iterable[str]], evidence: Evidence) -> str:
    """Which of the wanted labels of the selectors may be lacking, in words; empty for none."""
    lacking = _lacking(evidence)
    try:
        found = selectors(parse(expression)) if lacking else []
    except ValueError:
        return ""
    labels = dict.fromkeys(
        label
        for selector in found
        for label in wanted(selector)
        if _is_lacking(label, selector, lacking, evidence)
    )
    told = ", ".join(labels)
    return f"the discovery of the scrape job may give {told}, and this run does without it" if told else ""
