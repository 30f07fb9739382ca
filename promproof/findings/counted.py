"""Which metrics are counters by the word of somebody who knows them: a query or a rule takes their rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import promql_parser as promql

from promproof.findings.setup import Setup
from promproof.grafana.queries import RATES, metric_of


def counted(setup: Setup) -> frozenset[str]:
    """The metrics of which a query or a rule takes the rate, a counter by the word of somebody who knows it."""
    found = _COUNTED.get(setup)
    if found is None:
        nodes = [node for rule in setup.rules for node in rule.nodes]
        nodes += _nodes_of_panels(setup) if setup.dashboards else []
        names = {
            metric_of(argument.vector_selector)
            for node in nodes
            if isinstance(node, promql.Call) and str(node.func.name) in RATES
            for argument in node.args
            if isinstance(argument, promql.MatrixSelector)
        }
        found = _COUNTED[setup] = frozenset(names)
    return found


_COUNTED: WeakKeyDictionary[Setup, frozenset[str]] = WeakKeyDictionary()


def _nodes_of_panels(setup: Setup) -> Iterator[Any]:
    from promproof.findings.panels import board_of  # a rule file needs nothing of dashboards

    for file in setup.dashboards:
        board = board_of(file, setup)
        for panel in file.dashboard.panels:
            for query in board.queries(panel.path):
                yield from query.nodes
