"""Drills of a draft for alerts about the monitoring itself: which fault makes such a rule's metric move.

Recognised by the metric that a rule compares, whatever it is called. What is compared over a window, other than by any
event at all in it, is left to the user: nobody knows here when it would fire.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.faults.failing_rule import FAILURES
from promproof.faults.monitoring_state import JOBS
from promproof.promql.tree import compares, fits, is_call, matchers, metric, number, operator, selectors
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS

RELOADS = {f"{name}_config_last_reload_successful": name for name in (PROMETHEUS, ALERTMANAGER)}
RATES = ("rate", "increase", "irate")


def fault(tree: Any, jobs: Collection[str], target: str) -> tuple[dict[str, Any], str] | None:
    """The fault as a drill file has it, and what it does in words; None for a rule about anything else.

    jobs: those that Prometheus scrapes. target: the service's own.
    """
    node = bare(tree)
    if is_call(node, "absent"):
        return _missing(node, jobs)
    for side in _sides(node):
        found = _of_side(side, jobs, target)
        if found is not None:
            return found
    return None


def _sides(node: Any) -> list[Any]:
    """The alternatives of an `or`, each of which fires by itself."""
    if isinstance(node, promql.BinaryExpr) and operator(node) == "or":
        return [*_sides(bare(node.lhs)), *_sides(bare(node.rhs))]
    return [node]


def _of_side(node: Any, jobs: Collection[str], target: str) -> tuple[dict[str, Any], str] | None:
    if not compares(node) or (limit := number(node.rhs)) is None:
        return None
    found = selectors(node.lhs)
    if len(found) != 1:
        return None
    left, name, sign = bare(node.lhs), metric(found[0]), operator(node)
    is_bare = isinstance(left, promql.VectorSelector)
    is_down = (sign, limit) in (("==", 0.0), ("<", 1.0), ("!=", 1.0))
    if is_bare and is_down and name == "up" and _is_of_node(found[0], jobs, target):
        return {
            "kind": "component_down",
            "component": NODE_EXPORTER,
        }, "Node Exporter is killed, and started again."
    if is_bare and is_down and name in RELOADS:
        who = RELOADS[name].capitalize()
        made = {"kind": "broken_configuration", "component": RELOADS[name]}
        return made, f"{who} is told to read a file that is no configuration, and then the right one."
    if name == FAILURES and (sign, limit) == (">", 0.0) and any(is_call(part, *RATES) for part in walk(left)):
        return {
            "kind": "failing_rule"
        }, "a rule that can't be evaluated is planted into the run's copy of the rules."
    return None


def _is_of_node(selector: Any, jobs: Collection[str], target: str) -> bool:
    """Whether a selector takes the job of Node Exporter, and not the service's."""

    def takes(job: str) -> bool:
        return all(fits(job, sign, wanted) for label, sign, wanted in matchers(selector) if label == "job")

    return any(job in JOBS[NODE_EXPORTER] and takes(job) for job in jobs) and not takes(target)


def _missing(node: Any, jobs: Collection[str]) -> tuple[dict[str, Any], str] | None:
    """Of `absent(metric{job="..."})`."""
    argument = bare(node.args[0])
    if not isinstance(argument, promql.VectorSelector) or metric(argument) in ("", "up"):
        return None
    job = next((value for label, sign, value in matchers(argument) if (label, sign) == ("job", "=")), "")
    if job not in jobs:
        return None
    name = metric(argument)
    return {
        "kind": "missing_metric",
        "job": job,
        "metric": name,
    }, f"{name} of {job} is dropped, and comes back."
