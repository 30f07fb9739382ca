"""One alert from cause to healing: silent, then the cause, then silent again, with its real rule and its `for`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from promproof.exposition import Labels, matcher
from promproof.proofs.asking import steady
from promproof.proofs.notation import histograms, number, staged_histogram, written
from promproof.proofs.questions import Course as Course
from promproof.proofs.questions import Question, Reply
from promproof.proofs.search import Knobs, Problem
from promproof.proofs.world import LEVEL, SLOPE, Family, Program

PENDING_STEPS = 60
"""Evaluations within a long `for`."""


@dataclass(frozen=True)
class Timeline:
    """When the cause begins and ends, and when all is over; every: seconds between evaluations.

    delay: by how much the series come later; hold: the alert's `for`; both in seconds.
    """

    cause: float
    healed: float
    end: float
    every: float
    delay: float = 0.0
    hold: float = 0.0


EVALUATIONS = 1500
"""A group is evaluated as often as its file says, unless that were more."""


def timeline(
    problem: Problem,
    every: float,
    hold: float,
    keep: float,
    own: float | None = None,
    *,
    delay: float = 0.0,
    is_brief: bool = False,
) -> Timeline:
    """Windows are full before the cause; it lasts until they are full of it and `for` has passed.

    own: the interval of the alert's group, if it is known. is_brief: whether all is over when the windows are full of
    what comes after the cause; else after five minutes more, in which Prometheus still sees series that went.
    """
    whole = problem.moment + 2 * _window(problem) + hold + keep + 300
    if own and whole / own <= EVALUATIONS:
        every = own
    elif hold:
        most = max(every, hold / PENDING_STEPS)
        every = hold / max(1, round(hold / most))
    elif problem.age:
        every = min(every, problem.step * max(1, int(problem.age / problem.step / 2)))
    cause = math.ceil(problem.moment / every) * every
    if problem.age:  # it heals by itself, and maybe soon
        shown = math.ceil((problem.age + delay) / every) + math.ceil(hold / every)
        healed = cause + (shown + 1) * every
        end = cause + math.ceil((problem.reach + hold + keep + delay + 300) / every + 3) * every
        return Timeline(cause, healed, max(healed, end), every, delay, hold)
    healed = cause + math.ceil((min(problem.moment, _window(problem)) + hold + delay) / every + 3) * every
    end = healed + math.ceil((_window(problem) + keep + delay + (0 if is_brief else 300)) / every + 3) * every
    return Timeline(cause, healed, end, every, delay, hold)


def _window(problem: Problem) -> float:
    return min(problem.moment, problem.needed)


def staged(problem: Problem, silent: Knobs, fired: Knobs, times: Timeline) -> list[dict[str, str]]:
    """The series over the whole time."""
    if problem.age:
        changed = [
            family if family.turn is None else replace(family, turn=times.cause + times.delay)
            for family in problem.families
        ]
        return steady(changed, fired, problem.step, times.end)
    marks = [
        0,
        *(math.ceil(t / problem.step) for t in (times.cause + times.delay, times.healed + times.delay)),
        int(times.end / problem.step) + 1,
    ]
    early = _early(problem, fired, times)
    reached = ((marks[1] - 1) * problem.step, (marks[2] - 1) * problem.step - early, times.end)
    made = []
    for family in problem.families:
        if family.is_native:
            made += _histograms(family, (silent, fired, silent), marks, problem.step)
            continue
        stages = [dict(_numbered(family, knobs)) for knobs in (silent, fired, silent)]
        for key in sorted({key for stage in stages for key in stage}):
            labels = next(stage[key][0] for stage in stages if key in stage)
            programs = [stage[key][1] if key in stage else None for stage in stages]
            at = (problem.moment, reached) if _drifts(family) else None
            values = _values(programs, marks, problem.step, counter=family.is_counter(), at=at)
            made.append({"series": written(labels), "values": values})
    return made


def _drifts(family: Family) -> bool:
    """Whether it is a gauge on a slope: what its level says holds at one moment."""
    return SLOPE in family.knobs and not family.is_counter() and not family.follows_time


def _early(problem: Problem, fired: Knobs, times: Timeline) -> float:
    """How long before the end of the cause a gauge on a slope reaches its level: `for` passes with it beyond."""
    early = times.hold + 2 * times.every
    drifting = {family.number for family in problem.families if _drifts(family)}
    beyond = {
        key: value + fired[key[0], SLOPE] * early if key[1] == LEVEL and key[0] in drifting else value
        for key, value in fired.items()
    }
    return early if beyond != fired and problem.fires(beyond) else 0.0


def _histograms(
    family: Family, stages: Sequence[Knobs], marks: Sequence[int], step: float
) -> list[dict[str, str]]:
    found = [histograms(family.series(knobs)) for knobs in stages]
    return [
        {
            "series": written(labels),
            "values": staged_histogram(
                [stage.get(labels) for stage in found], marks, step, counter=family.is_counter()
            ),
        }
        for labels in sorted({labels for stage in found for labels in stage})
    ]


def _numbered(family: Family, knobs: Knobs) -> list[tuple[Labels, tuple[Labels, Program]]]:
    return [(labels, (labels, program)) for labels, program in family.series(knobs)]


def _values(
    programs: Sequence[Program | None],
    marks: Sequence[int],
    step: float,
    *,
    counter: bool,
    at: tuple[float, Sequence[float]] | None,
) -> str:
    """at: for a gauge on a slope the moment whose value counts, and when each stage reaches that value."""
    moment, reached = at or (0.0, ())
    if all(program == programs[0] for program in programs):
        marks, programs, reached = [marks[0], marks[-1]], programs[:1], reached[-1:]
    parts: list[str] = []
    last: float | None = None
    before: Program | None = None
    for place, (program, (begin, end)) in enumerate(zip(programs, pairwise(marks), strict=True)):
        count = end - begin
        if program is None:
            parts += ["stale"] if before is not None else []
            parts += [f"_x{count - (before is not None)}"]
        elif program.events:
            values = [program.at(i * step) for i in range(begin, end)]
            parts.append(" ".join(number(value) for value in values))
            last = values[-1]
        else:
            slope = program.slope * step
            first = last + slope if counter and last is not None else program.at(begin * step)
            if reached:
                first = program.at(moment) - program.slope * (reached[place] - begin * step)
            parts.append(f"{number(first)}{'-' if slope < 0 else '+'}{number(abs(slope))}x{count - 1}")
            last = first + slope * (count - 1)
        before = program
    return " ".join(parts)


def asked(
    name: str,
    problem: Problem,
    silent: Knobs,
    fired: Knobs,
    times: Timeline,
    rules: Sequence[Mapping[str, Any]],
    reads: frozenset[str] | None,
) -> Question:
    """Silent before; how long pending; firing at the end of the cause; silent after healing.

    Firing is whatever its labels are: those of `a or b` may be others from evaluation to evaluation.
    """
    alert = matcher("alertname", name)
    last = times.healed - times.every
    span = f"[{round((last - times.cause + times.every) * 1000)}ms]"
    rest = f"[{round((times.end - last) * 1000) - 1}ms]"  # without `last` itself
    firing = f'count(ALERTS{{{alert},alertstate="firing"}})'
    step = f":{round(times.every * 1000)}ms]"
    asks = [
        (f"count(ALERTS{{{alert}}}) or vector(0)", times.cause - times.every),
        (f'max(count_over_time(ALERTS{{{alert},alertstate="pending"}}{span})) or vector(0)', last),
        (f"count_over_time({firing}{span[:-1]}{step}) or vector(0)", last),
        (f"{firing} or vector(0)", last),
        (f"count(ALERTS{{{alert}}}) or vector(0)", times.end),
        (f"count_over_time({firing}{rest[:-1]}{step}) or vector(0)", times.end),
    ]
    return Question(staged(problem, silent, fired, times), asks, rules, problem.step, times.every, reads)


def course(reply: Reply, times: Timeline) -> Course | None:
    """None when promtool refused."""
    if any(reply.errors) or not all(reply.values):
        return None
    before, pending, firing, fired, after, lasting = (values[0] for values in reply.values)
    latency = times.healed - times.cause - firing * times.every
    return Course(
        before == 0,
        pending * times.every,
        max(0.0, latency),
        fired > 0,
        after == 0,
        lasting * times.every,
    )
