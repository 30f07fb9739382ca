"""The verdicts of one drill: a pure function of the history. Each aspect is a claim of its own.

silent-below, fires-above (or never-fires, for pulses), notified, resolved, quiet, others-silent, three-ledgers. Missing
evidence raises Gap, which becomes unknown; a hole between answered polls that could hide what is promised, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from promproof.checks import held
from promproof.checks.base import Check, Claim, findings, not_verified, unknown
from promproof.config.promql import parse
from promproof.contract.model import Alert, Contract, seconds
from promproof.drills import content, membership
from promproof.drills.case import Built, Case, delivered, observations, unplanned_failures, unseen
from promproof.drills.drill import Drill, NearMiss
from promproof.drills.membership import FIRING, RESOLVED, Finding, Notice, Seen
from promproof.drills.plan import recovery
from promproof.drills.states import Life, Pace, Quantity, Rule, State, grid, live
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import DrillDriven, ProcFolder, RuleFiles
from promproof.faults.procfs import METRICS as PROC_METRICS
from promproof.observe.webhook import NO_ANSWER
from promproof.promql.tree import matchers, metric, selectors
from promproof.verdict import Outcome, Verdict

Judge = Callable[[Claim, Case], Verdict]


def judge_silent(claim: Claim, case: Case) -> Verdict:
    """On the harmless side nothing fires, and nothing becomes pending that need not, over a whole window and `for`."""
    begin, end = case.at("below").done, case.raised
    seen = [observation for observation in case.seen if observation.end <= end]
    found = membership.states(case.life, seen, claim.subject)
    early = [delivery for delivery in case.delivered if delivery.t <= end]
    found += [
        Finding(membership.Kind.UNEXPECTED, delivery.t, f"{delivery.receiver} got '{delivery.status}'")
        for delivery in early
    ]
    needed = case.timing.window + case.timing.hold
    hole = membership.hole(case.polls(), begin, end)
    doubt = ""
    if end - begin < needed or hole > case.timing.hold:
        doubt = f"watched for {end - begin:.1f} s with a hole of {hole:.1f} s, {needed:g} s are needed"
    elif _decided(case, begin, end) < 0.5:
        doubt = f"with this machine's lateness of {case.slack:.2f} s any state is admissible most of the time"
    if doubt and not found:
        return unknown(claim, doubt, case.records)
    dose = f" at {case.drill.below:.4g}" if isinstance(case.drill.below, float) else ""
    pending = any(observation.state is State.PENDING for observation in seen)
    return _verdict(
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
    found = membership.states(case.life, seen, claim.subject)
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
    return _verdict(
        claim,
        case,
        found,
        good=f"{shown} after the fault",
        expected="pending, then firing"
        + (f", firing not before {due.possible.begin - begin:.2f} s after the fault" if due else ""),
        tolerance="window, scrape and evaluation interval, dosing uncertainty, measured lateness",
    )


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
    return _verdict(
        claim,
        case,
        found,
        good=f"pending {pulses} times, never firing",
        expected="each pulse makes it pending, none makes it fire",
        tolerance="scrape and evaluation interval, measured lateness",
    )


def judge_notified(claim: Claim, case: Case) -> Verdict:
    """Each receiver gets its firing notification in time, once, with the alert's labels and rendered texts."""
    return _notices(claim, case, FIRING, case.raised)


def judge_resolved(claim: Claim, case: Case) -> Verdict:
    """Healed, the alert resolves, and each receiver that was told hears of it in time, once."""
    return _notices(claim, case, RESOLVED, case.healed)


def judge_late_or_lost(claim: Claim, case: Case) -> Verdict:
    """A target that is down cannot take the notification of that: it comes after the healing, or never."""
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
    if not taken and not refused:
        found.append(Finding(membership.Kind.MISSED, owed.window.end, "Alertmanager did not even try"))
    shown = f"late: {taken[0].t - owed.window.end:.2f} s after its window" if taken else "lost"
    return _verdict(
        claim,
        case,
        found,
        good=f"{shown}, refused {refused} times",
        expected="late or lost: the receiver is the target itself",
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
    owed = owed_notices(
        case
    )  # one that is still owed is judged there; another receiver may be a moment later
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
    needed = case.timing.group_interval + case.timing.window
    hole = membership.hole(case.polls(), quiet, case.ended)
    if not found and (case.ended - quiet < needed or hole > max(case.timing.hold, 1.0)):
        return unknown(
            claim,
            f"watched for {case.ended - quiet:.1f} s with a hole of {hole:.1f} s, {needed:g} s are needed",
            case.records,
        )
    return _verdict(
        claim,
        case,
        found,
        good=f"quiet for {case.ended - begin:.1f} s",
        expected="no notification and no active state after resolution",
        tolerance=f"longest hole between polls {hole:.2f} s",
    )


def judge_others(claim: Claim, case: Case) -> Verdict:
    """No alert that is not drilled becomes active, unless the drill says that it may."""
    evidence = case.evidence
    batch = evidence.need(DrillDriven, name=case.drill.name).data.batch
    together = [driven.data for driven in evidence.history.of(DrillDriven) if driven.data.batch == batch]
    excused = {name for driven in together for name in (driven.alert, *driven.plan["may"])}
    excused |= _of_the_machine(evidence.contract, evidence.history.last(ProcFolder) is not None)
    excused |= _of_other_targets(evidence)
    others = [alert for alert in evidence.contract.alerts if alert.name not in excused and not alert.always]
    found: list[Finding] = []
    failures = unplanned_failures(case)
    doubt = ""
    for alert in others:
        # an alert on `up` looks at whether scrapes succeed, whoever is to blame for one that fails
        blind = failures if "up" in alert.metrics else []
        seen = observations(evidence, alert.name, case.begun, case.ended)
        told = delivered(evidence, alert.name, case.begun, case.ended)
        if blind and (told or any(observation.state is State.FIRING for observation in seen)):
            doubt = f"{len(failures)} scrapes failed by themselves, and {alert.name} fired"
            continue
        found += membership.states(idle_life(case, alert, blind), seen, alert.name)
        found += [
            Finding(
                membership.Kind.UNEXPECTED,
                delivery.t,
                f"{delivery.receiver} got '{delivery.status}' of {alert.name}",
            )
            for delivery in told
        ]
    if doubt and not found:
        return unknown(claim, doubt, case.records)
    failed = f"; {len(failures)} scrapes failed by themselves" if failures else ""
    return _verdict(
        claim,
        case,
        found,
        good=f"{len(others)} other alerts were silent{failed}",
        expected=f"silent: {', '.join(alert.name for alert in others)}",
        tolerance="an alert on up may be pending after a scrape that failed by itself",
    )


def _of_the_machine(contract: Contract, written: bool) -> set[str]:
    """Alerts about neither the target's metrics nor `up`, nor about what the drill has written.

    Whether they are silent is the machine's business: two busy cores are over 80 %, and its disk fills as it likes.
    written: whether Node Exporter reads a folder that the drill writes.
    """
    own = {"up", *(promised.name for promised in contract.metrics)}

    def is_known(name: str) -> bool:
        return name in own or (written and name.startswith(PROC_METRICS))

    return {alert.name for alert in contract.alerts if not any(map(is_known, alert.metrics))}


def _of_other_targets(evidence: Evidence) -> set[str]:
    """Alerts on `up` of other jobs than the target's: whether those scrapes succeeded is nowhere written down."""
    files = evidence.history.last(RuleFiles)
    if files is None:
        return set()
    found = set()
    for rule in files.data.rules:
        try:
            looked_at = selectors(parse(rule.expression))
        except ValueError:
            continue
        for selector in looked_at:
            job = next(
                (value for name, sign, value in matchers(selector) if (name, sign) == ("job", "=")), ""
            )
            if metric(selector) == "up" and job != evidence.contract.target.job:
                found.add(rule.name)
    return found


def idle_life(case: Case, alert: Alert, blind: Sequence[tuple[float, float]]) -> Life:
    """What is admissible for an alert that is not drilled: nothing, but while nobody can tell."""
    hold = case.evidence.scale.seconds(seconds(alert.hold)) if alert.hold is not None else 0.0
    quiet = Quantity(threshold=0.5, changes=(), blind=tuple(blind))
    pace = Pace(case.timing.scrape, case.timing.evaluation, case.slack)
    rule = Rule(hold, case.timing.group_wait, case.timing.group_interval)
    return live(quiet, rule, pace, case.begun, case.ended)


def judge_ledgers(claim: Claim, case: Case) -> Verdict:
    """What the fault injected, what the clients saw and what Prometheus stored agree within the derived bound."""
    told = case.agreement
    records = [*case.records, *case.evidence.ledger_records]
    if told.troubles:  # then nobody knows what the alert was shown
        return unknown(claim, "; ".join(told.troubles[:5]), records)
    return findings(claim, [], good=told.shown, expected="the three ledgers agree", evidence=records)


def judge_aspect(aspect: str, judge: Judge, claim: Claim, case: Case) -> Verdict:
    """Judge one aspect; where the ledgers disagree, nobody knows what the alert was shown: unknown, whatever it did."""
    verdict = judge(claim, case)
    if (
        aspect in INDEPENDENT
        or verdict.outcome not in (Outcome.PASS, Outcome.FAIL)
        or not case.agreement.troubles
    ):
        return verdict
    reason = (
        f"the ledgers disagree ({case.agreement.troubles[0]}); seen was {verdict.outcome}: {verdict.reason}"
    )
    return replace(verdict, outcome=Outcome.UNKNOWN, reason=reason)


def _notices(claim: Claim, case: Case, status: str, since: float) -> Verdict:
    if not case.receivers and not case.alert.receivers:
        return not_verified(claim, "neither the alert in the contract nor the drill names a receiver")
    if not case.receivers:
        must = case.life.begin >= case.begun and _burnt(case) > _longest_wait(case)
        return held.judge_told(claim, case, must=must) if status == FIRING else held.judge_over(claim, case)
    owed = owed_notices(case)
    taken = [delivery for delivery in case.delivered if delivery.answered < 300]
    refused = [
        delivery for delivery in case.delivered if delivery.answered >= 300 and delivery.status == status
    ]
    found: list[Finding] = []
    for receiver in case.receivers:
        wrong = membership.deliveries(owed, taken, receiver, claim.subject)
        found += [finding for finding in wrong if f"'{status}'" in finding.text]
    found += content.judge(case, status, taken)
    planned = case.drill.disturb is not None and case.drill.disturb.what == "webhook_fails"
    mine = [
        delivery for delivery in taken if delivery.status == status and delivery.receiver in case.receivers
    ]
    # A target that did not answer in time and took it when it came again was busy; it refused nothing.
    answered = [delivery for delivery in refused if not mine or delivery.answered != NO_ANSWER]
    if answered and not planned:
        found += [
            Finding(
                membership.Kind.MISMATCHED, delivery.t, f"{delivery.receiver} answered {delivery.answered}"
            )
            for delivery in answered[:1]
        ]
    lost = [
        delivery
        for delivery in case.delivered
        if delivery.answered == NO_ANSWER and delivery.receiver in case.receivers
    ]
    failures = unplanned_failures(case)
    if found and lost and failures:
        text = f"{lost[0].receiver} gave no answer in time, and {len(failures)} scrapes failed by themselves"
        return unknown(claim, f"the target was too busy to tell: {text}", case.records)
    window = next((notice.window for notice in owed if notice.status == status), None)
    burnt = _burnt(case)
    # One that was active before the drill was told then, or Alertmanager still tries to tell it.
    fresh = case.life.begin >= case.begun
    if not found and not mine and status == FIRING and fresh and burnt > _longest_wait(case):
        text = f"nobody was told of {claim.subject}, which was seen firing for {burnt:.2f} s"
        found.append(Finding(membership.Kind.MISSED, case.healed, text))
    if not found and not mine and case.drill.pulses is None:
        return unknown(claim, f"no notification '{status}' came, and none was owed", case.records)
    shown = f"{', '.join(case.receivers)} after {max((delivery.t for delivery in mine), default=since) - since:.2f} s"
    if refused:
        shown += f", {len(refused)} times refused before"
    return _verdict(
        claim,
        case,
        found,
        good=shown if mine else f"no notification '{status}'",
        expected=f"one notification '{status}' for each of {', '.join(case.receivers)}"
        + (f", {window.begin - since:.2f} to {window.end - since:.2f} s after" if window else ""),
        tolerance="group_wait or group_interval, evaluation interval, measured lateness",
    )


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
    return membership.notices(case.life, late=late, known=case.known)


def _first(seen: Iterable[Seen], state: State) -> float | None:
    return min((observation.begin for observation in seen if observation.state is state), default=None)


def _polled(seen: Iterable[Seen]) -> list[Seen]:
    return [observation for observation in seen if observation.view == "alerts API"]


def _verdict(
    claim: Claim, case: Case, found: Iterable[Finding], *, good: str, expected: str, tolerance: str
) -> Verdict:
    return findings(
        claim,
        [str(finding) for finding in found],
        good=good,
        expected=expected,
        tolerance=tolerance,
        evidence=case.records,
    )


INDEPENDENT = ("three-ledgers", "others-silent")
"""Aspects that do not depend on what the drilled alert was shown."""

COMMON: dict[str, Judge] = {
    "silent-below": judge_silent,
    "fires-above": judge_fires,
    "notified": judge_notified,
    "resolved": judge_resolved,
    "quiet": judge_quiet,
    "others-silent": judge_others,
    "three-ledgers": judge_ledgers,
}


def aspects(drill: Drill | None) -> dict[str, Judge]:
    """What is judged of a drill; of one that is not known yet, what is judged of an ordinary one."""
    chosen = dict(COMMON)
    if drill is not None and drill.page_routing:
        for name in ("notified", "resolved", "quiet"):
            del chosen[name]
        chosen["late-or-lost"] = judge_late_or_lost
    if drill is not None and drill.pulses is not None:
        for name in ("fires-above", "notified", "resolved"):
            del chosen[name]
        chosen["never-fires"] = judge_never_fires
        del chosen["silent-below"]
    return chosen


def checks(name: str, alert: str, prefix: str, drill: Drill | None = None) -> list[tuple[Check, Claim]]:
    """The claims of a drill: `PREFIX/ASPECT`, each with what judges it."""
    case = Built(name)

    def check(aspect: str, judge: Judge) -> tuple[Check, Claim]:
        claim = Claim(f"{prefix}/{aspect}", alert)

        def judged(claim: Claim, evidence: Evidence) -> Verdict:
            return judge_aspect(aspect, judge, claim, case(evidence))

        def only(contract: Contract) -> list[Claim]:
            return [claim]

        return Check(f"drill-{aspect}", only, judged), claim

    return [check(aspect, judge) for aspect, judge in aspects(drill).items()]
