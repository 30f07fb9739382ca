"""Judging observations of one alert by membership in its admissible life: a pure function of small records.

Missed, unexpected and mismatched are three different findings. A poll that failed is not an observation, so it says
nothing; whether the observations that there are suffice is asked with `hole`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from promproof.drills.states import Life, Span, State

FIRING = "firing"
RESOLVED = "resolved"


class Kind(StrEnum):
    """What is wrong about a finding."""

    MISSED = "missed"
    UNEXPECTED = "unexpected"
    MISMATCHED = "mismatched"


@dataclass(frozen=True)
class Finding:
    """One thing that is not admissible: when (run time, seconds), and in words."""

    kind: Kind
    t: float
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True)
class Seen:
    """The state that one view showed at some instant from `begin` to `end`."""

    begin: float
    end: float
    state: State
    view: str


@dataclass(frozen=True)
class Delivered:
    """One notification of this alert at one receiver: firing or resolved, and the status that was answered."""

    t: float
    receiver: str
    status: str
    answered: int = 200


@dataclass(frozen=True)
class Notice:
    """Notifications that a receiver is owed: how many at least and at most, and when."""

    status: str
    window: Span
    least: int
    most: int
    paired: bool = False
    """An end that is owed to whoever was told of the begin, also where nobody had to be."""


_RANK = {State.INACTIVE: 0, State.PENDING: 1, State.FIRING: 2}


def states(life: Life, observed: Iterable[Seen], name: str) -> list[Finding]:
    """Observations that no instant of theirs allows; repeated ones are told once, with their number."""
    groups: dict[tuple[State, str, frozenset[State]], list[Seen]] = {}
    for observation in observed:
        allowed = life.admissible(observation.begin, observation.end)
        if observation.state not in allowed:
            groups.setdefault((observation.state, observation.view, allowed), []).append(observation)
    found = []
    for (state, view, allowed), members in groups.items():
        ranked = sorted(allowed, key=_RANK.__getitem__)
        wanted = " or ".join(ranked)
        late = max(_RANK[state] for state in allowed) > _RANK[state]
        text = f"{name} is {state} at {members[0].end:.2f} s on the {view}, admissible is {wanted}"
        if len(members) > 1:
            text += f" ({len(members)} times until {members[-1].end:.2f} s)"
        found.append(Finding(Kind.MISSED if late else Kind.UNEXPECTED, members[0].end, text))
    return sorted(found, key=lambda finding: finding.t)


def never(life: Life, observed: Sequence[Seen], wanted: Iterable[State], name: str) -> list[Finding]:
    """States that an episode owes and that no view showed."""
    found = []
    for episode in life.episodes:
        if episode.certain is None:
            continue
        during = [
            observation for observation in observed if life.begin <= observation.begin <= episode.possible.end
        ]
        for state in wanted:
            if not any(observation.state is state for observation in during):
                text = f"{name} was never {state}, due by {episode.certain.begin:.2f} s"
                found.append(Finding(Kind.MISSED, episode.certain.begin, text))
    return found


def notices(
    life: Life, *, send_resolved: bool = True, late: float = 0.0, known: bool = False
) -> list[Notice]:
    """What each receiver is owed over a life. late: what a retry may add to every delivery.

    known: Alertmanager had an alert of this group before. A group is flushed group_wait after its first alert began to
    fire, or, when it is there already, at its next tick of group_interval; an alert that resolves before its group is
    flushed is not told at all (Alertmanager, `dispatch/dispatch.go`, `notify/notify.go`).
    """
    rule, slack, step = life.rule, life.pace.slack + late, life.pace.step
    found: list[Notice] = []
    for number, episode in enumerate(life.episodes):
        possible, certain = episode.possible, episode.certain
        again = known or number > 0
        wait = max(rule.group_wait, rule.group_interval) if again else rule.group_wait
        told = certain is not None and certain.end - certain.begin > wait + slack
        repeats = int((possible.end - possible.begin) // rule.repeat_interval)
        begin = possible.begin - step + (0.0 if again else rule.group_wait)
        end = (certain.begin if certain is not None and told else possible.end) + wait + slack
        if repeats:
            end = possible.end + wait + slack
        found.append(Notice(FIRING, Span(begin, end), int(told), 1 + repeats))
        over = possible.end < life.end - step
        if send_resolved and over:
            # one that need not fire may resolve as soon as it has fired
            first = certain.end if certain is not None and told else begin
            last = possible.end + step + rule.group_interval + slack
            found.append(Notice(RESOLVED, Span(first, last), int(told), 1, paired=True))
        elif send_resolved and State.INACTIVE in life.admissible(life.end, life.end):
            found.append(
                Notice(RESOLVED, Span(begin, life.end), 0, 1)
            )  # the observation ends before it is owed
    return found


def deliveries(
    owed: Sequence[Notice], delivered: Sequence[Delivered], receiver: str, name: str
) -> list[Finding]:
    """Notifications that are missing, too many, at the wrong time, or were refused."""
    mine = [delivery for delivery in delivered if delivery.receiver == receiver]
    found: list[Finding] = []
    left = list(mine)
    told = False
    for notice in owed:
        inside = [
            delivery for delivery in left if delivery.status == notice.status and delivery.t in notice.window
        ]
        taken = inside[: notice.most]
        left = [delivery for delivery in left if delivery not in taken]
        least = max(notice.least, int(told)) if notice.paired else notice.least
        told = bool(taken) and notice.status == FIRING
        if len(taken) < least:
            late = next((delivery for delivery in left if delivery.status == notice.status), None)
            text = f"{receiver} got no notification '{notice.status}' of {name} from {notice.window}"
            if late is not None:
                text += f", but one at {late.t:.2f} s"
                left.remove(late)
            found.append(Finding(Kind.MISSED, notice.window.end, text))
    found += [
        Finding(
            Kind.UNEXPECTED,
            delivery.t,
            f"{receiver} got '{delivery.status}' of {name} at {delivery.t:.2f} s, which nothing allows",
        )
        for delivery in left
    ]
    return sorted(found, key=lambda finding: finding.t)


def hole(observed: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """The longest time (seconds) from `begin` to `end` without an answered poll."""
    times = [begin, *sorted(e for b, e in observed if begin <= b and e <= end), end]
    return max(later - earlier for earlier, later in pairwise(times))
