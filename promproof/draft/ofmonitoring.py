"""Drills of a draft for alerts about the monitoring itself: which fault makes such a rule's metric move.

Recognised by the metric that a rule compares, whatever it is called. What is compared over a window, other than by any
event at all in it, is left to the user: nobody knows here when it would fire.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.faults.failing_rule import FAILURES
from promproof.faults.monitoring_state import JOBS
from promproof.faults.refusing_receiver import FAILED
from promproof.promql.tree import compares, fits, is_call, matchers, metric, number, operator, selectors
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS

RELOADS = {f"{name}_config_last_reload_successful": name for name in (PROMETHEUS, ALERTMANAGER)}
RATES = ("rate", "increase", "irate")
UNSENT = "prometheus_notifications_errors_total"
Made = tuple[dict[str, Any], str]
"""Keys of a drill file, its fault among them, and what it does in words."""


@dataclass(frozen=True)
class Setup:
    """What the folder has. jobs: those that Prometheus scrapes; target: the service's own.

    heartbeats: the receivers that are told of an alert which always fires.
    """

    jobs: Collection[str] = ()
    target: str = ""
    heartbeats: tuple[str, ...] = ()

    def reads(self, component: str) -> bool:
        """Whether Prometheus scrapes a component, by a usual name: else nothing stored shows what befell it."""
        return any(job in JOBS[component] for job in self.jobs)


def drill(tree: Any, setup: Setup) -> Made | None:
    """The fault that moves a rule about the monitoring; None for a rule about anything else."""
    node = bare(tree)
    if is_call(node, "absent"):
        return _missing(node, setup.jobs)
    is_constant = is_call(node, "vector") and number(node) is not None
    if is_constant and setup.heartbeats and setup.reads(ALERTMANAGER):
        said = "Alertmanager is killed, so that the receiver of this alert must notice that it stops."
        return {"dead_man": True, "receivers": list(setup.heartbeats), **_down(ALERTMANAGER)}, said
    found = (_of_side(side, setup) for side in _sides(node))
    return next((made for made in found if made is not None), None)


def _sides(node: Any) -> list[Any]:
    """The alternatives of an `or`, each of which fires by itself."""
    if isinstance(node, promql.BinaryExpr) and operator(node) == "or":
        return [*_sides(bare(node.lhs)), *_sides(bare(node.rhs))]
    return [node]


def _of_side(node: Any, setup: Setup) -> Made | None:
    if not compares(node) or (limit := number(node.rhs)) is None:
        return None
    found = selectors(node.lhs)
    if len(found) != 1:
        return None
    left, name, sign = bare(node.lhs), metric(found[0]), operator(node)
    if isinstance(left, promql.VectorSelector):
        is_down = (sign, limit) in (("==", 0.0), ("<", 1.0), ("!=", 1.0))
        return _of_state(found[0], setup) if is_down else None
    if (sign, limit) == (">", 0.0) and any(is_call(part, *RATES) for part in walk(left)):
        return _of_events(name, setup)
    return None


def _of_state(selector: Any, setup: Setup) -> Made | None:
    """Of a gauge that must be 1."""
    name = metric(selector)
    if name == "up" and _is_of_node(selector, setup):
        return _down(NODE_EXPORTER), "Node Exporter is killed, and started again."
    if name in RELOADS and setup.reads(RELOADS[name]):
        made = {"kind": "broken_configuration", "component": RELOADS[name]}
        said = "is told to read a file that is no configuration, and then the right one."
        return {"fault": made}, f"{RELOADS[name].capitalize()} {said}"
    return None


def _of_events(name: str, setup: Setup) -> Made | None:
    """Of a counter that must not grow."""
    if name == FAILURES:
        said = "a rule that can't be evaluated is planted into the run's copy of the rules."
        return {"fault": {"kind": "failing_rule"}}, said
    if name == UNSENT and setup.heartbeats and setup.reads(ALERTMANAGER):
        return _down(ALERTMANAGER), "Alertmanager is killed, and started again: it is told late, if at all."
    if name == FAILED and setup.heartbeats:
        made = {"kind": "refusing_receiver", "receivers": list(setup.heartbeats)}
        return {"fault": made}, f"{', '.join(setup.heartbeats)} refuses the alert that always fires."
    return None


def _down(component: str) -> dict[str, Any]:
    return {"fault": {"kind": "component_down", "component": component}}


def _is_of_node(selector: Any, setup: Setup) -> bool:
    """Whether a selector takes the job of Node Exporter, and not the service's."""

    def takes(job: str) -> bool:
        return all(fits(job, sign, wanted) for label, sign, wanted in matchers(selector) if label == "job")

    return any(job in JOBS[NODE_EXPORTER] and takes(job) for job in setup.jobs) and not takes(setup.target)


def _missing(node: Any, jobs: Collection[str]) -> Made | None:
    """Of `absent(metric{job="..."})`."""
    argument = bare(node.args[0])
    if not isinstance(argument, promql.VectorSelector) or metric(argument) in ("", "up"):
        return None
    job = next((value for label, sign, value in matchers(argument) if (label, sign) == ("job", "=")), "")
    if job not in jobs:
        return None
    name = metric(argument)
    made = {"kind": "missing_metric", "job": job, "metric": name}
    return {"fault": made}, f"{name} of {job} is dropped, and comes back."
