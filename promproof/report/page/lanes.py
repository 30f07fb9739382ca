"""The way of a drilled alert as lanes on one time axis: what was done and seen, with what was admissible behind it.

All of it is computed from a `Case`; times are seconds since the fault was asked for. The bands are those that the
checks judge by: an observation outside of them is a finding, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from math import isfinite

from promproof.drills import membership, plan
from promproof.drills.case import Case, build
from promproof.drills.hops import hops
from promproof.drills.states import Condition, State, extent_at, grid
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import DrillDriven, Expression, HeldPoll
from promproof.report.page import limits
from promproof.report.page.shapes import Band, Bar, Curve, Lane, Limit, Mark, Moment, Step, Swim
from promproof.report.page.wording import promise_of
from promproof.verdict import Verdict

VIEWS = ("ALERTS series", "alerts API", "rules API")
"""The views of an alert's state, in the order of a lane's stripes."""
REST = 0.25
"""How much is drawn of the quiet at the end, as a share of what came before: nothing happens in it."""


def swims(evidence: Evidence, verdicts: Sequence[Verdict]) -> list[Swim]:
    """A drawing for each drill that was driven, in their order; one that broke off says why."""
    found = []
    alerts = {record.data.name: record.data.alert for record in evidence.history.of(DrillDriven)}
    for name, alert in alerts.items():
        mine = _about(name, alert, verdicts)
        try:
            case = build(evidence, name)
            found.append(_swim(case, mine))
        except Gap as gap:
            found.append(Swim(name, "", "", "", mine, 0.0, 0.0, trouble=str(gap)))
    return found


def _about(name: str, alert: str, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The claims of a drill; in the main job they are those of its alert."""
    for begin in (f"drill/{name}/", f"alert/{alert}/live/"):
        mine = [verdict for verdict in verdicts if verdict.claim.startswith(begin)]
        if mine:
            return mine
    return []


def _swim(case: Case, verdicts: Sequence[Verdict]) -> Swim:
    zero = case.raised
    steps = _steps(case)
    moments = [Moment(0.0, "fault", "fault"), Moment(case.healed - zero, "healed", "heal")]
    resolved = next((step for step in steps if step.hop.name == "resolved webhook"), None)
    if resolved is not None and resolved.at is not None:
        moments.append(Moment(resolved.at, "resolved", "heal"))
    lanes = tuple(_lanes(case, zero))
    begin, ended = case.begun - zero, case.ended - zero
    last = max(
        [
            *(bar.end for lane in lanes for bar in lane.bars),
            *(mark.t for lane in lanes for mark in lane.marks),
            *(moment.t for moment in moments),
        ]
    )
    return Swim(
        case.drill.name,
        case.alert.name,
        case.drill.description,
        _promise(case),
        verdicts,
        begin,
        min(ended, last + REST * (last - begin)),
        tuple(_curves(case, zero)),
        lanes,
        moments,
        steps,
        ended,
    )


def _promise(case: Case) -> str:
    here = f" ({case.timing.hold:.3g} s here)" if case.alert.hold and case.timing.scale != 1 else ""
    return f"{promise_of(case.alert)}{here}"


CROSSED = "threshold crossed"
NUMBERS = {
    "first bad scrape": 1,
    CROSSED: 2,
    "pending": 3,
    "firing": 4,
    "Alertmanager": 5,
    "webhook": 6,
}
"""The hops that are marked in the drawing."""


def _steps(case: Case) -> list[Step]:
    found = []
    asked = _expression(case) is not None
    for hop in hops(case):
        if hop.name == CROSSED and not asked:  # not a hop that was missed: nobody looked
            continue
        back = case.healed - case.raised if hop.name == "resolved webhook" else 0.0
        number = 7 if hop.name == "resolved webhook" else NUMBERS.get(hop.name, 0)
        found.append(Step(number, hop, None if hop.after is None else hop.after + back))
    return found


def _curves(case: Case, zero: float) -> Iterator[Curve]:
    drill, timing = case.drill, case.timing
    if drill.above is not None:
        dimension = "ratio" if timing.threshold <= 1 else "number"
        promised = Limit(">" if timing.fires_above else "<", timing.threshold)
        yield Curve(
            "dose",
            "dose",
            _dose(case, zero),
            limits.beside(promised, limits.loaded(case.evidence, case.alert), "documented", "loaded"),
            dimension,
            tuple(_extents(case, zero)),
            (1,),
            True,
        )
    record = _expression(case)
    if record is not None and record.quantity:
        points = [(t - zero, v) for t, v in record.quantity if case.begun <= t <= case.ended]
        deployed = limits.loaded(case.evidence, case.alert) is not None
        promised_too = limits.documented(case.alert) if deployed else None
        same = deployed or record.threshold == case.alert.threshold
        found = Limit(record.comparator, record.threshold)
        yield Curve(
            "quantity",
            "quantity",
            points,
            limits.beside(found, promised_too, "loaded", "documented"),
            limits.dimension(case.evidence, case.alert, same),
        )


def _dose(case: Case, zero: float) -> list[tuple[float, float]]:
    """The corners of the doses; what lies between asking and having is drawn as a slope."""
    quantity = case.quantity
    before = [change.value for change in quantity.changes if change.done <= case.begun]
    value = before[-1] if before else quantity.start
    points = [(case.begun - zero, value)]
    for change in quantity.changes[len(before) :]:
        points += [(change.asked - zero, value), (change.done - zero, change.value)]
        value = change.value
    return [*points, (case.ended - zero, value)]


def _extents(case: Case, zero: float) -> Iterator[tuple[float, float, float]]:
    pace = plan.pace(case.timing, case.slack)
    for t in grid(replace(pace, evaluation=pace.evaluation * 4), case.begun, case.ended):
        found = extent_at(case.quantity, pace, t)
        if found is not None and all(map(isfinite, found)):
            yield t - zero, found[0], found[1]


def _expression(case: Case) -> Expression | None:
    records = case.evidence.history.of(Expression)
    return next((record.data for record in records if record.data.alert == case.alert.name), None)


def _lanes(case: Case, zero: float) -> Iterator[Lane]:
    def shifted(lane: Lane) -> Lane:
        return replace(
            lane,
            bands=[replace(band, begin=band.begin - zero, end=band.end - zero) for band in lane.bands],
            bars=[replace(bar, begin=bar.begin - zero, end=bar.end - zero) for bar in lane.bars],
            marks=[replace(mark, t=mark.t - zero) for mark in lane.marks],
        )

    yield shifted(_condition(case))
    yield shifted(_state(case, State.PENDING, 3))
    firing = _state(case, State.FIRING, 4)
    yield shifted(firing)
    yield shifted(_held(case, firing))
    for number, receiver in enumerate(case.receivers):
        yield shifted(_receiver(case, receiver, zero, (6, 7) if number == 0 else ()))


def _condition(case: Case) -> Lane:
    bands = [
        Band(stretch.begin, stretch.end, stretch.condition is Condition.TRUE)
        for stretch in case.life.stretches
        if stretch.condition is not Condition.FALSE
    ]
    record = _expression(case)
    times = [t for t in (record.true if record is not None else ()) if case.begun <= t <= case.ended]
    step = case.timing.evaluation / 2
    bars = [
        Bar(begin, end + step, "true", "the expression is true") for begin, end in _runs(times, 1.5 * step)
    ]
    note = "" if record is not None else "the expression is asked in a drill session only"
    return Lane("condition", bands, bars, hops=(2,), note=note)


def _state(case: Case, state: State, hop: int) -> Lane:
    life = case.life
    allowed = [(t, life.admissible(t, t)) for t in grid(life.pace, case.begun, case.ended)]
    bands = list(
        _bands(allowed, lambda states: state in states, lambda states: states == {state}, life.pace.step)
    )
    bars = []
    for stripe, view in enumerate(VIEWS):
        mine = [seen for seen in case.seen if seen.view == view]
        lasts = (
            1.5 * case.timing.evaluation if view == VIEWS[0] else case.ended
        )  # one sample for each evaluation
        for begin, end in _while(mine, state, lasts, case.ended):
            bars.append(Bar(begin, end, state.value, f"{state} in the {view}", stripe, len(VIEWS)))
    return Lane(state.value, bands, bars, hops=(hop,))


def _held(case: Case, firing: Lane) -> Lane:
    polls = [record.data for record in case.evidence.history.of(HeldPoll) if record.data.error is None]
    polls = [poll for poll in polls if case.begun <= poll.end <= case.ended]
    bars: list[Bar] = []
    for poll, later in zip_longest(polls, polls[1:]):
        held = [alert for alert in poll.alerts if alert.labels.get("alertname") == case.alert.name]
        if held:
            end = later.end if later is not None else poll.end
            style = "suppressed" if all(alert.state == "suppressed" for alert in held) else "held"
            why = "; inhibited" if any(alert.inhibited_by for alert in held) else ""
            bars.append(Bar(poll.end, end, style, f"{held[0].state} in Alertmanager{why}"))
    # it holds what Prometheus fires, for as long as the machine may be late
    bands = [replace(band, end=band.end + case.slack, certain=False) for band in firing.bands]
    return Lane("Alertmanager", bands, _joined(bars), hops=(5,))


def _receiver(case: Case, receiver: str, zero: float, numbers: tuple[int, ...]) -> Lane:
    bands = [
        Band(notice.window.begin, notice.window.end, notice.least > 0)
        for notice in membership.notices(case.life, known=case.known)
    ]
    marks = [
        Mark(
            delivery.t,
            delivery.status if delivery.answered < 300 else "refused",
            f"{delivery.status} at {delivery.t - zero:.2f} s, answered {delivery.answered or 'not at all'}",
        )
        for delivery in case.delivered
        if delivery.receiver == receiver
    ]
    return Lane(receiver, bands, (), marks, numbers)


def _runs(times: Iterable[float], most: float) -> Iterator[tuple[float, float]]:
    """Stretches of instants that are not further apart than `most`."""
    begin = last = None
    for t in times:
        if begin is None or last is None or t - last > most:
            if begin is not None and last is not None:
                yield begin, last
            begin = t
        last = t
    if begin is not None and last is not None:
        yield begin, last


def _while(
    seen: Sequence[membership.Seen], state: State, lasts: float, end: float
) -> Iterator[tuple[float, float]]:
    """From when to when a view showed a state: until its next observation, but no longer than `lasts` seconds."""
    spans = []
    for observation, later in zip_longest(seen, seen[1:]):
        if observation.state is state:
            until = later.end if later is not None else end
            spans.append((observation.end, min(until, observation.end + lasts)))
    yield from _merged(spans)


def _merged(spans: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    kept: tuple[float, float] | None = None
    for begin, end in spans:
        if kept is not None and begin <= kept[1] + 1e-6:
            kept = (kept[0], max(end, kept[1]))
            continue
        if kept is not None:
            yield kept
        kept = (begin, end)
    if kept is not None:
        yield kept


def _joined(bars: Sequence[Bar]) -> list[Bar]:
    found: list[Bar] = []
    for bar in bars:
        if found and found[-1].style == bar.style and bar.begin <= found[-1].end + 1e-6:
            found[-1] = replace(found[-1], end=bar.end)
        else:
            found.append(bar)
    return found


def _bands(
    allowed: Sequence[tuple[float, frozenset[State]]],
    may: Callable[[frozenset[State]], bool],
    must: Callable[[frozenset[State]], bool],
    step: float,
) -> Iterator[Band]:
    for (possible, certain), group in groupby(allowed, key=lambda item: (may(item[1]), must(item[1]))):
        times = [t for t, _ in group]
        if possible:
            yield Band(times[0], times[-1] + step, certain)
