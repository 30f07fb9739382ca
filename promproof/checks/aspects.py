"""The verdicts of one drill: a pure function of the history. Each aspect is a claim of its own.

silent-below, fires-above (or never-fires, for pulses), notified, resolved, quiet, others-silent, three-ledgers; where
nobody can be told, late-or-lost and ends; of an alert that always fires, beats, stops and returns. Missing
evidence raises Gap, which becomes unknown; a hole between answered polls that could hide what is promised, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from promproof.checks import lacking_labels
from promproof.checks.aspect_beats import judge_beats, judge_returns, judge_stops
from promproof.checks.aspect_notices import judge_late_or_lost, judge_notified, judge_quiet, judge_resolved
from promproof.checks.aspect_others import judge_others
from promproof.checks.aspect_states import judge_ends, judge_fires, judge_never_fires, judge_silent
from promproof.checks.base import Check, Claim, findings, not_verified, unknown
from promproof.contract.model import Contract
from promproof.drills.case import Built, Case
from promproof.drills.drill import Drill
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import RenderedRules
from promproof.verdict import Outcome, Verdict

Judge = Callable[[Claim, Case], Verdict]


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
    why = _lacking(case) if aspect not in INDEPENDENT and verdict.outcome is not Outcome.PASS else ""
    if why:
        return not_verified(claim, f"{why}; seen was {verdict.outcome}: {verdict.reason}")
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


def _lacking(case: Case) -> str:
    """Why the alert may have been silent in this run alone, or have been without a label."""
    rendered = case.evidence.history.last(RenderedRules)
    rules = rendered.data.rules if rendered is not None else ()
    asked = (lacking_labels.of_rule(rule, case.evidence) for rule in rules if rule.name == case.alert.name)
    return next(filter(None, asked), "")


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
DEAD_MAN: dict[str, Judge] = {"beats": judge_beats, "stops": judge_stops, "returns": judge_returns}
"""What is judged of an alert that always fires."""


def aspects(drill: Drill | None) -> dict[str, Judge]:
    """What is judged of a drill; of one that is not known yet, what is judged of an ordinary one."""
    if drill is not None and drill.dead_man:
        return {**DEAD_MAN, **{name: COMMON[name] for name in ("others-silent", "three-ledgers")}}
    chosen = dict(COMMON)
    if drill is not None and drill.fault.cuts:
        for name in ("notified", "resolved", "quiet"):
            del chosen[name]
        chosen |= {"late-or-lost": judge_late_or_lost, "ends": judge_ends}
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
