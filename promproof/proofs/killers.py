"""Worlds in which a small change of a rule shows, beside those at its boundaries.

For every mutant of an alert's expression and of the recording rules that it reads, worlds are tried until the rule and
the mutant say different things: series that a matcher leaves out and that would turn the alert, series that differ in
one label, a value exactly at a threshold. What is found is asked of promtool as everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from promproof.config.durations import parse_duration
from promproof.proofs.evaluate import Unevaluable, Vector
from promproof.proofs.mutants.base import Subject, mutants
from promproof.proofs.mutants.readers import is_read_alike
from promproof.proofs.mutants.repeated import is_recorded_so
from promproof.proofs.mutants.syntax import read
from promproof.proofs.plan import Plan
from promproof.proofs.search import Problem
from promproof.proofs.shapes import Recorded
from promproof.proofs.signatures import unnamed
from promproof.proofs.spans import spans
from promproof.proofs.tree import Node, NotCovered, parse
from promproof.proofs.variations import Scene as Scene
from promproof.proofs.variations import variations

MOST = 1500
"""Worlds that are tried for an alert."""
EXTRA = 10
"""Worlds that are kept."""
AGED = 6
"""Further ones of series that took a turn."""
VALUED = 4
"""Further ones, which show a mutant by the value in its texts alone."""
TIMED = ("window", "for", "severity")
"""Operators whose mutants show over time or at any firing."""


@dataclass(frozen=True)
class _Changed:
    root: Node
    recorded: Recorded


def scenes(plan: Plan, rules: Sequence[Mapping[str, Any]]) -> list[Scene]:
    """Worlds that show mutants which the boundaries do not. rules: the recording rules, then the alert."""
    waiting = list(_mutants(plan, rules))
    known = _points(plan)
    kept: list[Scene] = []
    hold = parse_duration(str(rules[-1].get("for") or "0s"))
    late = plan.problem.moment + hold + 3 * min(plan.every, hold or plan.every)  # a test ends about then
    soon, lasting = (plan.problem.moment,), (plan.problem.moment, late)
    # a mutant has to hold as long as `for`
    for moments in (lasting, soon) if plan.moves else (soon,):
        for scene in (*known, *kept):
            waiting = _left(plan, scene, waiting, moments, is_valued=False)
        waiting = _search(plan, variations(plan), waiting, kept, EXTRA, moments, is_valued=False)
    aged = _aged(plan) if waiting else None
    if aged is not None:
        found = chain(_points(aged), variations(aged))
        waiting = _search(plan, found, waiting, kept, len(kept) + AGED, lasting, is_valued=False)
    if _shows_values(rules):
        for scene in (*known, *kept):
            waiting = _left(plan, scene, waiting, soon, is_valued=True)
        _search(plan, variations(plan), waiting, kept, len(kept) + VALUED, soon, is_valued=True)
    return kept


def _search(
    plan: Plan,
    candidates: Iterable[Scene],
    waiting: list[_Changed],
    kept: list[Scene],
    most: int,
    moments: Sequence[float],
    *,
    is_valued: bool,
) -> list[_Changed]:
    """The mutants that none of these worlds tells; those that tell some are kept, up to so many."""
    for scene in islice(candidates, MOST):
        if not waiting or len(kept) >= most:
            break
        left = _left(plan, scene, waiting, moments, is_valued=is_valued)
        if len(left) < len(waiting):
            said = answer(plan.problem, scene, plan.problem.root, plan.problem.recorded)
            if said is not None:  # a world that the rule itself refuses makes no test
                kept.append(replace(scene, fires=bool(said)))
                waiting = left
    return waiting


def _points(plan: Plan) -> list[Scene]:
    """The worlds of its boundaries."""
    return [
        Scene(plan.problem.families, point.knobs, point.fires)
        for found in plan.boundaries
        for point in found.points
    ]


def _aged(plan: Plan) -> Plan | None:
    """The same with series that took a turn, where it looks at one metric over several windows."""
    found = spans(plan.problem, plan.boundaries)
    return None if found is None else replace(plan, problem=found[0], boundaries=found[1])


def _shows_values(rules: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an alert's text tells its value: then a test tells mutants by it."""
    texts = [text for rule in rules for text in (rule.get("annotations"), rule.get("labels"))]
    return any("value" in str(text).lower() for text in texts)


def _mutants(plan: Plan, rules: Sequence[Mapping[str, Any]]) -> Iterator[_Changed]:
    expressions = [str(data["expr"]) for data in rules]
    names = Counter(data.get("record") for data in rules if data.get("record"))
    beside = {
        str(data["record"]): str(data["expr"])
        for data in rules
        if names[data.get("record")] == 1 and not data.get("labels")
    }
    recorded: dict[str, list[tuple[str, Mapping[str, object]]]] = {}
    for data in rules[:-1]:
        recorded.setdefault(str(data["record"]), []).append((str(data["expr"]), data.get("labels") or {}))
    for place, data in enumerate(rules):
        try:
            made = mutants(Subject("", (place,), "", dict(data), read(str(data["expr"]))))
        except ValueError:
            continue
        for mutant in made:
            changed = mutant.change.data
            if mutant.operator in TIMED or is_read_alike(data, changed, expressions, beside):
                continue
            if is_recorded_so(data, changed, recorded):
                continue
            try:
                tree = parse(str(mutant.change.data["expr"]))
            except NotCovered:
                continue
            if data.get("alert"):
                yield _Changed(tree, plan.problem.recorded)
            else:
                yield _Changed(plan.problem.root, _replaced(plan.problem.recorded, rules, data, tree))


def _replaced(
    recorded: Recorded, rules: Sequence[Mapping[str, Any]], data: Mapping[str, Any], tree: Node
) -> Recorded:
    """The recording rules with another expression of one of them."""
    name = str(data["record"])
    same = [rule for rule in rules if rule.get("record") == name]
    made = list(recorded.get(name, ()))
    place = next(i for i, rule in enumerate(same) if rule is data)
    if place < len(made):
        made[place] = (tree, made[place][1])
    return {**recorded, name: made}


def _left(
    plan: Plan, scene: Scene, waiting: Sequence[_Changed], moments: Sequence[float], *, is_valued: bool
) -> list[_Changed]:
    """The mutants that say the same as the rule at one of these moments."""
    told = list(waiting)
    for moment in moments:
        if told:
            at = replace(plan.problem, moment=moment)
            said = answer(at, scene, at.root, at.recorded, is_valued=is_valued)
            told = [
                change
                for change in told
                if answer(at, scene, change.root, change.recorded, is_valued=is_valued) != said
            ]
    return [change for change in waiting if all(change is not other for other in told)]


def answer(
    problem: Problem, scene: Scene, root: Node, recorded: Recorded, *, is_valued: bool = False
) -> frozenset[object] | None:
    """The label sets of what an expression returns, with the values if asked; None when PromQL refuses."""
    asked = replace(problem, root=root, families=list(scene.families), recorded=recorded, asked=0)
    try:
        found: Vector | float = asked.result(scene.knobs)[0]
    except (Unevaluable, NotCovered):
        return None
    if isinstance(found, float):
        return frozenset({()})
    return frozenset(
        (unnamed(labels), f"{value:.4g}" if is_valued else "")
        for labels, (value, gap) in found.items()
        if gap == 0
    )
