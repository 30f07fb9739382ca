"""Alerts over time: from cause to firing and back."""

from __future__ import annotations

from collections.abc import Sequence

from promproof.config.durations import parse_duration
from promproof.proofs.asking import Judge
from promproof.proofs.flips import Boundary
from promproof.proofs.outcome import OPEN, Outcome, Staged
from promproof.proofs.pace import has_limits, has_spans, has_windows
from promproof.proofs.plan import Plan
from promproof.proofs.questions import Question
from promproof.proofs.recordings import Recordings, stripped
from promproof.proofs.search import Key, Knobs
from promproof.proofs.timeline import Timeline, asked, course, timeline
from promproof.proofs.turning import gone, instead, mirrored, ways
from promproof.proofs.world import CHANGES, LEVEL, RESETS, SLOPE

FARTHER = 100.0
"""How many times as far from the boundary, which is 0.4 % away."""
ATTEMPTS = 4
"""Two at the first boundary, one at each of the next two."""


def follow(proven: Sequence[Outcome], recordings: Recordings, judge: Judge) -> None:
    """From cause to firing and back: first by a cause well beyond the boundary, then by one beside it.

    Where a course at the first boundary shows nothing (a guard, say), one at each further boundary is tried.
    """
    waiting = list(proven)
    for attempt in range(ATTEMPTS):
        if attempt > 1:
            shown = [
                outcome for outcome in waiting if not outcome.plan or attempt > len(outcome.plan.boundaries)
            ]
            _give_up(shown)
            waiting = [outcome for outcome in waiting if outcome not in shown]
        if not waiting:
            return
        asked = [_course(outcome, recordings, attempt) for outcome in waiting]
        replies = judge.ask([question for question, _ in asked])
        unclear = []
        for outcome, (question, times), reply in zip(waiting, asked, replies, strict=True):
            outcome.course = course(reply, times)
            outcome.reason = next((error for error in reply.errors if error), "")
            outcome.staged = (question, times)
            if not _is_shown(outcome):
                unclear.append(outcome)
        waiting = unclear
    _give_up(waiting)


def _give_up(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        outcome.verdict = OPEN
        outcome.reason = f"it flips at {outcome.flips}, but {_unclear(outcome)}"


def closely(proven: Sequence[Outcome], recordings: Recordings, judge: Judge) -> list[list[Staged]]:
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


def _courses(outcome: Outcome, plan: Plan, recordings: Recordings) -> list[tuple[Question, Timeline]]:
    """Those that differ from the one that was followed and from each other."""
    times = _times(outcome, plan)
    own, reads = (
        [*recordings.needed(plan.problem.root), stripped(outcome.alert.data)],
        plan.reads(outcome.alert.name),
    )
    pairs = [(found.points[0].knobs, found.points[1].knobs) for found in plan.boundaries]
    if plan.boundaries:
        fired = plan.boundaries[0].points[0].knobs
        busy = {key: value * 300 if key[1] == SLOPE else value for key, value in fired.items()}
        still = {key: 0.0 if key[1] == SLOPE else value for key, value in fired.items()}
        if still != fired and not plan.problem.fires(still):
            pairs.insert(0, (fired, still))  # each window is empty when it has passed
        if still != fired and has_spans(plan.problem.root) and plan.problem.fires(busy):
            pairs.insert(1, (busy, still))  # the longer window is beyond its number when the shorter is empty
        pairs += [(back, still) for back in mirrored(plan.problem, fired)]
        pairs += gone(plan.problem, fired)
        pairs += instead(plan.problem, pairs)
        pairs += ways(plan.problem, fired)
        if has_limits(plan.problem.root) and plan.problem.fires(busy):
            pairs += ways(plan.problem, busy)
    seen = [outcome.staged[0].series] if outcome.staged else []
    made: list[tuple[Question, Timeline]] = []
    for fired, silent in pairs:
        question = asked(outcome.alert.name, plan.problem, silent, fired, times, own, reads)
        if question.series not in seen and len(made) < COURSES:
            seen.append(question.series)
            made.append((question, times))
    return made


def _course(outcome: Outcome, recordings: Recordings, attempt: int) -> tuple[Question, Timeline]:
    plan, alert = outcome.plan, outcome.alert
    assert plan is not None
    boundary = plan.boundaries[max(0, attempt - 1)]
    fired, silent = boundary.points[0].knobs, boundary.points[1].knobs
    if attempt == 0 and plan.fired is not None and plan.fired.keys() == silent.keys():
        fired = {**silent, plan.boundaries[0].turned: plan.fired[plan.boundaries[0].turned]}
        fired = fired if plan.problem.fires(fired) else plan.boundaries[0].points[0].knobs
        fired = _densely(plan, fired, boundary.turned)
        silent = _clearly(plan, silent, boundary)
    times = _times(outcome, plan, is_brief=attempt == 0)
    own = [*recordings.needed(plan.problem.root), stripped(outcome.alert.data)]
    return asked(alert.name, plan.problem, silent, fired, times, own, plan.reads(alert.name)), times


def _densely(plan: Plan, fired: Knobs, key: Key) -> Knobs:
    """As many changes or resets as samples show: at some moments a window without its left edge holds fewer of them."""
    if not plan.problem.left_open or key[1] not in (CHANGES, RESETS):
        return fired
    apart = 1 if key[1] == CHANGES else 2  # a tooth needs two samples
    most = plan.problem.families[key[0]].window / plan.problem.step / apart
    dense = {**fired, key: max(fired[key], float(int(most)))}
    return dense if plan.problem.fires(dense) else fired


def _clearly(plan: Plan, silent: Knobs, found: Boundary) -> Knobs:
    """Of a gauge on a slope, silence far enough from the boundary to last from sample to sample."""
    key = found.turned
    family = plan.problem.families[key[0]]
    if key[1] != LEVEL or SLOPE not in family.knobs or family.is_counter():
        return silent
    near = found.points[0].knobs[key]
    farther = {**silent, key: silent[key] + FARTHER * (silent[key] - near)}
    return silent if plan.problem.fires(farther) else farther


def _times(outcome: Outcome, plan: Plan, *, is_brief: bool = False) -> Timeline:
    alert = outcome.alert
    keep = parse_duration(str(alert.data.get("keep_firing_for") or "0s"))
    return timeline(
        plan.problem,
        plan.every,
        alert.hold,
        keep,
        own=alert.every,
        delay=alert.offset or 0.0,
        is_brief=is_brief,
    )


def _is_shown(outcome: Outcome) -> bool:
    seen = outcome.course
    if seen is None or outcome.staged is None or not (seen.silent_before and seen.fired and seen.resolved):
        return False
    return seen.pending >= outcome.alert.hold


def _unclear(outcome: Outcome) -> str:
    seen = outcome.course
    if seen is None:
        return f"its course over time was not followed: {outcome.reason or 'promtool did not answer'}"
    if not seen.silent_before:
        return "it is not silent before the cause"
    if not seen.fired:
        return "it does not fire at the end of the cause"
    if not seen.resolved:
        return "it does not resolve after healing"
    return f"it is pending for {seen.pending:g} s"
