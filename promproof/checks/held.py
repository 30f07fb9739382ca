"""Notifications of a stack that runs already: it tells its own receivers, and its Alertmanager's API says whom.

What is seen there is that Alertmanager holds the alert for the documented receivers, and lets it go when it is over.
That the receiver took it is not: for that a receiver of the run has to be routed to (`--receiver`).
"""

from __future__ import annotations

from promproof.checks.base import Claim, findings, not_verified, unknown
from promproof.drills.case import Case
from promproof.evidence.history import Record
from promproof.evidence.records import Held, HeldPoll, Listening, Stranger
from promproof.verdict import Verdict

NOT_ASKED = "a stack that runs already tells its own receivers; with --alertmanager URL its API shows whom"
BEYOND = "that they took it is theirs to say"


def judge_told(claim: Claim, case: Case, *, must: bool) -> Verdict:
    """Whether Alertmanager held the firing alert for its receivers. must: it fired so long that it has to be there."""
    polls = _polls(case)
    if not polls:
        return not_verified(claim, NOT_ASKED)
    held = [(poll, alert) for poll in polls for alert in _mine(poll, case) if poll.t >= case.raised]
    if not held:
        if not must:
            return unknown(claim, "Alertmanager did not hold it, and it did not fire for long", case.records)
        text = (
            f"Alertmanager did not hold {case.alert.name} while it fired: does Prometheus send to this one?"
        )
        return findings(claim, [text], good="", expected=_expected(case), evidence=case.records)
    active = [(poll, alert) for poll, alert in held if alert.state == "active"]
    if not active:
        return not_verified(
            claim, "Alertmanager held it suppressed: a silence or an inhibition of that stack mutes it"
        )
    wanted = set(_receivers(case))
    first, _ = active[0]
    told = {name for _, alert in active for name in alert.receivers}
    missing = sorted(wanted - told)
    found = (
        [f"it is for {', '.join(sorted(told)) or 'nobody'}, not for {', '.join(missing)}"] if missing else []
    )
    return findings(
        claim,
        found,
        good=f"held for {', '.join(sorted(wanted))} {first.t - case.raised:.2f} s after (Alertmanager's API; "
        f"{_beyond(case)})",
        expected=_expected(case),
        evidence=[first.number, *case.records],
    )


def judge_over(claim: Claim, case: Case) -> Verdict:
    """Whether Alertmanager, which held it, let it go after the healing."""
    polls = _polls(case)
    if not polls:
        return not_verified(claim, NOT_ASKED)
    last = max((poll.t for poll in polls if _mine(poll, case)), default=None)
    if last is None:
        return unknown(claim, "Alertmanager did not hold it", case.records)
    after = [poll for poll in polls if poll.t > max(last, case.healed)]
    if not after:
        return unknown(claim, "Alertmanager still held it when the drill ended", case.records)
    return findings(
        claim,
        [],
        good=f"gone {after[0].t - case.healed:.2f} s after the healing (Alertmanager's API; {_beyond(case)})",
        expected="Alertmanager lets it go",
        evidence=[after[0].number, *case.records],
    )


def _beyond(case: Case) -> str:
    """What the API does not show, and why nothing else does where notifications were awaited."""
    listening = case.evidence.history.last(Listening)
    if listening is None:
        return BEYOND
    names = dict.fromkeys(record.data.receiver for record in case.evidence.history.of(Stranger))
    came = f", where {', '.join(names)} came, which the contract does not name" if names else ""
    return f"nothing to judge it by came to {listening.data.url}{came}: is that among the webhook_configs of each?"


def _polls(case: Case) -> list[Record[HeldPoll]]:
    """The answered questions to Alertmanager during the drill."""
    return [
        poll
        for poll in case.evidence.history.of(HeldPoll)
        if poll.data.error is None and case.begun <= poll.t <= case.ended
    ]


def _mine(poll: Record[HeldPoll], case: Case) -> list[Held]:
    return [alert for alert in poll.data.alerts if alert.labels.get("alertname") == case.alert.name]


def _receivers(case: Case) -> tuple[str, ...]:
    return case.drill.receivers or case.alert.receivers


def _expected(case: Case) -> str:
    return f"held for {', '.join(_receivers(case))} while it fires"
