"""Which metrics and labels the rules and panels of a set-up need, and from which jobs they can come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import walk
from promproof.findings.finding import Place
from promproof.findings.setup import Job, Prometheus, Setup
from promproof.promql.tree import fits, group_labels, grouping, is_call, matchers, metric, selectors

_OWN = {
    "prometheus": ("prometheus_", "promhttp_", "net_conntrack_", "go_", "process_", "scrape_"),
    "node": ("node_", "promhttp_", "go_", "process_"),
    "alertmanager": ("alertmanager_", "promhttp_", "net_conntrack_", "go_", "process_", "cluster_"),
    "cadvisor": ("container_", "machine_", "cadvisor_", "go_", "process_"),
}
"""What programs of the stack expose; nobody else's metrics come from them."""
_VARIABLE = re.compile(r"\$\w|\$\{|\[\[")
_WRITING = ("label_replace", "label_join", "info")
_SYNTHETIC = re.compile(r"^(?:up|ALERTS|ALERTS_FOR_STATE|scrape_\w+)$")


@dataclass(frozen=True)
class Need:
    """A selector of a rule or a panel. quantile: whether a quantile is taken of it, so that it needs le="+Inf".

    grouped: the labels by which the nearest aggregation above groups its series, where nothing else writes one.
    """

    metric: str
    matchers: tuple[tuple[str, str, str], ...]
    quantile: bool
    who: str
    place: Place
    grouped: frozenset[str] = frozenset()


def needs(server: Prometheus, setup: Setup) -> Iterator[Need]:
    """The selectors of the rules that a Prometheus loads, and of all panels when there is no other."""
    for rule in setup.rules:
        if server in rule.group.prometheuses and rule.tree is not None:
            yield from _of(rule.tree, rule.name, rule.at("expr"), setup)
    if len(setup.prometheuses) == 1 and not setup.operated and setup.dashboards:
        from promproof.findings.panels import board_of  # a rule file needs nothing of dashboards

        for file in setup.dashboards:
            board = board_of(file, setup)
            for panel in board.dashboard.panels:
                for query in board.queries(panel.path):
                    if query.tree is not None:
                        yield from _of(query.tree, f"the panel {panel.title!r}", file.at(panel.path), setup)


def _of(tree: Any, who: str, place: Place, setup: Setup) -> Iterator[Need]:
    quantiled = {
        str(selector)
        for call in walk(tree)
        if is_call(call, "histogram_quantile") and call.args
        for selector in selectors(call.args[-1])
    }
    grouped = {} if any(is_call(node, *_WRITING) for node in walk(tree)) else _grouped(tree)
    for selector in selectors(tree):
        name = metric(selector)
        is_scraped = name and ":" not in name and name not in setup.recorded and not _SYNTHETIC.match(name)
        if is_scraped and not selector.matchers.or_matchers:
            wanted = tuple(matcher for matcher in matchers(selector) if not _VARIABLE.search(matcher[2]))
            is_asked = str(selector) in quantiled and name.endswith("_bucket")
            yield Need(name, wanted, is_asked, who, place, grouped.get(str(selector), frozenset()))


def _grouped(tree: Any) -> dict[str, frozenset[str]]:
    """The labels of `by` of the nearest aggregation above each selector; none where a match may add labels."""
    found: dict[str, frozenset[str]] = {}
    for node in walk(tree):
        if not isinstance(node, promql.AggregateExpr):
            continue
        drops, labels = grouping(node)
        adds = any(isinstance(inner, promql.BinaryExpr) and group_labels(inner) for inner in walk(node))
        for selector in selectors(node):
            # an outer aggregation comes first, so that the nearest is the last
            found[str(selector)] = frozenset() if drops or adds else labels
    return found


def givers(need: Need, server: Prometheus) -> list[Job]:
    """The jobs that a metric can come from, as far as job labels and what programs expose tell."""
    wanted = [(sign, value) for label, sign, value in need.matchers if label == "job"]
    return [
        job
        for job in server.jobs
        if _may_expose(job, need.metric)
        and (writes_job(job) or all(fits(job.name, sign, value) is not False for sign, value in wanted))
    ]


def writes_job(job: Job) -> bool:
    """Whether the series of a job may have another `job` than its name."""
    rules = (*job.relabel_configs, *job.metric_relabel_configs)
    return (
        job.honor_labels
        or job.origin != "scrape_configs"
        or any(rule.text("target_label") == "job" or rule.text("action") == "labelmap" for rule in rules)
        or any("job" in group.texts("labels") for group in job.part.items("static_configs"))
    )


def _may_expose(job: Job, name: str) -> bool:
    known = {_program(target) for target in job.targets}
    if not known or "" in known or any(str(key).endswith("_sd_configs") for key in job.part.data):
        return True
    return any(name.startswith(_OWN[program]) for program in known)


def _program(target: str) -> str:
    """The program of the stack that is at an address, by its usual name and port."""
    host, _, port = target.lower().rpartition(":")
    match port:
        case "9090" if host == "localhost" or "prometheus" in host:
            return "prometheus"
        case "9100" if "node" in host:
            return "node"
        case "9093" if "alertmanager" in host:
            return "alertmanager"
        case "8080" if "cadvisor" in host:
            return "cadvisor"
    return ""
