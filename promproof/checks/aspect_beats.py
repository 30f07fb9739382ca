"""An alert that always fires, as its receiver sees it: it comes, it stops, and it comes again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from promproof.checks.base import Claim, not_verified, unknown
from promproof.checks.drill_findings import verdict_of
from promproof.drills.case import Case
from promproof.drills.membership import FIRING, Finding, Kind
from promproof.drills.plan import returns
from promproof.verdict import Verdict

TOLERANCE = "repeat_interval and group_interval, evaluation interval, measured lateness"


def judge_beats(claim: Claim, case: Case) -> Verdict:
    """While all is well it is told again and again, and no pause is longer than its route allows."""
    longest = _longest(case)
    found, pauses = [], [0.0]
    for receiver, times in _told(case):
        inside = [t for t in times if t < case.raised]
        for begin, end in pairwise([case.begun, *inside, case.raised]):
            pauses.append(end - begin)
            if end - begin > longest:
                text = f"{receiver} was told nothing of {claim.subject} from {begin:.2f} to {end:.2f} s"
                found.append(Finding(Kind.MISSED, end, f"{text}, at most {longest:.2f} s are allowed"))
    return _verdict(
        claim,
        case,
        found,
        good=f"told again and again, after {max(pauses):.2f} s at most",
        expected=f"a notification every {longest:.2f} s at least",
    )


def judge_stops(claim: Claim, case: Case) -> Verdict:
    """While Alertmanager is down nothing comes, for longer than any pause may be: whoever waits must notice."""
    begin, end = case.at("raised").done + case.slack, case.healed
    if end - begin <= _longest(case):
        return unknown(claim, f"it was cut off for {end - begin:.2f} s, {_longest(case):.2f} s are needed")
    found = [
        Finding(Kind.UNEXPECTED, t, f"{receiver} was told at {t:.2f} s, while nothing could be sent")
        for receiver, times in _told(case)
        for t in times
        if begin < t < end
    ]
    return _verdict(
        claim,
        case,
        found,
        good=f"nothing came for {end - begin:.2f} s",
        expected=f"no notification, for longer than {_longest(case):.2f} s",
    )


def judge_returns(claim: Claim, case: Case) -> Verdict:
    """Once Alertmanager is up again it comes again."""
    begin = case.at("healed").done
    within = returns(case.timing, case.slack)
    found, waits = [], [0.0]
    for receiver, times in _told(case):
        after = [t - begin for t in times if t > begin]
        waits += after[:1]
        if not after or after[0] > within:
            shown = f"after {after[0]:.2f} s" if after else "not at all"
            text = f"{receiver} was told of {claim.subject} {shown}, due within {within:.2f} s"
            found.append(Finding(Kind.MISSED, begin + within, text))
    return _verdict(
        claim, case, found, good=f"told after {max(waits):.2f} s", expected=f"told within {within:.2f} s"
    )


def _longest(case: Case) -> float:
    """The longest pause (s) that is allowed between two notifications."""
    return case.timing.beat + case.timing.evaluation + case.slack


def _told(case: Case) -> Iterator[tuple[str, list[float]]]:
    """When each receiver took a notification of it."""
    for receiver in case.receivers:
        yield (
            receiver,
            [
                delivery.t
                for delivery in case.delivered
                if delivery.receiver == receiver and delivery.status == FIRING and delivery.answered < 300
            ],
        )


def _verdict(claim: Claim, case: Case, found: list[Finding], *, good: str, expected: str) -> Verdict:
    if not case.receivers:
        return not_verified(claim, "its notifications do not come to this run")
    return verdict_of(claim, case, found, good=good, expected=expected, tolerance=TOLERANCE)
