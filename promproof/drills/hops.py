"""Where the time went: each hop of an alert's way, beside the window that the configuration allows for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promproof.drills import membership, plan
from promproof.drills.case import Case, changes
from promproof.drills.membership import FIRING, RESOLVED
from promproof.drills.states import Condition, Life, Span, State, grid, live
from promproof.evidence.records import Expression, HeldPoll, StoredNode


@dataclass(frozen=True)
class Hop:
    """One step of the way: seconds after the fault (after the healing from there on), and what is allowed.

    until: of what a question showed, when its answer was there: it held at some instant from `after` on until then.
    """

    name: str
    after: float | None
    allowed: Span | None = None
    until: float | None = None

    @property
    def excess(self) -> float | None:
        """Seconds beyond the earliest admissible instant."""
        if self.after is None or self.allowed is None:
            return None
        return self.after - self.allowed.begin

    @property
    def is_outside(self) -> bool:
        """Whether it stands outside of what is allowed."""
        if self.after is None or self.allowed is None:
            return False
        return not self.allowed.begin <= self.after <= self.allowed.end


def hops(case: Case) -> list[Hop]:
    """The way there and back. Empty for a drill whose alert is meant not to fire, or never to stop."""
    if case.drill.pulses is not None or case.drill.dead_man:
        return []
    begin, healed = case.raised, case.healed
    future = forecast(case)
    firing = _first(future, lambda states: State.FIRING in states)
    fired = _first(future, lambda states: states == {State.FIRING})
    slack, rule = case.slack, case.life.rule
    pending, first = (_seen(case, state, begin) for state in (State.PENDING, State.FIRING))
    ends = {"pending": pending.end if pending else None, "firing": first.end if first else None}
    wait = max(rule.group_wait, rule.group_interval) if case.known else rule.group_wait
    there = [
        ("first bad scrape", _scrape(case), Span(begin, case.at("raised").done + case.timing.scrape + slack)),
        ("threshold crossed", _crossed(case), _condition(future, begin)),
        ("pending", pending.begin if pending else None, _pending(future, begin)),
        ("firing", first.begin if first else None, Span(firing, fired)),
        ("Alertmanager", _held(case), Span(firing, fired + slack + 0.1)),
        (
            "webhook",
            _told(case, FIRING, begin),
            Span(firing + (0.0 if case.known else rule.group_wait), fired + wait + slack),
        ),
    ]
    found = [Hop("fault", 0.0)]
    found += [
        Hop(name, _after(t, begin), _shift(window, begin), _after(ends.get(name), begin))
        for name, t, window in there
    ]
    back = _resolved_window(case)
    found.append(Hop("healed", case.at("healed").done - begin))
    found.append(Hop("resolved webhook", _after(_told(case, RESOLVED, healed), healed), _shift(back, healed)))
    return found


def forecast(case: Case) -> Life:
    """What would be admissible had the fault not been healed: the life that the windows of the way there come from."""
    turns = [turn for turn in case.turns if turn.asked < case.healed and turn.do != "heal"]
    timing = case.timing
    end = case.raised + plan.detection(case.drill, timing) + 4 * case.slack + plan.LATE_SECONDS
    quantity = plan.quantity(case.drill, timing, changes(case.drill, turns, timing.fires_above), case.since)
    return live(quantity, plan.rule(timing), plan.pace(timing, case.slack), case.raised, end)


def _first(life: Life, wanted: Callable[[frozenset[State]], bool]) -> float:
    return next((t for t in grid(life.pace, life.begin, life.end) if wanted(life.admissible(t, t))), life.end)


def _pending(life: Life, begin: float) -> Span:
    return Span(
        max(begin, _first(life, lambda states: State.PENDING in states)),
        _first(life, lambda states: State.INACTIVE not in states),
    )


def _condition(life: Life, begin: float) -> Span:
    after = [stretch for stretch in life.stretches if stretch.end >= begin]
    may = next((stretch.begin for stretch in after if stretch.condition is not Condition.FALSE), life.end)
    must = next((stretch.begin for stretch in after if stretch.condition is Condition.TRUE), life.end)
    return Span(max(begin, may), must + life.pace.evaluation)


def _resolved_window(case: Case) -> Span | None:
    owed = membership.notices(case.life, known=case.known)
    windows = [notice.window for notice in owed if notice.status == RESOLVED]
    if not windows:
        return None
    # a later one belongs to an alert that may fire again, not to this healing
    first = next((window for window in windows if window.end >= case.healed), windows[-1])
    return Span(max(first.begin, case.healed), first.end)


def _scrape(case: Case) -> float | None:
    """The first scrape that began after the fault was in effect."""
    done = case.at("raised").done
    if case.node:
        rows = [series for record in case.evidence.history.of(StoredNode) for series in record.data.series]
        times: Iterable[float] = (t for series in rows if series.name == "up" for t, _ in series.samples)
    else:
        times = (scrape.begin for scrape in case.evidence.scrapes)
    return min((t for t in times if t >= done), default=None)


def _crossed(case: Case) -> float | None:
    for record in case.evidence.history.of(Expression):
        if record.data.alert == case.alert.name:
            return min((float(t) for t in record.data.true if t >= case.raised), default=None)
    return None


def _seen(case: Case, state: State, begin: float) -> membership.Seen | None:
    seen = (
        observation for observation in case.seen if observation.state is state and observation.begin >= begin
    )
    return min(seen, key=lambda observation: observation.begin, default=None)


def _held(case: Case) -> float | None:
    for record in case.evidence.history.of(HeldPoll):
        if record.t >= case.raised and any(
            alert.labels.get("alertname") == case.alert.name for alert in record.data.alerts
        ):
            return record.t
    return None


def _told(case: Case, status: str, begin: float) -> float | None:
    times = [
        delivery.t
        for delivery in case.delivered
        if delivery.status == status
        and delivery.t >= begin
        and delivery.answered < 300
        and delivery.receiver in case.receivers
    ]
    return min(times, default=None)


def _after(t: float | None, begin: float) -> float | None:
    return None if t is None else t - begin


def _shift(window: Span | None, begin: float) -> Span | None:
    return None if window is None else Span(window.begin - begin, window.end - begin)
