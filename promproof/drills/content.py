"""What a notification says: its labels and rendered texts, its grouping, and who got it.

The labels must be those that Prometheus' alerts API showed; the texts too, and where the drill says what a text must
show, the value in it must lie between the threshold and what the fault can have caused.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from promproof.contract.model import Alert
from promproof.drills import membership
from promproof.drills.case import Case, good_scrapes
from promproof.drills.deliveries import told
from promproof.drills.membership import Delivered, Finding, Kind
from promproof.evidence.records import AlertsPoll, Delivery

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?")
# What Go's templates leave where a value is missing or a function failed.
_BROKEN = ("<no value>", "<error expanding template", "%!")


def judge(case: Case, status: str, taken: Sequence[Delivered]) -> list[Finding]:
    """Findings about all notifications of one status."""
    found = [
        Finding(
            Kind.MISMATCHED, delivery.t, f"{delivery.receiver} got '{status}' and is not documented for it"
        )
        for delivery in taken
        if delivery.status == status
        and case.alert.receivers
        and delivery.receiver not in case.alert.receivers
    ]
    shown = _shown(case)
    for record in case.evidence.history.of(Delivery):
        t, receiver, body = record.t, record.data.receiver, record.data.body
        if not case.begun <= t <= case.ended:
            continue
        for alert in told(case.evidence, body, case.alert.name, case.begun):
            if alert["status"] != status:
                continue
            texts = [
                *_labels(alert, case.alert, shown),
                *_texts(case, alert, shown, t),
                *_grouping(body, alert),
            ]
            found += [Finding(Kind.MISMATCHED, t, f"{receiver}: {text}") for text in texts]
    return _once(found)


def _shown(case: Case) -> list[dict[str, Any]]:
    """The alert as Prometheus' alerts API showed it."""
    return [
        alert
        for record in case.evidence.history.of(AlertsPoll)
        if case.begun <= record.t <= case.ended
        for alert in record.data.alerts
        if alert["labels"].get("alertname") == case.alert.name
    ]


def _labels(alert: dict[str, Any], promised: Alert, shown: Sequence[dict[str, Any]]) -> list[str]:
    found = []
    severity = alert["labels"].get("severity")
    if promised.severity not in (None, severity):
        found.append(f"severity {severity!r} was delivered, documented is {promised.severity!r}")
    # Prometheus adds its external labels when it sends an alert; it changes and drops none of the alert's own
    if shown and not any(candidate["labels"].items() <= alert["labels"].items() for candidate in shown):
        found.append(f"labels {alert['labels']} were delivered, the alert has {shown[-1]['labels']}")
    return found


def _texts(case: Case, alert: dict[str, Any], shown: Sequence[dict[str, Any]], t: float) -> list[str]:
    texts: dict[str, str] = alert["annotations"]
    same = [candidate["annotations"] for candidate in shown if candidate["labels"] == alert["labels"]]
    found = [f"annotation {key!r} is empty" for key, text in texts.items() if not text.strip()]
    for key in sorted({key for kept in same for key in kept} - texts.keys()):
        found.append(f"annotation {key!r} was lost on the way")
    for key, text in texts.items():
        if any(mark in text for mark in _BROKEN):
            found.append(f"annotation {key!r} lost a value: {text!r}")
        elif same and not _is_among(text, [kept.get(key, "") for kept in same], exactly=not _missed(case, t)):
            found.append(f"annotation {key!r} is {text!r}, the alert never had it")
    for key, pattern in case.drill.shows.items():
        found += _value(case, key, pattern, texts.get(key, ""), t)
    return found


def _missed(case: Case, told_at: float) -> bool:
    """Whether an evaluation before a notification (run time) may lie between two polls, so that none has its texts."""
    return membership.hole(case.polls(), case.raised, told_at) >= case.timing.evaluation


def _is_among(text: str, shown: Sequence[str], *, exactly: bool) -> bool:
    """Whether a text is one of those that were shown; where some were missed, its numbers may be others."""
    if exactly:
        return text in shown
    return _NUMBER.sub("0", text) in (_NUMBER.sub("0", text) for text in shown)


def _value(case: Case, key: str, pattern: str, text: str, told_at: float) -> list[str]:
    match = re.search(pattern, text)
    if match is None:
        return [f"annotation {key!r} is {text!r}, it should show {pattern!r}"]
    given = match.groupdict()
    if given.get("percent") is not None and case.drill.above is not None:
        value, low = float(given["percent"]) / 100, case.timing.threshold
        high = case.drill.above + _blur(case, told_at)
        # templates round to four digits
        if not low * 0.999 <= value <= high * 1.001:
            return [f"annotation {key!r} shows {value:.3%}, from {low:.3%} to {high:.3%} were possible"]
    if given.get("seconds") is not None:
        value, low = float(given["seconds"]), case.alert.limit
        edges = [
            edge
            for metric in case.evidence.contract.metrics
            if metric.name in case.alert.metrics
            for edge in metric.buckets or ()
            if edge > low
        ]
        high = min(edges, default=float("inf"))
        if not low <= value <= high:
            return [f"annotation {key!r} shows {value:g} s, from {low:g} to {high:g} s were possible"]
    return []


def _blur(case: Case, told_at: float) -> float:
    """How far above the dose a share may be that a rule has found by `told_at` (run time): by the events of its window.

    Between two scrapes that lie nearer together, because others failed, there are fewer events.
    """
    decided, window = case.drill.decided, case.timing.window
    if decided is None or window <= case.timing.scrape:
        return 0.0
    span = min(
        window - case.timing.scrape,
        least_span(good_scrapes(case.evidence, case.node), case.raised, told_at, window),
    )
    return (case.drill.fault.accumulators + 3) / (decided * span)


def least_span(scrapes: Sequence[float], begin: float, end: float, window: float) -> float:
    """The shortest time (s) between first and last scrape of any window that ends from `begin` to `end`.

    Windows with fewer than two scrapes give no value. Infinite when there is none with two.
    """
    # What a window holds changes where a scrape enters it or leaves it, and just before.
    edges = [t + shift for t in scrapes for shift in (0.0, window - 1e-6, window + 1e-6)]
    least = float("inf")
    for t in (begin, end, *(edge for edge in edges if begin < edge < end)):
        first, last = bisect_left(scrapes, t - window), bisect_right(scrapes, t) - 1
        if last > first:
            least = min(least, scrapes[last] - scrapes[first])
    return least


def _grouping(body: dict[str, Any], alert: dict[str, Any]) -> list[str]:
    """All alerts of one notification share its group's labels."""
    group = body.get("groupLabels", {})
    return [
        f"{key}={alert['labels'].get(key, '')!r} came in the group of {key}={value!r}"
        for key, value in group.items()
        if alert["labels"].get(key, "") != value
    ]


def _once(found: Iterable[Finding]) -> list[Finding]:
    kept: dict[str, Finding] = {}
    for finding in found:
        kept.setdefault(finding.text, finding)
    return list(kept.values())
