"""Which states a drilled alert was seen in: silent below its threshold, firing above, never firing in pulses."""

from __future__ import annotations

from collections.abc import Iterable

from promproof.checks.base import Claim, unknown
from promproof.checks.drill_findings import verdict_of
from promproof.drills import filling, membership
from promproof.drills.case import Case, unseen
from promproof.drills.drill import NearMiss
from promproof.drills.membership import Finding, Seen
from promproof.drills.states import State, grid
from promproof.evidence.instances import idle
from promproof.evidence.records import AlertsPoll
from promproof.verdict import Verdict


def judge_silent(claim: Claim, case: Case) -> Verdict:
    """On the harmless side nothing fires, and nothing becomes pending that need not, over a whole window and `for`."""
    held, end = case.at("below").done, case.raised
    begin = max(held, case.begun)  # the dose may have begun to fill the window before
    seen = [observation for observation in case.seen if observation.end <= end]
    found = membership.states(case.life, seen, claim.subject)
    told = [delivery for delivery in case.delivered if delivery.t <= end]
    # where it may have fired, for scrapes that failed by themselves, it may be told, and that it is over as well
    early = [
        delivery for delivery in told if all(delivery.t < life.possible.begin for life in case.life.episodes)
    ]
    found += [
        Finding(membership.Kind.UNEXPECTED, delivery.t, f"{delivery.receiver} got '{delivery.status}'")
        for delivery in early
    ]
    filled, silence = filling.filled(case.drill, case.timing), filling.silence(case.timing)
    needed = filled + silence
    hole = membership.hole(case.polls(), begin, end)
    doubt = ""
    # a state lasts for an evaluation at least, however short `for` is
    hidden = hole > max(silence, case.timing.evaluation)
    decided = begin + filled if case.timing.fresh else begin
    if end - held < needed or end - begin < silence or hidden:
        doubt = f"watched for {end - begin:.1f} s with a hole of {hole:.1f} s, {needed:g} s are needed"
    elif _decided(case, decided, end) < 0.5:
        doubt = f"with this machine's lateness of {case.slack:.2f} s any state is admissible most of the time"
    elif told:
        doubt = "it was told, and before that it may have fired by itself"
    if doubt and not found:
        return unknown(claim, doubt, case.records)
    dose = f" at {case.drill.below:.4g}" if isinstance(case.drill.below, float) else ""
    pending = any(observation.state is State.PENDING for observation in seen)
    return verdict_of(
        claim,
        case,
        found,
        good=f"{'pending, never firing' if pending else 'silent'} for {end - begin:.1f} s{dose}",
        expected=f"no state{dose} but the admissible ones, and no notification",
        tolerance=f"longest hole between polls {hole:.2f} s",
    )


def _decided(case: Case, begin: float, end: float) -> float:
    """The share of the time in which the promised silence is the only thing admissible: a small one shows little.

    Where scrapes are made to fail, pending is part of the plan, and silence means that nothing fires.
    """
    states = [case.life.admissible(t, t) for t in grid(case.life.pace, begin, end)]
    loud = {State.FIRING} if isinstance(case.drill.below, NearMiss) else {State.PENDING, State.FIRING}
    return sum(not state & loud for state in states) / len(states) if states else 0.0


def judge_fires(claim: Claim, case: Case) -> Verdict:
    """Beyond the threshold the alert becomes pending, then firing, each when the durations allow and demand it."""
    begin, end = case.raised, case.healed
    seen = [observation for observation in case.seen if observation.begin >= begin and observation.end <= end]
    found = [*membership.states(case.life, seen, claim.subject), *_elsewhere(case)]
    wanted = (
        [State.FIRING] if case.timing.hold < 2 * case.timing.evaluation else [State.PENDING, State.FIRING]
    )
    missed = membership.never(
        case.life,
        [observation for observation in case.seen if observation.begin >= begin],
        wanted,
        claim.subject,
    )
    hole = membership.hole(case.polls(), begin, end)
    if missed and not found and hole > case.timing.hold:
        return unknown(claim, f"nothing was seen for {hole:.1f} s, longer than `for`", case.records)
    found += missed
    # A poll that began just after the healing still saw what the fault has done.
    first = {
        state: _first((observation for observation in case.seen if observation.begin >= begin), state)
        for state in wanted
    }
    if not found and any(t is None for t in first.values()):
        return unknown(
            claim, "it did not fire, and with this machine's lateness it need not have", case.records
        )
    shown = ", ".join(f"{state} {t - begin:.2f} s" for state, t in first.items() if t is not None)
    due = case.life.episodes[-1] if case.life.episodes else None
    return verdict_of(
        claim,
        case,
        found,
        good=f"{shown} after the fault",
        expected="pending, then firing"
        + (f", firing not before {due.possible.begin - begin:.2f} s after the fault" if due else ""),
        tolerance="window, scrape and evaluation interval, dosing uncertainty, measured lateness",
    )


def judge_ends(claim: Claim, case: Case) -> Verdict:
    """Healed, the alert ends when its windows have passed, whether anybody is told or not."""
    seen = [observation for observation in case.seen if observation.begin >= case.healed]
    found = membership.states(case.life, seen, claim.subject)
    over = max(
        (observation.end for observation in seen if observation.state is not State.INACTIVE),
        default=case.healed,
    )
    hole = membership.hole(case.polls(), case.healed, case.ended)
    if not found and hole > max(case.timing.hold, 1.0):
        return unknown(claim, f"nothing was seen for {hole:.1f} s", case.records)
    return verdict_of(
        claim,
        case,
        found,
        good=f"over {over - case.healed:.2f} s after the healing",
        expected="inactive, once its windows have passed",
        tolerance=f"longest hole between polls {hole:.2f} s",
    )


def _elsewhere(case: Case) -> list[Finding]:
    """The alert of another instance of the service, while the fault is at one."""
    found: dict[str, Finding] = {}
    others = idle(case.evidence)
    mine = case.evidence.run.instance if others else ""
    for record in case.evidence.history.of(AlertsPoll):
        if not case.raised <= record.t <= case.healed:
            continue
        for alert in record.data.alerts:
            instance = alert["labels"].get("instance", "")
            if alert["labels"].get("alertname") == case.alert.name and instance in others:
                text = f"{case.alert.name} is {alert['state']} for {instance}, and the fault is at {mine}"
                found.setdefault(instance, Finding(membership.Kind.UNEXPECTED, record.t, text))
    return list(found.values())


def judge_never_fires(claim: Claim, case: Case) -> Verdict:
    """Each pulse is shorter than `for`: the alert becomes pending and never fires."""
    seen = [
        observation
        for observation in case.seen
        if case.raised <= observation.begin and observation.end <= case.ended
    ]
    found = membership.states(case.life, seen, claim.subject)
    pulses = sum(
        later.state is State.PENDING and observation.state is State.INACTIVE
        for observation, later in zip(_polled(seen), _polled(seen)[1:], strict=False)
    )
    assert case.drill.pulses is not None
    if not found and pulses < case.drill.pulses.times:
        missing = f"pending {pulses} times in {case.drill.pulses.times} pulses"
        if doubt := unseen(case):
            return unknown(claim, f"{missing}, and {doubt}", case.records)
        found = [Finding(membership.Kind.MISSED, case.raised, missing)]
    return verdict_of(
        claim,
        case,
        found,
        good=f"pending {pulses} times, never firing",
        expected="each pulse makes it pending, none makes it fire",
        tolerance="scrape and evaluation interval, measured lateness",
    )


def _first(seen: Iterable[Seen], state: State) -> float | None:
    return min((observation.begin for observation in seen if observation.state is state), default=None)


def _polled(seen: Iterable[Seen]) -> list[Seen]:
    return [observation for observation in seen if observation.view == "alerts API"]
