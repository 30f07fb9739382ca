"""Proves alerts without a target: plans, promtool's answers, verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promproof.config.durations import format_duration, parse_duration
from promproof.exposition import matcher
from promproof.proofs.asking import Judge, Question, Reply, steady
from promproof.proofs.plan import Plan, has_limits, has_windows, planned
from promproof.proofs.search import Boundary, Knobs, Point, constant, ways
from promproof.proofs.shapes import Recorded
from promproof.proofs.timeline import Course, Timeline, asked, course, timeline
from promproof.proofs.tree import Node, NotCovered, Selector, parse, walk
from promproof.proofs.world import SLOPE

PROVEN, CONTRADICTED, DEAD, OPEN = "proven", "contradicted", "dead", "not covered"
KNOWN = ("alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
"""The keys of a rule that promtool 2.42 knows."""
TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
BATCH = 60


@dataclass(frozen=True)
class Alert:
    """An alerting rule as it stands in its file. hold: its `for`, in seconds.

    every, limit, offset: how often its group is evaluated (None: not known), its limit of alerts, and query_offset.
    """

    name: str
    expression: str
    hold: float
    data: Mapping[str, Any]
    group: str = ""
    where: str = ""
    every: float | None = None
    limit: int = 0
    offset: float = 0.0


Staged = tuple[Question, Timeline, Course]
"""Series from cause to healing, when they change, and what promtool saw."""


@dataclass
class Outcome:
    """What is known of an alert. evidence: the questions that show it; compared: what was separated, as text."""

    alert: Alert
    verdict: str
    flips: str = "-"
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    plan: Plan | None = None
    evidence: list[tuple[Question, bool]] = field(default_factory=list)
    course: Course | None = None
    staged: tuple[Question, Timeline] | None = None
    compared: list[str] = field(default_factory=list)


def trees(recordings: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[Node, Mapping[str, str]]]]:
    """Recording rules by name; those that can't be read are left out, and so is what reads them."""
    found: dict[str, list[tuple[Node, Mapping[str, str]]]] = {}
    for data in recordings:
        try:
            tree = parse(str(data["expr"]))
        except NotCovered:
            continue
        labels = {str(k): str(v) for k, v in (data.get("labels") or {}).items()}
        found.setdefault(str(data["record"]), []).append((tree, labels))
    return found


def prove(
    alerts: Sequence[Alert],
    recordings: Sequence[Mapping[str, Any]],
    judge: Judge,
    *,
    scrape: float | None = None,
    say: Callable[[int, int], None] = lambda done, of: None,
) -> list[Outcome]:
    """One outcome for each alert, in order."""
    recorded = trees(recordings)
    outcomes: list[Outcome] = []
    for start in range(0, len(alerts), BATCH):
        batch = [_planned(alert, recorded, scrape) for alert in alerts[start : start + BATCH]]
        _judge(batch, recordings, judge)
        outcomes += batch
        say(len(outcomes), len(alerts))
    return outcomes


def _planned(alert: Alert, recorded: Recorded, scrape: float | None) -> Outcome:
    try:
        plan = planned(alert.expression, recorded, scrape)
    except NotCovered as error:
        return Outcome(alert, OPEN, reason=str(error))
    except (ValueError, RecursionError) as error:
        return Outcome(alert, OPEN, reason=" ".join(str(error).split())[:160])
    return Outcome(alert, OPEN, reason=plan.error, plan=plan)


@dataclass(frozen=True)
class _Asked:
    outcome: Outcome
    question: Question
    boundary: Boundary | None
    point: Point


def _judge(batch: Sequence[Outcome], recordings: Sequence[Mapping[str, Any]], judge: Judge) -> None:
    questions: list[_Asked] = []
    for outcome in batch:
        plan = outcome.plan
        if plan is None:
            continue
        # what keeps an alert firing would keep what it said before its windows were full
        own = _rule(outcome.alert.data, without=("annotations", "keep_firing_for"))
        rules = [*needed(plan.problem.root, recordings), own]
        for found in plan.boundaries:
            for point in found.points:
                questions.append(
                    _Asked(outcome, question(outcome.alert, plan, rules, point.knobs, found), found, point)
                )
        for knobs in plan.worlds:
            expected = not plan.impossible
            questions.append(
                _Asked(
                    outcome, question(outcome.alert, plan, rules, knobs, None), None, Point(knobs, expected)
                )
            )
    replies = judge.ask([one.question for one in questions])
    by: dict[int, list[tuple[_Asked, Reply]]] = {}
    for one, reply in zip(questions, replies, strict=True):
        by.setdefault(id(one.outcome), []).append((one, reply))
    for outcome in batch:
        if outcome.plan is not None:
            _decide(outcome, outcome.plan, by.get(id(outcome), []))
    _follow(
        [
            outcome
            for outcome in batch
            if outcome.verdict == PROVEN and outcome.plan and outcome.plan.boundaries
        ],
        recordings,
        judge,
    )


def _follow(proven: Sequence[Outcome], recordings: Sequence[Mapping[str, Any]], judge: Judge) -> None:
    """From cause to firing and back: first by a cause well beyond the boundary, then by one beside it."""
    waiting = list(proven)
    for attempt in range(2):
        asked = [_course(outcome, recordings, attempt) for outcome in waiting]
        replies = judge.ask([question for question, _ in asked])
        unclear = []
        for outcome, (question, times), reply in zip(waiting, asked, replies, strict=True):
            outcome.course = course(reply, times)
            outcome.staged = (question, times)
            if not _is_shown(outcome):
                unclear.append(outcome)
        waiting = unclear
    for outcome in waiting:
        outcome.verdict = OPEN
        outcome.reason = f"it flips at {outcome.flips}, but {_unclear(outcome)}"


def closely(
    proven: Sequence[Outcome], recordings: Sequence[Mapping[str, Any]], judge: Judge
) -> list[list[Staged]]:
    """Courses of causes just beyond the boundary, which fire late: their windows have to be full of them.

    One for each family of series that can turn the alert.
    """
    asked = [
        (number, staged)
        for number, outcome in enumerate(proven)
        if outcome.plan is not None and has_windows(outcome.plan.problem.root, outcome.plan.problem.recorded)
        for staged in _courses(outcome, outcome.plan, recordings)
    ]
    replies = judge.ask([staged[0] for _, staged in asked])
    found: list[list[Staged]] = [[] for _ in proven]
    for (number, (question, times)), reply in zip(asked, replies, strict=True):
        seen = course(reply, times)
        if seen is not None and seen.silent_before and seen.fired and seen.resolved:
            found[number].append((question, times, seen))
    return found


COURSES = 6


def _courses(
    outcome: Outcome, plan: Plan, recordings: Sequence[Mapping[str, Any]]
) -> list[tuple[Question, Timeline]]:
    """Those that differ from the one that was followed and from each other."""
    keep = parse_duration(str(outcome.alert.data.get("keep_firing_for") or "0s"))
    times = timeline(plan.problem, plan.every, outcome.alert.hold, keep, own=outcome.alert.every)
    rules = [*needed(plan.problem.root, recordings), _rule(outcome.alert.data)]
    pairs = [(found.points[0].knobs, found.points[1].knobs) for found in plan.boundaries]
    if plan.boundaries:
        fired = plan.boundaries[0].points[0].knobs
        busy = {key: value * 300 if key[1] == SLOPE else value for key, value in fired.items()}
        pairs += ways(plan.problem, fired)
        if has_limits(plan.problem.root) and plan.problem.fires(busy):
            pairs += ways(plan.problem, busy)
    seen = [outcome.staged[0].series] if outcome.staged else []
    made: list[tuple[Question, Timeline]] = []
    for fired, silent in pairs:
        question = asked(outcome.alert.name, plan.problem, silent, fired, times, rules)
        if question.series not in seen and len(made) < COURSES:
            seen.append(question.series)
            made.append((question, times))
    return made


def _course(
    outcome: Outcome, recordings: Sequence[Mapping[str, Any]], attempt: int
) -> tuple[Question, Timeline]:
    plan, alert = outcome.plan, outcome.alert
    assert plan is not None
    fired, silent = plan.boundaries[0].points[0].knobs, plan.boundaries[0].points[1].knobs
    if attempt == 0 and plan.fired is not None and plan.fired.keys() == silent.keys():
        fired = {**silent, plan.boundaries[0].turned: plan.fired[plan.boundaries[0].turned]}
        fired = fired if plan.problem.fires(fired) else plan.boundaries[0].points[0].knobs
    keep = parse_duration(str(alert.data.get("keep_firing_for") or "0s"))
    times = timeline(plan.problem, plan.every, alert.hold, keep, own=alert.every)
    rules = [*needed(plan.problem.root, recordings), _rule(alert.data)]
    return asked(alert.name, plan.problem, silent, fired, times, rules), times


def _is_shown(outcome: Outcome) -> bool:
    seen = outcome.course
    if seen is None or outcome.staged is None or not (seen.silent_before and seen.fired and seen.resolved):
        return False
    return seen.pending >= outcome.alert.hold


def _unclear(outcome: Outcome) -> str:
    seen = outcome.course
    if seen is None:
        return "promtool refused its course over time"
    if not seen.silent_before:
        return "it is not silent before the cause"
    if not seen.fired:
        return "it does not fire at the end of the cause"
    if not seen.resolved:
        return "it does not resolve after healing"
    return f"it is pending for {seen.pending:g} s"


def question(
    alert: Alert, plan: Plan, rules: Sequence[Mapping[str, Any]], knobs: Knobs, found: Boundary | None
) -> Question:
    """Does it hold (pending or firing), and what are the sides of the comparison?"""
    problem = plan.problem
    name = matcher("alertname", alert.name)
    asks = [(f"count(ALERTS{{{name}}}) or vector(0)", problem.moment)]
    if found is not None and found.comparison is not None:
        asks += [(found.comparison.left.text, problem.moment), (found.comparison.right.text, problem.moment)]
    series = steady(problem.families, knobs, problem.step, problem.moment)
    return Question(series, asks, rules, problem.step, plan.every)


def _rule(data: Mapping[str, Any], *, without: Sequence[str] = ("annotations",)) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in KNOWN and key not in without}


def needed(root: Node, recordings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The recording rules that an expression reads, each after those that it reads itself."""
    made: dict[str, list[dict[str, Any]]] = {}
    order: list[str] = []

    def visit(node: Node) -> None:
        for part in walk(node):
            if not isinstance(part, Selector) or not part.name or part.name in made:
                continue
            own = [data for data in recordings if data["record"] == part.name]
            found = trees(own).get(part.name)
            if found:
                made[part.name] = [_rule(data) for data in own]
                for tree, _ in found:
                    visit(tree)
                order.append(part.name)

    visit(root)
    return [rule for name in order for rule in made[name]]


def _decide(outcome: Outcome, plan: Plan, answers: Sequence[tuple[_Asked, Reply]]) -> None:
    outcome.evidence = [(one.question, one.point.fires) for one, _ in answers]
    errors = [reply.errors[0] for _, reply in answers if reply.errors and reply.errors[0]]
    held = [
        (one, reply, bool(reply.values[0] and reply.values[0][0] > 0))
        for one, reply in answers
        if reply.values
    ]
    if plan.refused and any("duplicate series" in error or "many-to-many" in error for error in errors):
        outcome.verdict = CONTRADICTED
        outcome.reason = f"Prometheus refuses it as soon as there are several series: {plan.refused}"
        return
    if errors:
        outcome.reason = errors[0]
        return
    wrong = [one for one, _, fired in held if fired != one.point.fires]
    if plan.impossible:
        outcome.verdict, outcome.reason = (
            (DEAD, plan.impossible) if not wrong else (OPEN, "promtool makes it fire")
        )
        return
    if plan.always:
        outcome.verdict, outcome.flips, outcome.reason = (
            (OPEN, "-", "it never fires") if wrong else (PROVEN, "always", "")
        )
        return
    if plan.itself and not [w for w in wrong if w.boundary is None]:
        outcome.verdict, outcome.flips = CONTRADICTED, "any share"
        outcome.reason = f"each series is divided by itself: {plan.itself}"
        return
    wrong = [one for one in wrong if one.boundary is not None]
    if wrong:
        side = "fires" if wrong[0].point.fires else "is silent"
        node = wrong[0].boundary.comparison if wrong[0].boundary else None
        outcome.reason = (
            f"expected that it {side}, promtool says otherwise: {node.text if node else 'presence'}"
        )
        return
    if not plan.boundaries:
        outcome.reason = plan.error or "fires, but what silences it was not found"
        return
    outcome.verdict, outcome.reason = PROVEN, ""
    outcome.flips = _flips(plan.boundaries[0])
    outcome.compared = [
        found.comparison.text if found.comparison is not None else "presence" for found in plan.boundaries
    ]
    outcome.notes += [*plan.notes, *_settings(outcome.alert)]
    outcome.notes += [f"not separated: {node.text}" for node in plan.open]


def _settings(alert: Alert) -> list[str]:
    """What the settings of its group do that a rule's own text does not say."""
    notes = []
    if alert.every and alert.hold % alert.every:
        late = math.ceil(alert.hold / alert.every) * alert.every
        notes.append(
            f"evaluated every {format_duration(alert.every)}: its `for` ends after {format_duration(late)}"
        )
    if alert.limit:
        notes.append(
            f"limit {alert.limit} of its group: with more alerts at once there is none (own evaluation, not asked "
            "of promtool)"
        )
    if alert.offset:
        notes.append(
            f"query_offset: it fires {format_duration(alert.offset)} later than promtool says, which ignores it"
        )
    return notes


def _flips(found: Boundary) -> str:
    node = found.comparison
    if node is None:
        return "any series" if any(p.fires and p.knobs[found.turned] for p in found.points) else "no series"
    left, right = constant(node.left), constant(node.right)
    if right is not None:
        return f"{node.op} {right:g}"
    return f"{TURNED.get(node.op, node.op)} {left:g}" if left is not None else f"{node.op} other side"
