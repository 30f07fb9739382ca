"""What a query asks the target for and can't find: metrics by the contract, labels by what Prometheus has stored.

A contract with `allowed` names every family that may be there: a selector of the target's job with another name finds
nothing. No server is needed to say so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

import promql_parser as promql

from promproof.config.promql import parse, walk
from promproof.config.re2 import whole
from promproof.contract.labels import Label
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, Gap
from promproof.grafana.queries import metric_of
from promproof.promql.tree import matchers, selectors

SUFFIXES = ("_bucket", "_sum", "_count")
_OF_TYPES = {
    "info": ("_info",),
    "counter": ("_total", "_created"),
    "histogram": ("_created",),
    "summary": ("_created",),
}
"""By type, what OpenMetrics appends to the name of a family besides `SUFFIXES`."""
_OF_COUNTERS = ("rate", "irate", "increase")


def is_known(contract: Contract, name: str, served: Collection[str]) -> bool:
    """Whether the contract, a server (served) or Prometheus itself has a metric of this name."""
    bases = {name, *(name.removesuffix(suffix) for suffix in SUFFIXES), name.removesuffix("_total")}
    return (
        any(contract.permits(base) for base in bases)
        or not bases.isdisjoint({*served, "up", "ALERTS"})
        or name.startswith("scrape_")
    )


def sampled(types: Mapping[str, str | None]) -> set[str]:
    """The names that a query can ask for, by the families and types that a server tells.

    It tells of OpenMetrics `build` of type info, whose series are called `build_info`.
    """
    return {
        *types,
        *(name + suffix for name, kind in types.items() for suffix in _OF_TYPES.get(kind or "", ())),
    }


def strange(expression: str, contract: Contract, recorded: Collection[str]) -> Iterator[str]:
    """The metrics that an expression asks the target for, and that it does not expose by its contract.

    recorded: the names that recording rules write. An expression that does not parse is found elsewhere.
    """
    if contract.allowed is None or not contract.target.job:
        return
    try:
        found = selectors(parse(expression))
    except ValueError:
        return
    asked = (
        metric_of(selector) for selector in found if ("job", "=", contract.target.job) in matchers(selector)
    )
    for name in dict.fromkeys(asked):
        if name and not is_known(contract, name, recorded):
            yield name


def misread(name: str, expression: str, contract: Contract) -> Iterator[str]:
    """What a recording rule of documented metrics can't mean: their own name, another type, a value that never is."""
    metrics = {metric.name: metric for metric in contract.metrics}
    if name in metrics:
        yield "writes series of a metric that the target exposes"
    try:
        nodes = walk(parse(expression))
    except ValueError:
        return
    for node in nodes:
        if isinstance(node, promql.Call) and node.func.name in _OF_COUNTERS:
            inner = node.args[0]
            gauge = metric_of(inner.vector_selector) if isinstance(inner, promql.MatrixSelector) else ""
            if gauge in metrics and metrics[gauge].type == "gauge":
                yield f"takes {node.func.name}() of {gauge}, which is a gauge"
        if isinstance(node, promql.VectorSelector):
            asked = metric_of(node)
            base = next((asked.removesuffix(end) for end in SUFFIXES if asked.endswith(end)), asked)
            metric = metrics.get(asked) or metrics.get(base)
            for label, operator, value in matchers(node):
                known = metric.labels.get(label) if metric is not None else None
                if operator == "=" and value and known is not None and _never(known, value):
                    yield f"asks for {asked} with {label}={value!r}, which it never has"


def unlabelled(expression: str, job: str, stored: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Labels that a selector of the job asks for, and that no series of its metric has.

    stored: the labels of a metric's series, by the name of its samples; of others nothing is said.
    """
    try:
        found = selectors(parse(expression))
    except ValueError:
        return
    for selector in found:
        asked, wanted = metric_of(selector), matchers(selector)
        known = stored.get(asked)
        if known is None or ("job", "=", job) not in wanted:
            continue
        for label, operator, value in wanted:
            if label not in known and not accepts_none(operator, value):
                has = ", ".join(sorted(known))
                yield f"selects {asked} by the label {label}, and its series have {has}"


def stored_labels(evidence: Evidence) -> dict[str, set[str]]:
    """The labels of the target's series as Prometheus has them, by the name of the samples; only of those that it has.

    Nothing for a target that this run has not started: another instance of its job may have other labels.
    """
    found: dict[str, set[str]] = {}
    try:
        if not evidence.run.managed:
            return {}
        for metric in evidence.contract.metrics:
            series = evidence.stored(metric.sample)
            if not series:
                continue
            labels = {"job", "instance"}.union(*(dict(each) for each in series))
            found[metric.sample] = labels
            if metric.type == "histogram":
                found |= {f"{metric.name}_sum": labels, f"{metric.name}_bucket": {*labels, "le"}}
    except Gap:
        return {}
    return found


def accepts_none(operator: str, value: str) -> bool:
    """Whether a series without the label is found as well."""
    if operator in ("=", "!="):
        return (value == "") == (operator == "=")
    try:
        return (whole(value).fullmatch("") is not None) == (operator == "=~")
    except ValueError:
        return True


def _never(label: Label, value: str) -> bool:
    """Whether a documented label can't have a value; of one that is spelt in its own way nothing is said."""
    if label.spelling or label.case is not None:
        return False
    if label.values is not None:
        return value not in label.values
    return label.pattern is not None and re.fullmatch(label.pattern, value) is None
