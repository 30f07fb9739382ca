"""Whether a dose on some routes can move an alert that counts all of them.

A dose is a share of the requests on the fault's routes. Where the drill's traffic goes elsewhere too and the rule
counts everything, what the alert sees is less, and a drill would call an alert silent that is right to be. What
narrows the rule (a matcher or a grouping by the route) is left alone, and so is what is not known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from promproof.config.promql import parse, walk
from promproof.config.rules import Rule
from promproof.contract.labels import RequestTruth
from promproof.contract.model import Contract, Metric
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.faults.dosed import Dosed
from promproof.load.models import Request, Scenario, Step
from promproof.promql.tree import grouping, matchers, metric, operator, selectors

EVERYWHERE = ("status", "status_class", "method", "constant")
"""Sources of labels that say nothing of a route."""
WITH_GROUPS = ("sum", "avg", "count", "min", "max")


def refuse_diluted(loaded: Loaded, scenario: Scenario, contract: Contract, rules: Sequence[Rule]) -> None:
    """Refuse a drill whose dose, spread over all that its alert counts, does not reach the threshold.

    Raises:
        InputError: with the share of the traffic that the fault's routes have.
    """
    plan = loaded.plan
    alert = contract.alert(plan.alert)
    if not isinstance(plan.fault, Dosed) or plan.above is None or not alert.fires_above:
        return
    metrics = counted(contract, alert.metrics)
    if not metrics or not counts_all(rules, plan.alert, metrics):
        return
    told = [(request, weight) for request, weight in requests_of(scenario) if _iscounted(request, metrics)]
    of_all = sum(weight for _, weight in told)
    dosed = sum(weight for request, weight in told if _is_dosed(request, plan.fault.routes))
    if not 0 < dosed < of_all or dosed / of_all * plan.above > alert.edge:
        return
    others = sorted({line(request) for request, _ in told if not _is_dosed(request, plan.fault.routes)})
    shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if others[3:] else "")
    raise InputError(
        what=f"{plan.above:.1%} of {', '.join(plan.fault.routes)} is {dosed / of_all * plan.above:.1%} of all requests "
        f"that {alert.name} counts, and its threshold is {alert.edge:.1%}: it would rightly stay silent",
        where=loaded.where("fault"),
        expected="all routes that the traffic uses: a dose is a share of them",
        todo=f"name the others too ({shown}), or let the scenario send to these alone",
    )


def counted(contract: Contract, names: Collection[str]) -> list[Metric]:
    """The alert's metrics, if requests are the truth of each; none where that is not known."""
    found = [each for name in names for each in contract.metrics if name in samples_of(each)]
    is_known = len(found) == len(set(names)) and all(isinstance(each.truth, RequestTruth) for each in found)
    return found if is_known else []


def samples_of(known: Metric) -> tuple[str, ...]:
    """What its samples may be called."""
    return (known.name, *(f"{known.name}_{end}" for end in ("count", "sum", "bucket")))


def counts_all(rules: Sequence[Rule], name: str, metrics: Sequence[Metric]) -> bool:
    """Whether the alert's rule adds up all routes for certain."""
    routes = {
        label
        for each in metrics
        for label, of in each.labels.items()
        if isinstance(each.truth, RequestTruth) and each.truth.source(label, of) not in EVERYWHERE
    }
    mine = [rule for rule in rules if rule.name == name]
    if len(mine) != 1:
        return False
    try:
        tree = parse(mine[0].expression)
    except ValueError:
        return False
    names = {sample for each in metrics for sample in samples_of(each)}
    if any(metric(found) not in names for found in selectors(tree)):
        return False  # recorded, say, by whatever
    if any(label in routes for found in selectors(tree) for label, _, _ in matchers(found)):
        return False
    sums = [node for node in walk(tree) if type(node).__name__ == "AggregateExpr"]
    by = [grouping(node) for node in sums if operator(node) in WITH_GROUPS]
    return bool(by) and len(by) == len(sums) and not any(without or labels & routes for without, labels in by)


def requests_of(scenario: Scenario) -> Iterator[tuple[Request, float]]:
    """The requests of the sessions that go on, with how often each is sent in proportion."""
    for session in scenario.mix:
        for step in session.steps:
            if isinstance(step, Step) and session.weight:
                yield step, session.weight * step.repeat


def _iscounted(request: Request, metrics: Sequence[Metric]) -> bool:
    method, _, route = line(request).partition(" ")
    return request.counted and all(
        isinstance(each.truth, RequestTruth) and each.truth.counts(method, route, "") for each in metrics
    )


def _is_dosed(request: Request, routes: Sequence[str]) -> bool:
    return is_on((line(request), str(request.request).partition("?")[0]), routes)


def is_on(lines: Collection[str], routes: Sequence[str]) -> bool:
    """Whether a request, by one of the names that it has, is on the routes of a fault."""
    patterns = [re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route)) for route in routes]
    return any(re.fullmatch(pattern, line) for pattern in patterns for line in lines)


def line(request: Request) -> str:
    """Method and route of a request, as the target calls it."""
    method, _, path = str(request.request).partition(" ")
    return f"{method} {request.endpoint or path.partition('?')[0]}"
