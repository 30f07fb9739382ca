"""Metrics that panels and Grafana-managed alerts ask for, and a server, asked, does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from promproof.config.promql import TooLarge
from promproof.findings.finding import Finding, Severity
from promproof.findings.grafana.alerts import is_of_prometheus
from promproof.findings.kind import SERVER, Kind, each_panel, register, whole_setup
from promproof.findings.panels import board_of, metrics_in, tree
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel
from promproof.grafana.queries import is_typed

PANEL = register(
    Kind(
        id="grafana/unknown-metric",
        severity=Severity.WARNING,
        title="a panel of a metric that the server does not have",
        why="Nothing exposes or records the metric: the panel is empty. Often it was renamed, or never had this name.",
        example="sum(rate(http_request_total[5m])), where the server has http_requests_total",
        instead="sum(rate(http_requests_total[5m]))",
        needs=SERVER,
    )
)
ALERT = register(
    Kind(
        id="grafana/alert-metric",
        severity=Severity.ERROR,
        title="a Grafana-managed alert on a metric that the server does not have",
        why="Nothing exposes or records the metric: the alert can't fire, and its state is NoData, or whatever "
        "noDataState says.",
        example="expr: sum(rate(error_total[5m])), where the server has errors_total",
        instead="expr: sum(rate(errors_total[5m]))",
        needs=SERVER,
    )
)


@each_panel(PANEL)
def judge_panel(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Every metric of a panel's queries, once."""
    if not setup.knowledge.complete:
        return
    told: set[str] = set()
    for query in board_of(file, setup).queries(panel.path):
        for name in _missing(query.tree, setup):
            if name not in told:
                told.add(name)
                yield PANEL.at(
                    file.at(f"{query.target.path}.expr"),
                    f"{name} is no metric of {setup.knowledge.source}",
                    effect="the panel is empty, or a part of it",
                    todo="correct the name",
                    see=f"ask Prometheus: count({name})",
                )


@whole_setup(ALERT)
def judge_alerts(setup: Setup) -> Iterator[Finding]:
    """Every metric of every query of an alert."""
    if not setup.knowledge.complete:
        return
    for part in setup.grafana.alerting:
        for group in part.items("groups"):
            for rule in group.items("rules"):
                for query in rule.items("data"):
                    expression = query.part("model").text("expr")
                    if not expression or "$" in expression or not is_of_prometheus(query, setup):
                        continue
                    try:
                        root = tree(expression)
                    except (TooLarge, ValueError):
                        continue
                    for name in _missing(root, setup):
                        yield ALERT.at(
                            query.part("model").at("expr"),
                            f"{rule.text('title')}: {name} is no metric of {setup.knowledge.source}",
                            effect="the alert can't fire",
                            todo="correct the name",
                            see=f"ask Prometheus: count({name})",
                        )


def _missing(root: Any, setup: Setup) -> list[str]:
    """The metrics that neither the server nor a recording rule of the set-up has."""
    names = dict.fromkeys(filter(None, metrics_in(root))) if root is not None else {}
    known = (*setup.knowledge.labels, *setup.recorded, "up", "ALERTS", "ALERTS_FOR_STATE")
    return [
        name
        for name in names
        if name not in known
        and not name.startswith("scrape_")
        and not is_typed(name, setup.knowledge.type_of)
    ]
