"""What the settings of a rule's group do that its own text does not say, and that promtool ignores.

`query_offset` is asked of promtool all the same: an expression that is evaluated at an earlier moment says what it says
when every series comes later. Of `limit` promtool says how many alerts there are, and the rule of Prometheus does the
rest: a rule with more alerts than that has none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from promproof.config.durations import format_duration, parse_duration
from promproof.exposition import matcher
from promproof.proofs.asking import Judge, steady
from promproof.proofs.labels import uses
from promproof.proofs.outcome import Alert, Outcome
from promproof.proofs.plan import Plan
from promproof.proofs.questions import Question
from promproof.proofs.recordings import Recordings, stripped
from promproof.proofs.shapes import shape
from promproof.proofs.world import COPIES

MOST = 100
"""The largest limit that is asked about."""


def note(proven: Sequence[Outcome], recordings: Recordings, judge: Judge) -> None:
    """Adds to each outcome what its group's settings do."""
    asked = []
    for outcome in proven:
        outcome.notes += [*_written(outcome.alert), *_kept(outcome)]
        if outcome.alert.limit and outcome.plan is not None and outcome.plan.boundaries:
            asked += [(outcome, question) for question in _crowds(outcome.alert, outcome.plan, recordings)]
    replies = judge.ask([question for _, question in asked]) if asked else []
    counts: dict[int, list[int]] = {}
    for (outcome, _), reply in zip(asked, replies, strict=True):
        told = counts.setdefault(id(outcome), [])
        told += [int(value) for values in reply.values[:1] for value in values[:1]]
    for outcome in proven:
        if id(outcome) in counts:
            outcome.notes.append(_limited(outcome.alert.limit, max(counts[id(outcome)], default=None)))


def _written(alert: Alert) -> list[str]:
    notes = []
    if alert.every and alert.hold % alert.every:
        late = math.ceil(alert.hold / alert.every) * alert.every
        notes.append(
            f"evaluated every {format_duration(alert.every)}: its `for` ends after {format_duration(late)}"
        )
    if alert.offset:
        notes.append(
            f"query_offset {format_duration(alert.offset)}: asked with series that come so much later, since "
            "promtool ignores it"
        )
    notes += [
        f"reads {name}, whose group has limit {limit}: with more series Prometheus records none of them (own "
        "reading, not asked)"
        for name, limit in alert.bounded
    ]
    return notes


def _kept(outcome: Outcome) -> list[str]:
    keep = parse_duration(str(outcome.alert.data.get("keep_firing_for") or "0s"))
    if not keep or outcome.course is None:
        return []
    lasting = outcome.course.lasting
    said = (
        f"it fires for {format_duration(lasting)} after its cause (promtool evaluates it)"
        if lasting >= keep
        else "promtool ignores it"
    )
    return [f"keep_firing_for {format_duration(keep)}: {said}"]


def _crowds(alert: Alert, plan: Plan, recordings: Recordings) -> list[Question]:
    """How many alerts there are with more series than the limit: more instances, then more of each label it keeps."""
    problem = plan.problem
    many = float(_many(alert.limit))
    fired = plan.boundaries[0].points[0].knobs
    instances = {key: many if key[1] == COPIES and value else value for key, value in fired.items()}
    everything = {
        **fired,
        **{(f.number, COPIES): many for f in problem.families if f.knob(COPIES, fired)},
    }
    names = _kept_labels(plan)
    wider = [
        replace(family, copied=tuple(dict.fromkeys([*family.copied, *names]))) for family in problem.families
    ]
    asked = [(problem.families, instances)] + ([(wider, everything)] if set(names) - {"instance"} else [])
    own = stripped(alert.data, without=("annotations", "keep_firing_for"))
    return [
        Question(
            steady(families, knobs, problem.step, problem.moment),
            [(f"count(ALERTS{{{matcher('alertname', alert.name)}}}) or vector(0)", problem.moment)],
            [*recordings.needed(problem.root), own],
            problem.step,
            plan.every,
        )
        for families, knobs in asked
    ]


def _kept_labels(plan: Plan) -> list[str]:
    """The labels of the alert's series that no matcher asks for: these may have any number of values."""
    root, recorded = plan.problem.root, plan.problem.recorded
    known = shape(root, recorded)
    asked = {name for use in uses(root, recorded) for name, _, _ in use.selector.matchers}
    return sorted({*known.must, *(known.only or ())} - asked - {"__name__", "le"})


def _many(limit: int) -> int:
    return min(limit, MOST) + 1


def _limited(limit: int, count: int | None) -> str:
    whole = f"limit {limit} of its group"
    if count is None:
        return f"{whole}: promtool does not say how many alerts there are with more series"
    if count == _many(limit):  # where fewer than the limit were asked, each series is an alert all the same
        return (
            f"{whole}: {limit + 1} series at once make {limit + 1} alerts, and Prometheus keeps none of them "
            "(promtool's count, own evaluation of the limit)"
        )
    if count > limit:
        return (
            f"{whole}: {count} alerts at once are more, and Prometheus keeps none of them (promtool's count, own "
            "evaluation of the limit)"
        )
    return (
        f"{whole}: it has {count or 'no'} alert{'s' if count > 1 else ''} with {_many(limit)} series, within it "
        "(promtool's count)"
    )
