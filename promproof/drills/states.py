"""Which states an alert may be in at every instant, and when each notification may arrive: a pure calculation.

First what the rule's condition can be over time (false, true, or either while nobody can tell), from the doses that
were held; then, from `for` and the evaluation interval, the states that are admissible; then, from Alertmanager's
timers, the windows of notifications. An observation is judged by membership, never by comparison with one expected
instant. Times are run times in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from math import inf

from promproof.drills.doses import Change, extremes, mean
from promproof.faults.occurring import During, Occurring, Sight, may_hold, must_hold


class Condition(StrEnum):
    """What a rule's expression gives at an evaluation."""

    FALSE = "false"
    TRUE = "true"
    EITHER = "either"


class State(StrEnum):
    """The states of an alert, as Prometheus names them."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(frozen=True)
class Quantity:
    """What a rule compares with its threshold, as the drill has moved it.

    window: the range of rate(), 0 for a gauge. events: how many events a second the dosing decides on (requests,
    clock ticks), None for an exact value. lag: an event may show up so much later than it was decided on. since: when
    the events began. blind, down, silent: intervals in which nobody can tell, in which the server itself is down and
    forgets, and in which no events come.
    """

    threshold: float
    changes: tuple[Change, ...]
    start: float = 0.0
    """The value before the first change."""
    window: float = 0.0
    events: float | None = None
    accumulators: int = 1
    lag: float = 0.0
    since: float = -inf
    blind: tuple[tuple[float, float], ...] = ()
    down: tuple[tuple[float, float], ...] = ()
    silent: tuple[tuple[float, float], ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    """Longer pauses than the scrape interval between two successful scrapes."""
    fires_above: bool = True
    short_window: float = 0.0
    """A second range over which the quantity must be beyond the threshold as well; 0 for none."""
    born: float = -inf
    """From when on there is anything that a window can hold: one that reaches back further is a shorter one."""
    lost: float = 0.0
    """Events that no rate counts, because their series came to be with them."""
    is_state: bool = False
    """Whether it is there or it is not: then a rule over a window may ask for all of it, or for any moment in it."""
    occurring: Occurring | None = None
    """Where any event in the window is beyond the threshold: when the fault makes them; None for a share or a state."""

    @cached_property
    def faults(self) -> tuple[During, ...]:
        """While the fault lasted, from each change to another value than none, until the next one to none."""
        found: list[During] = []
        begun: Change | None = None
        for change in (*self.changes, Change(inf, inf, 0.0)):
            if begun is not None and not change.value:
                found.append(During(begun.asked, begun.done, change.asked, change.done))
                begun = None
            elif change.value:
                begun = begun or change
        return tuple(found)

    @cached_property
    def over_short_window(self) -> Quantity | None:
        """The same quantity over the second range alone."""
        return replace(self, window=self.short_window, short_window=0.0) if self.short_window else None


@dataclass(frozen=True)
class Pace:
    """How often the server looks, and how late it may be: scrape and evaluation interval, measured lateness."""

    scrape: float
    evaluation: float
    slack: float

    @property
    def step(self) -> float:
        """The grid on which conditions are computed."""
        return self.evaluation / 12

    @property
    def seen(self) -> float:
        """After so long an evaluation has certainly taken place, and its result can be seen."""
        return self.evaluation + self.slack


@dataclass(frozen=True)
class Rule:
    """The promised durations of an alert and of its way: seconds, scaled."""

    hold: float
    group_wait: float
    group_interval: float
    repeat_interval: float = inf


@dataclass(frozen=True)
class Span:
    """A half-open interval of run time."""

    begin: float
    end: float

    def __str__(self) -> str:
        return f"{self.begin:.2f} to {self.end:.2f} s"

    def __contains__(self, t: float) -> bool:
        return self.begin <= t <= self.end


@dataclass(frozen=True)
class Stretch:
    """A stretch of one condition."""

    begin: float
    end: float
    condition: Condition


@dataclass(frozen=True)
class Episode:
    """One life of an alert: where it may fire, and where it must; `certain` is None for one that need not fire."""

    possible: Span
    certain: Span | None


def noise(quantity: Quantity, begin: float, end: float) -> float:
    """How far the share of the events between two instants may lie from the dose.

    Error diffusion holds n x dose +-1 per accumulator in any n consecutive events, every new dose starts a new
    accumulator, and a window cuts one more event at each end: (accumulators + changes + 2) / n.
    """
    if quantity.events is None:
        return 0.0
    length = end - max(begin, quantity.since)
    length -= sum(max(0.0, min(end, last) - max(begin, first)) for first, last in quantity.silent)
    counted = quantity.events * length
    if counted <= 0:
        return inf
    changes = sum(begin <= change.done + quantity.lag and change.asked <= end for change in quantity.changes)
    return (quantity.accumulators + changes + 2 + quantity.lost) / counted


def condition_at(quantity: Quantity, pace: Pace, t: float) -> Condition:
    """What an evaluation at `t` can find."""
    if any(begin <= t <= end for begin, end in quantity.down):
        return Condition.FALSE
    if quantity.over_short_window is not None:
        both = {condition_at(quantity.over_short_window, pace, t), _over_window(quantity, pace, t)}
        return next((sure for sure in (Condition.FALSE, Condition.EITHER) if sure in both), Condition.TRUE)
    return _over_window(quantity, pace, t)


def _of_events(quantity: Quantity, occurring: Occurring, pace: Pace, t: float) -> Condition:
    """What a rule finds that any event in its window makes hold."""
    sight = Sight(quantity.window, _pause(quantity, pace, t), quantity.lag + pace.slack)
    blind = any(begin <= t <= end for begin, end in quantity.blind)
    if not blind and must_hold(quantity.faults, occurring, sight, t):
        return Condition.TRUE
    return Condition.EITHER if blind or may_hold(quantity.faults, sight, t) else Condition.FALSE


def _over_window(quantity: Quantity, pace: Pace, t: float) -> Condition:
    if quantity.occurring is not None:
        return _of_events(quantity, quantity.occurring, pace, t)
    extent = extent_at(quantity, pace, t)
    if extent is None:
        return Condition.EITHER
    (low, high), threshold = extent, quantity.threshold
    if not quantity.fires_above:
        low, high, threshold = -high, -low, -threshold
    if low > threshold:
        return Condition.TRUE
    return Condition.FALSE if high <= threshold else Condition.EITHER


def extent_at(quantity: Quantity, pace: Pace, t: float) -> tuple[float, float] | None:
    """The least and the greatest value that an evaluation at `t` can find; None where nobody can tell.

    The samples of a window of W seconds lie between t - W and t. They are one scrape interval apart, so together the
    first one's distance from t - W and the last one's from t are at most one interval; the share is the mean of the
    dose between the two.
    """
    if any(begin <= t <= end for begin, end in quantity.blind):
        return None
    if quantity.window == 0 or quantity.is_state:
        # A scrape that fails leaves a staleness marker, and until the next one there is no value to compare. It was
        # between the two good ones, or late and not failed: then the old value still counts.
        if any(begin < t <= end + pace.slack for begin, end in quantity.gaps):
            return None
        begin = t - quantity.window - _pause(quantity, pace, t) - pace.slack
        return extremes(quantity.changes, quantity.start, quantity.lag, begin, t)
    low, high = inf, -inf
    left, right = _pause(quantity, pace, t - quantity.window), _pause(quantity, pace, t)
    for first, last in ((0.0, 0.0), (left, 0.0), (0.0, right)):
        begin, end = max(t - quantity.window, quantity.born) + first, t - last
        if end <= begin:
            return None
        blur = noise(quantity, begin, end)
        low = min(low, mean(quantity.changes, quantity.start, quantity.lag, begin, end, low=True) - blur)
        high = max(high, mean(quantity.changes, quantity.start, quantity.lag, begin, end, low=False) + blur)
    return low, high


def _pause(quantity: Quantity, pace: Pace, t: float) -> float:
    """How far the nearest scrape may be from an instant: one interval, or the whole of a longer pause around it."""
    around = [end - begin for begin, end in quantity.gaps if begin <= t <= end + pace.scrape]
    return max(pace.scrape, *around, pace.scrape)


def timeline(quantity: Quantity, pace: Pace, begin: float, end: float) -> list[Stretch]:
    """The condition over time; a certain one holds on its whole stretch, since between grid points nobody looks."""
    runs: list[Stretch] = []
    for t in grid(pace, begin, end):
        now = condition_at(quantity, pace, t)
        if runs and runs[-1].condition is now:
            runs[-1] = Stretch(runs[-1].begin, t, now)
        else:
            runs.append(Stretch(t, t, now))
    found: list[Stretch] = []
    for stretch, later in zip(runs, [*runs[1:], None], strict=True):
        first = stretch.begin
        if found and stretch.condition is Condition.EITHER:
            first = found[-1].end
        elif found and found[-1].end < stretch.begin:
            found.append(Stretch(found[-1].end, stretch.begin, Condition.EITHER))
        last = later.begin if later is not None and stretch.condition is Condition.EITHER else stretch.end
        found.append(Stretch(first, last, stretch.condition))
    return found


def grid(pace: Pace, begin: float, end: float) -> Iterator[float]:
    """The instants that are looked at: twelve for each evaluation."""
    return (begin + index * pace.step for index in range(int((end - begin) / pace.step) + 1))


@dataclass(frozen=True)
class Life:
    """Everything that is admissible for one alert between `begin` and `end`."""

    stretches: tuple[Stretch, ...]
    rule: Rule
    pace: Pace
    begin: float
    end: float
    episodes: tuple[Episode, ...] = field(default=())

    def admissible(self, begin: float, end: float) -> frozenset[State]:
        """The states of which at least one instant from `begin` to `end` allows each."""
        if begin == end:
            return self._at(begin)
        instants = {begin, end}
        for stretch in self.stretches:
            for edge in (stretch.begin, stretch.end):
                instants.update(
                    t
                    for t in (
                        edge,
                        edge + self.pace.seen,
                        edge + self.rule.hold,
                        edge + self._ripe,
                        edge + self._full,
                    )
                    if begin < t < end
                )
        return frozenset(state for t in instants for state in self._at(t))

    @property
    def _ripe(self) -> float:
        """After so long of truth an alert certainly fires: one evaluation to become pending, `for`, one more."""
        return self.rule.hold + self.pace.seen

    @property
    def _full(self) -> float:
        return self._ripe + self.pace.seen

    def _at(self, t: float) -> frozenset[State]:
        if self._all(Condition.TRUE, t - self._full, t):
            return frozenset({State.FIRING})
        states = set()
        if not self._all(Condition.TRUE, t - self.pace.seen, t):
            states.add(State.INACTIVE)
        if not self._all(Condition.FALSE, t - self.pace.seen, t):
            states.add(State.PENDING)
            if self._may_fire(t):
                states.add(State.FIRING)
        return frozenset(states)

    def _may_fire(self, t: float) -> bool:
        """Whether some evaluation that still counts at `t` can have followed `for` without a certain reset."""
        resets = self._resets
        latest = t
        for reset in reversed(resets):
            if reset.begin <= latest <= reset.end:
                latest = reset.begin
        if latest < t - self.pace.seen:
            return False
        since = max((reset.end for reset in resets if reset.end <= latest), default=self.begin)
        return latest - since >= self.rule.hold

    @cached_property
    def _resets(self) -> tuple[Stretch, ...]:
        """Where the condition was certainly false for so long that an evaluation has seen it."""
        return tuple(
            stretch
            for stretch in self.stretches
            if stretch.condition is Condition.FALSE and stretch.end - stretch.begin >= self.pace.seen
        )

    def _all(self, wanted: Condition, begin: float, end: float) -> bool:
        """Whether the condition is certainly the wanted one from `begin` to `end`."""
        if begin < self.begin:
            return wanted is Condition.FALSE and (
                end < self.begin or self._all(Condition.FALSE, self.begin, end)
            )
        return all(
            stretch.condition is wanted
            for stretch in self.stretches
            if (stretch.begin < end and stretch.end > begin) or stretch.begin <= begin <= stretch.end
        )


def live(quantity: Quantity, rule: Rule, pace: Pace, begin: float, end: float) -> Life:
    """The admissible life of an alert from `begin` to `end`; before it the condition was false."""
    life = Life(tuple(timeline(quantity, pace, begin, end)), rule, pace, begin, end)
    return Life(life.stretches, rule, pace, begin, end, tuple(_episodes(life)))


def _episodes(life: Life) -> Iterable[Episode]:
    possible: list[float] = []
    certain: list[float] = []
    for t in grid(life.pace, life.begin, life.end):
        states = life.admissible(t, t)
        if State.FIRING in states:
            possible.append(t)
            if len(states) == 1:
                certain.append(t)
        elif possible:
            yield _episode(possible, certain)
            possible, certain = [], []
    if possible:
        yield _episode(possible, certain)


def _episode(possible: Sequence[float], certain: Sequence[float]) -> Episode:
    core = Span(certain[0], certain[-1]) if certain else None
    return Episode(Span(possible[0], possible[-1]), core)
