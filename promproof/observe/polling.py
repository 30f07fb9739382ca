"""Asking the servers over and over while drills run; a poll that failed is written down as that, and says nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, TypeVar

from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.evidence.records import AlertsPoll, Held, HeldPoll, OwnAlerts, Poll, RulesPoll
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.prometheus import Prometheus

STOP_SECONDS = 1.0
INACTIVE = "inactive"


class Poller:
    """One question, asked every `interval` seconds; the answer, with begin and end, becomes a record."""

    def __init__(
        self,
        history: Recorder,
        kind: type[Poll],
        ask: Callable[[], Callable[[float, float], Poll]],
        interval: float,
    ) -> None:
        self._history = history
        self._kind = kind
        self._ask = ask
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"poller-{kind.kind}", daemon=True)
        self.longest = interval
        """The longest time (seconds) between two answered polls without a failed one: how late this machine may be."""

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """End polling."""
        self._ended.set()

    def join(self, seconds: float) -> None:
        """Wait for the question that is under way; a server that answers no more is not waited for."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        answered: float | None = None
        while not self._ended.wait(self._interval):
            begin = self._history.now()
            try:
                answer = self._ask()
            except EvidenceError as error:
                if self._ended.is_set():  # nobody waits for this answer any more
                    return
                self._history.add(self._kind(begin, self._history.now(), str(error)))
                answered = None
                continue
            if self._ended.is_set():
                return
            self._history.add(answer(begin, self._history.now()), t=begin)
            now = time.monotonic()
            if answered is not None:
                self.longest = max(self.longest, now - answered)
            answered = now


class Pollers:
    """The three views that are polled: Prometheus' alerts and rules, and what Alertmanager holds."""

    def __init__(self, history: Recorder, prometheus: str, alertmanager: str | None, interval: float) -> None:
        self._history = history
        self._asked = [Prometheus(prometheus), Prometheus(prometheus)]
        self._held = Alertmanager(alertmanager) if alertmanager is not None else None
        alerts, rules = self._asked
        self._all = [
            Poller(history, AlertsPoll, lambda: self._alerts(alerts.alerts()), interval),
            Poller(
                history,
                RulesPoll,
                lambda: partial(RulesPoll, rules=rule_states(rules.rules(), self._own)),
                interval,
            ),
        ]
        if self._held is not None:
            held = self._held
            self._all.append(Poller(history, HeldPoll, lambda: self._holding(_held(held.alerts())), interval))

    @property
    def _own(self) -> OwnAlerts | None:
        """What tells the contract's alerts from those of others; None where nobody else has any."""
        record = self._history.last(OwnAlerts)
        return record.data if record is not None else None

    def _alerts(self, alerts: Sequence[dict[str, Any]]) -> Callable[[float, float], Poll]:
        mine, others = _told_apart(alerts, lambda alert: self._own is None or self._own.has(alert["labels"]))
        return partial(AlertsPoll, alerts=mine, others=others)

    def _holding(self, alerts: Sequence[Held]) -> Callable[[float, float], Poll]:
        mine, others = _told_apart(
            alerts, lambda alert: self._own is None or self._own.has_sent(alert.labels)
        )
        return partial(HeldPoll, alerts=mine, others=others)

    @property
    def longest(self) -> float:
        """The longest time (seconds) between two answered polls of one view."""
        return max(poller.longest for poller in self._all)

    def start(self) -> None:
        """Begin to poll all views."""
        for poller in self._all:
            poller.start()

    def stop(self) -> None:
        """End polling."""
        for poller in self._all:
            poller.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for poller in self._all:
            poller.join(max(0.0, deadline - time.monotonic()))
        for client in self._asked:
            client.close()
        if self._held is not None:
            self._held.close()

    def was_active(self, name: str, since: float) -> bool:
        """Whether an alert was seen pending or firing since a run time."""
        for record in reversed(self._history.records):
            if record.t < since - 10:
                return False
            if isinstance(record.data, AlertsPoll) and record.t >= since and record.data.error is None:
                return any(alert["labels"].get("alertname") == name for alert in record.data.alerts)
        return False

    def state(self, name: str) -> str:
        """The state of an alert in the newest poll that was answered; the furthest of several label sets."""
        polls = (
            record.data for record in reversed(self._history.records) if isinstance(record.data, AlertsPoll)
        )
        newest = next((poll for poll in polls if poll.error is None), None)
        alerts = newest.alerts if newest is not None else ()
        states = {str(alert["state"]) for alert in alerts if alert["labels"].get("alertname") == name}
        return next((state for state in ("firing", "pending") if state in states), INACTIVE)

    def quiet(self, beside: Collection[str] = ()) -> bool:
        """Whether the newest polls show no alert anywhere. beside: names of those that are meant to fire always."""
        alerts, held = self._history.last(AlertsPoll), self._history.last(HeldPoll)
        if alerts is None or alerts.data.error is not None:
            return False
        if any(alert["labels"].get("alertname") not in beside for alert in alerts.data.alerts):
            return False
        if self._held is None:
            return True
        return (
            held is not None
            and held.data.error is None
            and all(alert.labels.get("alertname") in beside for alert in held.data.alerts)
        )


AlertT = TypeVar("AlertT")


def _told_apart(
    alerts: Sequence[AlertT], is_mine: Callable[[AlertT], bool]
) -> tuple[tuple[AlertT, ...], tuple[AlertT, ...]]:
    """The contract's alerts, and those of others."""
    mine = [is_mine(alert) for alert in alerts]
    kept = tuple(alert for alert, own in zip(alerts, mine, strict=True) if own)
    return kept, tuple(alert for alert, own in zip(alerts, mine, strict=True) if not own)


def rule_states(groups: list[dict[str, Any]], own: OwnAlerts | None) -> dict[str, str]:
    """The state of each alerting rule by name; the worst of rules that share one."""
    rank = (INACTIVE, "pending", "firing")
    found: dict[str, str] = {}
    for group in groups:
        for rule in group["rules"]:
            if rule.get("type") == "alerting":
                # one that was not evaluated yet is "unknown" to newer versions: it has no alerts
                state = str(rule["state"]) if rule["state"] in rank else INACTIVE
                alerts = rule.get("alerts") or ()
                mine = [alert for alert in alerts if own is None or own.has(alert["labels"])]
                if len(mine) < len(alerts):  # what others have in it is not its state
                    state = max((str(alert["state"]) for alert in mine), key=rank.index, default=INACTIVE)
                found[rule["name"]] = max(found.get(rule["name"], INACTIVE), state, key=rank.index)
    return found


def _held(alerts: list[dict[str, Any]]) -> tuple[Held, ...]:
    """What is needed of Alertmanager's alerts: name, state, what suppresses them and whom they are for."""
    return tuple(
        Held(
            alert["labels"],
            str(alert["status"]["state"]),
            tuple(alert["status"].get("inhibitedBy", ())),
            tuple(str(receiver["name"]) for receiver in alert.get("receivers") or ()),
        )
        for alert in alerts
    )
