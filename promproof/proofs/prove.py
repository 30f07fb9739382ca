"""Proves alerts without a target: plans, promtool's answers, verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from promproof.exposition import matcher
from promproof.promql.versions import is_left_open
from promproof.proofs import clocks, dates
from promproof.proofs.asking import Judge, steady
from promproof.proofs.flips import Boundary, Point
from promproof.proofs.following import follow
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, PROVEN, Alert, Outcome
from promproof.proofs.plan import Plan, planned, turned
from promproof.proofs.questions import Question, Reply
from promproof.proofs.recordings import Recordings, stripped
from promproof.proofs.search import Knobs, constant
from promproof.proofs.settings import note
from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import NotCovered
from promproof.proofs.witness import witness

TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
BATCH = 80


def prove(
    alerts: Sequence[Alert],
    recordings: Sequence[Mapping[str, Any]],
    judge: Judge,
    *,
    scrape: float | None = None,
    say: Callable[[int, int], None] = lambda done, of: None,
    is_kept: bool = True,
) -> list[Outcome]:
    """One outcome for each alert, in order. While promtool judges some alerts, the next ones are planned.

    is_kept: whether the outcomes keep their plans and courses, of which tests are made.
    """
    known = Recordings(recordings)
    outcomes: list[Outcome] = []

    def ended(batch: list[Outcome], judged: Future[None]) -> None:
        judged.result()
        for outcome in batch:
            dates.restored(outcome)
        for outcome in batch if not is_kept else ():
            outcome.plan = outcome.staged = None
        outcomes.extend(batch)
        say(len(outcomes), len(alerts))

    with ThreadPoolExecutor(1) as pool:
        before: tuple[list[Outcome], Future[None]] | None = None
        for start in range(0, len(alerts), BATCH):
            batch = [_planned(alert, known.trees, scrape, judge) for alert in alerts[start : start + BATCH]]
            if before is not None:
                ended(*before)
            before = batch, pool.submit(_judged, batch, known, judge, scrape)
        if before is not None:
            ended(*before)
    return outcomes


def _planned(alert: Alert, recorded: Recorded, scrape: float | None, judge: Judge) -> Outcome:
    outcome = _as_it_is(alert, recorded, scrape, judge)
    if outcome.plan is None or not outcome.reason:
        return outcome
    try:
        for days, expression in dates.moved(alert.expression):
            data = {**alert.data, "expr": expression}
            later = _as_it_is(replace(alert, expression=expression, data=data), recorded, scrape, judge)
            if later.plan is not None and not later.reason:
                later.moved = alert, days
                return later
    except (NotCovered, ValueError):
        pass
    return outcome


def _as_it_is(alert: Alert, recorded: Recorded, scrape: float | None, judge: Judge) -> Outcome:
    try:
        left_open = is_left_open(judge.version)
        plan = planned(alert.expression, recorded, scrape, left_open=left_open)
    except NotCovered as error:
        return Outcome(alert, OPEN, reason=str(error))
    except (ValueError, RecursionError) as error:
        return Outcome(alert, OPEN, reason=" ".join(str(error).split())[:160])
    plan.problem.forget()
    native = plan.native()
    if native and not judge.takes_natives:
        return Outcome(
            alert,
            OPEN,
            reason="it reads a native histogram (no `_bucket`, no `le`), which takes a promtool of version 3 or newer; "
            f"this one is {judge.version or 'of no known version'}: {native}",
        )
    return Outcome(alert, OPEN, reason=plan.error, plan=plan)


def _judged(batch: Sequence[Outcome], recordings: Recordings, judge: Judge, scrape: float | None) -> None:
    """Judge a batch; what steady series leave open is asked again with series that change, where that may decide."""
    _judge(batch, recordings, judge)
    again: list[tuple[Outcome, Outcome]] = []
    for outcome in batch:
        if outcome.verdict == OPEN and outcome.plan is not None:
            try:
                left_open = is_left_open(judge.version)
                plan = turned(outcome.alert.expression, recordings.trees, scrape, left_open=left_open)
            except (NotCovered, ValueError, RecursionError):
                continue
            if plan is not None and plan.boundaries:
                again.append((outcome, Outcome(outcome.alert, OPEN, reason=plan.error, plan=plan)))
    _judge([changed for _, changed in again], recordings, judge)
    for outcome, changed in again:
        if changed.verdict == PROVEN:
            vars(outcome).update(vars(changed))
        elif changed.reason:
            outcome.reason = changed.reason


@dataclass(frozen=True)
class _Asked:
    outcome: Outcome
    question: Question
    boundary: Boundary | None
    point: Point


def _judge(batch: Sequence[Outcome], recordings: Recordings, judge: Judge) -> None:
    questions: list[_Asked] = []
    for outcome in batch:
        plan = outcome.plan
        if plan is None:
            continue
        # what keeps an alert firing would keep what it said before its windows were full
        own = stripped(outcome.alert.data, without=("annotations", "keep_firing_for"))
        rules = [*recordings.needed(plan.problem.root), own]
        points: list[tuple[Boundary | None, Point]] = [
            (found, point) for found in plan.boundaries for point in found.points
        ]
        points += [(None, Point(knobs, not plan.impossible)) for knobs in plan.worlds]
        for moment, fires in plan.moments:
            put = replace(question(outcome.alert, plan, rules, {}), asks=[_held(outcome.alert, moment)])
            questions.append(_Asked(outcome, put, None, Point({}, fires)))
        for boundary, point in points:
            put = question(outcome.alert, plan, rules, point.knobs)
            questions.append(_Asked(outcome, put, boundary, point))
    replies = judge.ask([asked.question for asked in questions])
    by: dict[int, list[tuple[_Asked, Reply]]] = {}
    for asked, reply in zip(questions, replies, strict=True):
        by.setdefault(id(asked.outcome), []).append((asked, reply))
    for outcome in batch:
        if outcome.plan is not None:
            answers = by.get(id(outcome), [])
            _decide(outcome, outcome.plan, answers)
            if outcome.verdict == DEAD or (outcome.verdict == CONTRADICTED and outcome.plan.itself):
                worlds = [asked.question for asked, _ in answers if asked.boundary is None]
                outcome.test = witness(outcome, worlds, recordings)
    proven = [outcome for outcome in batch if outcome.verdict == PROVEN]
    turning = [outcome for outcome in proven if outcome.plan and outcome.plan.boundaries]
    follow(turning, recordings, judge)
    for outcome in turning:
        if outcome.verdict == OPEN and outcome.plan and outcome.plan.is_pinned():
            outcome.verdict, outcome.reason, outcome.staged = PROVEN, "", None
            outcome.notes.append("it looks at a moment that stays (@): its way back was not followed")
    note([outcome for outcome in proven if outcome.verdict == PROVEN], recordings, judge)


def question(alert: Alert, plan: Plan, rules: Sequence[Mapping[str, Any]], knobs: Knobs) -> Question:
    """Does it hold (pending or firing)?"""
    problem = plan.problem
    asks = [_held(alert, problem.moment)]
    series = steady(problem.families, knobs, problem.step, problem.moment)
    return Question(series, asks, rules, problem.step, plan.every, plan.reads(alert.name))


def _held(alert: Alert, moment: float) -> tuple[str, float]:
    return f"count(ALERTS{{{matcher('alertname', alert.name)}}}) or vector(0)", moment


def _decide(outcome: Outcome, plan: Plan, answers: Sequence[tuple[_Asked, Reply]]) -> None:
    errors = [reply.errors[0] for _, reply in answers if reply.errors and reply.errors[0]]
    held = [
        (question, reply, bool(reply.values[0] and reply.values[0][0] > 0))
        for question, reply in answers
        if reply.values
    ]
    if plan.refused and any("duplicate series" in error or "many-to-many" in error for error in errors):
        outcome.verdict = CONTRADICTED
        outcome.reason = f"Prometheus refuses it as soon as there are several series: {plan.refused}"
        return
    if errors:
        outcome.reason = errors[0]
        return
    wrong = [question for question, _, fired in held if fired != question.point.fires]
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
    if plan.moments:
        outcome.verdict, outcome.flips, outcome.reason = (
            (OPEN, "-", "promtool's clock says otherwise")
            if wrong
            else (PROVEN, clocks.told(plan.moments), "")
        )
        return
    if plan.itself and not [w for w in wrong if w.boundary is None]:
        outcome.verdict, outcome.flips = CONTRADICTED, "any share"
        outcome.reason = plan.itself
        return
    wrong = [question for question in wrong if question.boundary is not None]
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
    outcome.notes += plan.notes
    outcome.notes += [f"not separated: {' '.join(node.text.split())}" for node in plan.open]


def _flips(found: Boundary) -> str:
    node = found.comparison
    if node is None:
        return "any series" if any(p.fires and p.knobs[found.turned] for p in found.points) else "no series"
    left, right = constant(node.left), constant(node.right)
    if right is not None:
        return f"{node.op} {right:g}"
    return f"{TURNED.get(node.op, node.op)} {left:g}" if left is not None else f"{node.op} other side"
