"""The boundary of a rule as its proof shows it, for an alert whose contract says nothing about series."""

from __future__ import annotations

from dataclasses import dataclass

from promproof.proofs.flips import Boundary
from promproof.proofs.outcome import PROVEN, Outcome
from promproof.proofs.search import Problem, constant

SAME = 0.01
"""How far, as a share, a number of the rule may be from the documented one."""


@dataclass(frozen=True)
class RuleBoundary:
    """verdict, flips, reason: of the proof. points: the quantity that is compared, and whether the alert holds there.

    The points are those of the comparison with the documented threshold; none where no comparison has it.
    """

    verdict: str
    flips: str
    reason: str
    points: tuple[tuple[float, bool], ...] = ()


def rule_boundary(outcome: Outcome, threshold: float | None = None) -> RuleBoundary:
    """The boundary of a rule. threshold: the documented one; None takes the first comparison with a number.

    Pure: the outcome of `prove` (which keeps its plan) holds what promtool said; of a proven alert each point is as
    the plan expects it.
    """
    points: tuple[tuple[float, bool], ...] = ()
    if outcome.verdict == PROVEN and outcome.plan is not None:
        for found in outcome.plan.boundaries:
            number = _number(found)
            if number is None or (threshold is not None and abs(number - threshold) > SAME * abs(threshold)):
                continue
            points = _points(outcome.plan.problem, found)
            break
    return RuleBoundary(outcome.verdict, outcome.flips, outcome.reason, points)


def _number(found: Boundary) -> float | None:
    if found.comparison is None:
        return None
    right = constant(found.comparison.right)
    return constant(found.comparison.left) if right is None else right


def _points(problem: Problem, found: Boundary) -> tuple[tuple[float, bool], ...]:
    node = found.comparison
    assert node is not None
    is_left = constant(node.right) is not None
    made = []
    for point in found.points:
        sides = problem.result(point.knobs)[1].sides.get(node)
        if sides:
            left, right, _ = min(sides, key=lambda side: side[2])
            made.append((left if is_left else right, point.fires))
    return tuple(sorted(made))
