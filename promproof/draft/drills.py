"""Drills of a draft, from the rules: an alert on a share of requests, and one on a target that is gone.

A share is raised by requests that the service fails anyway (`traffic`), so nothing of it has to change. Which requests
those are was seen when it was probed. Those about the monitoring itself have faults of
their own (`ofmonitoring`); a drill of any other alert is the user's to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, parse
from promproof.config.rules import Rule
from promproof.draft import ofmonitoring
from promproof.draft.boards import truth
from promproof.draft.lines import comment, document, flow, keyed, scalar
from promproof.draft.observed import Probe
from promproof.draft.ofmonitoring import Setup
from promproof.draft.recognise import Recognised
from promproof.draft.traffic import step
from promproof.promql.tree import fits, matchers, metric, number, operator

FOLDER, SCENARIO = "drills", "steady.yaml"
RATE = 40
"""Requests a second of the scenario beside which the failing ones are sent."""


def drills(
    rules: Sequence[Rule],
    found: Recognised,
    probes: Sequence[Probe],
    *,
    started: bool,
    setup: Setup | None = None,
) -> dict[str, str]:
    """The texts of drill files and of their scenario, by file name; empty where no rule has a drill.

    started: whether the run starts the service, so that it can be killed. setup: what is known of the monitoring.
    """
    setup = setup or Setup()
    names = [rule.name for rule in rules]
    texts: dict[str, str] = {}
    steady: list[Probe] = []
    for rule in rules:
        if names.count(rule.name) > 1 or not re.fullmatch(r"[A-Za-z0-9_-]+", rule.name):
            continue
        if started and _is_gone(rule, setup):
            texts[f"{FOLDER}/{rule.name}.yaml"] = _killed(rule)
        elif (made := ofmonitoring.drill(_tree(rule), setup)) is not None:
            texts[f"{FOLDER}/{rule.name}.yaml"] = _stated(rule, *made)
        elif (share := _share(rule, found, probes)) is not None:
            threshold, failing, good = share
            steady = [probe for probe in good if not steady or probe in steady]
            if steady:
                texts[f"{FOLDER}/{rule.name}.yaml"] = _traffic(rule, threshold, failing)
    if steady:
        texts[SCENARIO] = _scenario(steady, found)
    return texts


def _is_gone(rule: Rule, setup: Setup) -> bool:
    """Whether a rule says that the service is down: `up == 0`, of its job or of any.

    Where nobody knows which of the jobs is the service's, a rule that names one may be about another.
    """
    job = setup.target
    node = _tree(rule)
    if not isinstance(node, promql.BinaryExpr):
        return False
    left = bare(node.lhs)
    limit = (operator(node), number(node.rhs))
    return (
        isinstance(left, promql.VectorSelector)
        and metric(left) == "up"
        and limit in (("==", 0.0), ("<", 1.0))
        and all(
            fits(job, sign, wanted) if job else not setup.jobs
            for label, sign, wanted in matchers(left)
            if label == "job"
        )
    )


def _share(rule: Rule, found: Recognised, probes: Sequence[Probe]) -> tuple[float, Probe, list[Probe]] | None:
    """Threshold, a request inside the share, and those outside it; None for any other rule."""
    node = _tree(rule)
    if not isinstance(node, promql.BinaryExpr) or operator(node) not in (">", ">="):
        return None
    threshold = number(node.rhs)
    told = truth([node.lhs], found.counting) if threshold is not None and 0 < threshold < 1 else None
    if threshold is None or told is None or told["kind"] != "ratio":
        return None
    counting = found.counting[told["metric"]]
    seen = counting.seen
    if any(
        counting.sources.get(label) != "constant" for label in (*told.get("by", ()), *told.get("where", ()))
    ):
        return None  # of some requests alone, or of each group by itself
    counted = [probe for probe in probes if probe in seen]
    inside = [probe for probe in counted if _meets(told["part"], dict(seen[probe]))]
    outside = [probe for probe in counted if probe not in inside and probe.status < 400]
    failing = [probe for probe in inside if probe.status >= 400]
    return (threshold, failing[0], outside) if failing and outside else None


def _meets(part: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in part.items())


def _tree(rule: Rule) -> Any:
    try:
        return bare(parse(rule.expression))
    except ValueError:
        return None


def _head(rule: Rule, said: str) -> list[str]:
    return [
        *comment(
            f"Drafted by `promproof init`: {said} `promproof drill {rule.name}` plays it; it is yours to edit."
        ),
        "drill: 1",
        f"name: {scalar(rule.name)}",
        f"alert: {scalar(rule.name)}",
        f"description: {scalar(said.rstrip('.'))}",
    ]


def _killed(rule: Rule) -> str:
    return _stated(rule, {"fault": {"kind": "killed"}}, "the service is killed, and started again.")


def _stated(rule: Rule, keys: dict[str, Any], said: str) -> str:
    """A fault without a share: there is nothing to be dosed."""
    return document([[*_head(rule, said), *(f"{key}: {flow(value)}" for key, value in keys.items())]])


def _traffic(rule: Rule, threshold: float, failing: Probe) -> str:
    """Half of the threshold below; above it twice as much, or half of what is left to everything."""
    above = min(2 * threshold, (1 + threshold) / 2)
    said = f"a share of {failing.line}, which is answered {failing.status} anyway, beside {SCENARIO}."
    fault: dict[str, Any] = {"kind": "traffic", "request": failing.line}
    if failing.route != failing.path:
        fault["endpoint"] = failing.route
    fault["status"] = failing.status
    traffic = [f"scenario: ../{SCENARIO}", f"rate: {RATE}.0", *keyed("fault", fault)]
    doses = [f"below: {threshold / 2:.6g}", f"above: {above:.6g}"]
    return document([[*_head(rule, said), *traffic, *doses]])


def _scenario(probes: Sequence[Probe], found: Recognised) -> str:
    lines = [
        *comment(
            "Traffic of the drills, drafted by `promproof init`: none of it fails, and each session is one request."
        ),
        "scenario: 1",
        "name: steady",
        "mix:",
    ]
    for probe in probes:
        lines += [f"  - name: {scalar(probe.line)}", f"    steps: [{flow(step(probe, found))}]"]
    lines += [f"arrival: {{model: open, rate: {RATE}/s}}", "duration: 10s", "generator: {lag: 2s}"]
    return document([lines])
