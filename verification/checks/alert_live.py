"""alert/NAME/live/…: what an alert did in a drill, judged against what the deployed durations allow.

Three views: the ALERTS series (one sample for each evaluation), polls of the alerts API, and what was delivered.
Silence needs polls without a hole as long as `for`; a state that appears outside its window, a notification too many
and one too few are different findings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from verification.checks.base import Check, Claim, findings, unknown
from verification.contract import Contract, RequestsTruth
from verification.drills.plan import Drill, Timing, Window, Windows, windows
from verification.evidence import Evidence, Gap
from verification.verdict import Verdict


@dataclass(frozen=True)
class Live:
    """One drill as it was seen."""

    drill: Drill
    timing: Timing
    windows: Windows
    below: float
    raised: float
    healed: float
    ended: float
    states: tuple[tuple[float, str], ...]
    """(run time, pending|firing) of the ALERTS series, one for each evaluation."""
    polls: tuple[tuple[float, float, frozenset[str]], ...]
    """(begin, end, states seen) of each poll that was answered."""
    annotations: tuple[dict[str, str], ...]
    labels: tuple[dict[str, str], ...]
    deliveries: tuple[dict[str, Any], ...]
    records: tuple[int, ...]
    slack: float

    def seen(self, state: str, begin: float, end: float) -> list[float]:
        """Run times at which a state was seen, on either view."""
        series = [t for t, one in self.states if one == state and begin <= t <= end]
        polled = [b for b, e, states in self.polls if state in states and begin <= b and e <= end]
        return sorted(series + polled)

    def hole(self, begin: float, end: float) -> float:
        """The longest time without an answered poll, in seconds."""
        times = [begin, *(e for b, e, _ in self.polls if begin <= b and e <= end), end]
        return max(later - earlier for earlier, later in pairwise(times))


def view(claim: Claim, evidence: Evidence) -> Live:
    """Collect the records of the claim's drill.

    Raises:
        Gap: the drill was not run, or did not end.
    """
    record = evidence.need("drill", alert=claim.subject)
    data = record.data
    if data.get("error"):
        raise Gap(data["error"])
    drill, timing = Drill.model_validate(data["plan"]), Timing(**data["timing"])
    raised, healed = data["raised"], data["healed"]
    polls = [one for one in evidence.history.of("poll") if "alerts" in one.data]
    mine = [
        (
            one.data["begin"],
            one.data["end"],
            [a for a in one.data["alerts"] if a["labels"]["alertname"] == claim.subject],
        )
        for one in polls
    ]
    offset = evidence.need("clock_offset").data
    states = [
        (t, dict(labels)["alertstate"])
        for labels, samples in evidence.stored("ALERTS").items()
        if dict(labels).get("alertname") == claim.subject
        for t, _ in samples
    ]
    slack = data["slack"] + offset["high"] - offset["low"]
    deliveries = list(evidence.history.of("delivery"))
    active = [alert for _, _, alerts in mine for alert in alerts]
    return Live(
        drill,
        timing,
        windows(drill, timing, raised, healed, slack),
        data["below"],
        raised,
        healed,
        data["ended"],
        tuple(sorted(states)),
        tuple((b, e, frozenset(alert["state"] for alert in alerts)) for b, e, alerts in mine),
        tuple(alert["annotations"] for alert in active),
        tuple(alert["labels"] for alert in active),
        tuple({"t": one.t, **one.data} for one in deliveries),
        (record.number, *evidence.stored_records, *(one.number for one in deliveries)),
        slack,
    )


def judge_silent(claim: Claim, evidence: Evidence) -> Verdict:
    """Below the threshold nothing becomes pending, over a whole window and a whole `for`."""
    live = view(claim, evidence)
    needed = live.timing.window + live.timing.hold
    length = live.raised - live.below
    found = [
        f"{state} at {times[0]:.2f} s, {times[0] - live.below:.2f} s into the dose of {live.drill.below:.1%}"
        for state in ("pending", "firing")
        if (times := live.seen(state, live.below, live.raised))
    ]
    hole = live.hole(live.below, live.raised)
    if not found and (length < needed or hole > live.timing.hold):
        return unknown(
            claim,
            f"watched for {length:.1f} s with a hole of {hole:.1f} s, {needed:g} s are needed",
            live.records,
        )
    return findings(
        claim,
        found,
        good=f"silent for {length:.1f} s at {live.drill.below:.1%}",
        expected=f"neither pending nor firing at {live.drill.below:.1%}",
        tolerance=f"longest hole between polls {hole:.2f} s",
        evidence=live.records,
    )


def judge_fires(claim: Claim, evidence: Evidence) -> Verdict:
    """Above the threshold the alert becomes pending, then firing, each inside its window."""
    live = view(claim, evidence)
    found = []
    times = {}
    for state, window in (("pending", live.windows.pending), ("firing", live.windows.firing)):
        seen = live.seen(state, live.raised, live.ended)
        if not seen:
            found.append(f"never {state} at {live.drill.above:.1%}")
            continue
        times[state] = seen[0]
        if not window.earliest <= seen[0] <= window.latest:
            found.append(f"{state} at {seen[0]:.2f} s, allowed {window}")
    shown = ", ".join(f"{state} {t - live.raised:.2f} s" for state, t in times.items())
    return findings(
        claim,
        found,
        good=f"{shown} after the dose of {live.drill.above:.1%}",
        expected=f"pending {_after(live.windows.pending, live.raised)}, "
        f"firing {_after(live.windows.firing, live.raised)}",
        tolerance="window, scrape and evaluation interval, dosing uncertainty, measured lateness",
        evidence=live.records,
    )


def judge_notified(claim: Claim, evidence: Evidence) -> Verdict:
    """Each documented receiver gets exactly one firing notification, in time, with labels and texts of the alert."""
    return _judge_delivery(
        claim, evidence, "firing", lambda live: live.windows.notified, lambda live: live.raised
    )


def judge_resolved(claim: Claim, evidence: Evidence) -> Verdict:
    """Healed, the alert resolves, and each documented receiver hears of it exactly once, in time."""
    return _judge_delivery(
        claim, evidence, "resolved", lambda live: live.windows.resolved, lambda live: live.healed
    )


def judge_quiet(claim: Claim, evidence: Evidence) -> Verdict:
    """After the resolved notification nothing more comes of this alert while clean traffic goes on."""
    live = view(claim, evidence)
    resolved = _deliveries(live, claim.subject, "resolved")
    if not resolved:
        return unknown(claim, "no resolved notification, so no quiet time to judge", live.records)
    begin = max(resolved[-1]["t"], live.healed + live.timing.scrape + live.timing.evaluation)
    needed = live.timing.group_interval + live.timing.window
    mine = [*_deliveries(live, claim.subject, "firing"), *_deliveries(live, claim.subject, "resolved")]
    later = [one for one in mine if begin < one["t"] <= live.ended]
    found = [f"{one['receiver']} got a notification at {one['t']:.2f} s" for one in later]
    found += [
        f"{state} again at {t[0]:.2f} s"
        for state in ("pending", "firing")
        if (t := live.seen(state, begin, live.ended))
    ]
    if not found and live.ended - begin < needed:
        return unknown(
            claim, f"watched for {live.ended - begin:.1f} s, {needed:g} s are needed", live.records
        )
    return findings(
        claim,
        found,
        good=f"quiet for {live.ended - begin:.1f} s",
        expected="no notification and no active state after resolution",
        evidence=live.records,
    )


def judge_ledgers(claim: Claim, evidence: Evidence) -> Verdict:
    """What the fault injected, what the clients saw and what Prometheus stored are the same number."""
    live = view(claim, evidence)
    states = [one.data for one in evidence.history.of("fault") if one.data["kind"] == live.drill.fault.kind]
    if live.drill.fault.kind != "errors":
        return unknown(claim, f"the fault '{live.drill.fault.kind}' leaves no mark of its own in the ledger")
    status = live.drill.fault.status
    injected = sum(one["injected"] for one in states)
    seen = sum(count for (_, _, code), count in evidence.ledger.counts.items() if code == status)
    stored = _stored(evidence, status)
    troubles = []
    for one in states:
        if one["ended"] not in ("deleted", "replaced"):
            troubles.append(f"the fault ended by {one['ended']}, not by the drill")
        if abs(one["injected"] - one["seen"] * one["rate"]) > 1:
            troubles.append(f"{one['injected']} of {one['seen']} were injected at a dose of {one['rate']:g}")
    if not injected == seen == stored:
        troubles.append(
            f"injected {injected}, clients saw {seen}, Prometheus stored {stored:g} of status {status}"
        )
    records = [*live.records, *evidence.ledger_records]
    if troubles:  # then nobody knows what the alert was shown
        return unknown(claim, "; ".join(troubles), records)
    return findings(
        claim,
        [],
        good=f"{injected} injected, seen and stored",
        expected="the three ledgers agree",
        evidence=records,
    )


def _stored(evidence: Evidence, status: int) -> float:
    """The last stored counts of a status, over all series of the documented request counter."""
    for metric in evidence.contract.metrics:
        if isinstance(metric.truth, RequestsTruth):
            label = metric.truth.status
            series = evidence.stored(metric.name)
            return sum(
                samples[-1][1] - evidence.baseline.get((metric.name, labels), 0.0)
                for labels, samples in series.items()
                if samples and dict(labels).get(label) == str(status)
            )
    raise Gap("the contract has no metric whose truth is 'requests'")


def _judge_delivery(
    claim: Claim,
    evidence: Evidence,
    status: str,
    window_of: Callable[[Live], Window],
    since: Callable[[Live], float],
) -> Verdict:
    live = view(claim, evidence)
    window = window_of(live)
    alert = evidence.contract.alert(claim.subject)
    found, delays = [], []
    for receiver in alert.receivers:
        mine = [one for one in _deliveries(live, alert.name, status) if one["receiver"] == receiver]
        if len(mine) != 1:
            found.append(f"{receiver} got {len(mine)} notifications '{status}', promised one")
        for one in mine:
            delays.append(one["t"] - since(live))
            if not window.earliest <= one["t"] <= window.latest:
                found.append(f"{receiver} got '{status}' at {one['t']:.2f} s, allowed {window}")
            if not 200 <= one["status"] < 300:
                found.append(f"{receiver} answered {one['status']}")
            found += _content_findings(live, one, alert.name, alert.severity)
    others = {one["receiver"] for one in _deliveries(live, alert.name, status)} - set(alert.receivers)
    found += [f"{receiver} got '{status}' and is not documented for it" for receiver in sorted(others)]
    return findings(
        claim,
        found,
        good=f"{', '.join(alert.receivers)} after {max(delays, default=0):.2f} s",
        expected=f"one notification '{status}' for each of {', '.join(alert.receivers)}, {_after(window, since(live))}",
        tolerance="group_wait or group_interval, evaluation interval, measured lateness",
        evidence=live.records,
    )


def _deliveries(live: Live, name: str, status: str) -> list[dict[str, Any]]:
    return [
        one
        for one in live.deliveries
        if any(
            a["labels"].get("alertname") == name and a["status"] == status
            for a in one["body"].get("alerts", ())
        )
    ]


def _content_findings(live: Live, delivery: dict[str, Any], name: str, severity: str) -> list[str]:
    """Labels and texts of a notification must be those that the alerts API showed for the alert."""
    found = []
    for alert in delivery["body"]["alerts"]:
        if alert["labels"].get("alertname") != name:
            continue
        if alert["labels"].get("severity") != severity:
            found.append(
                f"severity {alert['labels'].get('severity')!r} was delivered, documented {severity!r}"
            )
        if live.labels and alert["labels"] not in live.labels:
            found.append(f"labels {alert['labels']} were delivered, the alert has {live.labels[-1]}")
        missing = {key for seen in live.annotations for key in seen} - alert["annotations"].keys()
        found += [f"annotation {key!r} was lost on the way" for key in sorted(missing)]
        found += [
            f"annotation {key!r} is empty" for key, text in alert["annotations"].items() if not text.strip()
        ]
    return found


def _after(window: Window, start: float) -> str:
    return f"{window.earliest - start:.2f} to {window.latest - start:.2f} s after"


def _claims(aspect: str) -> Callable[[Contract], list[Claim]]:
    return lambda contract: [Claim(f"alert/{name}/live/{aspect}", name) for name in contract.drilled]


CHECKS = (
    Check("live-silent", _claims("silent-below"), judge_silent),
    Check("live-fires", _claims("fires-above"), judge_fires),
    Check("live-notified", _claims("notified"), judge_notified),
    Check("live-resolved", _claims("resolved"), judge_resolved),
    Check("live-quiet", _claims("quiet"), judge_quiet),
    Check("live-ledgers", _claims("three-ledgers"), judge_ledgers),
)
