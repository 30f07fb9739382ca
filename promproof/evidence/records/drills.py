"""What drills did, and what alerts did about it. Written by the conductor, the pollers and the webhook receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from promproof.evidence.records.base import Json, Kind, Part


@dataclass(frozen=True)
class Timing(Part):
    """Promised and deployed durations of a drill in the run, in seconds, after scaling."""

    threshold: float
    """of the alert, in terms of the dose"""
    window: float
    """the range of the alert's expression"""
    hold: float
    """the rule's `for`"""
    scrape: float
    """the scrape interval"""
    evaluation: float
    """the evaluation interval"""
    group_wait: float
    """of the alert's route"""
    group_interval: float
    """of the alert's route"""
    repeat_interval: float = inf
    """of the alert's route"""
    scrape_timeout: float = 0.0
    """after which a scrape is given up; 0 when it is not known"""
    fires_above: bool = True
    """whether the alert fires above its threshold, or below it"""
    scale: float = 1.0
    """the time scale; a duration of a drill file is divided by it"""
    short_window: float = 0.0
    """the second, shorter range of the alert's expression; 0 for none"""
    beat: float = 0.0
    """the longest time between two notifications of an alert that always fires; 0 where there is none"""
    again: float = 0.0
    """after which such a notification that was refused is sent again: its route's group interval"""
    late: float = 0.0
    """by which its events may be counted late, because a drill beside it holds some of their requests back"""
    fresh: bool = False
    """whether its windows can hold nothing from before the drill's own traffic, so that they need not be full"""


@dataclass(frozen=True)
class DrillDriven(Kind, kind="drill"):
    """A drill that was driven, written at its end; run times in seconds."""

    name: str
    """the drill's"""
    alert: str
    """the one that it is about"""
    batch: int
    """drills of one batch ran side by side"""
    begun: float
    """when its first step was asked for"""
    ended: float
    """when its last window was over"""
    plan: Json
    """the drill as its file has it"""
    timing: Timing
    """what it was judged by"""
    receivers: tuple[str, ...]
    """those at which its notifications were awaited"""
    slack: float
    """the longest time between two polls: how late this machine may be"""
    error: str | None
    """what broke it off"""
    watched: float | None = None
    """from when its alert is judged, where it began while windows still held other traffic; else from its begin"""


@dataclass(frozen=True)
class Turn(Kind, kind="turn"):
    """A step of a drill: run times (s) at which it was asked for and done."""

    drill: str
    """the drill's name"""
    turn: str
    """the step's name"""
    do: str
    """what was done: `dose`, `heal` and so on"""
    value: float
    """the dose, the seconds of a slow scrape, or the number of scrapes that fail"""
    asked: float
    """when it was asked for"""
    done: float
    """when it had been done"""


@dataclass(frozen=True)
class Clean(Kind, kind="clean"):
    """Whether nothing was left of any fault at the end."""

    clean: bool
    """true when nothing was left"""


@dataclass(frozen=True)
class Poll(Kind):
    """One question of many, asked again and again; run times (s) around it. `error`: there was no answer."""

    begin: float
    """when it was asked"""
    end: float
    """when the answer was there"""
    error: str | None = None
    """why there was no answer"""


@dataclass(frozen=True)
class OwnAlerts(Kind, kind="own_alerts"):
    """What tells the contract's alerts from others of the same names, in a stack that others use too.

    An alert of which nothing is said here, and one that nothing contradicts, is the contract's.
    """

    fixed: dict[str, tuple[dict[str, str], ...]]
    """by alert: the labels that each rule which is the contract's gives it, as Prometheus has loaded it"""
    jobs: dict[str, tuple[str, ...]]
    """by alert: what its label `job` can be"""
    external: dict[str, str] | None
    """the labels that Prometheus adds when it sends an alert; None where it may change them"""

    def has(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert in Prometheus may be the contract's."""
        name = labels.get("alertname", "")
        if "job" in labels and labels["job"] not in self.jobs.get(name, (labels["job"],)):
            return False
        return any(fixed.items() <= labels.items() for fixed in self.fixed.get(name, ({},)))

    def has_sent(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert in Alertmanager may be the contract's: that gets those of other Prometheuses as well."""
        if self.external is None or labels.get("alertname") not in self.fixed:
            return True
        return self.has(labels) and self.external.items() <= labels.items()


@dataclass(frozen=True)
class AlertsPoll(Poll, kind="poll"):
    """Prometheus' pending and firing alerts (`/api/v1/alerts`)."""

    alerts: tuple[Json, ...] = ()
    """as Prometheus gives them"""
    others: tuple[Json, ...] = ()
    """those of the contract's names that are somebody else's"""


@dataclass(frozen=True)
class RulesPoll(Poll, kind="rules_poll"):
    """The state of each alerting rule in Prometheus, by name; the furthest of rules that share one."""

    rules: dict[str, str] = field(default_factory=dict)
    """`inactive`, `pending` or `firing`, by alert"""


@dataclass(frozen=True)
class Held(Part):
    """An alert that Alertmanager holds: its state, the alerts that inhibit it, and whom it is for."""

    labels: dict[str, str]
    """the alert's labels"""
    state: str
    """`active`, `suppressed` or `unprocessed`"""
    inhibited_by: tuple[str, ...] = ()
    """fingerprints of the alerts that inhibit it"""
    receivers: tuple[str, ...] = ()
    """who is told of it, by the routes that are loaded"""


@dataclass(frozen=True)
class HeldPoll(Poll, kind="held_poll"):
    """The alerts that Alertmanager holds."""

    alerts: tuple[Held, ...] = ()
    """those that it holds"""
    others: tuple[Held, ...] = ()
    """those of the contract's names that are somebody else's"""


@dataclass(frozen=True)
class Delivery(Kind, kind="delivery"):
    """A notification as Alertmanager posted it to a receiver; the record's time is that of its arrival."""

    receiver: str
    """its name in Alertmanager's file"""
    status: int
    """what the receiver answered; 0 without an answer"""
    body: Json
    """Alertmanager's webhook message"""


@dataclass(frozen=True)
class Listening(Kind, kind="listening"):
    """Notifications of an Alertmanager that runs already were awaited here."""

    url: str
    """where"""
    led: tuple[str, ...] = ()
    """receivers whose configuration, as Alertmanager tells it, leads there"""


@dataclass(frozen=True)
class Stranger(Kind, kind="stranger"):
    """A notification arrived there of a receiver that no alert of the contract names; it is not judged."""

    receiver: str
    """its name in Alertmanager's configuration"""


@dataclass(frozen=True)
class NodeReading(Kind, kind="node_reading"):
    """Node Exporter read directly during a drill of CPU or memory; run times (s) around it."""

    drill: str
    """the drill's name"""
    begin: float
    """before it was read"""
    end: float
    """after it was read"""
    cpu: float
    """CPU seconds of all modes and CPUs"""
    idle: float
    """of these, idle"""
    available: float
    """bytes of memory"""
    total: float
    """bytes of memory"""


@dataclass(frozen=True)
class Pause(Part):
    """A time without what should have been written; run times in seconds."""

    begin: float
    """when something was last written"""
    end: float
    """when it was written again"""


@dataclass(frozen=True)
class ProcFolder(Kind, kind="proc_folder"):
    """How well the figures were written that Node Exporter was given in place of the kernel's."""

    gaps: tuple[Pause, ...]
    """times longer than `most` (s) without a new figure"""
    most: float
    """the longest time (s) that may pass without a new figure"""
