"""The notifications of a drilled alert: those that are news of this drill, not a repetition of what was before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from promproof.drills.membership import Delivered
from promproof.evidence.evidence import Evidence, Samples
from promproof.evidence.records import Delivery, Listening, OwnAlerts, Stored, Stranger


def delivered(evidence: Evidence, name: str, begin: float, end: float) -> list[Delivered]:
    """Notifications of one alert between two instants, in the order of their arrival.

    A group is notified again when an alert joins those of it that have ended (Alertmanager, `notify/notify.go`), and
    Prometheus goes on sending an alert that has ended for 15 minutes. What such a notification repeats of the one
    before it, because of an alert that had ended before the drill began, is no news of this drill.
    """
    found = []
    before: dict[tuple[str, str], frozenset[_Told]] = {}
    for record in evidence.history.of(Delivery):
        if not begin <= record.t <= end:
            continue
        body, receiver = record.data.body, record.data.receiver
        alerts = told(evidence, body, name, begin)
        group = (receiver, repr(sorted(body.get("groupLabels", {}).items())))
        now, known = _told(body.get("alerts", ())), before.get(group, frozenset())
        own = _told(alerts)
        repeated = own & known if now - own - known else frozenset()
        for status in ("firing", "resolved"):
            if any(news.status == status for news in own - repeated):
                found.append(Delivered(record.t, receiver, status, record.data.status))
        if record.data.status < 300:  # what was refused is sent again
            before[group] = now
    return found


def heard(evidence: Evidence, receivers: Iterable[str], status: str = "") -> tuple[str, ...]:
    """Those of some receivers whose notifications certainly come to this run, so that one that is missing is missed.

    Where Alertmanager runs already, that is said by a notification that came, or by its configuration when it reaches
    this run at all. status: one of this status must have come, for a webhook may leave out what is resolved.
    """
    listening = evidence.history.last(Listening)
    if listening is None:
        return tuple(receivers)
    came = {
        record.data.receiver
        for record in evidence.history.of(Delivery)
        if not status or any(alert["status"] == status for alert in record.data.body.get("alerts", ()))
    }
    reached = any(evidence.history.of(Delivery)) or any(evidence.history.of(Stranger))
    led = listening.data.led if reached else ()
    return tuple(name for name in receivers if name in came or name in led)


class _Told(NamedTuple):
    """What a notification says of one alert."""

    status: str
    labels: frozenset[tuple[str, str]]


def _told(alerts: Iterable[dict[str, Any]]) -> frozenset[_Told]:
    return frozenset(_Told(alert["status"], frozenset(alert["labels"].items())) for alert in alerts)


def own_series(evidence: Evidence) -> list[tuple[Mapping[str, str], Samples]]:
    """The series `ALERTS` as stored, without those of alerts that are somebody else's.

    Raises:
        Gap: they could not be read.
    """
    told = evidence.stored("ALERTS")
    own = evidence.history.last(OwnAlerts)
    if own is None:
        return [(dict(labels), samples) for labels, samples in told.items()]
    return [  # with the job, by which some of them are told apart
        (series.labels, series.samples)
        for record in evidence.history.of(Stored)
        for series in record.data.series
        if series.name == "ALERTS" and own.data.has(series.labels)
    ]


def told(evidence: Evidence, body: dict[str, Any], name: str, begun: float) -> list[dict[str, Any]]:
    """The alerts of this name that a notification tells of, without those that had ended before the drill began.

    Alertmanager repeats an alert that ended before its group was first flushed in the group's next notification; at a
    large time scale ServiceDown is one, since nothing is scraped for Prometheus' first five seconds.
    """
    before = evidence.history.epoch + begun
    own = evidence.history.last(OwnAlerts)
    return [
        alert
        for alert in body.get("alerts", ())
        if alert["labels"].get("alertname") == name
        and (own is None or own.data.has_sent(alert["labels"]))
        and not (
            alert["status"] == "resolved" and datetime.fromisoformat(alert["endsAt"]).timestamp() < before
        )
    ]
