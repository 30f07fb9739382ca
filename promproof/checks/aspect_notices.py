"""What a drilled alert's receivers were told: once when it fires, once when it resolves, and nothing afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promproof.checks import held
from promproof.checks.base import Claim, not_verified, unknown
from promproof.checks.drill_findings import verdict_of
from promproof.drills import content, deliveries, filling, membership, plan
from promproof.drills.case import Case, unplanned_failures
from promproof.drills.membership import FIRING, RESOLVED, Delivered, Finding, Notice
from promproof.drills.plan import recovery
from promproof.drills.states import State
from promproof.evidence.records import Listening
from promproof.observe.webhook import NO_ANSWER
from promproof.verdict import Outcome, Verdict


def judge_notified(claim: Claim, case: Case) -> Verdict:
    """Each receiver gets its firing notification in time, once, with the alert's labels and rendered texts."""
    return _notices(claim, case, FIRING, case.raised)


def judge_resolved(claim: Claim, case: Case) -> Verdict:
    """Healed, the alert resolves, and each receiver that was told hears of it in time, once."""
    return _notices(claim, case, RESOLVED, case.healed)


def judge_late_or_lost(claim: Claim, case: Case) -> Verdict:
    """What is down can't take, or send, the notification of that: it comes after the healing, or never."""
    owed = next((notice for notice in owed_notices(case) if notice.status == FIRING), None)
    if owed is None:
        return unknown(claim, "no notification was owed", case.records)
    mine = [delivery for delivery in case.delivered if delivery.receiver in case.receivers]
    taken = [delivery for delivery in mine if delivery.status == FIRING and delivery.answered < 300]
    refused = sum(delivery.answered >= 300 for delivery in mine)
    early = [delivery for delivery in taken if delivery.t < case.healed]
    found = [
        Finding(
            membership.Kind.UNEXPECTED,
            delivery.t,
            f"{delivery.receiver} took it at {delivery.t:.2f} s, while it was down",
        )
        for delivery in early
    ]
    cut = case.drill.fault.cuts
    if not taken and not refused and not cut:
        found.append(Finding(membership.Kind.MISSED, owed.window.end, "Alertmanager did not even try"))
    shown = f"late: {taken[0].t - owed.window.end:.2f} s after its window" if taken else "lost"
    return verdict_of(
        claim,
        case,
        found,
        good=f"{shown}, refused {refused} times",
        expected="late or lost: "
        + ("nobody can be told meanwhile" if cut else "the receiver is the target itself"),
        tolerance="exact",
    )


def judge_quiet(claim: Claim, case: Case) -> Verdict:
    """After the end nothing more comes of this alert while clean traffic goes on."""
    told = [
        delivery.t for delivery in case.delivered if delivery.status == RESOLVED and delivery.t >= case.healed
    ]
    begin = max([*told[-len(case.receivers) :], case.healed])
    seen = [observation for observation in case.seen if observation.begin >= case.healed]
    found = membership.states(case.life, seen, claim.subject)
    quiet = case.at("quiet").done
    owed = owed_notices(case)  # judged there while it is owed; another receiver may be a moment later
    late = [
        delivery
        for delivery in case.delivered
        if delivery.t > quiet
        and not any(delivery.status == it.status and delivery.t in it.window for it in owed)
    ]
    found += [
        Finding(membership.Kind.UNEXPECTED, delivery.t, f"{delivery.receiver} got '{delivery.status}'")
        for delivery in late
    ]
    # a window since the healing, and whatever is told of its end
    left = case.at("healed").done + plan.sight(case.timing) - quiet
    if case.timing.fresh:
        left = filling.settled(case.drill, case.timing)
    needed = max(left, 0.0) + case.timing.group_interval
    hole = membership.hole(case.polls(), quiet, case.ended)
    if not found and (case.ended - quiet < needed or hole > max(case.timing.hold, 1.0)):
        return unknown(
            claim,
            f"watched for {case.ended - quiet:.1f} s with a hole of {hole:.1f} s, {needed:.3g} s are needed",
            case.records,
        )
    return verdict_of(
        claim,
        case,
        found,
        good=f"quiet for {case.ended - begin:.1f} s",
        expected="no notification and no active state after resolution",
        tolerance=f"longest hole between polls {hole:.2f} s",
    )


def _notices(claim: Claim, case: Case, status: str, since: float) -> Verdict:
    if not case.receivers and not case.alert.receivers:
        return not_verified(claim, "neither the alert in the contract nor the drill names a receiver")
    # One that was active before the drill was told then, or Alertmanager still tries to tell it.
    must = case.life.begin >= case.begun and _burnt(case) > _longest_wait(case)
    if case.receivers and case.evidence.history.last(Listening) is None:
        return _delivered(claim, case, status, since, must=must)
    # of a stack that runs already, whose receivers need not be routed to this run
    by_api = held.judge_told(claim, case, must=must) if status == FIRING else held.judge_over(claim, case)
    heard = deliveries.heard(case.evidence, case.receivers, status)
    if not heard:
        return by_api
    verdict = _delivered(claim, replace(case, receivers=heard), status, since, must=must)
    if verdict.outcome is Outcome.FAIL and by_api.outcome is Outcome.NOT_VERIFIED:
        return by_api  # it was muted, or nobody knows what is owed
    rest = [name for name in case.drill.receivers or case.alert.receivers if name not in heard]
    if not rest or verdict.outcome is not Outcome.PASS:
        return verdict
    if by_api.outcome is not Outcome.PASS:
        return by_api
    return replace(verdict, reason=f"{verdict.reason}; {', '.join(rest)}: {by_api.reason}")


def _delivered(claim: Claim, case: Case, status: str, since: float, *, must: bool) -> Verdict:
    """What the receivers were told whose notifications come to this run."""
    owed = owed_notices(case)
    taken = [delivery for delivery in case.delivered if delivery.answered < 300]
    refused = [
        delivery for delivery in case.delivered if delivery.answered >= 300 and delivery.status == status
    ]
    mine = [
        delivery for delivery in taken if delivery.status == status and delivery.receiver in case.receivers
    ]
    found = [
        finding
        for receiver in case.receivers
        for finding in membership.deliveries(owed, taken, receiver, claim.subject)
        if f"'{status}'" in finding.text
    ]
    found += content.judge(case, status, taken)
    # A target that did not answer in time and took it when it came again was busy; it refused nothing.
    found += _unplanned(
        case, [delivery for delivery in refused if not mine or delivery.answered != NO_ANSWER]
    )
    if found and (busy := _too_busy(case)):
        return unknown(claim, f"the target was too busy to tell: {busy}", case.records)
    window = next((notice.window for notice in owed if notice.status == status), None)
    if not found and not mine and status == FIRING and must:
        text = f"nobody was told of {claim.subject}, which was seen firing for {_burnt(case):.2f} s"
        found.append(Finding(membership.Kind.MISSED, case.healed, text))
    if not found and not mine and case.drill.pulses is None:
        return unknown(claim, f"no notification '{status}' came, and none was owed", case.records)
    shown = f"{', '.join(case.receivers)} after {max((delivery.t for delivery in mine), default=since) - since:.2f} s"
    if refused:
        shown += f", {len(refused)} times refused before"
    return verdict_of(
        claim,
        case,
        found,
        good=shown if mine else f"no notification '{status}'",
        expected=f"one notification '{status}' for each of {', '.join(case.receivers)}"
        + (f", {window.begin - since:.2f} to {window.end - since:.2f} s after" if window else ""),
        tolerance="group_wait or group_interval, evaluation interval, measured lateness",
    )


def _too_busy(case: Case) -> str:
    """What says that the target had no time for its notification; empty when nothing does."""
    lost = [
        delivery
        for delivery in case.delivered
        if delivery.answered == NO_ANSWER and delivery.receiver in case.receivers
    ]
    failures = unplanned_failures(case)
    if not lost or not failures:
        return ""
    return f"{lost[0].receiver} gave no answer in time, and {len(failures)} scrapes failed by themselves"


def _unplanned(case: Case, refused: Sequence[Delivered]) -> list[Finding]:
    """The first notification that a receiver refused, unless the drill made it fail."""
    if case.drill.disturb is not None and case.drill.disturb.what == "webhook_fails":
        return []
    return [
        Finding(membership.Kind.MISMATCHED, delivery.t, f"{delivery.receiver} answered {delivery.answered}")
        for delivery in refused[:1]
    ]


def _burnt(case: Case) -> float:
    """How long (seconds) the alert was certainly firing, as far as it was seen."""
    seen = [observation for observation in case.seen if observation.state is State.FIRING]
    return max((observation.begin for observation in seen), default=0.0) - min(
        (observation.end for observation in seen), default=0.0
    )


def _longest_wait(case: Case) -> float:
    """After so long (seconds) of firing its group has certainly been flushed."""
    wait = (
        case.timing.group_wait if not case.known else max(case.timing.group_wait, case.timing.group_interval)
    )
    return wait + case.timing.evaluation + case.slack


def owed_notices(case: Case) -> list[Notice]:
    """What each receiver is owed; a disturbed path may be late by what its recovery takes."""
    late = 0.0
    if case.drill.disturb is not None and case.drill.disturb.what in (
        "webhook_fails",
        "alertmanager_restarts",
    ):
        late = recovery(case.drill, case.timing)
    late += case.drill.fault.told_late(case.timing)
    return membership.notices(case.life, late=late, known=case.known)
