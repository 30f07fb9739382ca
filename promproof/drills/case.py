"""One drill as it was recorded: its turns, the admissible life that follows from them, and what the four views showed.

The views are Prometheus' alerts API, its rules API, the ALERTS series (one sample for each evaluation) and the
notifications that were delivered. Everything here is computed from the history of a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from promproof.contract.model import Alert
from promproof.drills import fresh, membership, monitored, plan
from promproof.drills.deliveries import delivered, heard, own_series
from promproof.drills.doses import Change
from promproof.drills.drill import Drill
from promproof.drills.membership import Delivered, Seen
from promproof.drills.states import Life, Quantity, State, live
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import (
    AlertsPoll,
    ClockOffset,
    Delivery,
    DrillDriven,
    HeldPoll,
    Listening,
    Poll,
    RulesPoll,
    StoredNode,
    Timing,
    TrafficFlows,
    Turn,
)
from promproof.faults.ledgers import Agreement, Phase
from promproof.faults.site import DISCOVERY_SECONDS

_RANK = (State.INACTIVE, State.PENDING, State.FIRING)


@dataclass(frozen=True)
class Case:
    """A drill and its evidence; `slack` is the measured lateness of the machine in seconds.

    dosed: when its first step was asked for. begun: from when alerts are judged, which is later where windows still
    held other traffic.
    """

    evidence: Evidence
    drill: Drill
    alert: Alert
    timing: Timing
    receivers: tuple[str, ...]
    turns: tuple[Turn, ...]
    dosed: float
    begun: float
    ended: float
    slack: float
    record: int

    def at(self, turn: str) -> Turn:
        """The first turn of this name.

        Raises:
            Gap: the drill did not come so far.
        """
        for taken in self.turns:
            if taken.turn == turn:
                return taken
        raise Gap(f"the drill {self.drill.name} did not come to '{turn}'")

    @property
    def raised(self) -> float:
        """When the fault was asked for."""
        return self.at("raised").asked

    @property
    def healed(self) -> float:
        """When its end was asked for."""
        return self.at("healed").asked

    @cached_property
    def records(self) -> tuple[int, ...]:
        """Records that the verdicts point to."""
        deliveries = tuple(delivery.number for delivery in self.evidence.history.of(Delivery))
        return (self.record, *self.evidence.stored_records[-1:], *deliveries)

    @cached_property
    def quantity(self) -> Quantity:
        """What the alert's rule compares, in terms of the dose, as this drill has moved it."""
        timing, drill = self.timing, self.drill
        disturbed = [turn for turn in self.turns if turn.do == "disturb"]
        what = drill.disturb.what if drill.disturb is not None else ""
        down = [
            (disturbance.asked, disturbance.done)
            for disturbance in disturbed
            if what == "prometheus_restarts"
        ]
        after = DISCOVERY_SECONDS + timing.window + 2 * timing.scrape + self.slack
        blind = [(begin, end + after) for begin, end in down]
        if "up" in self.alert.metrics:
            blind += unplanned_failures(self)
        blind += monitored.blind(self.evidence, drill, self.turns, timing, self.slack)
        silent = [
            (disturbance.asked, disturbance.done) for disturbance in disturbed if what == "target_restarts"
        ]
        moved = changes(drill, self.turns, timing.fires_above)
        if drill.dead_man:  # it is about its notifications: the alert itself goes on
            moved = [Change(self.begun, self.begun, 1.0)]
        gaps: list[tuple[float, float]] = []
        if "up" not in self.alert.metrics:
            gaps = scrape_gaps(self.evidence, self.node, self.ended, timing.scrape)
        return plan.quantity(
            drill,
            timing,
            moved,
            self.since,
            blind=blind,
            down=down,
            silent=silent,
            gaps=gaps,
            lost=fresh.lost(self.evidence, self.alert, self.since) if timing.fresh else 0.0,
        )

    @cached_property
    def life(self) -> Life:
        """What is admissible for the drilled alert."""
        # An alert that scrapes before the drill have woken may be active when it begins.
        begun = min([self.begun, *(begin for begin, _ in self.quantity.blind)])
        pace = plan.pace(self.timing, self.slack)
        return live(self.quantity, plan.rule(self.timing), pace, begun, self.ended)

    @property
    def node(self) -> bool:
        """Whether the alert looks at what Node Exporter exposes."""
        return any(name.startswith("node_") for name in self.alert.metrics)

    @property
    def since(self) -> float:
        """When the traffic began, so that its events fill the window from then on."""
        begun = [record.t for record in self.evidence.history.of(TrafficFlows) if record.t <= self.begun]
        return begun[-1] if begun else self.begun

    @cached_property
    def broken(self) -> list[tuple[float, float]]:
        """Intervals in which scrapes fail by the drill's own doing, on the way there and back included."""
        found = []
        for turn, later in pairwise([*self.turns, self.turns[-1]]):
            stated = self.drill.fault.fails_scrapes and turn.do in ("break", "fail_scrapes")
            disturbed = turn.do == "disturb" and self.drill.disturb is not None
            if stated or disturbed:
                end = later.done if turn.do == "break" else turn.done
                found.append((turn.asked, end + plan.lag(self.drill, self.timing) + self.timing.scrape))
        return found

    @cached_property
    def phases(self) -> list[Phase]:
        """The doses that were held, each from when a scrape must have seen it."""
        settled = self.timing.scrape + self.slack + plan.lag(self.drill, self.timing)
        found = []
        moves = [turn for turn in self.turns if turn.do in ("dose", "break", "heal") or turn.turn == "ended"]
        if self.drill.disturb is not None and self.drill.disturb.what == "target_restarts":
            moves = list(self.turns)  # a restart ends the dose
        for move, later in pairwise(moves):
            if move.do in ("dose", "break") and later.asked > move.done + settled:
                value = move.value if move.do == "dose" else 1.0
                found.append(Phase(move.done + settled, later.asked, value))
        return found

    @cached_property
    def seen(self) -> list[Seen]:
        """What the three views of states showed of the drilled alert.

        What a server answers while it is being restarted is what it was before: it takes its time to stop.
        """
        return [
            seen
            for seen in observations(self.evidence, self.alert.name, self.begun, self.ended)
            if not any(begin <= seen.begin and seen.end <= end for begin, end in self.quantity.down)
        ]

    @cached_property
    def delivered(self) -> list[Delivered]:
        """Notifications of the drilled alert, those that were refused included."""
        return delivered(self.evidence, self.alert.name, self.begun, self.ended)

    @cached_property
    def agreement(self) -> Agreement:
        """What the three ledgers say."""
        held = self.drill.held(self.dosed, self.ended, self.phases)
        return self.drill.fault.ledger(self.evidence, held)

    @cached_property
    def known(self) -> bool:
        """Whether the alert was active before the drill, so that Alertmanager may still have its group.

        In a stack that others use too, an alert of theirs at the same receiver may have opened the group.
        """
        before = any(
            alert["labels"].get("alertname") == self.alert.name
            for record in self.evidence.history.of(AlertsPoll)
            if record.t < self.begun
            for alert in record.data.alerts
        )
        if before or self.evidence.history.last(Listening) is None:
            return before
        return any(
            set(alert.receivers) & set(self.receivers)
            and (alert in record.data.others or alert.labels.get("alertname") != self.alert.name)
            for record in self.evidence.history.of(HeldPoll)
            if record.t <= self.ended
            for alert in (*record.data.alerts, *record.data.others)
        )

    def polls(self, kind: type[Poll] = AlertsPoll) -> list[tuple[float, float]]:
        """Begin and end of each answered poll."""
        return [
            (record.data.begin, record.data.end)
            for record in self.evidence.history.of(kind)
            if record.data.error is None
        ]


def build(evidence: Evidence, name: str) -> Case:
    """Collect the records of a drill.

    Raises:
        Gap: it was not run, or it broke off.
    """
    record = evidence.need(DrillDriven, name=name)
    data = record.data
    if data.error:
        raise Gap(data.error)
    turns = tuple(
        turn.data
        for turn in evidence.history.of(Turn)
        if turn.data.drill == name and data.begun <= turn.t <= data.ended
    )
    begun = data.begun if data.watched is None else data.watched
    return Case(
        evidence,
        Drill.model_validate(data.plan),
        evidence.contract.alert(data.alert),
        data.timing,
        heard(evidence, data.receivers),
        turns,
        data.begun,
        begun,
        data.ended,
        lateness(evidence, turns, begun, data.ended),
        record.number,
    )


class Built:
    """The case of a drill, for all of its aspects: what is worked out of it is worked out once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: tuple[Evidence, int, Case] | None = None

    def __call__(self, evidence: Evidence) -> Case:
        """As `build`, and the same case again while no record has come since."""
        kept, known = self._kept, len(evidence.history.records)
        if kept is None or kept[0] is not evidence or kept[1] != known:
            self._kept = kept = (evidence, known, build(evidence, self._name))
        return kept[2]


def lateness(evidence: Evidence, turns: Sequence[Turn], begin: float, end: float) -> float:
    """How late this machine was during a drill: the longest time between two answered polls, and the clocks' offset.

    Polls that ran into a disturbance of the path say nothing of the machine.
    """
    offset = evidence.need(ClockOffset).data
    disturbed = [(turn.asked, turn.done + 1.0) for turn in turns if turn.do == "disturb"]
    longest = 0.0
    for kind in (AlertsPoll, RulesPoll):
        answered = [
            record.data.end
            for record in evidence.history.of(kind)
            if record.data.error is None and begin <= record.data.begin and record.data.end <= end
        ]
        gaps = (
            later - earlier
            for earlier, later in pairwise(answered)
            if not any(first <= later and earlier <= last for first, last in disturbed)
        )
        longest = max(longest, *gaps, 0.0)
    return longest + offset.high - offset.low


def changes(drill: Drill, turns: Sequence[Turn], fires_above: bool = True) -> list[Change]:
    """How the quantity was moved; what a fault that fails scrapes did is over when it is done."""
    found: list[Change] = []
    rest = plan.rest(drill, fires_above)
    for turn in turns:
        if turn.do == "dose":
            found.append(Change(turn.asked, turn.done, turn.value))
        elif turn.do == "break":
            found.append(Change(turn.asked, turn.done, 1.0))
        elif turn.do == "fail_scrapes":
            found += [Change(turn.asked, turn.asked, 1.0), Change(turn.done, turn.done, 0.0)]
        elif turn.do == "heal":
            found.append(Change(turn.asked, turn.done, rest))
        elif turn.do == "disturb" and drill.disturb is not None and drill.disturb.what == "target_restarts":
            assert isinstance(drill.below, float)
            found += [Change(turn.asked, turn.done, 0.0), Change(turn.done, turn.done, drill.below)]
    return found


def observations(evidence: Evidence, name: str, begin: float, end: float) -> list[Seen]:
    """States of one alert on three views between two instants; of several label sets the furthest one."""
    found: list[Seen] = []
    for record in evidence.history.records:
        data = record.data
        if not isinstance(data, AlertsPoll | RulesPoll) or data.error is not None:
            continue
        if not begin <= data.begin or data.end > end:
            continue
        if isinstance(data, AlertsPoll):
            active = [alert["state"] for alert in data.alerts if alert["labels"].get("alertname") == name]
            found.append(Seen(data.begin, data.end, _furthest(active), "alerts API"))
        elif name in data.rules:
            found.append(Seen(data.begin, data.end, State(data.rules[name]), "rules API"))
    by_time: dict[float, list[str]] = defaultdict(list)
    for own, samples in own_series(evidence):
        if own.get("alertname") == name:
            for t, _ in samples:
                by_time[t].append(own["alertstate"])
    found += [
        Seen(t, t, _furthest(states), "ALERTS series")
        for t, states in sorted(by_time.items())
        if begin <= t <= end
    ]
    return found


def unplanned_failures(case: Case) -> list[tuple[float, float]]:
    """Intervals after scrapes that failed without the drill's doing: a slow machine says nothing of the rule.

    Each lasts until an evaluation has seen the next good scrape, however late that one comes.
    """
    least = case.timing.scrape + case.slack + case.timing.scrape_timeout
    seen = case.timing.evaluation + case.slack
    found: list[tuple[float, float]] = []
    edge = case.begun  # what failed right before the drill is still to be seen when it begins
    recovered = case.ended  # nothing good came after the last one
    for scrape in sorted(case.evidence.scrapes, key=lambda scrape: -scrape.begin):
        if scrape.up == 1:
            recovered = scrape.end + seen
            continue
        end = max(scrape.begin + least, recovered)
        if end < edge or scrape.begin > case.ended:
            continue
        if not any(begin <= scrape.begin <= last for begin, last in case.broken):
            found.append((scrape.begin, end))
            edge = min(edge, scrape.begin)
    return found[::-1]


def good_scrapes(evidence: Evidence, node: bool) -> list[float]:
    """When the scrapes began that succeeded: those of Node Exporter or of the target, in order."""
    if node:
        rows = [series for record in evidence.history.of(StoredNode) for series in record.data.series]
        return sorted(
            t for series in rows if series.name == "up" for t, value in series.samples if value == 1
        )
    return sorted(scrape.begin for scrape in evidence.scrapes if scrape.up == 1)


def scrape_gaps(evidence: Evidence, node: bool, end: float, nominal: float) -> list[tuple[float, float]]:
    """Pauses between two successful scrapes that are longer than the interval, with a little for its jitter."""
    return [
        (earlier, later)
        for earlier, later in pairwise(good_scrapes(evidence, node))
        if later - earlier > 1.1 * nominal and earlier < end
    ]


def unseen(case: Case) -> str:
    """Why a pulse may have passed unseen; empty where each evaluation had a poll, and each interval a good scrape."""
    hole = membership.hole(case.polls(), case.raised, case.ended)
    if hole >= case.timing.evaluation:
        return f"nothing was seen for {hole:.2f} s, an evaluation interval or longer"
    pauses = scrape_gaps(case.evidence, case.node, case.ended, case.timing.scrape)
    failed = [end - begin for begin, end in pauses if end > case.raised]
    return f"no scrape succeeded for {max(failed):.2f} s" if failed else ""


def _furthest(states: Iterable[str]) -> State:
    return max((State(state) for state in states), key=_RANK.index, default=State.INACTIVE)
